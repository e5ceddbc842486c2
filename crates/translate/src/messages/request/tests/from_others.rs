//! Requests of other protocols, made by hand and written as Messages.

use crate::error::TranslateError;
use crate::ir::{
    CacheLifetime, CallKind, Document, PartOfTurn, PastCall, Proof, Reasoning, Request, Role, ServerTool,
    Source, ToolChoice, ToolDefinition, ToolDefinitionKind, ToolResult, Turn, TurnPart,
};
use crate::messages::request::encode::encode_for;
use crate::messages::request::leave_unsaid;
use crate::notes::Notes;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;
use tollgate_protocol::Protocol;

fn raw(json: &Value) -> Cow<'static, RawValue> {
    Cow::Owned(RawValue::from_string(json.to_string()).unwrap())
}

fn text(text: &'static str) -> TurnPart<'static> {
    PartOfTurn::Text { text: text.into(), phase: None }.into()
}

fn cached(mut part: TurnPart<'static>, lifetime: CacheLifetime) -> TurnPart<'static> {
    part.cache = Some(lifetime);
    part
}

fn image(media_type: &'static str) -> TurnPart<'static> {
    let source = Source::Base64 { media_type: media_type.into(), data: "AAAA".into() };
    PartOfTurn::Image { source, detail: None }.into()
}

fn document(source: Source<'static>) -> TurnPart<'static> {
    PartOfTurn::Document(Document { source, title: Some("T".into()), context: None, citations: false }).into()
}

fn call(kind: CallKind<'static>, arguments: &'static str) -> TurnPart<'static> {
    let name = "f".into();
    let call = PastCall { id: "t".into(), name, namespace: None, kind, arguments: arguments.into() };
    PartOfTurn::ToolCall(call).into()
}

fn request(turns: Vec<(Role, Vec<TurnPart<'static>>)>) -> Request<'static> {
    let mut request = Request::new(Protocol::Responses, "m".into());
    request.turns = turns.into_iter().map(|(role, parts)| Turn::new(role, parts)).collect();
    request
}

fn tool(name: &'static str, kind: ToolDefinitionKind<'static>) -> ToolDefinition<'static> {
    let (name, extras) = (name.into(), Vec::new());
    ToolDefinition {
        name,
        namespace: None,
        description: None,
        kind,
        defer_loading: false,
        cache: None,
        extras,
    }
}

fn write(request: &Request<'_>) -> (Value, Vec<String>) {
    let mut notes = Notes::default();
    let mut request = request.clone();
    leave_unsaid(&mut request.turns, request.protocol, &mut notes).unwrap();
    let request = &request;
    let written = encode_for(request, "up", &mut notes).unwrap();
    (serde_json::from_slice(&written).unwrap(), notes.to_strings())
}

fn refused(part: TurnPart<'static>) -> String {
    let mut notes = Notes::default();
    match encode_for(&request(vec![(Role::User, vec![part])]), "up", &mut notes) {
        Err(TranslateError::Refused { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn instructions_lead_or_stay_and_neighbours_are_one_message() {
    let (body, notes) = write(&request(vec![
        (Role::System, vec![text("a"), text(" ")]),
        (Role::Developer, vec![text("b")]),
        (Role::User, vec![text("c")]),
        (Role::User, vec![text("d")]),
        (Role::Developer, vec![text("e")]),
        (Role::Assistant, vec![text("f"), call(CallKind::Function, "{\"a\":")]),
    ]));
    assert_eq!(notes, Vec::<String>::new());
    assert_eq!(body["system"], json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]));
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "c"}, {"type": "text", "text": "d"}]},
            {"role": "system", "content": "e"},
            {"role": "assistant", "content": [
                {"type": "text", "text": "f"},
                {"type": "tool_use", "id": "t", "name": "f", "input": {"_raw": "{\"a\":"}},
            ]},
        ])
    );
    assert_eq!((&body["model"], &body["max_tokens"]), (&json!("up"), &json!(4096)));
}

#[test]
fn only_proven_reasoning_is_written() {
    let part = |proof, text: &'static str| {
        let text = vec![text.into(), "2".into()];
        TurnPart::from(PartOfTurn::Reasoning(Reasoning { text, proof, ..Reasoning::default() }))
    };
    let (body, notes) = write(&request(vec![(
        Role::Assistant,
        vec![
            part(Some(Proof::Signature("s".into())), "1"),
            part(Some(Proof::Redacted("r".into())), ""),
            part(Some(Proof::Encrypted("e".into())), ""),
            part(None, "x"),
            text("a"),
        ],
    )]));
    assert_eq!(notes, ["reasoning"]);
    assert_eq!(
        body["messages"][0]["content"],
        json!([
            {"type": "thinking", "thinking": "1\n\n2", "signature": "s"},
            {"type": "redacted_thinking", "data": "r"},
            {"type": "text", "text": "a"},
        ])
    );
}

