//! Requests and tokens a minute: who is let in, what the headers say, and what is given back.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use tollgate_base::Money;
use tollgate_protocol::Dialect;
use tollgate_routing::{ApiKey, LimitScope};
use tollgate_store::LimitPatch;

use crate::support::error_table::check;
use crate::support::{Call, Kind, Reply, Setup, World};

/// Longer than the gate takes to see a change of its configuration.
pub(crate) const POLLED: Duration = Duration::from_millis(150);

/// Sets what is not 0.
pub(crate) async fn limit(world: &World, scope: LimitScope, rpm: u32, tpm: u64, concurrency: u32) {
    let patch = LimitPatch {
        requests_per_minute: NonZeroU32::new(rpm).map(Some),
        tokens_per_minute: NonZeroU64::new(tpm).map(Some),
        concurrency: NonZeroU32::new(concurrency).map(Some),
    };
    world.store.set_limit(scope, patch).await.unwrap();
}

/// A new key with limits of its own.
pub(crate) async fn limited_key(
    world: &World,
    kind: Kind,
    rpm: u32,
    tpm: u64,
    concurrency: u32,
) -> (ApiKey, String) {
    let (key, secret) = world.extra_key(kind, |_| {}).await;
    limit(world, LimitScope::Key(key.id), rpm, tpm, concurrency).await;
    tokio::time::sleep(POLLED).await;
    (key, secret)
}

pub(crate) fn call(kind: Kind, key: &str, directives: &str, stream: bool) -> Call {
    kind.call_with(key, kind.model(), directives, stream)
}

/// Limit and remaining of requests or tokens, by the names of a dialect.
fn told(reply: &Reply, dialect: Dialect, what: &str) -> Option<(u64, u64)> {
    let name = |part: &str| match dialect {
        Dialect::Messages => format!("anthropic-ratelimit-{what}-{part}"),
        _ => format!("x-ratelimit-{part}-{what}"),
    };
    let number = |part: &str| reply.header(&name(part)).map(|text| text.parse().unwrap());
    let pair = number("limit").zip(number("remaining"));
    assert_eq!(reply.header(&name("reset")).is_some(), pair.is_some(), "{:?}", reply.headers);
    pair
}

fn any_told(reply: &Reply) -> bool {
    reply.headers.keys().any(|name| name.as_str().contains("ratelimit"))
}

fn retry_after(reply: &Reply) -> u64 {
    reply.header("retry-after").expect("no retry-after").parse().unwrap()
}

#[tokio::test]
async fn every_dialect_is_told_its_limits_and_refused_beyond_them() {
    let world = World::new().await;
    for kind in Kind::ALL {
        let (_, key) = limited_key(&world, kind, 2, 1_000_000, 0).await;
        let dialect = kind.dialect();
        let first = call(kind, &key, "input=100 output=50", false).send(world.addr).await.ok();
        assert_eq!(told(&first, dialect, "requests"), Some((2, 1)), "{kind:?}");
        let (limit, remaining) = told(&first, dialect, "tokens").unwrap();
        // What was used and not what was foreseen, and some of it has refilled.
        assert!(limit == 1_000_000 && (999_850..=limit).contains(&remaining), "{kind:?} {remaining}");
        let second = call(kind, &key, "input=100 output=50", true).send(world.addr).await.ok();
        assert_eq!(told(&second, dialect, "requests"), Some((2, 0)), "{kind:?}");
        for stream in [false, true] {
            let refused = call(kind, &key, "", stream).send(world.addr).await;
            check(&refused, dialect, "request_limit", "2 requests per minute for this API key");
            assert_eq!(told(&refused, dialect, "requests"), Some((2, 0)), "{kind:?}");
            assert!((20..=30).contains(&retry_after(&refused)), "{kind:?} {}", retry_after(&refused));
        }
        let families = [("anthropic-ratelimit-", Dialect::Messages), ("x-ratelimit-", dialect)];
        for name in first.headers.keys().filter(|name| name.as_str().contains("ratelimit")) {
            let family = families.iter().find(|(prefix, _)| name.as_str().starts_with(prefix)).unwrap();
            assert_eq!(family.1 == Dialect::Messages, dialect == Dialect::Messages, "{kind:?} {name}");
        }
    }
    assert_eq!(world.sandbox.counts().total.answered, 2 * Kind::ALL.len() as u64);
}

