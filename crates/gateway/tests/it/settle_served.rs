//! The price follows the answered tier, speed and region, not what was asked for.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tollgate_base::{Money, TokenPrice};
use tollgate_gateway::GatewayConfig;
use tollgate_pricing::{ContextTier, ContextTiers, ModelPrice, Multipliers};
use tollgate_store::UsageRecord;

use crate::support::{Call, Kind, Setup, World};

/// A provider that gives every request this answer; its base URL.
pub(crate) async fn provider(content_type: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n", body.len());
    let answer = format!("{head}connection: close\r\n\r\n{body}");
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut request = Vec::new();
            // The requests of these tests end with the only brace that closes them.
            while !request.ends_with(b"}") {
                assert!(connection.read_buf(&mut request).await.unwrap() > 0, "the request was cut");
            }
            connection.write_all(answer.as_bytes()).await.unwrap();
            connection.shutdown().await.unwrap();
        }
    });
    base
}

/// A dollar in and two out for a million tokens, ten times as much for prompts above 1,000, and every multiplier.
fn price() -> ModelPrice {
    let dollars = |dollars: u64| TokenPrice::from_nanos_per_million(dollars * 1_000_000_000);
    let factor = |text: &str| Some(text.parse().unwrap());
    let tier = ContextTier {
        above_prompt_tokens: 1_000,
        input: Some(dollars(10)),
        output: Some(dollars(20)),
        ..ContextTier::default()
    };
    ModelPrice {
        tiers: ContextTiers::new(&[tier]).unwrap(),
        multipliers: Multipliers {
            priority: factor("3"),
            flex: factor("0.5"),
            batch: factor("0.25"),
            fast: factor("2"),
            us: factor("1.1"),
            hour: None,
        },
        ..ModelPrice::new(dollars(1), dollars(2))
    }
}

/// The record of a request that this answer was given to.
async fn record(kind: Kind, stream: bool, asked: &str, body: &'static str) -> UsageRecord {
    let content_type = if stream { "text/event-stream" } else { "application/json" };
    let setup = Setup {
        base_url: Some(provider(content_type, body).await),
        gateway: GatewayConfig { default_price: Some(price()), ..Setup::default().gateway },
        ..Setup::default()
    };
    let world = World::start(setup).await;
    let mut request = kind.body("unpriced-1", "x", stream);
    request["service_tier"] = asked.into();
    Call::json(kind.path(), &request).bearer(world.key(kind)).send(world.addr).await.ok();
    world.only_record().await
}

#[tokio::test]
async fn the_answered_speed_and_region_are_charged() {
    let body = r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"x"}],
        "stop_reason":"end_turn","usage":{"input_tokens":100,"output_tokens":10,"service_tier":"standard","speed":"fast",
        "inference_geo":"us"}}"#;
    let record = record(Kind::Messages, false, "auto", body).await;
    assert_eq!(record.service_tier.as_deref(), Some("fast+us"));
    // (100 x 1 + 10 x 2) millionths of a dollar x 2 x 1.1
    assert_eq!(record.cost, Money::from_nanos(264_000));
}

#[tokio::test]
async fn a_stream_names_its_speed_at_the_start_and_a_long_prompt_costs_more() {
    let body = concat!(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",",
        "\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":1,",
        "\"cache_read_input_tokens\":1000,\"output_tokens\":1,\"speed\":\"fast\"}}}\n\n",
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,",
        "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},",
        "\"usage\":{\"output_tokens\":10}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    );
    let record = record(Kind::Messages, true, "auto", body).await;
    assert_eq!(record.service_tier.as_deref(), Some("fast"));
    // (1 x 10 + 1000 x 1 + 10 x 20) x 2: a cache read costs a tenth of the long prompt's input.
    assert_eq!(record.cost, Money::from_nanos(2_420_000));
}

#[tokio::test]
async fn a_priority_request_that_was_served_as_default_pays_the_default() {
    for (tier, label, nanos) in [("default", None, 120_000), ("priority", Some("priority"), 360_000)] {
        let body = format!(
            r#"{{"id":"chatcmpl-1","object":"chat.completion","model":"m","service_tier":"{tier}","choices":[{{"index":0,
            "message":{{"role":"assistant","content":"x"}},"finish_reason":"stop"}}],
            "usage":{{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}}}}"#
        );
        let record = record(Kind::Chat, false, "priority", body.leak()).await;
        assert_eq!((record.service_tier.as_deref(), record.cost), (label, Money::from_nanos(nanos)));
    }
}

#[tokio::test]
async fn a_flex_response_costs_half() {
    let body = r#"{"id":"resp_1","object":"response","status":"completed","model":"m","service_tier":"flex","output":[
        {"type":"message","id":"msg_1","role":"assistant","status":"completed","content":[{"type":"output_text",
        "text":"x","annotations":[]}]}],"usage":{"input_tokens":100,"output_tokens":10,"total_tokens":110}}"#;
    let record = record(Kind::Responses, false, "flex", body).await;
    assert_eq!((record.service_tier.as_deref(), record.cost), (Some("flex"), Money::from_nanos(60_000)));
}
