//! Accounts and their credentials.

use std::num::NonZeroU64;

use tollgate_base::{AccountId, GroupId, Rate, Secret, Timestamp};
use tollgate_routing::failover::FailoverRules;
use tollgate_routing::{
    Ability, Account, Attention, AuthScheme, BaseUrls, Capabilities, ModelMapping, Platform, ProbeTerms,
    Shaping, Status,
};
use tollgate_store::{AccountPatch, NewAccount, ResponseOwner, Store, StoreError};
use tollgate_translate::family::Family;

use super::{TestDb, group, world};

fn anthropic() -> BaseUrls {
    BaseUrls { messages: Some("https://api.anthropic.com".to_owned()), ..BaseUrls::default() }
}

fn new_account(name: &str) -> NewAccount {
    NewAccount::new(name, Platform::Anthropic, anthropic(), Secret::from("sk-ant-1"))
}

pub(crate) async fn account(store: &Store, name: &str, groups: &[GroupId]) -> Account {
    store.create_account(NewAccount { groups: groups.to_vec(), ..new_account(name) }).await.unwrap()
}

fn rules() -> FailoverRules {
    FailoverRules::new(vec!["status=429 keyword=daily action=next cool=3600".parse().unwrap()]).unwrap()
}

fn probe() -> ProbeTerms {
    ProbeTerms { every_s: 60, model: "m".to_owned(), always: true }
}

pub(crate) fn shaping(json: &str) -> Shaping {
    serde_json::from_str(json).unwrap()
}

