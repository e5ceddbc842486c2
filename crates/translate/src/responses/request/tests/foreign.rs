//! What the encoder makes of requests from other protocols.

use super::super::encode::encode_for;
use crate::error::TranslateError;
use crate::ir::{
    CacheLifetime, CallKind, Document, Effort, Extra, OutputFormat, PartOfTurn, PastCall, Proof, Reasoning,
    Request, RequestTier, Role, ServerTool, Shown, Source, ThinkingMode, ToolChoice, ToolDefinition,
    ToolDefinitionKind, ToolResult, Turn, TurnPart,
};
use crate::notes::Notes;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;
use tollgate_protocol::Protocol;

fn raw(value: &Value) -> Cow<'static, RawValue> {
    Cow::Owned(RawValue::from_string(value.to_string()).unwrap())
}

fn extra(name: &'static str, value: &Value) -> Extra<'static> {
    Extra { name: name.into(), json: raw(value) }
}

fn text(text: &'static str) -> TurnPart<'static> {
    PartOfTurn::Text { text: text.into(), phase: None }.into()
}

fn cached(part: TurnPart<'static>, cache: CacheLifetime) -> TurnPart<'static> {
    TurnPart { cache: Some(cache), ..part }
}

fn other(value: &Value) -> TurnPart<'static> {
    let kind = value["type"].as_str().unwrap().to_owned().into();
    PartOfTurn::Other { kind, json: raw(value) }.into()
}

fn call(
    id: &'static str,
    name: &'static str,
    kind: CallKind<'static>,
    arguments: &'static str,
) -> TurnPart<'static> {
    let call =
        PastCall { id: id.into(), name: name.into(), namespace: None, kind, arguments: arguments.into() };
    PartOfTurn::ToolCall(call).into()
}

fn gave(call_id: &'static str, content: Vec<TurnPart<'static>>, is_error: bool) -> TurnPart<'static> {
    let gave = ToolResult { call_id: call_id.into(), kind: CallKind::Function, content, is_error };
    PartOfTurn::ToolResult(gave).into()
}

fn base64(media_type: &'static str) -> Source<'static> {
    Source::Base64 { media_type: media_type.into(), data: "AAAA".into() }
}

fn document(source: Source<'static>, title: Option<&'static str>) -> TurnPart<'static> {
    let document = Document { source, title: title.map(Into::into), context: None, citations: false };
    PartOfTurn::Document(document).into()
}

fn tool(name: &'static str, kind: ToolDefinitionKind<'static>) -> ToolDefinition<'static> {
    ToolDefinition {
        name: name.into(),
        namespace: None,
        description: None,
        kind,
        defer_loading: false,
        cache: None,
        extras: Vec::new(),
    }
}

fn function(name: &'static str) -> ToolDefinition<'static> {
    tool(name, ToolDefinitionKind::Function { schema: None, strict: None })
}

fn server(what: Option<ServerTool>, json: &Value) -> ToolDefinition<'static> {
    let kind = json["type"].as_str().unwrap().to_owned();
    tool("web_search", ToolDefinitionKind::Server { what, kind: kind.into(), json: raw(json) })
}

