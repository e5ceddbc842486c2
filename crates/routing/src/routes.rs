//! Composite groups: models that the accounts of another group serve.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tollgate_base::GroupId;

use crate::entries;
use crate::error::RoutingError;
use crate::pattern::Pattern;

/// More routes than any operator writes.
const MAX_ROUTES: usize = 100;

/// Patterns of models, and the groups whose accounts serve them.
///
/// The most specific pattern that matches decides, as in a [`ModelMapping`](crate::ModelMapping); a model that none
/// matches stays in the group. A route changes who serves and nothing else: the caller's group stays the one that pays
/// and whose limits hold. One step only: a group that has routes cannot be the target of one.
///
/// In JSON it is an object of patterns and group ids.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GroupRoutes(Vec<(Pattern, GroupId)>);

impl GroupRoutes {
    /// These routes, in any order.
    ///
    /// # Errors
    /// [`RoutingError::BadRoutes`] if a pattern comes twice or there are more than 100.
    pub fn new(mut routes: Vec<(Pattern, GroupId)>) -> Result<Self, RoutingError> {
        if routes.len() > MAX_ROUTES {
            return Err(RoutingError::BadRoutes { reason: format!("there are more than {MAX_ROUTES}") });
        }
        routes.sort();
        if let Some(pair) = routes.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(RoutingError::BadRoutes { reason: format!("`{}` is routed twice", pair[1].0) });
        }
        Ok(Self(routes))
    }

    /// The group that serves `model`, if a route leads it away.
    #[must_use]
    pub fn target(&self, model: &str) -> Option<GroupId> {
        self.0.iter().find(|(pattern, _)| pattern.matches(model)).map(|(_, target)| *target)
    }

    /// The routes, most specific first.
    pub fn iter(&self) -> impl Iterator<Item = (&Pattern, GroupId)> {
        self.0.iter().map(|(pattern, target)| (pattern, *target))
    }

    /// The exact names among the patterns.
    pub fn exact_names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map_while(|(pattern, _)| pattern.is_exact().then(|| pattern.as_str()))
    }

    /// Whether no model is led away.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for GroupRoutes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        entries::serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for GroupRoutes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = entries::deserialize(deserializer, "an object of model patterns and group ids")?;
        Self::new(entries).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(entries: &[(&str, u128)]) -> Result<GroupRoutes, RoutingError> {
        let entries = entries.iter().map(|(text, id)| (text.parse().unwrap(), GroupId::from_u128(*id)));
        GroupRoutes::new(entries.collect())
    }

    #[test]
    fn the_most_specific_route_decides() {
        let routes =
            routes(&[("claude-*", 1), ("*", 9), ("claude-opus-*", 2), ("claude-opus-5", 3), ("gpt-*", 4)]);
        let routes = routes.unwrap();
        for (model, target) in
            [("claude-opus-5", 3), ("claude-opus-6", 2), ("claude-haiku", 1), ("gpt-5", 4), ("glm-5", 9)]
        {
            assert_eq!(routes.target(model), Some(GroupId::from_u128(target)), "{model}");
        }
        assert_eq!(routes.exact_names().collect::<Vec<_>>(), ["claude-opus-5"]);
        assert_eq!(GroupRoutes::default().target("claude-opus-5"), None);
    }

    #[test]
    fn json_is_an_object_and_is_checked() {
        let routes = routes(&[("b", 2), ("a*", 1)]).unwrap();
        let json = serde_json::to_string(&routes).unwrap();
        assert_eq!(serde_json::from_str::<GroupRoutes>(&json).unwrap(), routes);
        let id = GroupId::from_u128(1);
        for wrong in [format!(r#"{{"a":"{id}","a":"{id}"}}"#), format!(r#"{{"":"{id}"}}"#), "[]".to_owned()] {
            assert!(serde_json::from_str::<GroupRoutes>(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn too_many_are_refused() {
        let many: Vec<_> =
            (0..=MAX_ROUTES).map(|n| (format!("m{n}").parse().unwrap(), GroupId::from_u128(1))).collect();
        let message = GroupRoutes::new(many).unwrap_err().to_string();
        assert!(message.contains("more than 100"), "{message}");
    }
}
