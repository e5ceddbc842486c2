//! The columns of `usage_records`, in one order for writing, reading and both databases.

use tollgate_base::{Money, Usage};
use tollgate_pricing::CostParts;

use super::UsageRecord;
use crate::db::cell::{count, money, names, opt_text, rate, shown, text};
use crate::db::{Cell, Kind, Row};
use crate::error::Result;

/// Name and kind of each column.
pub(crate) const COLUMNS: [(&str, Kind); 60] = [
    ("id", Kind::Text),
    ("at", Kind::Int),
    ("user_id", Kind::Text),
    ("key_id", Kind::Text),
    ("group_id", Kind::Text),
    ("account_id", Kind::Text),
    ("endpoint", Kind::Text),
    ("client_protocol", Kind::Text),
    ("upstream_protocol", Kind::Text),
    ("requested_model", Kind::Text),
    ("upstream_model", Kind::Text),
    ("stream", Kind::Int),
    ("input_tokens", Kind::Int),
    ("output_tokens", Kind::Int),
    ("cache_write_5m_tokens", Kind::Int),
    ("cache_write_1h_tokens", Kind::Int),
    ("cache_read_tokens", Kind::Int),
    ("reasoning_tokens", Kind::Int),
    ("web_search_calls", Kind::Int),
    ("input_audio_tokens", Kind::Int),
    ("output_audio_tokens", Kind::Int),
    ("input_image_tokens", Kind::Int),
    ("output_image_tokens", Kind::Int),
    ("generated_images", Kind::Int),
    ("file_search_calls", Kind::Int),
    ("code_execution_calls", Kind::Int),
    ("cost", Kind::Int),
    ("input_cost", Kind::Int),
    ("output_cost", Kind::Int),
    ("cache_write_5m_cost", Kind::Int),
    ("cache_write_1h_cost", Kind::Int),
    ("cache_read_cost", Kind::Int),
    ("web_search_cost", Kind::Int),
    ("reasoning_cost", Kind::Int),
    ("audio_cost", Kind::Int),
    ("images_cost", Kind::Int),
    ("tools_cost", Kind::Int),
    ("request_cost", Kind::Int),
    ("group_rate", Kind::Int),
    ("user_rate", Kind::Int),
    ("price_version", Kind::Int),
    ("status", Kind::Int),
    ("error_kind", Kind::Text),
    ("stop_reason", Kind::Text),
    ("stream_end", Kind::Text),
    ("first_byte_ms", Kind::Int),
    ("total_ms", Kind::Int),
    ("attempts", Kind::Int),
    ("estimated", Kind::Int),
    ("client_address", Kind::Text),
    ("client_agent", Kind::Text),
    ("client_user", Kind::Text),
    ("session", Kind::Text),
    ("upstream_request_id", Kind::Text),
    ("dropped", Kind::Text),
    ("service_tier", Kind::Text),
    ("held", Kind::Int),
    ("recovered", Kind::Int),
    ("subscription_id", Kind::Text),
    ("account_cost", Kind::Int),
];

/// `id, at, …` for an `INSERT` or a `SELECT`.
pub(crate) fn column_list() -> String {
    names(&COLUMNS)
}

/// The record's values in the order of [`COLUMNS`].
pub(crate) fn cells(record: &UsageRecord) -> [Cell<'_>; COLUMNS.len()] {
    let UsageRecord { usage, parts, .. } = record;
    [
        shown(record.id),
        Cell::Int(record.at.micros()),
        shown(record.user_id),
        shown(record.key_id),
        shown(record.group_id),
        record.account_id.map_or(Cell::Null, shown),
        text(&record.endpoint),
        text(record.client_protocol.as_str()),
        opt_text(record.upstream_protocol.map(|protocol| protocol.as_str())),
        text(&record.requested_model),
        opt_text(record.upstream_model.as_deref()),
        Cell::Int(i64::from(record.stream)),
        count(usage.input_tokens),
        count(usage.output_tokens),
        count(usage.cache_write_5m_tokens),
        count(usage.cache_write_1h_tokens),
        count(usage.cache_read_tokens),
        count(usage.reasoning_tokens),
        count(usage.web_search_calls),
        count(usage.input_audio_tokens),
        count(usage.output_audio_tokens),
        count(usage.input_image_tokens),
        count(usage.output_image_tokens),
        count(usage.generated_images),
        count(usage.file_search_calls),
        count(usage.code_execution_calls),
        money(record.cost),
        money(parts.input),
        money(parts.output),
        money(parts.cache_write_5m),
        money(parts.cache_write_1h),
        money(parts.cache_read),
        money(parts.web_search),
        money(parts.reasoning),
        money(parts.audio),
        money(parts.images),
        money(parts.tools),
        money(parts.request),
        rate(record.group_rate),
        rate(record.user_rate),
        Cell::Int(record.price_version),
        Cell::Int(i64::from(record.status)),
        opt_text(record.error_kind.as_deref()),
        opt_text(record.stop_reason.as_deref()),
        text(record.stream_end.as_str()),
        record.first_byte_ms.map_or(Cell::Null, count),
        count(record.total_ms),
        Cell::Int(i64::from(record.attempts)),
        Cell::Int(i64::from(record.estimated)),
        text(&record.client_address),
        opt_text(record.client_agent.as_deref()),
        opt_text(record.client_user.as_deref()),
        opt_text(record.session.as_deref()),
        opt_text(record.upstream_request_id.as_deref()),
        opt_text(record.dropped.as_deref()),
        opt_text(record.service_tier.as_deref()),
        record.held.map_or(Cell::Null, money),
        Cell::Int(i64::from(record.recovered)),
        record.subscription_id.map_or(Cell::Null, shown),
        money(record.account_cost),
    ]
}

