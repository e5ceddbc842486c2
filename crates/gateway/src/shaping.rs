//! Shaping applied: the group's that serves, then the account's.
//!
//! What neither touches goes out as it would without them: a body that no rule is for is not even looked at.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tollgate_protocol::Protocol;
use tollgate_routing::{Additions, Attempt, BetaRules, HeaderRules, Shaping};

const BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// The shaping that is in force for an attempt.
#[derive(Clone, Copy)]
pub(crate) struct InForce<'a> {
    group: Option<&'a Shaping>,
    account: Option<&'a Shaping>,
    upstream_model: &'a str,
    protocol: Protocol,
}

impl<'a> InForce<'a> {
    /// `None` where nothing is shaped.
    pub(crate) fn of(attempt: &'a Attempt<'a>) -> Option<Self> {
        let group = Some(&attempt.group.shaping).filter(|shaping| !shaping.is_empty());
        let account = Some(&attempt.account.shaping).filter(|shaping| !shaping.is_empty());
        (group.is_some() || account.is_some()).then(|| Self {
            group,
            account,
            upstream_model: &attempt.upstream_model,
            protocol: attempt.protocol,
        })
    }

    fn each(self) -> impl Iterator<Item = &'a Shaping> {
        self.group.into_iter().chain(self.account)
    }

    /// Shapes headers and body; where something of the caller's went.
    pub(crate) fn shape(self, headers: &mut HeaderMap, body: &mut Vec<Bytes>) -> Vec<String> {
        let mut replaced = self.shape_headers(headers);
        let touches = |shaping: &Shaping| shaping.touches_body(self.upstream_model, self.protocol);
        if !self.each().any(touches) {
            return replaced;
        }
        let mut whole = joined(body);
        for shaping in self.each() {
            let shaped = shaping.shape_body(whole, self.upstream_model, self.protocol);
            whole = shaped.body;
            replaced.extend(shaped.replaced);
        }
        *body = vec![whole];
        replaced
    }

    /// The same for a call that only counts: what is to be counted changes by the words in front of it.
    pub(crate) fn shape_count(self, headers: &mut HeaderMap, body: &mut Vec<Bytes>) {
        self.shape_headers(headers);
        if self.each().any(|shaping| shaping.system_prefix.is_some()) {
            let whole =
                self.each().fold(joined(body), |whole, shaping| shaping.prefix_body(whole, self.protocol));
            *body = vec![whole];
        }
    }

    fn shape_headers(self, headers: &mut HeaderMap) -> Vec<String> {
        let mut replaced = Vec::new();
        for shaping in self.each() {
            if self.protocol == Protocol::Messages && shape_betas(headers, &shaping.beta) {
                replaced.push(BETA.as_str().to_owned());
            }
            set_and_remove(headers, &shaping.headers);
        }
        replaced.dedup();
        replaced
    }

    /// The status that an upstream's is taken for.
    pub(crate) fn status(self, status: u16) -> u16 {
        self.each().fold(status, |status, shaping| shaping.status(status))
    }

    /// The most that it adds to what a request can cost.
    pub(crate) fn additions(self) -> Additions {
        let mut additions = Additions::default();
        self.each().for_each(|shaping| shaping.add_to(&mut additions, self.upstream_model, self.protocol));
        additions
    }
}

fn joined(body: &mut Vec<Bytes>) -> Bytes {
    match body.as_mut_slice() {
        [whole] => std::mem::take(whole),
        slices => Bytes::from(slices.concat()),
    }
}

fn set_and_remove(headers: &mut HeaderMap, rules: &HeaderRules) {
    for name in &rules.remove {
        headers.remove(name.as_str());
    }
    for (name, value) in &rules.set {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
}

/// Leaves out and adds beta names; whether one of the caller's was left out.
fn shape_betas(headers: &mut HeaderMap, rules: &BetaRules) -> bool {
    if *rules == BetaRules::default() {
        return false;
    }
    let sent = headers.get_all(BETA).iter().filter_map(|value| value.to_str().ok());
    let sent: Vec<&str> =
        sent.flat_map(|value| value.split(',')).map(str::trim).filter(|name| !name.is_empty()).collect();
    let allowed = |name: &str| {
        rules.allow.as_ref().is_none_or(|allow| allow.iter().any(|pattern| pattern.matches(name)))
    };
    let dropped = |name: &str| rules.drop.iter().any(|pattern| pattern.matches(name));
    let mut kept: Vec<&str> = sent.iter().copied().filter(|name| allowed(name) && !dropped(name)).collect();
    let left_out = kept.len() < sent.len();
    for name in &rules.add {
        if !kept.contains(&name.as_str()) {
            kept.push(name);
        }
    }
    let value = HeaderValue::from_str(&kept.join(",")).ok().filter(|_| !kept.is_empty());
    match value {
        Some(value) => drop(headers.insert(BETA, value)),
        None => drop(headers.remove(BETA)),
    }
    left_out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(json: &str) -> BetaRules {
        serde_json::from_str::<Shaping>(&format!(r#"{{"beta":{json}}}"#)).unwrap().beta
    }

    fn betas(sent: &[&'static str], json: &str) -> (Option<String>, bool) {
        let mut headers = HeaderMap::new();
        for value in sent {
            headers.append(BETA, HeaderValue::from_static(value));
        }
        let left_out = shape_betas(&mut headers, &rules(json));
        (headers.get(BETA).map(|value| value.to_str().unwrap().to_owned()), left_out)
    }

    #[test]
    fn betas_are_kept_left_out_and_added() {
        for (sent, json, expected, left_out) in [
            (&["a, b", "c"][..], r#"{"drop":["b"]}"#, Some("a,c"), true),
            (&["a-1,b-1"], r#"{"allow":["a-*"]}"#, Some("a-1"), true),
            (&["a"], r#"{"allow":[]}"#, None, true),
            (&["a"], r#"{"add":["a","z"]}"#, Some("a,z"), false),
            (&[], r#"{"add":["z"]}"#, Some("z"), false),
            (&["a,b"], r#"{"allow":["a"],"drop":["a"],"add":["z"]}"#, Some("z"), true),
            (&[], r#"{"drop":["b"]}"#, None, false),
        ] {
            assert_eq!(betas(sent, json), (expected.map(str::to_owned), left_out), "{sent:?} {json}");
        }
    }

    #[test]
    fn headers_are_set_and_removed() {
        let shaping: Shaping =
            serde_json::from_str(r#"{"headers":{"set":{"x-a":"1"},"remove":["x-b"]}}"#).unwrap();
        let mut headers = HeaderMap::new();
        headers.append("x-a", HeaderValue::from_static("0"));
        headers.append("x-b", HeaderValue::from_static("0"));
        set_and_remove(&mut headers, &shaping.headers);
        assert_eq!(headers["x-a"], "1");
        assert!(!headers.contains_key("x-b"));
    }
}
