//! Conversations before and after.

use super::*;
use crate::ir::{CallKind, PastCall, ToolResult};

fn text(said: &'static str) -> TurnPart<'static> {
    PartOfTurn::Text { text: said.into(), phase: None }.into()
}

fn call(id: &'static str) -> TurnPart<'static> {
    PartOfTurn::ToolCall(PastCall {
        id: id.into(),
        name: "f".into(),
        namespace: None,
        kind: CallKind::Function,
        arguments: "{}".into(),
    })
    .into()
}

fn result(id: &'static str, said: &'static str) -> TurnPart<'static> {
    PartOfTurn::ToolResult(ToolResult {
        call_id: id.into(),
        kind: CallKind::Function,
        content: vec![text(said)],
        is_error: false,
    })
    .into()
}

fn turn(role: Role, parts: Vec<TurnPart<'static>>) -> Turn<'static> {
    Turn::new(role, parts)
}

/// One word for each part: `t:` a text, `c:` a call, `r:` a result.
fn shown(turns: &[Turn<'_>]) -> Vec<String> {
    let part = |part: &TurnPart<'_>| match &part.body {
        PartOfTurn::Text { text, .. } => format!("t:{text}"),
        PartOfTurn::ToolCall(call) => format!("c:{}", call.id),
        PartOfTurn::ToolResult(result) => format!("r:{}", result.call_id),
        _ => "?".to_owned(),
    };
    turns
        .iter()
        .map(|turn| {
            let parts: Vec<String> = turn.parts.iter().map(part).collect();
            format!("{:?} {}", turn.role, parts.join(" "))
        })
        .collect()
}

fn paired(mut turns: Vec<Turn<'static>>) -> (Vec<String>, Vec<String>) {
    let mut notes = Notes::default();
    merge_assistant_turns(&mut turns, false);
    pairing::pair(&mut turns, &mut notes);
    turns.retain(|turn| !turn.parts.is_empty());
    (shown(&turns), notes.to_strings())
}

#[test]
fn results_come_to_the_head_of_the_next_user_turn_in_the_order_of_calls() {
    use Role::{Assistant, System, User};
    let (turns, notes) = paired(vec![
        turn(User, vec![text("go")]),
        turn(Assistant, vec![text("on"), call("a")]),
        turn(Assistant, vec![call("b")]),
        turn(System, vec![text("s")]),
        turn(User, vec![text("and"), result("b", "2")]),
        turn(User, vec![result("a", "1")]),
        turn(User, vec![text("then")]),
    ]);
    assert_eq!(
        turns,
        ["User t:go", "Assistant t:on c:a c:b", "User r:a r:b", "System t:s", "User t:and", "User t:then"]
    );
    assert!(notes.is_empty());
}

#[test]
fn a_call_without_result_and_a_result_without_call_are_mended_and_noted() {
    use Role::{Assistant, User};
    let (turns, notes) = paired(vec![
        turn(User, vec![result("x", "lost")]),
        turn(Assistant, vec![call("a")]),
        turn(User, vec![text("next")]),
    ]);
    assert_eq!(turns, ["User t:[result of tool call x]\nlost", "Assistant c:a", "User r:a t:next"]);
    assert_eq!(notes, ["tool_call_without_result", "tool_result_without_call"]);
}

#[test]
fn a_second_result_of_one_call_becomes_text() {
    use Role::{Assistant, User};
    let (turns, _) =
        paired(vec![turn(Assistant, vec![call("a")]), turn(User, vec![result("a", "1"), result("a", "2")])]);
    assert_eq!(turns, ["Assistant c:a", "User r:a", "User t:[result of tool call a]\n2"]);
}

#[test]
fn an_id_used_twice_pairs_in_order() {
    use Role::{Assistant, User};
    let (turns, notes) = paired(vec![
        turn(Assistant, vec![call("a")]),
        turn(User, vec![result("a", "1")]),
        turn(Assistant, vec![call("a")]),
        turn(User, vec![result("a", "2")]),
    ]);
    assert_eq!(turns, ["Assistant c:a", "User r:a", "Assistant c:call_again_1", "User r:call_again_1"]);
    assert!(notes.is_empty());
}

#[test]
fn system_text_in_the_middle_stays_where_it_is_legal_and_goes_into_user_turns_elsewhere() {
    use Role::{Assistant, Developer, System, User};
    let turns = || {
        vec![
            turn(System, vec![text("head")]),
            turn(User, vec![text("a")]),
            turn(System, vec![text("legal")]),
            turn(Assistant, vec![call("1")]),
            turn(User, vec![result("1", "r")]),
            turn(Developer, vec![text("not")]),
            turn(User, vec![text("b")]),
        ]
    };
    let mut taken = turns();
    system::place(&mut taken, true);
    let not = "t:<system-reminder>\nnot\n</system-reminder>";
    let tail = ["Assistant c:1".to_owned(), "User r:1".to_owned(), format!("User {not} t:b")];
    assert_eq!(shown(&taken)[..3], ["System t:head", "User t:a", "System t:legal"]);
    assert_eq!(shown(&taken)[3..], tail);
    let mut refused = turns();
    system::place(&mut refused, false);
    let legal = "User t:a t:<system-reminder>\nlegal\n</system-reminder>";
    assert_eq!(shown(&refused)[..2], ["System t:head".to_owned(), legal.to_owned()]);
    assert_eq!(shown(&refused)[2..], tail);
}

#[test]
fn a_conversation_that_the_model_opens_gets_a_user_in_front() {
    use Role::{Assistant, System, User};
    for (turns, expected) in [
        (
            vec![turn(System, vec![text("s")]), turn(Assistant, vec![text("a")])],
            vec!["System t:s", "User t:.", "Assistant t:a"],
        ),
        (vec![turn(System, vec![text("s")])], vec!["System t:s", "User t:."]),
        (vec![turn(User, vec![text("u")])], vec!["User t:u"]),
    ] {
        let mut turns = turns;
        begin_with_user(&mut turns);
        assert_eq!(shown(&turns), expected);
    }
}

#[test]
fn blank_texts_go() {
    let mut turns = vec![turn(Role::User, vec![text(" \n"), result("a", ""), text("x")])];
    text::drop_blank(&mut turns);
    let PartOfTurn::ToolResult(result) = &turns[0].parts[0].body else { panic!("the result stays") };
    assert!(result.content.is_empty());
    assert_eq!(turns[0].parts.len(), 2);
}

#[test]
fn calls_with_one_id_are_told_apart() {
    let (turns, notes) = paired(vec![
        turn(Role::Assistant, vec![call("a"), call("a")]),
        turn(Role::User, vec![result("a", "1"), result("a", "2")]),
        turn(Role::Assistant, vec![call("a")]),
        turn(Role::User, vec![result("a", "3")]),
    ]);
    let want = [
        "Assistant c:a c:call_again_1",
        "User r:a r:call_again_1",
        "Assistant c:call_again_2",
        "User r:call_again_2",
    ];
    assert_eq!(turns, want);
    assert!(notes.is_empty());
}
