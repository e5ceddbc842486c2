//! Anthropic's `usage.iterations`: each pass is charged at its own model's price.

use tollgate_base::{Rate, Usage};
use tollgate_protocol::Protocol;
use tollgate_store::UsageRecord;

use crate::settle::{cost, price};
use crate::settle_served::provider;
use crate::support::world::{claude_price, gpt_price};
use crate::support::{Kind, Setup, World};

/// Two models with prices of their own, one that the catalog does not know, and one pass without a name. The top level
/// has the last pass alone.
const USAGE: &str = concat!(
    r#"{"input_tokens":30,"output_tokens":4,"server_tool_use":{"web_search_requests":1},"iterations":["#,
    r#"{"type":"compaction","model":"gpt-6-sol","input_tokens":1000,"output_tokens":100,"cache_read_input_tokens":50},"#,
    r#"{"type":"message","model":"claude-haiku-4-5","input_tokens":200,"output_tokens":10},"#,
    r#"{"type":"message","model":"unheard-of","input_tokens":20,"output_tokens":3},"#,
    r#"{"type":"message","input_tokens":30,"output_tokens":4}]}"#
);

fn whole() -> String {
    format!(
        r#"{{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{{"type":"text","text":"x"}}],
        "stop_reason":"end_turn","stop_sequence":null,"usage":{USAGE}}}"#
    )
}

fn stream() -> String {
    [
        (
            "message_start",
            r#""message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":30,"output_tokens":1}}"#,
        ),
        ("content_block_start", r#""index":0,"content_block":{"type":"text","text":""}"#),
        ("content_block_delta", r#""index":0,"delta":{"type":"text_delta","text":"x"}"#),
        ("content_block_stop", r#""index":0"#),
        (
            "message_delta",
            &format!(r#""delta":{{"stop_reason":"end_turn","stop_sequence":null}},"usage":{USAGE}"#),
        ),
    ]
    .iter()
    .map(|(name, rest)| format!("event: {name}\ndata: {{\"type\":\"{name}\",{rest}}}\n\n"))
    .chain(["event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n".to_owned()])
    .collect()
}

async fn record(kind: Kind, streamed: bool) -> UsageRecord {
    let (content_type, body) =
        if streamed { ("text/event-stream", stream()) } else { ("application/json", whole()) };
    let base_url = Some(provider(content_type, body.leak()).await);
    let world = World::start(Setup { base_url, ..Setup::speaking(Protocol::Messages) }).await;
    kind.call(&world, "", streamed).send(world.addr).await.ok();
    world.only_record().await
}

#[tokio::test]
async fn each_pass_is_charged_at_its_own_models_price() {
    let usage = |input_tokens, output_tokens| Usage { input_tokens, output_tokens, ..Usage::default() };
    let cached = Usage { cache_read_tokens: 50, ..usage(1000, 100) };
    let sum = Usage { cache_read_tokens: 50, web_search_calls: 1, ..usage(1250, 117) };
    for kind in [Kind::Messages, Kind::Chat, Kind::Responses, Kind::EnvelopeMessages] {
        for streamed in [false, true] {
            let record = record(kind, streamed).await;
            assert_eq!((record.usage, record.estimated), (sum, false), "{kind:?} {streamed}");
            let own = Usage { web_search_calls: 1, ..usage(50, 7) };
            let parts = [(cached, gpt_price()), (usage(200, 10), claude_price()), (own, price(kind))];
            let nanos: i64 =
                parts.iter().map(|(usage, price)| cost(usage, price, Rate::ONE, Rate::ONE).nanos()).sum();
            assert_eq!(record.cost.nanos(), nanos, "{kind:?} {streamed}");
        }
    }
}
