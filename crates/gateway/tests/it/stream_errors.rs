//! Streams that fail after they began: the dialect's error event comes last and nothing pretends success.

use std::time::Duration;

use serde_json::Value;
use tollgate_gateway::GatewayConfig;
use tollgate_protocol::Dialect;
use tollgate_store::StreamEnd;
use tollgate_upstream::Timeouts;

use crate::support::sse::{Event, events};
use crate::support::{Kind, Reply, Setup, World};

const CUT: &str = "The upstream provider's answer ended before it was complete.";

/// The last event must be the dialect's error, the only one, and no terminal event may stand anywhere; its error.
#[track_caller]
pub(crate) fn error_at_the_end(reply: &Reply, dialect: Dialect) -> Value {
    assert_eq!(reply.status, 200);
    let events = events(&reply.body);
    let text = reply.text();
    for terminal in ["message_stop", "[DONE]", "response.completed"] {
        assert!(!text.contains(terminal), "{terminal} in {text}");
    }
    let is_error = |event: &Event| {
        event.name == "error"
            || event.name == "response.failed"
            || event.json().get("error").is_some_and(|error| !error.is_null())
    };
    assert_eq!(events.iter().filter(|event| is_error(event)).count(), 1, "one error event: {text}");
    let last = events.last().unwrap();
    let data = last.json();
    match dialect {
        Dialect::Messages => {
            assert_eq!((last.name.as_str(), &data["type"]), ("error", &Value::from("error")));
            data["error"].clone()
        }
        Dialect::Chat => {
            assert_eq!(last.name, "");
            data["error"].clone()
        }
        Dialect::Envelope => {
            assert_eq!((last.name.as_str(), &data["success"]), ("", &Value::from(false)));
            data["error"].clone()
        }
        Dialect::Responses => {
            assert_eq!(
                (last.name.as_str(), &data["type"]),
                ("response.failed", &Value::from("response.failed"))
            );
            let before = events[..events.len() - 1].iter().map(Event::json);
            let numbers: Vec<u64> = before.map(|data| data["sequence_number"].as_u64().unwrap()).collect();
            assert_eq!(data["sequence_number"].as_u64().unwrap(), numbers.last().unwrap() + 1);
            let response = &data["response"];
            assert_eq!(response["id"], events[0].json()["response"]["id"], "it is the response that began");
            assert_eq!((&response["status"], &response["model"]), (&"failed".into(), &"gpt-5.5".into()));
            response["error"].clone()
        }
    }
}

#[tokio::test]
async fn cut_off() {
    for kind in Kind::ALL {
        for fault in ["cut_after=5", "eof_after=5"] {
            let world = World::new().await;
            let reply = kind.call(&world, &format!("words=12 {fault}"), true).send(world.addr).await;
            let error = error_at_the_end(&reply, kind.dialect());
            assert_eq!(error["message"], CUT, "{kind:?} {fault}");
            let record = world.only_record().await;
            assert_eq!(record.stream_end, StreamEnd::UpstreamCut, "{kind:?} {fault}");
            assert_eq!((record.error_kind.as_deref(), record.attempts), (Some("stream_cut"), 1));
        }
    }
}

#[tokio::test]
async fn cut_inside_an_event() {
    for kind in Kind::ALL {
        // Written in small pieces, so the cut falls where no event ends; only whole events may reach the caller.
        let world = World::new().await;
        let directives = "words=12 split=7 cut_after=6";
        let reply = kind.call(&world, directives, true).send(world.addr).await;
        assert_eq!(error_at_the_end(&reply, kind.dialect())["message"], CUT);
    }
}

#[tokio::test]
async fn error_in_the_middle() {
    for kind in Kind::ALL {
        let world = World::new().await;
        let fault = "words=12 error_after=5 status=500 message='it fell over'";
        let reply = kind.call(&world, fault, true).send(world.addr).await;
        let error = error_at_the_end(&reply, kind.dialect());
        assert_eq!(error["message"], "it fell over", "{kind:?}");
        let record = world.only_record().await;
        assert_eq!(record.stream_end, StreamEnd::UpstreamError, "{kind:?}");
        assert!(record.error_kind.is_some());
    }
}

#[tokio::test]
async fn an_accounts_trouble_in_the_middle_is_not_shown() {
    for kind in Kind::ALL {
        for fault in
            ["status=402", "status=401", "status=429 error_type=insufficient_quota code=insufficient_quota"]
        {
            let world = World::new().await;
            let directives = format!("words=12 error_after=5 {fault} message='credit of org-77 is used up'");
            let reply = kind.call(&world, &directives, true).send(world.addr).await;
            error_at_the_end(&reply, kind.dialect());
            for shown in
                ["org-77", "authentication_error", "billing_error", "invalid_api_key", "insufficient_quota"]
            {
                assert!(!reply.text().contains(shown), "{kind:?} {fault} shows {shown}: {}", reply.text());
            }
        }
    }
}

#[tokio::test]
async fn silence_in_the_middle() {
    let timeouts = Timeouts { idle: Duration::from_millis(150), ..Timeouts::default() };
    for kind in Kind::ALL {
        let world = World::start(Setup { timeouts, ..Setup::default() }).await;
        let reply = kind.call(&world, "words=12 hang_after=5", true).send(world.addr).await;
        let error = error_at_the_end(&reply, kind.dialect());
        assert_eq!(error["message"], "The upstream provider did not answer in time.");
        assert_eq!(world.only_record().await.error_kind.as_deref(), Some("upstream_timeout"));
    }
}

#[tokio::test]
async fn an_event_over_the_limit() {
    let gateway = GatewayConfig { max_event_bytes: 16 << 10, ..Setup::default().gateway };
    for kind in Kind::ALL {
        let world = World::start(Setup { gateway: gateway.clone(), ..Setup::default() }).await;
        let reply = kind.call(&world, "words=5 huge=40000", true).send(world.addr).await;
        let error = error_at_the_end(&reply, kind.dialect());
        assert_eq!(error["message"], "The upstream provider sent an answer that cannot be read.");
        assert_eq!(world.only_record().await.error_kind.as_deref(), Some("upstream_invalid"));
    }
}

/// The gate's keep-alive while the upstream is silent: `ping` for Anthropic's clients, a comment for all others.
#[tokio::test]
async fn silence_is_filled() {
    let gateway = GatewayConfig { keepalive_after: Duration::from_millis(40), ..Setup::default().gateway };
    for kind in Kind::ALL {
        let world = World::start(Setup { gateway: gateway.clone(), ..Setup::default() }).await;
        let reply = kind.call(&world, "words=2 slow_event_ms=130", true).send(world.addr).await.ok();
        // Behind the end there is nothing to break.
        let text = reply.text().split("event: message_stop").next().unwrap();
        let (ping, comment) =
            (text.contains("event: ping\ndata: {\"type\":\"ping\"}\n\n"), text.contains("\n:"));
        match kind.dialect() {
            Dialect::Messages => assert!(ping && !comment, "{kind:?}: {text}"),
            _ => assert!(comment && !text.contains("event: ping"), "{kind:?}: {text}"),
        }
        events(&reply.body);
        assert_eq!(world.only_record().await.stream_end, StreamEnd::Complete);
    }
}
