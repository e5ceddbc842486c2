//! Sets of efforts.

use crate::ir::Effort;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

/// The efforts that a model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Efforts(u8);

impl Efforts {
    /// None: the model cannot be told how hard to think.
    pub const NONE: Self = Self(0);

    /// Those from `least` to `most`.
    #[must_use]
    pub const fn between(least: Effort, most: Effort) -> Self {
        let below_least = (1_u8 << least as u8) - 1;
        let up_to_most = (((1_u16 << (most as u8 + 1)) - 1) & 0xff) as u8;
        Self(up_to_most & !below_least)
    }

    /// The same and `effort`.
    #[must_use]
    pub const fn and(self, effort: Effort) -> Self {
        Self(self.0 | 1 << effort as u8)
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `effort` is one of them.
    #[must_use]
    pub const fn has(self, effort: Effort) -> bool {
        self.0 & (1 << effort as u8) != 0
    }

    /// Each of them, in ascending order.
    pub fn iter(self) -> impl Iterator<Item = Effort> {
        Effort::ALL.into_iter().filter(move |effort| self.has(*effort))
    }

    /// The nearest of them to `wanted`; of two that are equally near the higher one. `wanted` itself if there are none.
    #[must_use]
    pub fn clamp(self, wanted: Effort) -> Effort {
        let distance = |effort: &Effort| (*effort as i16 - wanted as i16).abs();
        self.iter().min_by_key(|effort| (distance(effort), *effort < wanted)).unwrap_or(wanted)
    }
}

impl Serialize for Efforts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Effort::as_str))
    }
}

impl<'de> Deserialize<'de> for Efforts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        words.iter().try_fold(Self::NONE, |efforts, word| {
            let unknown = || {
                let known = "none, minimal, low, medium, high, xhigh or max";
                serde::de::Error::custom(format!("`{word}` is no effort: expected {known}"))
            };
            Effort::read(word).map(|effort| efforts.and(effort)).ok_or_else(unknown)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_effort_is_found() {
        let claude = Efforts::between(Effort::Low, Effort::High).and(Effort::Max);
        for (wanted, nearest) in [
            (Effort::None, Effort::Low),
            (Effort::Medium, Effort::Medium),
            (Effort::Xhigh, Effort::Max),
            (Effort::Max, Effort::Max),
        ] {
            assert_eq!(claude.clamp(wanted), nearest);
        }
        assert_eq!(Efforts::between(Effort::None, Effort::Xhigh).clamp(Effort::Max), Effort::Xhigh);
        assert_eq!(Efforts::NONE.clamp(Effort::High), Effort::High);
    }

    #[test]
    fn words_are_read_and_written() {
        let efforts = Efforts::between(Effort::Low, Effort::Max);
        let json = serde_json::to_string(&efforts).unwrap();
        assert_eq!(json, r#"["low","medium","high","xhigh","max"]"#);
        assert_eq!(serde_json::from_str::<Efforts>(&json).unwrap(), efforts);
        assert!(serde_json::from_str::<Efforts>(r#"["huge"]"#).unwrap_err().to_string().contains("`huge`"));
    }
}
