//! Usage records, written past the program: nothing is served here.

use rusqlite::{Connection, params};

/// What matters of a usage record.
#[derive(Default)]
pub(crate) struct Used<'a> {
    /// Its id's number.
    pub(crate) number: u32,
    /// When its request came in.
    pub(crate) at: &'a str,
    pub(crate) user: &'a str,
    pub(crate) account: Option<&'a str>,
    pub(crate) model: &'a str,
    /// In nano-dollars, as the next one.
    pub(crate) cost: i64,
    pub(crate) account_cost: i64,
    pub(crate) subscription: Option<&'a str>,
}

impl Used<'_> {
    /// Writes a record of 100 tokens in, 20 out, 3 and 4 written to caches, 5 read from them.
    pub(crate) fn insert(&self, connection: &Connection) {
        let at = self.at.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let id = format!("req_{:032x}", self.number);
        connection
            .execute(
                "INSERT INTO usage_records (id, at, user_id, key_id, group_id, account_id, endpoint, \
                 client_protocol, requested_model, upstream_model, stream, input_tokens, output_tokens, \
                 cache_write_5m_tokens, cache_write_1h_tokens, cache_read_tokens, reasoning_tokens, \
                 web_search_calls, cost, input_cost, output_cost, cache_write_5m_cost, cache_write_1h_cost, \
                 cache_read_cost, web_search_cost, group_rate, user_rate, price_version, status, stream_end, \
                 total_ms, attempts, estimated, client_address, subscription_id, account_cost) \
                 VALUES (?1, ?2, ?3, 'key', 'grp', ?4, 'messages', 'messages', ?5, ?5, 0, 100, 20, 3, 4, 5, 6, \
                 7, ?6, 0, 0, 0, 0, 0, 0, 1, 1, 1, 200, 'none', 1, 1, 0, 'a', ?7, ?8)",
                params![
                    id,
                    at,
                    self.user,
                    self.account,
                    self.model,
                    self.cost,
                    self.subscription,
                    self.account_cost
                ],
            )
            .unwrap();
    }
}
