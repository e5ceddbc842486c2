//! The tests that every database has to pass. Each is a function of a fresh database.

pub(crate) mod accounts;
pub(crate) mod by_day;
pub(crate) mod config;
pub(crate) mod crash;
pub(crate) mod groups;
pub(crate) mod kept;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod ledger_model;
pub(crate) mod limits;
pub(crate) mod models;
pub(crate) mod money;
pub(crate) mod plans;
pub(crate) mod prices;
pub(crate) mod quotas;
pub(crate) mod race;
pub(crate) mod rates;
pub(crate) mod responses;
pub(crate) mod schema;
pub(crate) mod statement;
pub(crate) mod sticky;
pub(crate) mod subscriptions;
pub(crate) mod usage;
pub(crate) mod users;
pub(crate) mod vouchers;

use std::sync::Arc;

use tollgate_base::{Clock, GroupId, ManualClock, Money, Rate, RequestId, Secret, Timestamp, Usage, UserId};
use tollgate_pricing::CostParts;
use tollgate_protocol::Protocol;
use tollgate_routing::{ApiKey, Group, Platform};
use tollgate_store::{Location, MasterKey, NewGroup, NewKey, NewUser, Store, StreamEnd, UsageRecord};

/// 32 times the byte 7, and 32 times the byte 8.
pub(crate) const MASTER: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
pub(crate) const OTHER_MASTER: &str = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";

/// An empty database of one test.
pub(crate) struct TestDb {
    pub(crate) location: Location,
    /// Removes a SQLite file's folder when the test is done.
    pub(crate) _folder: Option<tempfile::TempDir>,
}

impl TestDb {
    pub(crate) async fn open(&self) -> Store {
        self.open_with(MASTER).await.unwrap()
    }

    pub(crate) async fn open_with(&self, master: &str) -> tollgate_store::Result<Store> {
        Store::open(&self.location, MasterKey::from_base64(master).unwrap()).await
    }

    pub(crate) async fn open_at(&self, time: Timestamp) -> Store {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::new(time));
        Store::open_with_clock(&self.location, MasterKey::from_base64(MASTER).unwrap(), clock).await.unwrap()
    }

    /// Runs statements past the store, as somebody else with access to the database could.
    pub(crate) async fn raw(&self, sql: &str) {
        match &self.location {
            Location::Sqlite(path) => rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap(),
            Location::Postgres(url) => {
                let (client, connection) =
                    tokio_postgres::connect(url.expose(), tokio_postgres::NoTls).await.unwrap();
                let driver = tokio::spawn(connection);
                client.batch_execute(sql).await.unwrap();
                drop(client);
                driver.await.unwrap().unwrap();
            }
        }
    }

    /// One text out of the database, past the store.
    pub(crate) async fn raw_text(&self, sql: &str) -> String {
        match &self.location {
            Location::Sqlite(path) => {
                rusqlite::Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
            }
            Location::Postgres(url) => {
                let (client, connection) =
                    tokio_postgres::connect(url.expose(), tokio_postgres::NoTls).await.unwrap();
                let driver = tokio::spawn(connection);
                let text = client.query_one(sql, &[]).await.unwrap().get(0);
                drop(client);
                driver.await.unwrap().unwrap();
                text
            }
        }
    }
}

pub(crate) fn dollars(text: &str) -> Money {
    text.parse().unwrap()
}

pub(crate) async fn user(store: &Store, name: &str, balance: &str) -> UserId {
    let new = NewUser { name: name.to_owned(), balance: dollars(balance), ..NewUser::default() };
    store.create_user(new).await.unwrap().user.id
}

pub(crate) async fn group(store: &Store, name: &str) -> Group {
    store.create_group(NewGroup::new(name, Platform::Anthropic)).await.unwrap()
}

/// A user `ann` with 10 dollars, a group `main` and a key `laptop`.
pub(crate) async fn world(store: &Store) -> (ApiKey, Secret<String>) {
    let user = user(store, "ann", "10").await;
    let group = group(store, "main").await;
    store.create_key(NewKey::new(user, group.id, "laptop")).await.unwrap()
}

/// A record of a new request of this key.
pub(crate) fn record(key: &ApiKey, cost: &str) -> UsageRecord {
    UsageRecord { group_id: key.group_id, key_id: key.id, ..record_of(key.user_id, cost) }
}

pub(crate) fn record_of(user_id: UserId, cost: &str) -> UsageRecord {
    UsageRecord {
        id: RequestId::generate(),
        at: Timestamp::from_micros(1_700_000_000_000_000),
        user_id,
        key_id: tollgate_base::KeyId::from_u128(1),
        group_id: GroupId::from_u128(1),
        account_id: None,
        endpoint: "messages".to_owned(),
        client_protocol: Protocol::Messages,
        upstream_protocol: Some(Protocol::Messages),
        requested_model: "claude-opus-5-5".to_owned(),
        upstream_model: Some("claude-opus-5-5".to_owned()),
        stream: true,
        usage: Usage { input_tokens: 100, output_tokens: 20, ..Usage::default() },
        cost: dollars(cost),
        parts: CostParts { input: dollars(cost), ..CostParts::default() },
        group_rate: Rate::ONE,
        user_rate: Rate::ONE,
        price_version: 1,
        status: 200,
        error_kind: None,
        stop_reason: Some("end_turn".to_owned()),
        stream_end: StreamEnd::Complete,
        first_byte_ms: Some(120),
        total_ms: 900,
        attempts: 1,
        estimated: false,
        client_address: "192.0.2.7".to_owned(),
        client_agent: Some("claude-cli/3.0".to_owned()),
        client_user: None,
        session: Some("session-1".to_owned()),
        upstream_request_id: None,
        dropped: None,
        service_tier: None,
        held: None,
        recovered: false,
        subscription_id: None,
        account_cost: Money::ZERO,
    }
}

