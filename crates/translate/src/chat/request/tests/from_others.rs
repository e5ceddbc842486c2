//! Conversations of other protocols, written for Chat servers of several habits.

use super::made::{call, document, image, raw, request, result, text, turn, usual, write};
use crate::chat::request::encode::encode_for;
use crate::error::TranslateError;
use crate::family::{Lists, Quirks, ReasoningMember};
use crate::ir::{CallKind, Extra, PartOfTurn, Proof, Reasoning, Role, Source, Turn, TurnPart};
use crate::notes::Notes;
use serde_json::{Value, json};
use std::borrow::Cow;

fn messages(turns: Vec<Turn<'static>>, habits: Quirks) -> Value {
    let (body, notes) = write(&request(turns), habits);
    assert!(notes.is_empty(), "{notes:?}");
    body["messages"].clone()
}

fn refused(turns: Vec<Turn<'static>>) -> String {
    let mut notes = Notes::default();
    match encode_for(&request(turns), "up", usual(), &mut notes) {
        Err(TranslateError::Refused { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn instructions_stay_where_they_stood_and_the_billing_header_goes() {
    let turns = vec![
        turn(Role::System, vec![text("x-anthropic-billing-header: cc=1"), text("a"), text(""), text("b")]),
        turn(Role::User, vec![text("hi")]),
        turn(Role::System, vec![text("in between")]),
        turn(Role::Developer, vec![text("dev")]),
    ];
    let (body, notes) = write(&request(turns.clone()), Quirks { developer: false, ..usual() });
    assert_eq!(
        body["messages"],
        json!([
            {"role": "system", "content": "a\n\nb"},
            {"role": "user", "content": "hi"},
            {"role": "system", "content": "in between"},
            {"role": "system", "content": "dev"},
        ])
    );
    assert_eq!(notes, ["system.billing_header"]);
    let habits = Quirks { developer: true, lists: Lists::Everywhere, ..usual() };
    let (body, _) = write(&request(turns), habits);
    assert_eq!(
        body["messages"][0],
        json!({"role": "system", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]})
    );
    assert_eq!(body["messages"][3]["role"], "developer");
}

#[test]
fn results_come_first_with_their_pictures_behind_all_of_them() {
    let turns = vec![
        turn(
            Role::Assistant,
            vec![
                text("Look."),
                call("a", CallKind::Function, "{\"x\":1}"),
                call("b", CallKind::Function, ""),
            ],
        ),
        turn(
            Role::User,
            vec![
                text("then this"),
                result("a", vec![text("one"), image(), text("two")], false),
                result("b", vec![text("no such file")], true),
            ],
        ),
    ];
    assert_eq!(
        messages(turns.clone(), usual()),
        json!([
            {"role": "assistant", "content": "Look.", "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{\"x\":1}"}},
                {"id": "b", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "a", "content": "one\n\n[image 1 of tool call a follows]\n\ntwo"},
            {"role": "tool", "tool_call_id": "b", "content": "Error: no such file"},
            {"role": "user", "content": [
                {"type": "text", "text": "[image 1 of tool call a]"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "text", "text": "then this"}]},
        ])
    );
    let made = messages(turns, Quirks { tool_images: true, ..usual() });
    assert_eq!(made[1]["content"][1]["image_url"]["url"], "data:image/png;base64,AAAA");
    assert_eq!(made[3], json!({"role": "user", "content": "then this"}));
}

#[test]
fn empty_and_failed_results() {
    let turns = vec![turn(Role::User, vec![result("a", vec![], false), result("b", vec![], true)])];
    assert_eq!(
        messages(turns, usual()),
        json!([
            {"role": "tool", "tool_call_id": "a", "content": ""},
            {"role": "tool", "tool_call_id": "b", "content": "Error"},
        ])
    );
    let reference = json!({"type": "tool_reference", "tool_name": "Read"});
    let other = PartOfTurn::Other { kind: "tool_reference".into(), json: raw(&reference) };
    let turns = vec![turn(Role::User, vec![result("a", vec![other.into()], false)])];
    assert_eq!(messages(turns, usual())[0]["content"], "Tool: Read");
}

#[test]
fn reasoning_is_written_only_without_proof_even_if_empty() {
    let without = |text: Vec<Cow<'static, str>>| {
        TurnPart::from(PartOfTurn::Reasoning(Reasoning { text, ..Reasoning::default() }))
    };
    let turns = vec![
        turn(Role::Assistant, vec![without(vec!["a".into(), "b".into()]), text("x")]),
        turn(Role::Assistant, vec![without(vec![]), call("c", CallKind::Function, "{}")]),
        turn(Role::Assistant, vec![text("y")]),
    ];
    let made = messages(turns.clone(), usual());
    assert_eq!(made[0]["reasoning_content"], "a\n\nb");
    assert_eq!(made[1]["reasoning_content"], "");
    assert_eq!(made[1]["content"], Value::Null);
    assert!(made[2].get("reasoning_content").is_none());
    let made = messages(turns, Quirks { reasoning_member: ReasoningMember::Reasoning, ..usual() });
    assert_eq!(made[0]["reasoning"], "a\n\nb");
    let signed = Reasoning { proof: Some(Proof::Signature("s".into())), ..Reasoning::default() };
    let turns = vec![turn(Role::Assistant, vec![PartOfTurn::Reasoning(signed).into(), text("x")])];
    let (body, notes) = write(&request(turns), usual());
    assert_eq!(body["messages"], json!([{"role": "assistant", "content": "x"}]));
    assert_eq!(notes, ["messages.content.thinking"]);
}

#[test]
fn an_assistants_texts_are_one_and_a_call_breaks_them() {
    let turns = vec![turn(
        Role::Assistant,
        vec![
            text("A sentence "),
            text("cited."),
            call("a", CallKind::Custom, "free \"text\""),
            text("After."),
        ],
    )];
    assert_eq!(
        messages(turns, Quirks { lists: Lists::Everywhere, ..usual() }),
        json!([{"role": "assistant", "content": "A sentence cited.\n\nAfter.", "tool_calls": [
            {"id": "a", "type": "custom", "custom": {"name": "f", "input": "free \"text\""}}]}])
    );
    let refusal = || TurnPart::from(PartOfTurn::Refusal { text: "No.".into() });
    let turns = vec![turn(Role::Assistant, vec![refusal()]), turn(Role::Assistant, vec![])];
    assert_eq!(
        messages(turns.clone(), usual()),
        json!([
            {"role": "assistant", "content": null, "refusal": "No."},
        ])
    );
    let made = messages(turns, Quirks { refusals: false, ..usual() });
    assert_eq!(made[0], json!({"role": "assistant", "content": "No."}));
}

#[test]
fn documents_of_every_source() {
    let pdf = || Source::Base64 { media_type: "application/pdf".into(), data: "JVBE".into() };
    let blocks = json!([{"type": "text", "text": "p"}, {"type": "text", "text": "q"}]);
    let mut with_context = document(Source::Text("body".into()), Some("Title"));
    if let PartOfTurn::Document(document) = &mut with_context.body {
        document.context = Some("context".into());
    }
    let turns = vec![turn(
        Role::User,
        vec![
            document(pdf(), Some("a.pdf")),
            document(pdf(), None),
            with_context,
            document(Source::Blocks(raw(&blocks)), None),
        ],
    )];
    assert_eq!(
        messages(turns, usual()),
        json!([{"role": "user", "content": [
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"}},
            {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,JVBE"}},
            {"type": "text", "text": "Title\n\ncontext\n\nbody"},
            {"type": "text", "text": "p\n\nq"},
        ]}])
    );
    for (source, field) in [
        (Source::Url("https://example.com/a.pdf".into()), "messages.content.document.source.url"),
        (Source::FileId("file_1".into()), "messages.content.document.source.file_id"),
        (Source::Blocks(raw(&json!([{"type": "image"}]))), "messages.content.document.source.content"),
    ] {
        assert_eq!(refused(vec![turn(Role::User, vec![document(source, None)])]), field);
    }
    let picture = PartOfTurn::Image { source: Source::FileId("file_1".into()), detail: None };
    assert_eq!(
        refused(vec![turn(Role::User, vec![picture.into()])]),
        "messages.content.image.source.file_id"
    );
    let no_files = Quirks { files: false, ..usual() };
    let mut notes = Notes::default();
    let asked = request(vec![turn(Role::User, vec![document(pdf(), None)])]);
    assert!(matches!(encode_for(&asked, "up", no_files, &mut notes), Err(TranslateError::Refused { .. })));
}

#[test]
fn what_only_another_protocol_says_is_noted() {
    let json = json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}});
    let called = PartOfTurn::ServerToolCall { id: "s".into(), name: "web_search".into(), json: raw(&json) };
    let found = PartOfTurn::ServerToolResult {
        call_id: "s".into(),
        kind: "web_search_tool_result".into(),
        json: raw(&json!({})),
    };
    let upload = PartOfTurn::Other { kind: "container_upload".into(), json: raw(&json!({"file_id": "f"})) };
    let mut caller = call("a", CallKind::Function, "{}");
    caller.extras.push(Extra { name: "caller".into(), json: raw(&json!({"type": "direct"})) });
    let mut cited = document(Source::Text("t".into()), None);
    if let PartOfTurn::Document(document) = &mut cited.body {
        document.citations = true;
    }
    let mut with_effort = turn(Role::User, vec![upload.into(), cited]);
    with_effort.extras.push(Extra { name: "output_config".into(), json: raw(&json!({})) });
    let mut asked =
        request(vec![turn(Role::Assistant, vec![called.into(), found.into(), caller]), with_effort]);
    asked.extras.push(Extra { name: "context_management".into(), json: raw(&json!({})) });
    let (body, notes) = write(&asked, usual());
    assert_eq!(body["messages"][1], json!({"role": "user", "content": "t"}));
    assert!(body.get("context_management").is_none());
    assert_eq!(
        notes,
        [
            "messages.content.server_tool_use",
            "messages.content.web_search_tool_result",
            "messages.content.container_upload",
            "messages.content.document.citations",
            "context_management",
        ]
    );
}