fn request(from: Protocol, turns: Vec<Turn<'static>>) -> Request<'static> {
    let mut request = Request::new(from, "alias".into());
    request.turns = turns;
    request
}

fn user(parts: Vec<TurnPart<'static>>) -> Turn<'static> {
    Turn::new(Role::User, parts)
}

fn encode(request: &Request<'_>) -> (Value, Vec<String>) {
    let mut notes = Notes::default();
    let made = encode_for(request, "gpt-5.5", true, &mut notes).unwrap();
    (serde_json::from_slice(&made).unwrap(), notes.to_strings())
}

#[track_caller]
fn input(from: Protocol, turns: Vec<Turn<'static>>, want: &Value, dropped: &[&str]) {
    let (made, notes) = encode(&request(from, turns));
    assert_eq!(made["input"], *want, "{made:#}");
    assert_eq!(notes, dropped);
}

#[test]
fn the_system_prompt_becomes_instructions() {
    let turns = vec![
        Turn::new(
            Role::System,
            vec![text("x-anthropic-billing-header: cc_version=1;"), text("You are."), text(""), text("Be.")],
        ),
        Turn::new(Role::Developer, vec![text("Rules.")]),
        user(vec![text("hi")]),
        Turn::new(Role::System, vec![text("In the middle.")]),
    ];
    let (made, notes) = encode(&request(Protocol::Messages, turns));
    assert_eq!(
        made,
        json!({"model": "gpt-5.5", "instructions": "You are.\n\nBe.\n\nRules.", "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "In the middle."}]},
        ], "store": false, "include": ["reasoning.encrypted_content"]})
    );
    assert_eq!(notes, ["system.billing_header"]);
}

#[test]
fn a_marked_system_prompt_becomes_a_message_with_marks() {
    let turns = vec![
        Turn::new(
            Role::System,
            vec![text("x-anthropic-billing-header: a"), cached(text("A"), CacheLifetime::Long), text("B")],
        ),
        user(vec![cached(text("hi"), CacheLifetime::Default)]),
        Turn::new(Role::Assistant, vec![cached(text("ok"), CacheLifetime::Default)]),
    ];
    input(
        Protocol::Messages,
        turns,
        &json!([
            {"type": "message", "role": "developer", "content": [
                {"type": "input_text", "text": "A", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": "12h"}},
                {"type": "input_text", "text": "B"}]},
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "hi", "prompt_cache_breakpoint": {"mode": "explicit"}}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "ok"}]},
        ]),
        &["system.billing_header"],
    );
}

#[test]
fn a_tool_loop_with_images_and_errors() {
    let turns = vec![
        user(vec![text("go")]),
        Turn::new(
            Role::Assistant,
            vec![
                text("Reading."),
                call("t1", "read", CallKind::Function, "{\"a\": 1}"),
                call("t2", "shot", CallKind::Function, ""),
                call("t3", "patch", CallKind::Custom, "*** Begin"),
                call("t4", "read", CallKind::Function, "{"),
            ],
        ),
        user(vec![
            gave("t1", vec![text("file")], false),
            gave(
                "t2",
                vec![
                    text("see"),
                    PartOfTurn::Image { source: base64("image/png"), detail: None }.into(),
                    document(base64("application/pdf"), None),
                ],
                true,
            ),
            gave("t3", Vec::new(), false),
            cached(gave("t4", vec![text("bad")], true), CacheLifetime::Default),
            text("and now?"),
        ]),
    ];
    input(
        Protocol::Messages,
        turns,
        &json!([
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "go"}]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Reading."}]},
            {"type": "function_call", "call_id": "t1", "name": "read", "arguments": "{\"a\": 1}"},
            {"type": "function_call", "call_id": "t2", "name": "shot", "arguments": "{}"},
            {"type": "custom_tool_call", "call_id": "t3", "name": "patch", "input": "*** Begin"},
            {"type": "function_call", "call_id": "t4", "name": "read", "arguments": "{"},
            {"type": "function_call_output", "call_id": "t1", "output": "file"},
            {"type": "function_call_output", "call_id": "t2", "output": [
                {"type": "input_text", "text": "Error: see"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "auto"},
                {"type": "input_file", "filename": "document.pdf", "file_data": "data:application/pdf;base64,AAAA"}]},
            {"type": "custom_tool_call_output", "call_id": "t3", "output": ""},
            {"type": "function_call_output", "call_id": "t4", "output": [
                {"type": "input_text", "text": "Error: bad", "prompt_cache_breakpoint": {"mode": "explicit"}}]},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "and now?"}]},
        ]),
        &[],
    );
}

#[test]
fn an_error_without_text_is_still_an_error() {
    let image =
        || PartOfTurn::Image { source: Source::Url("https://a/b".into()), detail: Some("low".into()) }.into();
    input(
        Protocol::Messages,
        vec![user(vec![gave("a", Vec::new(), true), gave("b", vec![image()], true)])],
        &json!([
            {"type": "function_call_output", "call_id": "a", "output": "Error:"},
            {"type": "function_call_output", "call_id": "b", "output": [
                {"type": "input_text", "text": "Error:"},
                {"type": "input_image", "image_url": "https://a/b", "detail": "low"}]},
        ]),
        &[],
    );
}

