//! Tools of other protocols, written for Chat servers of several habits.

use super::made::{raw, request, text, turn, usual, write};
use crate::family::Quirks;
use crate::ir::{Role, ServerTool, ToolChoice, ToolDefinition, ToolDefinitionKind};
use serde_json::json;

fn tool(name: &'static str, kind: ToolDefinitionKind<'static>) -> ToolDefinition<'static> {
    ToolDefinition {
        name: name.into(),
        namespace: None,
        description: Some("d".into()),
        kind,
        defer_loading: false,
        cache: None,
        extras: Vec::new(),
    }
}

fn function(name: &'static str) -> ToolDefinition<'static> {
    let schema = Some(raw(&json!({"type": "object"})));
    tool(name, ToolDefinitionKind::Function { schema, strict: Some(true) })
}

fn search() -> ToolDefinition<'static> {
    let kind = ToolDefinitionKind::Server {
        what: Some(ServerTool::WebSearch),
        kind: "web_search_20250305".into(),
        json: raw(&json!({})),
    };
    tool("web_search", kind)
}

#[test]
fn tools_of_every_kind() {
    let grammar = json!({"type": "grammar", "syntax": "lark", "definition": "start: A"});
    let mut asked = request(vec![turn(Role::User, vec![text("hi")])]);
    let mut deferred = function("deferred");
    deferred.defer_loading = true;
    deferred.namespace = Some("ns".into());
    asked.tools = vec![
        function("f"),
        tool("c", ToolDefinitionKind::Custom { format: Some(raw(&grammar)) }),
        deferred,
        search(),
    ];
    asked.tool_choice = Some(ToolChoice::Named { name: "c".into(), namespace: None });
    let (body, notes) = write(&asked, Quirks { strict: false, ..usual() });
    let parameters = json!({"type": "object"});
    assert_eq!(
        body["tools"],
        json!([
            {"type": "function", "function": {"name": "f", "description": "d", "parameters": parameters}},
            {"type": "custom", "custom": {"name": "c", "description": "d", "format":
                {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: A"}}}},
            {"type": "function", "function": {"name": "ns__deferred", "description": "d", "parameters": parameters}},
        ])
    );
    assert_eq!(body["tool_choice"], json!({"type": "custom", "custom": {"name": "c"}}));
    assert_eq!(notes, ["tools.strict", "tools.web_search"]);
}

#[test]
fn a_choice_among_no_tools_is_not_written() {
    let mut asked = request(vec![turn(Role::User, vec![text("hi")])]);
    asked.tools = vec![search()];
    asked.parallel_tool_calls = Some(false);
    for (choice, also) in [(ToolChoice::Auto, None), (ToolChoice::Required, Some("tool_choice"))] {
        asked.tool_choice = Some(choice);
        let (body, notes) = write(&asked, usual());
        for member in ["tools", "tool_choice", "parallel_tool_calls"] {
            assert!(body.get(member).is_none(), "{member}");
        }
        let want: Vec<&str> = std::iter::once("tools.web_search").chain(also).collect();
        assert_eq!(notes, want);
    }
}

#[test]
fn a_choice_among_some_tools_leaves_the_others_out_where_it_cannot_be_said() {
    let mut asked = request(vec![turn(Role::User, vec![text("hi")])]);
    asked.tools = vec![function("f"), function("g")];
    asked.tool_choice =
        Some(ToolChoice::Allowed { required: true, names: vec!["g".into()], json: raw(&json!({})) });
    let (body, _) = write(&asked, Quirks { allowed_tools: false, ..usual() });
    assert_eq!(body["tools"].as_array().unwrap().len(), 1);
    assert_eq!(body["tools"][0]["function"]["name"], "g");
    assert_eq!(body["tool_choice"], "required");
    let (body, _) = write(&asked, usual());
    assert_eq!(body["tools"].as_array().unwrap().len(), 2);
    assert_eq!(
        body["tool_choice"]["allowed_tools"],
        json!({"mode": "required", "tools": [{"type": "function", "function": {"name": "g"}}]})
    );
}
