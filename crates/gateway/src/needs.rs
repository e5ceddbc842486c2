//! What a request needs of the account that answers it.
//!
//! Most of it the probe has found. Pictures and documents lie anywhere in a body; they are looked for only where some account
//! cannot take them.

use memchr::memmem;
use tollgate_protocol::{Probe, Protocol, Span};
use tollgate_routing::{Abilities, Ability, Needs};

use crate::attempt::Call;

/// What the call needs; of abilities only those that tell accounts apart.
pub(crate) fn needs_of(call: &Call<'_>, restricted: Abilities) -> Needs {
    let Call { probe, body, history, .. } = call;
    let protocol = call.endpoint.protocol();
    let history = history.as_deref().unwrap_or_default();
    let holds = |words: &[&str]| [&body[..], history].iter().any(|json| holds_type(json, words));
    let wanted = |ability, is_needed: &dyn Fn() -> bool| restricted.contains(ability) && is_needed();
    let abilities = Abilities::NONE
        // What is asked of a chat depends on it also where nobody is restricted.
        .with_if(Ability::Tools, probe.tools.is_some())
        .with_if(Ability::Vision, wanted(Ability::Vision, &|| holds(image_types(protocol))))
        .with_if(Ability::Documents, wanted(Ability::Documents, &|| holds(document_types(protocol))))
        .with_if(Ability::Thinking, wanted(Ability::Thinking, &|| asks_to_think(probe, body)))
        .with_if(
            Ability::StructuredOutput,
            wanted(Ability::StructuredOutput, &|| asks_for_schema(probe, body)),
        );
    Needs {
        abilities,
        count_tokens: false,
        prompt_tokens: call.prompt_tokens,
        max_output_tokens: probe.max_tokens,
    }
}

const fn image_types(protocol: Protocol) -> &'static [&'static str] {
    match protocol {
        Protocol::Messages => &[r#""image""#],
        Protocol::Chat => &[r#""image_url""#],
        Protocol::Responses => &[r#""input_image""#],
    }
}

const fn document_types(protocol: Protocol) -> &'static [&'static str] {
    match protocol {
        Protocol::Messages => &[r#""document""#],
        Protocol::Chat => &[r#""file""#],
        Protocol::Responses => &[r#""input_file""#],
    }
}

/// Whether some object in the JSON has one of these types. In a string the quotes would be escaped.
fn holds_type(json: &[u8], words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| memmem::find_iter(json, word).any(|at| json.get(..at).is_some_and(is_type_behind)))
}

/// Whether what stands behind this is the value of `type`.
fn is_type_behind(before: &[u8]) -> bool {
    let name = before.trim_ascii_end().strip_suffix(b":");
    name.is_some_and(|name| name.trim_ascii_end().ends_with(br#""type""#))
}

fn asks_to_think(probe: &Probe<'_>, body: &[u8]) -> bool {
    let asked = text(probe.thinking, body);
    !asked.is_empty()
        && ![&b"\"disabled\""[..], b"\"none\""].iter().any(|word| memmem::find(asked, word).is_some())
}

/// Messages knows no other form than a schema; the others name it.
fn asks_for_schema(probe: &Probe<'_>, body: &[u8]) -> bool {
    memmem::find(text(probe.format, body), b"\"json_schema\"").is_some()
}

fn text(span: Option<Span>, body: &[u8]) -> &[u8] {
    span.and_then(|span| body.get(span.start..span.end)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use tollgate_base::KeyId;
    use tollgate_protocol::{Endpoint, probe};

    use super::*;

    /// What a body needs where every account is restricted in everything.
    fn needed(endpoint: Endpoint, members: &str) -> Vec<Ability> {
        let body = Bytes::from(format!(r#"{{"model":"m","max_tokens":5,{members}}}"#));
        let (probe, headers) = (probe(&body, endpoint).unwrap(), HeaderMap::new());
        let call = Call::new(endpoint, &headers, &body, &probe, KeyId::from_u128(1), None);
        let all = Ability::ALL.iter().copied().collect();
        assert!(
            needs_of(&call, Abilities::NONE)
                .abilities
                .and(all)
                .iter()
                .all(|ability| ability == Ability::Tools)
        );
        needs_of(&call, all).abilities.iter().collect()
    }

    #[test]
    fn each_need_is_found_in_each_protocol() {
        use Ability::{Documents, StructuredOutput, Thinking, Tools, Vision};
        use Endpoint::{Chat, Messages, Responses};
        for (endpoint, members, expected) in [
            (Messages, r#""messages":[]"#, &[][..]),
            (Messages, r#""messages":[{"content":[{"type":"image","source":{}}]}]"#, &[Vision]),
            (Messages, r#""messages":[{"content":[{"type" : "document"}]}]"#, &[Documents]),
            (Messages, r#""messages":[{"content":"{\"type\":\"image\"}"}]"#, &[]),
            (Messages, r#""messages":[],"tools":[{"name":"image","image":"image"}]"#, &[Tools]),
            (Messages, r#""messages":[],"thinking":{"type":"enabled","budget_tokens":1024}"#, &[Thinking]),
            (Messages, r#""messages":[],"thinking":{"type":"disabled"}"#, &[]),
            (Messages, r#""messages":[],"output_config":{"effort":"low"}"#, &[]),
            (
                Messages,
                r#""messages":[],"output_config":{"format":{"type":"json_schema","schema":{}}}"#,
                &[StructuredOutput],
            ),
            (Chat, r#""messages":[{"content":[{"type":"image_url","image_url":{}}]}]"#, &[Vision]),
            (Chat, r#""messages":[{"content":[{"type":"file","file":{}}]}]"#, &[Documents]),
            (Chat, r#""messages":[],"reasoning_effort":"high""#, &[Thinking]),
            (Chat, r#""messages":[],"reasoning_effort":"none""#, &[]),
            (Chat, r#""messages":[],"reasoning_effort":null"#, &[]),
            (Chat, r#""messages":[],"response_format":{"type":"json_object"}"#, &[]),
            (
                Chat,
                r#""messages":[],"response_format":{"type":"json_schema","json_schema":{}}"#,
                &[StructuredOutput],
            ),
            (Responses, r#""input":[{"content":[{"type":"input_image"}]}]"#, &[Vision]),
            (Responses, r#""input":[{"content":[{"type":"input_file"}]}]"#, &[Documents]),
            (Responses, r#""input":"x","reasoning":{"effort":"low"}"#, &[Thinking]),
            (Responses, r#""input":"x","text":{"format":{"type":"json_schema"}}"#, &[StructuredOutput]),
        ] {
            assert_eq!(needed(endpoint, members), expected, "{members}");
        }
    }

    #[test]
    fn a_conversation_that_the_gate_keeps_counts_too() {
        let body = Bytes::from_static(br#"{"model":"m","input":"and now?"}"#);
        let (probe, headers) = (probe(&body, Endpoint::Responses).unwrap(), HeaderMap::new());
        let history =
            Bytes::from(format!(r#"[{{"type":"input_image","image_url":"{}"}}]"#, "x".repeat(4_000)));
        let key = KeyId::from_u128(1);
        let call = Call::new(Endpoint::Responses, &headers, &body, &probe, key, Some(history));
        let needs = needs_of(&call, Abilities::NONE.with(Ability::Vision));
        assert!(needs.abilities.contains(Ability::Vision) && needs.prompt_tokens > 1_000, "{needs:?}");
    }
}