/// Makes each function of the suite a test, on a database from `$fresh` that `$done` is given back to.
macro_rules! run_suite {
    ($fresh:path, $done:path) => {
        suite::run_suite!(@ $fresh, $done;
            users: creates_finds_and_lists, user_names_are_checked_and_unique, patches_what_is_given,
                users_who_matter_cannot_be_removed;
            groups: groups_keep_what_they_are_given, groups_are_changed_field_by_field, groups_of_keys_stay,
                routes_are_one_step_long;
            keys: a_key_is_known_by_what_was_shown_once, a_key_keeps_what_it_was_given, a_revoked_key_stays_revoked,
                key_names_are_unique_until_revoked, keys_need_their_user_and_group, last_use_only_moves_forward,
                used_keys_cannot_be_removed;
            accounts: accounts_keep_what_they_are_given, accounts_are_changed_field_by_field,
                further_keys_are_sealed_and_a_mark_lasts_until_it_is_cleared,
                what_is_wrong_with_an_account_is_said, credentials_are_sealed_to_their_row,
                removed_accounts_leave_nothing;
            models: models_keep_what_they_are_given, every_price_is_kept, traits_are_set_replaced_and_cleared,
                what_is_wrong_with_a_model_is_said;
            prices: prices_begin_when_they_are_to, coming_prices_can_be_called_off,
                places_have_prices_of_their_own;
            rates: a_users_rate_in_a_group_comes_with_the_key, groups_have_other_rates_by_the_hour;
            sticky: a_group_says_how_its_sessions_keep_to_accounts, an_account_belongs_to_an_organization;
            config: every_change_counts, every_change_of_what_is_sold_counts, a_refused_change_does_not_count, the_catalog_is_of_one_version;
            money: settling_charges_once, one_batch_is_one_transaction, adjustments_are_written_down,
                sums_that_overflow_are_refused, a_wrong_balance_is_found, usage_of_a_removed_user_is_kept;
            ledger: a_hold_is_taken_and_given_back, holds_are_granted_while_something_is_available,
                charges_come_before_holds, a_credit_line_goes_below_zero, a_batch_may_come_again,
                a_late_settlement_changes_nothing, a_hold_after_its_record_changes_nothing,
                a_bad_batch_leaves_nothing, users_with_holds_cannot_be_removed,
                a_hold_is_given_back_to_whom_it_was_taken_from, nodes_beat_until_they_are_forgotten,
                open_holds_are_found_by_node, a_wrong_ledger_is_found, many_holds_at_once_never_overspend,
                two_nodes_never_overspend_together, two_nodes_hold_and_settle_the_same_database;
            quotas: quotas_are_set_changed_reset_and_removed, a_hold_needs_room_in_every_quota,
                a_request_counts_in_the_quotas_of_all_it_concerns, an_account_counts_its_own_cost,
                a_subscription_pays_instead_of_the_balance, a_quota_is_full_again_in_its_next_window,
                a_wrong_quota_is_found, two_nodes_never_exceed_a_quota_together,
                a_key_brings_its_quotas_and_subscriptions;
            plans: plans_keep_what_they_are_given, what_is_wrong_with_a_plan_is_said, used_plans_stay;
            subscriptions: a_subscription_takes_over_its_plan, windows_begin_where_a_subscription_does,
                a_subscription_is_renewed_until_it_is_cancelled, what_is_wrong_with_a_subscription_is_said,
                subscriptions_are_listed, users_and_groups_of_subscriptions_stay;
            vouchers: a_voucher_for_money_is_redeemed_once, a_voucher_for_a_plan_makes_or_renews,
                each_refusal_has_its_words, many_at_once_redeem_once, thousands_are_made_and_withdrawn_together,
                what_is_wrong_with_vouchers_is_said, what_a_voucher_brought_is_verified;
            statement: a_statement_tells_all_of_a_period, statements_add_up, what_is_asked_wrongly_is_said;
            ledger_model: random_work_matches_a_plain_model;
            limits: limits_are_set_changed_and_lifted, limits_come_with_what_they_are_set_on,
                limits_go_with_what_they_are_set_on, what_is_wrong_with_a_limit_is_said;
            race: two_stores_settle_the_same_database, settlers_and_adjusters_do_not_lock_each_other_out,
                cancelled_work_leaves_nothing_half_done;
            usage: a_record_reads_back_as_written, listings_go_page_by_page, totals_add_up,
                what_accounts_served_is_told_apart, awkward_text_is_kept;
            by_day: days_follow_the_clocks_of_a_place, a_subscriptions_days_are_its_own,
                only_the_dearest_models_have_names, what_a_balance_was_charged_is_known_without_its_records;
            responses: owners_are_found_until_they_expire, a_later_owner_counts;
            kept: kept_responses_are_their_keys_own_until_they_expire, a_conversation_is_whole_or_not_there,
                kept_texts_are_sealed_and_bounded;
            schema: migrating_twice_changes_nothing, starting_together_migrates_once, a_newer_schema_is_refused,
                a_foreign_schema_is_refused, prices_of_an_earlier_schema_stay_in_force, another_master_key_is_refused, a_closed_store_says_so;
            crash: a_killed_writer_leaves_whole_batches;
        );
    };
    (@ $fresh:path, $done:path; $($module:ident: $($name:ident),+;)+) => {$($(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            if suite::crash::write_if_child().await {
                return;
            }
            let db = $fresh().await;
            suite::$module::$name(&db).await;
            $done(db).await;
        }
    )+)+};
}
pub(crate) use run_suite;