#[test]
fn documents_of_every_source() {
    let blocks = json!([{"type": "text", "text": "T"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "BB"}},
        {"type": "image", "source": {"type": "url", "url": "https://i"}}, {"type": "odd"}]);
    let all = Document {
        source: base64("application/pdf"),
        title: Some("Report".into()),
        context: Some("From 2024.".into()),
        citations: true,
    };
    let turns = vec![user(vec![
        PartOfTurn::Document(all).into(),
        cached(document(Source::Text("plain".into()), Some("Notes")), CacheLifetime::Default),
        document(Source::Text("plain".into()), None),
        document(Source::Url("https://a/b.pdf".into()), Some("B")),
        document(Source::Blocks(raw(&blocks)), Some("C")),
        document(Source::Blocks(raw(&json!("just text"))), None),
        other(&json!({"type": "search_result", "source": "https://s", "title": "S",
            "content": [{"type": "text", "text": "found"}]})),
        other(&json!({"type": "search_result", "source": "https://s", "title": "S", "content": []})),
        other(&json!({"type": "container_upload", "file_id": "f"})),
    ])];
    input(
        Protocol::Messages,
        turns,
        &json!([{"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "From 2024."},
            {"type": "input_file", "filename": "Report", "file_data": "data:application/pdf;base64,AAAA"},
            {"type": "input_text", "text": "Notes\n\nplain", "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "input_text", "text": "plain"},
            {"type": "input_text", "text": "B"},
            {"type": "input_file", "file_url": "https://a/b.pdf"},
            {"type": "input_text", "text": "C"},
            {"type": "input_text", "text": "T"},
            {"type": "input_image", "image_url": "data:image/png;base64,BB", "detail": "auto"},
            {"type": "input_image", "image_url": "https://i", "detail": "auto"},
            {"type": "input_text", "text": "just text"},
            {"type": "input_text", "text": "S\nhttps://s\n\nfound"},
        ]}]),
        &[
            "messages.content.document.citations",
            "messages.content.document.source.content.odd",
            "messages.content.search_result",
            "messages.content.container_upload",
        ],
    );
}

#[test]
fn files_of_another_provider_are_refused() {
    for part in [
        document(Source::FileId("f".into()), None),
        PartOfTurn::Image { source: Source::FileId("f".into()), detail: None }.into(),
        gave("c", vec![PartOfTurn::Image { source: Source::FileId("f".into()), detail: None }.into()], false),
    ] {
        let request = request(Protocol::Messages, vec![user(vec![part])]);
        let error = encode_for(&request, "m", true, &mut Notes::default()).unwrap_err();
        assert!(
            matches!(&error, TranslateError::Refused { field, .. } if field.ends_with("source.file_id")),
            "{error}"
        );
    }
}

#[test]
fn only_reasoning_of_its_own_goes_along() {
    let thought = |proof, item_id: Option<&'static str>| TurnPart {
        item_id: item_id.map(Into::into),
        ..PartOfTurn::Reasoning(Reasoning { text: vec!["hm".into()], raw: false, proof, made_by: None })
            .into()
    };
    let turns = vec![Turn::new(
        Role::Assistant,
        vec![
            thought(Some(Proof::Signature("s".into())), None),
            thought(Some(Proof::Redacted("r".into())), None),
            thought(None, None),
            thought(Some(Proof::Encrypted("e".into())), Some("rs_1")),
            thought(Some(Proof::Encrypted("f".into())), None),
            text("ok"),
        ],
    )];
    input(
        Protocol::Messages,
        turns,
        &json!([
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}],
                "encrypted_content": "e"},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "f"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "ok"}]},
        ]),
        &["reasoning"],
    );
}

