//! Entities for this crate's tests.

use tollgate_base::{AccountId, GroupId, KeyId, Money, Rate, Secret, Timestamp, TokenPrice, UserId};
use tollgate_pricing::{HourlyRates, ModelPrice};

use crate::{
    Account, ApiKey, AuthScheme, BaseUrls, Capabilities, Fallbacks, Funding, Group, GroupRoutes, HoldMode,
    KeyStatus, Model, ModelMapping, OnDisconnect, Pattern, Platform, Policy, PriceVersion, Prices, Shaping,
    Status, Stickiness, Upkeep, User,
};

const CREATED: Timestamp = Timestamp::from_micros(0);

pub(crate) fn user(id: u128) -> User {
    User {
        id: UserId::from_u128(id),
        name: format!("user{id}"),
        status: Status::Enabled,
        rate: Rate::ONE,
        created_at: CREATED,
    }
}

pub(crate) fn api_key(id: u128, group: u128) -> ApiKey {
    ApiKey {
        id: KeyId::from_u128(id),
        user_id: UserId::from_u128(1),
        group_id: GroupId::from_u128(group),
        name: format!("key{id}"),
        hint: "tg-ab…wxyz".into(),
        status: KeyStatus::Enabled,
        expires_at: None,
        allowed_models: Vec::new(),
        allowed_addresses: Vec::new(),
        created_at: CREATED,
    }
}

pub(crate) fn group(id: u128) -> Group {
    Group {
        id: GroupId::from_u128(id),
        name: format!("group{id}"),
        platform: Platform::Openai,
        status: Status::Enabled,
        rate: Rate::ONE,
        model_mapping: ModelMapping::default(),
        token_counting: None,
        hold: HoldMode::Full,
        credit_line: Money::ZERO,
        on_disconnect: OnDisconnect::Drain,
        funding: Funding::default(),
        peak_hours: HourlyRates::default(),
        created_at: CREATED,
        sticky: Stickiness::default(),
        routes: GroupRoutes::default(),
        shaping: Shaping::default(),
        fallbacks: Fallbacks::default(),
        policy: Policy::default(),
    }
}

/// An account of group 1 that speaks Chat and serves every model.
pub(crate) fn account(id: u128) -> Account {
    Account {
        id: AccountId::from_u128(id),
        name: format!("account{id}"),
        platform: Platform::Openai,
        family: None,
        base_urls: BaseUrls { chat: Some("https://api.example".into()), ..BaseUrls::default() },
        credential: Secret::from("secret"),
        auth: AuthScheme::Bearer,
        models: Vec::new(),
        model_mapping: ModelMapping::default(),
        capabilities: Capabilities::default(),
        priority: 0,
        weight: 1,
        rate: Rate::ONE,
        status: Status::Enabled,
        proxy: None,
        groups: vec![GroupId::from_u128(1)],
        created_at: CREATED,
        upkeep: Upkeep::default(),
        organization: None,
        shaping: Shaping::default(),
    }
}

pub(crate) fn model(name: &str) -> Model {
    Model {
        name: name.to_owned(),
        display_name: None,
        owned_by: None,
        context_window_tokens: None,
        max_output_tokens: None,
        traits: None,
        prices: Prices::new(vec![price_version()]),
        created_at: CREATED,
    }
}

/// The first price of all, in force since ever.
pub(crate) fn price_version() -> PriceVersion {
    PriceVersion {
        version: 1,
        place: None,
        from: CREATED,
        price: ModelPrice::new(TokenPrice::from_nanos_per_million(1), TokenPrice::from_nanos_per_million(2)),
        hours: HourlyRates::default(),
    }
}

pub(crate) fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

pub(crate) fn mapping(entries: &[(&str, &str)]) -> ModelMapping {
    let entries = entries.iter().map(|(from, to)| (from.parse().unwrap(), (*to).to_owned())).collect();
    ModelMapping::new(entries).unwrap()
}