/// The record in a row of all columns.
pub(super) fn from_row(mut row: Row) -> Result<UsageRecord> {
    Ok(UsageRecord {
        id: row.parsed()?,
        at: row.time()?,
        user_id: row.parsed()?,
        key_id: row.parsed()?,
        group_id: row.parsed()?,
        account_id: row.opt_parsed()?,
        endpoint: row.text()?,
        client_protocol: row.parsed()?,
        upstream_protocol: row.opt_parsed()?,
        requested_model: row.text()?,
        upstream_model: row.opt_text()?,
        stream: row.boolean()?,
        usage: usage(&mut row)?,
        cost: row.money()?,
        parts: parts(&mut row)?,
        group_rate: row.rate()?,
        user_rate: row.rate()?,
        price_version: row.int()?,
        status: row.number()?,
        error_kind: row.opt_text()?,
        stop_reason: row.opt_text()?,
        stream_end: row.parsed()?,
        first_byte_ms: row.opt_number()?,
        total_ms: row.number()?,
        attempts: row.number()?,
        estimated: row.boolean()?,
        client_address: row.text()?,
        client_agent: row.opt_text()?,
        client_user: row.opt_text()?,
        session: row.opt_text()?,
        upstream_request_id: row.opt_text()?,
        dropped: row.opt_text()?,
        service_tier: row.opt_text()?,
        held: row.opt_int()?.map(Money::from_nanos),
        recovered: row.boolean()?,
        subscription_id: row.opt_parsed()?,
        account_cost: row.money()?,
    })
}

/// The columns of the buckets.
pub(crate) fn usage(row: &mut Row) -> Result<Usage> {
    Ok(Usage {
        input_tokens: row.number()?,
        output_tokens: row.number()?,
        cache_write_5m_tokens: row.number()?,
        cache_write_1h_tokens: row.number()?,
        cache_read_tokens: row.number()?,
        reasoning_tokens: row.number()?,
        web_search_calls: row.number()?,
        input_audio_tokens: row.number()?,
        output_audio_tokens: row.number()?,
        input_image_tokens: row.number()?,
        output_image_tokens: row.number()?,
        generated_images: row.number()?,
        file_search_calls: row.number()?,
        code_execution_calls: row.number()?,
    })
}

fn parts(row: &mut Row) -> Result<CostParts> {
    Ok(CostParts {
        input: row.money()?,
        output: row.money()?,
        cache_write_5m: row.money()?,
        cache_write_1h: row.money()?,
        cache_read: row.money()?,
        web_search: row.money()?,
        reasoning: row.money()?,
        audio: row.money()?,
        images: row.money()?,
        tools: row.money()?,
        request: row.money()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Value;
    use crate::usage::sample;

    #[test]
    fn every_cell_is_of_its_columns_kind() {
        let record = sample(1);
        for ((name, kind), cell) in COLUMNS.iter().zip(cells(&record)) {
            match cell {
                Cell::Int(_) => assert_eq!(*kind, Kind::Int, "{name}"),
                Cell::Text(_) => assert_eq!(*kind, Kind::Text, "{name}"),
                Cell::Null => panic!("the sample has no {name}"),
            }
        }
    }

    #[test]
    fn a_record_survives_its_row() {
        let record = sample(2);
        let values = cells(&record).map(|cell| match cell {
            Cell::Null => Value::Null,
            Cell::Int(value) => Value::Int(value),
            Cell::Text(value) => Value::Text(value.into_owned()),
        });
        assert_eq!(from_row(Row::new(values.to_vec())).unwrap(), record);
    }

    #[test]
    fn a_nul_is_replaced() {
        let mut record = sample(3);
        record.client_agent = Some("a\0b".to_owned());
        let shown = cells(&record).into_iter().find_map(|cell| match cell {
            Cell::Text(text) if text.starts_with('a') && text.ends_with('b') => Some(text.into_owned()),
            _ => None,
        });
        assert_eq!(shown.as_deref(), Some("a\u{fffd}b"));
    }
}