pub(crate) async fn accounts_keep_what_they_are_given(db: &TestDb) {
    let store = db.open().await;
    let (one, two) = (group(&store, "one").await.id, group(&store, "two").await.id);
    let made = store
        .create_account(NewAccount {
            name: "deepseek".to_owned(),
            platform: Platform::Openai,
            family: Some(Family::Vllm),
            base_urls: BaseUrls { chat: Some("https://api.deepseek.com/v1".to_owned()), ..anthropic() },
            credential: Secret::from("sk-deep-ünicode"),
            auth: AuthScheme::Bearer,
            models: vec!["deepseek-*".parse().unwrap()],
            model_mapping: ModelMapping::new(vec![("a".parse().unwrap(), "b".to_owned())]).unwrap(),
            capabilities: Capabilities {
                count_tokens: true,
                cannot: [Ability::Vision, Ability::Tools].into_iter().collect(),
                context_window_tokens: NonZeroU64::new(131_072),
                ..Capabilities::default()
            },
            priority: -3,
            weight: 7,
            rate: Rate::from_millionths(850_000),
            proxy: Some(Secret::from("socks5://user:hunter2@proxy:1080")),
            groups: vec![two, one, two],
            organization: Some("acme".to_owned()),
            failover: rules(),
            probe: Some(probe()),
            shaping: shaping(r#"{"headers":{"set":{"x-tier":"gold"}},"clamp":[{"path":"top_p","max":0.9}]}"#),
        })
        .await
        .unwrap();
    assert_eq!(made.groups, [one, two], "each once, in order");
    assert!(!made.shaping.is_empty());
    assert_eq!(store.get_account(made.id).await.unwrap().as_ref(), Some(&made));
    assert_eq!(store.find_account_by_name("deepseek").await.unwrap().as_ref(), Some(&made));
    let plain = account(&store, "anthropic", &[]).await;
    assert_eq!((plain.auth, plain.weight, plain.proxy.as_ref()), (AuthScheme::XApiKey, 1, None));
    assert_eq!((made.family, plain.family), (Some(Family::Vllm), None));
    assert_eq!(store.list_accounts().await.unwrap(), [plain, made]);
    assert_eq!(store.get_account(AccountId::generate()).await.unwrap(), None);
    assert_eq!(store.find_account_by_name("none").await.unwrap(), None);
}

pub(crate) async fn accounts_are_changed_field_by_field(db: &TestDb) {
    let store = db.open().await;
    let (one, two) = (group(&store, "one").await.id, group(&store, "two").await.id);
    let made = account(&store, "acc", &[one]).await;
    let patch = AccountPatch {
        credential: Some(Secret::from("sk-new")),
        proxy: Some(Some(Secret::from("http://proxy:3128"))),
        groups: Some(vec![two]),
        family: Some(Some(Family::Moonshot)),
        priority: Some(5),
        weight: Some(0),
        rate: Some(Rate::from_millionths(500_000)),
        status: Some(Status::Disabled),
        failover: Some(rules()),
        probe: Some(Some(probe())),
        ..AccountPatch::default()
    };
    let after = store.update_account(made.id, patch).await.unwrap();
    assert_eq!(after.credential.expose(), "sk-new");
    assert_eq!(after.proxy, Some(Secret::from("http://proxy:3128")));
    assert_eq!((after.priority, after.weight, after.status), (5, 0, Status::Disabled));
    assert_eq!((made.rate, after.rate), (Rate::ONE, Rate::from_millionths(500_000)));
    assert_eq!(after.family, Some(Family::Moonshot));
    assert_eq!(after.groups, [two]);
    assert_eq!((&after.upkeep.failover, after.upkeep.probe.as_ref()), (&rules(), Some(&probe())));
    assert_eq!((&after.name, &after.base_urls, after.auth), (&made.name, &made.base_urls, made.auth));
    let patch = AccountPatch {
        name: Some("renamed".to_owned()),
        platform: Some(Platform::Openai),
        base_urls: Some(BaseUrls { chat: Some("https://api.openai.com".to_owned()), ..BaseUrls::default() }),
        auth: Some(AuthScheme::Bearer),
        models: Some(vec!["gpt-*".parse().unwrap()]),
        capabilities: Some(Capabilities::default()),
        proxy: Some(None),
        groups: Some(vec![]),
        ..AccountPatch::default()
    };
    let last = store.update_account(made.id, patch).await.unwrap();
    assert_eq!(
        (last.name.as_str(), last.platform, last.auth),
        ("renamed", Platform::Openai, AuthScheme::Bearer)
    );
    assert_eq!(
        (last.proxy.as_ref(), last.groups.len(), last.credential.expose().as_str()),
        (None, 0, "sk-new")
    );
    assert_eq!(last.family, Some(Family::Moonshot), "what is not named is kept");
    assert_eq!(store.get_account(made.id).await.unwrap(), Some(last));
    let cleared = AccountPatch { family: Some(None), ..AccountPatch::default() };
    assert_eq!(store.update_account(made.id, cleared).await.unwrap().family, None);
    let status = shaping(r#"{"status":{"403":429}}"#);
    let shaped = AccountPatch { shaping: Some(status.clone()), ..AccountPatch::default() };
    assert_eq!(store.update_account(made.id, shaped).await.unwrap().shaping, status);
    let wrong = shaping(r#"{"body":[{"path":"model","set":"x"}]}"#);
    let shaped = AccountPatch { shaping: Some(wrong), ..AccountPatch::default() };
    let refused = store.update_account(made.id, shaped).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Invalid { field: "shaping", .. }), "{refused}");
    assert!(refused.to_string().contains("body[0]"), "{refused}");
}

pub(crate) async fn further_keys_are_sealed_and_a_mark_lasts_until_it_is_cleared(db: &TestDb) {
    let store = db.open().await;
    let made = account(&store, "acc", &[]).await;
    let change = async |patch: AccountPatch| store.update_account(made.id, patch).await;
    let add = |secret: &str| AccountPatch { add_key: Some(Secret::from(secret)), ..AccountPatch::default() };
    let remove = |named: &str| AccountPatch { remove_key: Some(named.to_owned()), ..AccountPatch::default() };
    change(add("sk-ant-second-0123456789-wxyz")).await.unwrap();
    let after = change(add("sk-ant-third")).await.unwrap();
    let keys: Vec<&str> = after.keys().map(|key| key.expose().as_str()).collect();
    assert_eq!(keys, ["sk-ant-1", "sk-ant-second-0123456789-wxyz", "sk-ant-third"]);
    assert_eq!(store.get_account(made.id).await.unwrap().as_ref(), Some(&after));
    let sealed = db.raw_text("SELECT further_keys FROM accounts").await;
    assert!(!sealed.contains("0123456789") && !sealed.contains("sk-ant-third"), "{sealed}");
    assert_eq!(change(remove("sk-ant…wxyz")).await.unwrap().upkeep.further_keys[0].number, 2);
    let refused = change(remove("#9")).await;
    assert!(matches!(refused, Err(StoreError::Invalid { field: "remove_key", .. })), "{refused:?}");
    for n in 0..14 {
        change(add(&format!("key-{n}"))).await.unwrap();
    }
    let refused = change(add("one-too-many")).await;
    assert!(matches!(refused, Err(StoreError::Invalid { field: "add_key", .. })), "{refused:?}");

    let attention = Attention { since: Timestamp::from_micros(7), words: "invalid x-api-key".to_owned() };
    let version = store.config_version().await.unwrap();
    store.mark_attention(made.id, &attention).await.unwrap();
    assert!(store.config_version().await.unwrap() > version, "other nodes hear of it");
    let marked = store.get_account(made.id).await.unwrap().unwrap();
    assert_eq!(marked.upkeep.attention.as_ref(), Some(&attention));
    let patch = AccountPatch { priority: Some(1), ..AccountPatch::default() };
    assert_eq!(change(patch).await.unwrap().upkeep.attention, Some(attention.clone()), "it stays");
    assert_eq!(store.clear_attention(made.id).await.unwrap().upkeep.attention, None);
    store.mark_attention(made.id, &attention).await.unwrap();
    let patch = AccountPatch { credential: Some(Secret::from("sk-ant-2")), ..AccountPatch::default() };
    assert_eq!(change(patch).await.unwrap().upkeep.attention, None, "another credential begins anew");
    let nobodys = store.mark_attention(AccountId::generate(), &attention).await;
    assert!(matches!(nobodys, Err(StoreError::NotFound { .. })));
}

pub(crate) async fn what_is_wrong_with_an_account_is_said(db: &TestDb) {
    let store = db.open().await;
    account(&store, "acc", &[]).await;
    let other = account(&store, "other", &[]).await;
    let taken = StoreError::Conflict { what: "an account named `acc` already exists".to_owned() };
    assert_eq!(store.create_account(new_account("acc")).await, Err(taken.clone()));
    let rename = AccountPatch { name: Some("acc".to_owned()), ..AccountPatch::default() };
    assert_eq!(store.update_account(other.id, rename).await, Err(taken));
    let field = async |new: NewAccount| match store.create_account(new).await {
        Err(StoreError::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(new_account("")).await, "name");
    assert_eq!(field(NewAccount { credential: Secret::from(""), ..new_account("x") }).await, "credential");
    assert_eq!(
        field(NewAccount { credential: Secret::from("a\nb"), ..new_account("x") }).await,
        "credential"
    );
    assert_eq!(field(NewAccount { proxy: Some(Secret::from(" ")), ..new_account("x") }).await, "proxy");
    assert_eq!(field(NewAccount { base_urls: BaseUrls::default(), ..new_account("x") }).await, "base_urls");
    let bad = BaseUrls { chat: Some("api.openai.com".to_owned()), ..BaseUrls::default() };
    assert_eq!(field(NewAccount { base_urls: bad, ..new_account("x") }).await, "base_urls");
    let nowhere = GroupId::generate();
    let missing = StoreError::NotFound { what: format!("group {nowhere}") };
    let lost = store.create_account(NewAccount { groups: vec![nowhere], ..new_account("x") }).await;
    assert_eq!(lost, Err(missing.clone()));
    assert_eq!(store.find_account_by_name("x").await.unwrap(), None, "nothing of it stays");
    let moved = AccountPatch { groups: Some(vec![nowhere]), weight: Some(9), ..AccountPatch::default() };
    assert_eq!(store.update_account(other.id, moved).await, Err(missing));
    assert_eq!(store.get_account(other.id).await.unwrap(), Some(other));
    let nobodys = store.update_account(AccountId::generate(), AccountPatch::default()).await;
    assert!(matches!(nobodys, Err(StoreError::NotFound { .. })));
}

pub(crate) async fn credentials_are_sealed_to_their_row(db: &TestDb) {
    let store = db.open().await;
    let proxied = NewAccount { proxy: Some(Secret::from("http://u:hunter2@p:1")), ..new_account("one") };
    let one = store.create_account(proxied).await.unwrap();
    let two = account(&store, "two", &[]).await;
    for column in ["credential", "proxy"] {
        let sealed = db.raw_text(&format!("SELECT {column} FROM accounts WHERE name = 'one'")).await;
        assert!(
            sealed.starts_with("v1:") && !sealed.contains("sk-ant") && !sealed.contains("hunter2"),
            "{sealed}"
        );
    }
    // Moved to another row, it does not open there; the other rows still do.
    db.raw("UPDATE accounts SET credential = (SELECT credential FROM accounts WHERE name = 'one') WHERE name = 'two'")
        .await;
    assert_eq!(store.get_account(two.id).await, Err(StoreError::Sealed));
    assert_eq!(store.list_accounts().await, Err(StoreError::Sealed));
    assert_eq!(store.get_account(one.id).await.unwrap(), Some(one));
    // A new credential mends it.
    let patch = AccountPatch { credential: Some(Secret::from("sk-2")), ..AccountPatch::default() };
    assert_eq!(store.update_account(two.id, patch).await.unwrap().credential.expose(), "sk-2");
    assert_eq!(store.list_accounts().await.unwrap().len(), 2);
}

pub(crate) async fn removed_accounts_leave_nothing(db: &TestDb) {
    let store = db.open().await;
    let (key, _) = world(&store).await;
    let made = account(&store, "acc", &[key.group_id]).await;
    let at = Timestamp::from_micros(1);
    let owner = ResponseOwner {
        key_id: key.id,
        account_id: made.id,
        group_id: key.group_id,
        created_at: at,
        expires_at: at,
    };
    store.remember_response("resp_1", owner).await.unwrap();
    store.remove_account(made.id).await.unwrap();
    assert_eq!(store.list_accounts().await.unwrap(), []);
    assert_eq!(store.find_response("resp_1").await.unwrap(), None);
    assert!(matches!(store.remove_account(made.id).await, Err(StoreError::NotFound { .. })));
    account(&store, "acc", &[key.group_id]).await;
}
