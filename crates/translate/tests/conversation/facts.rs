//! What a request says, in no protocol's words.

use serde_json::Value;
use tollgate_protocol::Protocol;
use tollgate_translate::decode_request;
use tollgate_translate::ir::{PartOfTurn, Request, Role, Source, ToolDefinitionKind, TurnPart};

/// All that every protocol carries.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Facts {
    system: String,
    said: Vec<Fact>,
    max_tokens: Option<u64>,
    tools: Vec<(String, Value)>,
}

/// One thing that is said. Results stand in the order of their calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    Result(String, String),
    User(String),
    Image(String),
    Assistant(String),
    Call(String, String, String),
    System(String),
}

impl Facts {
    pub(crate) fn of(protocol: Protocol, body: &[u8]) -> Self {
        let request = decode_request(protocol, body, None).unwrap();
        let heads = request.turns.iter().take_while(|turn| turn.role.instructs()).count();
        let mut system = String::new();
        let mut said = Vec::new();
        for (at, turn) in request.turns.iter().enumerate() {
            for part in &turn.parts {
                match (&part.body, at < heads) {
                    (PartOfTurn::Text { text, .. }, true) => system.push_str(text),
                    _ => said.extend(fact(turn.role, part)),
                }
            }
        }
        sort_results(&mut said);
        Self { system, said, max_tokens: request.max_output_tokens, tools: tools(&request) }
    }
}

fn fact(role: Role, part: &TurnPart<'_>) -> Option<Fact> {
    Some(match &part.body {
        PartOfTurn::Text { text, .. } if text.is_empty() => return None,
        PartOfTurn::Text { text, .. } => match role {
            Role::User => Fact::User(text.to_string()),
            Role::Assistant => Fact::Assistant(text.to_string()),
            Role::System | Role::Developer => Fact::System(text.to_string()),
        },
        PartOfTurn::Image { source: Source::Base64 { data, .. }, .. } => Fact::Image(data.to_string()),
        PartOfTurn::ToolCall(call) => {
            let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
            Fact::Call(call.id.to_string(), call.name.to_string(), arguments.to_string())
        }
        PartOfTurn::ToolResult(result) => {
            let texts = result.content.iter().filter_map(|part| match &part.body {
                PartOfTurn::Text { text, .. } => Some(&**text),
                _ => None,
            });
            Fact::Result(result.call_id.to_string(), texts.collect())
        }
        other => panic!("nobody said {other:?}"),
    })
}

/// Results of one turn may come in any order.
fn sort_results(said: &mut [Fact]) {
    let is_result = |fact: &Fact| matches!(fact, Fact::Result(..));
    said.chunk_by_mut(|one, next| is_result(one) && is_result(next)).for_each(<[Fact]>::sort);
}

fn tools(request: &Request<'_>) -> Vec<(String, Value)> {
    let tools = request.tools.iter().map(|tool| {
        let ToolDefinitionKind::Function { schema: Some(schema), .. } = &tool.kind else {
            panic!("no function: {tool:?}")
        };
        (tool.name.to_string(), serde_json::from_str(schema.get()).unwrap())
    });
    tools.collect()
}