#[test]
fn what_only_messages_says_is_noted() {
    let mut turn = user(vec![
        TurnPart { extras: vec![extra("future", &json!(1))], ..text("a") },
        PartOfTurn::ServerToolResult {
            call_id: "s".into(),
            kind: "web_search_tool_result".into(),
            json: raw(&json!({})),
        }
        .into(),
        text(""),
    ]);
    turn.extras.push(extra("output_config", &json!({"effort": "low"})));
    turn.name = Some("bob".into());
    let caller = TurnPart {
        extras: vec![extra("caller", &json!({"type": "direct"}))],
        ..call("t", "f", CallKind::Function, "{}")
    };
    input(
        Protocol::Messages,
        vec![
            turn,
            Turn::new(Role::Assistant, vec![caller, PartOfTurn::Refusal { text: "No.".into() }.into()]),
        ],
        &json!([
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]},
            {"type": "function_call", "call_id": "t", "name": "f", "arguments": "{}"},
            {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        ]),
        &["messages.name", "messages.content.text.future", "messages.content.web_search_tool_result"],
    );
}

#[test]
fn tools_of_messages() {
    let mut made = request(Protocol::Messages, vec![user(vec![text("x")])]);
    let mut deferred = function("later");
    deferred.defer_loading = true;
    deferred.cache = Some(CacheLifetime::Default);
    deferred.extras.push(extra("eager_input_streaming", &json!(true)));
    let schema = raw(&json!({"type": "object", "properties": {"a": {}}}));
    made.tools = vec![
        ToolDefinition {
            description: Some("d".into()),
            ..tool("f", ToolDefinitionKind::Function { schema: Some(schema), strict: Some(true) })
        },
        deferred,
        tool("c", ToolDefinitionKind::Custom { format: Some(raw(&json!({"type": "text"}))) }),
        server(
            Some(ServerTool::WebSearch),
            &json!({"type": "web_search_20250305", "name": "web_search", "max_uses": 8, "allowed_domains": ["a.b"],
                "blocked_domains": [], "user_location": {"type": "approximate", "city": "B"}}),
        ),
        server(None, &json!({"type": "web_fetch_20250910", "name": "web_fetch"})),
    ];
    made.tool_choice = Some(ToolChoice::Named { name: "c".into(), namespace: None });
    made.parallel_tool_calls = Some(false);
    let (body, notes) = encode(&made);
    assert_eq!(
        body["tools"],
        json!([
            {"type": "function", "name": "f", "description": "d", "strict": true,
                "parameters": {"type": "object", "properties": {"a": {}}}},
            {"type": "function", "name": "later", "parameters": {"type": "object", "properties": {}}, "strict": false},
            {"type": "custom", "name": "c", "format": {"type": "text"}},
            {"type": "web_search", "filters": {"allowed_domains": ["a.b"]},
                "user_location": {"type": "approximate", "city": "B"}},
        ])
    );
    assert_eq!(body["tool_choice"], json!({"type": "custom", "name": "c"}));
    assert_eq!(body["parallel_tool_calls"], false);
    let want = ["tools.web_search.max_uses", "tools.web_fetch_20250910"];
    assert_eq!(notes, want);

    made.tools.push(server(Some(ServerTool::ToolSearch), &json!({"type": "tool_search_tool_bm25_20251119"})));
    let (body, _) = encode(&made);
    assert_eq!(body["tools"][1]["defer_loading"], true);
    assert_eq!(body["tools"][4], json!({"type": "tool_search"}));
}