#[tokio::test]
async fn who_is_not_limited_is_told_nothing() {
    let world = World::new().await;
    limited_key(&world, Kind::Messages, 1, 1, 1).await;
    for kind in Kind::ALL {
        assert!(!any_told(&kind.call(&world, "", false).send(world.addr).await.ok()), "{kind:?}");
        assert!(!any_told(&kind.call(&world, "status=400", true).send(world.addr).await), "{kind:?}");
    }
}

#[tokio::test]
async fn the_wait_is_true() {
    let world = World::new().await;
    let (_, key) = limited_key(&world, Kind::Chat, 30, 0, 0).await;
    let one = || call(Kind::Chat, &key, "", false);
    let mut refused = None;
    for _ in 0..31 {
        let reply = one().send(world.addr).await;
        if reply.status == 429 {
            refused = Some(reply);
            break;
        }
    }
    // Thirty a minute are one in two seconds.
    let seconds = retry_after(&refused.expect("31 went through"));
    assert!((1..=2).contains(&seconds), "{seconds}");
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    one().send(world.addr).await.ok();
}

#[tokio::test]
async fn tokens_are_taken_before_and_put_right_after() {
    let world = World::new().await;
    let kind = Kind::Messages;
    let (_, key) = limited_key(&world, kind, 0, 3_000, 0).await;
    let used = |reply: &Reply| 3_000 - told(reply, Dialect::Messages, "tokens").unwrap().1;
    // A stream's headers leave before it has used anything: the prompt and 1,000 of answer are taken for it.
    let open = call(kind, &key, "words=10 slow_event_ms=20 input=100 output=50", true).open(world.addr).await;
    let taken: u64 =
        open.response.headers()["anthropic-ratelimit-tokens-remaining"].to_str().unwrap().parse().unwrap();
    assert!((1_900..=2_000).contains(&taken), "{taken}");
    open.rest().await.ok();
    // 150 were used, and 50 a second have refilled.
    let second = call(kind, &key, "input=50 output=50", false).send(world.addr).await.ok();
    assert!((50..=250).contains(&used(&second)), "{}", used(&second));
    let cached = call(kind, &key, "input=10 cache_read=90000 output=10", false).send(world.addr).await.ok();
    assert!(used(&cached) <= 270, "reading a cache counts: {}", used(&cached));
    let failed = call(kind, &key, "status=400", false).send(world.addr).await;
    assert!(failed.status == 400 && used(&failed) <= 270, "{}", used(&failed));
    // More than was foreseen is a debt.
    let long = call(kind, &key, "input=10 output=4000", false).send(world.addr).await.ok();
    assert_eq!(used(&long), 3_000);
    let refused = call(kind, &key, "", false).send(world.addr).await;
    check(&refused, Dialect::Messages, "token_limit", "3000 tokens per minute for this API key");
    // About 4,250 less 3,000, and 1,020 to take, at 50 a second.
    assert!((35..=47).contains(&retry_after(&refused)), "{}", retry_after(&refused));
    let records = world.finished().await;
    assert_eq!(records.len(), 5, "a refusal leaves no record");
}

#[tokio::test]
async fn a_caller_who_leaves_has_used_what_its_answer_took() {
    let world = World::new().await;
    let kind = Kind::Messages;
    let (_, key) = limited_key(&world, kind, 0, 6_000, 0).await;
    let stream = call(kind, &key, "words=10 slow_event_ms=20 input=100 output=3000", true);
    let mut open = stream.open(world.addr).await;
    open.chunk().await.unwrap();
    drop(open);
    world.records(1).await;
    let next = call(kind, &key, "input=10 output=10", false).send(world.addr).await.ok();
    let (_, remaining) = told(&next, Dialect::Messages, "tokens").unwrap();
    // 3,120 of 6,000, at 100 a second; 1,020 were foreseen.
    assert!((2_880..=3_900).contains(&remaining), "{remaining}");
}

#[tokio::test]
async fn a_request_beyond_the_whole_limit_goes_through_once_nothing_is_missing() {
    let world = World::new().await;
    let (_, key) = limited_key(&world, Kind::Chat, 0, 500, 0).await;
    call(Kind::Chat, &key, "input=10 output=10", false).send(world.addr).await.ok();
    let refused = call(Kind::Chat, &key, "", false).send(world.addr).await;
    check(&refused, Dialect::Chat, "token_limit", "500 tokens");
    tokio::time::sleep(Duration::from_secs(retry_after(&refused))).await;
    call(Kind::Chat, &key, "", false).send(world.addr).await.ok();
}