#[test]
fn results_hold_pictures_documents_and_errors() {
    let content = vec![
        text("x"),
        image("image/jpg"),
        document(Source::Base64 { media_type: "text/plain".into(), data: "aGk=".into() }),
        document(Source::Url("https://h/d.pdf".into())),
    ];
    let result = ToolResult { call_id: "t".into(), kind: CallKind::Function, content, is_error: true };
    let (body, _) = write(&request(vec![(Role::User, vec![PartOfTurn::ToolResult(result).into()])]));
    assert_eq!(
        body["messages"][0]["content"],
        json!([{"type": "tool_result", "tool_use_id": "t", "is_error": true, "content": [
            {"type": "text", "text": "x"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}},
            {"type": "document", "title": "T", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}},
            {"type": "document", "title": "T", "source": {"type": "url", "url": "https://h/d.pdf"}},
        ]}])
    );
}

#[test]
fn what_cannot_be_said_is_refused_by_name() {
    let zip = Source::Base64 { media_type: "application/zip".into(), data: "AA".into() };
    for (part, want) in [
        (image("image/bmp"), "input.input_image"),
        (document(zip), "input.input_file"),
        (document(Source::FileId("f".into())), "input.input_file.file_id"),
        (PartOfTurn::Audio { data: "A".into(), format: "wav".into() }.into(), "input.input_audio"),
        (call(CallKind::Custom, "x"), "input.custom_tool_call"),
    ] {
        assert_eq!(refused(part), want);
    }
}

#[test]
fn marks_are_four_and_never_longer_again() {
    let part = |lifetime| cached(text("a"), lifetime);
    let all = [CacheLifetime::Long, CacheLifetime::Short, CacheLifetime::Long, CacheLifetime::Default];
    let mut parts: Vec<_> = all.into_iter().map(part).collect();
    parts.push(part(CacheLifetime::Default));
    let (body, notes) = write(&request(vec![(Role::User, parts)]));
    let marks: Vec<_> = body["messages"][0]["content"].as_array().unwrap().iter().collect();
    assert_eq!(marks[0]["cache_control"], json!({"type": "ephemeral", "ttl": "1h"}));
    for mark in &marks[1..4] {
        assert_eq!(mark["cache_control"], json!({"type": "ephemeral"}));
    }
    assert!(marks[4].get("cache_control").is_none());
    assert_eq!(notes, ["input.prompt_cache_breakpoint"]);
}

#[test]
fn tools_and_the_choice_among_them() {
    let search = json!({"type": "web_search", "filters": {"allowed_domains": ["a.b"]},
                        "user_location": {"type": "approximate", "country": "DE"}});
    let server = |what, kind: &'static str, json: &Value| ToolDefinitionKind::Server {
        what,
        kind: kind.into(),
        json: raw(json),
    };
    let function = || ToolDefinitionKind::Function { schema: None, strict: Some(false) };
    let mut request = request(vec![(Role::User, vec![text("a")])]);
    request.tools = vec![
        tool("f", function()),
        tool("g", function()),
        tool("web_search", server(Some(ServerTool::WebSearch), "web_search", &search)),
        tool("file_search", server(None, "file_search", &json!({"type": "file_search"}))),
    ];
    request.parallel_tool_calls = Some(false);
    let (body, notes) = write(&request);
    let schema = json!({"type": "object", "properties": {}});
    assert_eq!(
        body["tools"],
        json!([
            {"name": "f", "input_schema": schema},
            {"name": "g", "input_schema": schema},
            {"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["a.b"],
             "user_location": {"type": "approximate", "country": "DE"}},
        ])
    );
    assert_eq!(body["tool_choice"], json!({"type": "auto", "disable_parallel_tool_use": true}));
    assert_eq!(notes.len(), 1, "{notes:?}");
    let json = raw(&json!({}));
    request.tool_choice = Some(ToolChoice::Allowed { required: true, names: vec!["g".into()], json });
    let (body, _) = write(&request);
    assert_eq!(body["tools"], json!([{"name": "g", "input_schema": schema}]));
    assert_eq!(body["tool_choice"], json!({"type": "any", "disable_parallel_tool_use": true}));
}

#[test]
fn a_search_says_what_it_loses() {
    let search = json!({"type": "web_search", "search_context_size": "high", "external_web_access": false,
                        "filters": {"allowed_domains": ["a"], "blocked_domains": ["b"], "x": 1}});
    let mut request = request(vec![(Role::User, vec![text("a")])]);
    let kind = ToolDefinitionKind::Server {
        what: Some(ServerTool::WebSearch),
        kind: "web_search".into(),
        json: raw(&search),
    };
    request.tools = vec![tool("web_search", kind)];
    request.tools[0].cache = Some(CacheLifetime::Default);
    let (body, notes) = write(&request);
    assert_eq!(
        body["tools"],
        json!([{"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["a"],
                "cache_control": {"type": "ephemeral"}}])
    );
    assert_eq!(
        notes,
        [
            "tools.web_search.external_web_access",
            "tools.web_search.search_context_size",
            "tools.web_search.filters.x",
            "tools.web_search.filters.blocked_domains",
        ]
    );
}