#[test]
fn choices_of_other_protocols() {
    let mut made = request(Protocol::Chat, vec![user(vec![text("x")])]);
    made.tools = vec![function("f"), tool("c", ToolDefinitionKind::Custom { format: None })];
    let choice = |made: &mut Request<'static>, choice| {
        made.tool_choice = Some(choice);
        let (body, notes) = encode(made);
        (body.get("tool_choice").cloned().unwrap_or_default(), notes)
    };
    let named = |name: &'static str| ToolChoice::Named { name: name.into(), namespace: None };
    assert_eq!(choice(&mut made, ToolChoice::Auto).0, "auto");
    assert_eq!(choice(&mut made, ToolChoice::Required).0, "required");
    assert_eq!(choice(&mut made, named("f")).0, json!({"type": "function", "name": "f"}));
    let allowed =
        || ToolChoice::Allowed { required: true, names: vec!["f".into(), "c".into()], json: raw(&json!({})) };
    assert_eq!(
        choice(&mut made, allowed()).0,
        json!({"type": "allowed_tools", "mode": "required",
            "tools": [{"type": "function", "name": "f"}, {"type": "custom", "name": "c"}]})
    );
    let hosted = ToolChoice::Hosted { kind: "x".into(), json: raw(&json!({})) };
    assert_eq!(choice(&mut made, hosted), (json!(null), vec!["tool_choice".to_owned()]));
    made.tools.clear();
    assert_eq!(choice(&mut made, ToolChoice::Auto), (json!(null), Vec::new()));
    assert_eq!(choice(&mut made, named("f")), (json!(null), vec!["tool_choice".to_owned()]));
}

#[test]
fn settings_of_messages() {
    let mut made = request(Protocol::Messages, vec![user(vec![text("x")])]);
    made.stream = true;
    made.max_output_tokens = Some(32000);
    made.sampling.temperature = Some(1.0);
    made.sampling.top_k = Some(5);
    made.stop = vec!["END".into()];
    made.format = Some(OutputFormat::JsonSchema {
        name: None,
        description: None,
        schema: raw(&json!({"type": "object"})),
        strict: None,
    });
    made.reasoning.mode = Some(ThinkingMode::Enabled { budget_tokens: 2000 });
    made.reasoning.effort = Some(Effort::Max);
    made.reasoning.extras.push(extra("block_binding", &json!({})));
    made.end_user = Some("x".repeat(100).into());
    made.auto_cache = Some(CacheLifetime::Default);
    made.service_tier = Some(RequestTier::Standard);
    made.extras.push(extra("context_management", &json!({"edits": []})));
    let (body, notes) = encode(&made);
    let user = body["safety_identifier"].as_str().unwrap();
    assert_eq!(
        body,
        json!({"model": "gpt-5.5", "input": body["input"], "max_output_tokens": 32000, "temperature": 1.0,
            "reasoning": {"effort": "max", "summary": "auto"},
            "text": {"format": {"type": "json_schema", "name": "output", "schema": {"type": "object"}, "strict": true}},
            "safety_identifier": user, "service_tier": "default", "store": false,
            "include": ["reasoning.encrypted_content"], "stream": true})
    );
    assert!(user.len() <= 64);
    assert_eq!(notes, ["top_k", "stop_sequences", "context_management"]);

    made.reasoning.shown = Some(Shown::Omitted);
    assert_eq!(encode(&made).0["reasoning"], json!({"effort": "max"}));
    made.reasoning.shown = Some(Shown::Summary);
    assert_eq!(encode(&made).0["reasoning"]["summary"], "auto");
}

#[test]
fn settings_of_chat() {
    let mut made = request(Protocol::Chat, vec![user(vec![text("x")])]);
    made.sampling.seed = Some(1);
    made.sampling.frequency_penalty = Some(0.5);
    made.stop = vec!["END".into()];
    made.format = Some(OutputFormat::JsonSchema {
        name: Some("n".into()),
        description: None,
        schema: raw(&json!({})),
        strict: None,
    });
    made.verbosity = Some("high".into());
    made.cache_key = Some("k".into());
    made.carried = vec![extra("metadata", &json!({"a": "b"}))];
    made.extras = vec![extra("logit_bias", &json!({}))];
    let (body, notes) = encode(&made);
    assert_eq!(body["text"]["format"]["strict"], false);
    assert_eq!(body["text"]["verbosity"], "high");
    assert_eq!(body["prompt_cache_key"], "k");
    assert_eq!(body["metadata"], json!({"a": "b"}));
    assert_eq!(body["store"], false);
    assert_eq!(notes, ["frequency_penalty", "seed", "stop", "logit_bias"]);
}