#[tokio::test]
async fn what_money_refuses_takes_no_rate() {
    let world = World::start(Setup { balance: Money::from_nanos(100_000), ..Setup::default() }).await;
    let (_, key) = limited_key(&world, Kind::Messages, 5, 0, 0).await;
    for _ in 0..8 {
        let refused = call(Kind::Messages, &key, "", false).send(world.addr).await;
        assert_eq!(refused.status, 402, "{}", refused.text());
        assert_eq!(told(&refused, Dialect::Messages, "requests"), Some((5, 5)));
    }
    let records = world.finished().await;
    assert!(records.iter().all(|record| record.status == 402));
}

#[tokio::test]
async fn counting_tokens_is_free() {
    let world = World::new().await;
    let (_, key) = limited_key(&world, Kind::Messages, 1, 1, 1).await;
    let body = Kind::Messages.body(Kind::Messages.model(), "Hello", false);
    for _ in 0..5 {
        let call = Call::json("/v1/messages/count_tokens", &body).bearer(&key);
        let counted = call.send(world.addr).await.ok();
        assert_eq!(told(&counted, Dialect::Messages, "requests"), Some((1, 1)));
    }
}

#[tokio::test]
async fn each_kind_of_limit_counts_what_it_is_set_on() {
    let world = World::new().await;
    let kind = Kind::Messages;
    let (group, user) = (world.group(kind).id, world.user.id);
    let status = async |key: &str, model: &str| {
        let call = kind.call_with(key, model, "", false);
        call.send(world.addr).await.status
    };
    let (sonnet, haiku) = ("claude-sonnet-5-5", "claude-haiku-4-5");
    let keys = [world.extra_key(kind, |_| {}).await.1, world.extra_key(kind, |_| {}).await.1];
    let (other, _) = (world.key(Kind::Chat).to_owned(), ());

    limit(&world, LimitScope::EachKey(group), 1, 0, 0).await;
    tokio::time::sleep(POLLED).await;
    for key in &keys {
        assert_eq!((status(key, sonnet).await, status(key, sonnet).await), (200, 429));
    }
    let (own, secret) = world.extra_key(kind, |_| {}).await;
    limit(&world, LimitScope::Key(own.id), 2, 0, 0).await;
    tokio::time::sleep(POLLED).await;
    let own = [status(&secret, sonnet).await, status(&secret, sonnet).await, status(&secret, sonnet).await];
    assert_eq!(own, [200, 200, 429], "the key's own value goes before the group's");
    world.store.remove_limit(&LimitScope::EachKey(group)).await.unwrap();

    limit(&world, LimitScope::Group(group), 1, 0, 0).await;
    tokio::time::sleep(POLLED).await;
    assert_eq!((status(&keys[0], sonnet).await, status(&keys[1], sonnet).await), (200, 429));
    world.store.remove_limit(&LimitScope::Group(group)).await.unwrap();

    limit(&world, LimitScope::Model(sonnet.to_owned()), 1, 0, 0).await;
    tokio::time::sleep(POLLED).await;
    let refused = kind.call_with(&keys[1], sonnet, "", false);
    assert_eq!(status(&keys[0], sonnet).await, 200);
    check(&refused.send(world.addr).await, kind.dialect(), "request_limit", "the model `claude-sonnet-5-5`");
    assert_eq!(status(&keys[1], haiku).await, 200);
    world.store.remove_limit(&LimitScope::Model(sonnet.to_owned())).await.unwrap();

    limit(&world, LimitScope::User(user), 1, 0, 0).await;
    tokio::time::sleep(POLLED).await;
    assert_eq!(status(&keys[0], haiku).await, 200);
    let refused = call(Kind::Chat, &other, "", false).send(world.addr).await;
    check(&refused, Dialect::Chat, "request_limit", "all API keys of this user together");
    world.store.remove_limit(&LimitScope::User(user)).await.unwrap();
    tokio::time::sleep(POLLED).await;
    assert_eq!(status(&keys[0], haiku).await, 200, "a limit that is lifted no longer holds");
}
