//! Usage records, read back.

use tollgate_base::{AccountId, Money, Rate, RequestId, Timestamp, Usage, UserId};
use tollgate_pricing::CostParts;
use tollgate_protocol::Protocol;
use tollgate_store::{ServedUsage, StreamEnd, UsageCursor, UsageFilter, UsageRecord, UsageTotals};

use super::{TestDb, dollars, record, record_of, user, world};

pub(crate) async fn a_record_reads_back_as_written(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let words = |text: &str| Some(text.to_owned());
    let full = UsageRecord {
        account_id: Some(AccountId::generate()),
        client_protocol: Protocol::Responses,
        upstream_protocol: Some(Protocol::Chat),
        usage: Usage {
            input_tokens: 1,
            output_tokens: 2,
            cache_write_5m_tokens: 3,
            cache_write_1h_tokens: 4,
            cache_read_tokens: 5,
            reasoning_tokens: 6,
            web_search_calls: 7,
            input_audio_tokens: 8,
            output_audio_tokens: 9,
            input_image_tokens: 10,
            output_image_tokens: 11,
            generated_images: 12,
            file_search_calls: 13,
            code_execution_calls: 14,
        },
        parts: CostParts {
            input: Money::from_nanos(1),
            output: Money::from_nanos(2),
            cache_write_5m: Money::from_nanos(3),
            cache_write_1h: Money::from_nanos(4),
            cache_read: Money::from_nanos(5),
            web_search: Money::from_nanos(6),
            reasoning: Money::from_nanos(7),
            audio: Money::from_nanos(8),
            images: Money::from_nanos(9),
            tools: Money::from_nanos(10),
            request: Money::from_nanos(11),
        },
        group_rate: Rate::from_millionths(350_000),
        user_rate: Rate::from_millionths(u32::MAX),
        price_version: 12,
        status: 529,
        error_kind: words("upstream_overloaded"),
        stop_reason: words("max_tokens"),
        stream_end: StreamEnd::UpstreamCut,
        attempts: 3,
        estimated: true,
        client_user: words("user-7"),
        upstream_request_id: words("req_011"),
        dropped: words("top_k"),
        service_tier: words("priority"),
        held: Some(Money::from_nanos(90)),
        recovered: true,
        ..record(&key, "0.000000021")
    };
    let bare = UsageRecord {
        id: RequestId::generate(),
        upstream_protocol: None,
        upstream_model: None,
        stream: false,
        usage: Usage::default(),
        stop_reason: None,
        stream_end: StreamEnd::None,
        first_byte_ms: None,
        client_agent: None,
        session: None,
        ..record(&key, "0")
    };
    store.settle(&[full.clone(), bare.clone()]).await.unwrap();
    assert_eq!(store.find_usage(full.id).await.unwrap(), Some(full));
    assert_eq!(store.find_usage(bare.id).await.unwrap(), Some(bare));
    assert_eq!(store.find_usage(RequestId::generate()).await.unwrap(), None);
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

pub(crate) async fn listings_go_page_by_page(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let bob = user(&store, "bob", "0").await;
    // Several records of the same second, so that a page may end among them.
    let records: Vec<UsageRecord> =
        (0..25).map(|number| UsageRecord { at: at(number / 4), ..record(&key, "0.01") }).collect();
    store.settle(&records).await.unwrap();
    store.settle(&[UsageRecord { at: at(2), ..record_of(bob, "1") }]).await.unwrap();
    let mut expected: Vec<(Timestamp, RequestId)> =
        records.iter().map(|record| (record.at, record.id)).collect();
    expected.sort_unstable();
    expected.reverse();
    for of_key in [false, true] {
        let of = if of_key { Some(key.id) } else { None };
        let mut filter =
            UsageFilter { user: Some(key.user_id), key: of, limit: Some(7), ..UsageFilter::default() };
        let mut seen = Vec::new();
        loop {
            let page = store.list_usage(filter).await.unwrap();
            assert!(page.len() <= 7);
            let Some(last) = page.last() else { break };
            filter.after = Some(UsageCursor::from(last));
            seen.extend(page.into_iter().map(|record| (record.at, record.id)));
        }
        assert_eq!(seen, expected);
    }
    let within = UsageFilter { from: Some(at(2)), until: Some(at(3)), ..UsageFilter::default() };
    assert_eq!(store.list_usage(within).await.unwrap().len(), 5, "four of ann, one of bob");
    assert_eq!(store.list_usage(UsageFilter::default()).await.unwrap().len(), 26);
    let nobody = UsageFilter { user: Some(UserId::generate()), ..UsageFilter::default() };
    assert_eq!(store.list_usage(nobody).await.unwrap(), []);
    assert_eq!(store.usage_totals(nobody).await.unwrap(), UsageTotals::default());
}

pub(crate) async fn totals_add_up(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let bob = user(&store, "bob", "0").await;
    let records = [record(&key, "0.5"), record(&key, "0.25"), record_of(bob, "3")];
    store.settle(&records).await.unwrap();
    let of_ann = UsageFilter { user: Some(key.user_id), limit: Some(1), ..UsageFilter::default() };
    let usage = Usage { input_tokens: 200, output_tokens: 40, ..Usage::default() };
    let expected = UsageTotals { requests: 2, usage, cost: dollars("0.75") };
    assert_eq!(store.usage_totals(of_ann).await.unwrap(), expected);
    assert_eq!(store.usage_totals(UsageFilter::default()).await.unwrap().cost, dollars("3.75"));
}

pub(crate) async fn awkward_text_is_kept(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let awkward = "quote ' \" back\\slash $1 ?1 {blob} -- % \u{1f600} \u{202e} \r\n\t";
    let one = UsageRecord {
        client_agent: Some(awkward.to_owned()),
        requested_model: "it's; DROP TABLE users".to_owned(),
        session: Some("nul\0inside".to_owned()),
        ..record(&key, "0")
    };
    store.settle(std::slice::from_ref(&one)).await.unwrap();
    let found = store.find_usage(one.id).await.unwrap().unwrap();
    assert_eq!(found.client_agent.as_deref(), Some(awkward));
    assert_eq!(found.requested_model, one.requested_model);
    assert_eq!(found.session.as_deref(), Some("nul\u{fffd}inside"), "PostgreSQL cannot hold a NUL");
    assert_eq!(store.find_user_by_name("ann\0").await.unwrap(), None);
}

pub(crate) async fn what_accounts_served_is_told_apart(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let (main, other) = (AccountId::generate(), AccountId::generate());
    let served = |seconds: i64, account: Option<AccountId>, model: Option<&str>, cost: i64| UsageRecord {
        at: at(seconds),
        account_id: account,
        upstream_model: model.map(str::to_owned),
        account_cost: Money::from_nanos(cost),
        ..record(&key, "1")
    };
    let records = [
        served(10, Some(main), Some("x"), 1),
        served(19, Some(main), Some("x"), 2),
        served(20, Some(main), Some("x"), 4),
        served(15, Some(main), Some("y"), 8),
        served(15, Some(other), Some("x"), 16),
        served(15, Some(main), None, 32),
        served(15, None, Some("x"), 64),
        served(9, Some(main), Some("x"), 128),
    ];
    store.settle(&records).await.unwrap();
    let told = async |accounts: &[AccountId], days: &[(i64, i64)]| {
        let days: Vec<_> = days.iter().map(|(from, until)| (at(*from), at(*until))).collect();
        let mut told = store.served_usage(accounts, &days).await.unwrap();
        told.iter_mut().for_each(|models| models.sort_by(|a, b| a.model.cmp(&b.model)));
        let short =
            |served: &ServedUsage| (served.model.clone(), served.requests, served.account_cost.nanos());
        told.iter().map(|models| models.iter().map(short).collect()).collect::<Vec<Vec<_>>>()
    };
    let row = |model: &str, requests: u64, cost: i64| (model.to_owned(), requests, cost);
    let first = vec![row("claude-opus-5-5", 1, 32), row("x", 2, 3), row("y", 1, 8)];
    assert_eq!(told(&[main], &[(10, 20), (20, 30), (30, 40)]).await, [first, vec![row("x", 1, 4)], vec![]]);
    let both = vec![row("claude-opus-5-5", 1, 32), row("x", 3, 19), row("y", 1, 8)];
    assert_eq!(told(&[main, other], &[(10, 20)]).await, std::slice::from_ref(&both));
    assert_eq!(told(&[], &[(10, 20)]).await, [both], "all accounts, and no request without one");
    let [models] = &store.served_usage(&[other], &[(at(10), at(20))]).await.unwrap()[..] else { panic!() };
    assert_eq!((models[0].usage.input_tokens, models[0].usage.output_tokens), (100, 20));
    let too_many = vec![(at(0), at(1)); 401];
    assert!(store.served_usage(&[], &too_many).await.is_err());
}
