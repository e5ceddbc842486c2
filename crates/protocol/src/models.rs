//! The lists of models, in the form of each vendor and in the envelope.

use serde::Serialize;

use crate::wrap;

/// A model as a caller may know it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ModelCard {
    /// The name that requests use.
    pub id: String,
    /// The name for people.
    pub display_name: String,
    /// When the model was added, in seconds since the epoch.
    pub created_at_s: i64,
    /// Who is behind it.
    pub owned_by: String,
    /// The context window, in tokens.
    pub max_input_tokens: Option<u64>,
    /// The longest answer, in tokens.
    pub max_output_tokens: Option<u64>,
}

/// Whose form a list has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelShape {
    /// `{data, has_more, first_id, last_id}`, in pages. <https://docs.claude.com/en/api/models-list>
    Anthropic {
        /// Models on a page, 1 to 1,000; 20 if not given.
        limit: Option<usize>,
        /// The page begins behind this model.
        after_id: Option<String>,
        /// The page ends before this model.
        before_id: Option<String>,
    },
    /// `{object: "list", data}`. <https://platform.openai.com/docs/api-reference/models/list>
    OpenAi,
}

const PAGE_DEFAULT: usize = 20;
const PAGE_MAX: usize = 1_000;

#[derive(Serialize)]
struct AnthropicModel<'a> {
    r#type: &'static str,
    id: &'a str,
    display_name: &'a str,
    created_at: String,
    lifecycle: &'static str,
    line: Option<&'static str>,
    max_input_tokens: Option<u64>,
    max_tokens: Option<u64>,
    deprecated_at: Option<()>,
    retires_at: Option<()>,
    capabilities: Option<()>,
}

#[derive(Serialize)]
struct AnthropicList<'a> {
    data: Vec<AnthropicModel<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

#[derive(Serialize)]
struct OpenAiModel<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    owned_by: &'a str,
}

#[derive(Serialize)]
struct OpenAiList<'a> {
    object: &'static str,
    data: Vec<OpenAiModel<'a>>,
}

impl<'a> AnthropicModel<'a> {
    fn of(card: &'a ModelCard) -> Self {
        Self {
            r#type: "model",
            id: &card.id,
            display_name: if card.display_name.is_empty() { &card.id } else { &card.display_name },
            created_at: rfc3339(card.created_at_s),
            lifecycle: "active",
            line: line(&card.id),
            max_input_tokens: card.max_input_tokens,
            max_tokens: card.max_output_tokens,
            deprecated_at: None,
            retires_at: None,
            capabilities: None,
        }
    }
}

impl<'a> OpenAiModel<'a> {
    fn of(card: &'a ModelCard) -> Self {
        Self { id: &card.id, object: "model", created: card.created_at_s, owned_by: &card.owned_by }
    }
}

/// The JSON body of a list. Anthropic's form holds one page; a cursor that names no model gives an empty page.
#[must_use]
pub fn render_model_list(shape: &ModelShape, cards: &[ModelCard]) -> Vec<u8> {
    match shape {
        ModelShape::OpenAi => {
            json_bytes(&OpenAiList { object: "list", data: cards.iter().map(OpenAiModel::of).collect() })
        }
        ModelShape::Anthropic { limit, after_id, before_id } => {
            let limit = limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
            let (page, has_more) = page(cards, limit, after_id.as_deref(), before_id.as_deref());
            json_bytes(&AnthropicList {
                data: page.iter().map(AnthropicModel::of).collect(),
                has_more,
                first_id: page.first().map(|card| card.id.as_str()),
                last_id: page.last().map(|card| card.id.as_str()),
            })
        }
    }
}

/// The page and whether there is more in its direction: behind it, or before it for `before_id`.
fn page<'a>(
    cards: &'a [ModelCard],
    limit: usize,
    after_id: Option<&str>,
    before_id: Option<&str>,
) -> (&'a [ModelCard], bool) {
    let at = |id: &str| cards.iter().position(|card| card.id == id);
    if let Some(id) = after_id {
        let rest = at(id).map_or(&cards[..0], |at| &cards[at + 1..]);
        return (&rest[..limit.min(rest.len())], rest.len() > limit);
    }
    if let Some(id) = before_id {
        let rest = at(id).map_or(&cards[..0], |at| &cards[..at]);
        return (&rest[rest.len().saturating_sub(limit)..], rest.len() > limit);
    }
    (&cards[..limit.min(cards.len())], cards.len() > limit)
}

/// The JSON body for one model.
#[must_use]
pub fn render_model(shape: &ModelShape, card: &ModelCard) -> Vec<u8> {
    match shape {
        ModelShape::OpenAi => json_bytes(&OpenAiModel::of(card)),
        ModelShape::Anthropic { .. } => json_bytes(&AnthropicModel::of(card)),
    }
}

/// The envelope around the models in OpenAI's form; `data` is the list itself.
#[must_use]
pub fn render_envelope_models(cards: &[ModelCard]) -> Vec<u8> {
    wrap(&json_bytes(&cards.iter().map(OpenAiModel::of).collect::<Vec<_>>()))
}

/// Anthropic's product line, told by the name.
fn line(id: &str) -> Option<&'static str> {
    let claude = id.contains("claude");
    ["haiku", "sonnet", "opus", "fable", "mythos"].into_iter().find(|line| claude && id.contains(line))
}

/// `YYYY-MM-DDTHH:MM:SSZ`, by the civil calendar. Years outside 0 to 9999 have no such form and are clamped.
fn rfc3339(seconds: i64) -> String {
    const FIRST: i64 = -62_167_219_200;
    const LAST: i64 = 253_402_300_799;
    let seconds = seconds.clamp(FIRST, LAST);
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day counted from 1970-01-01. Years here begin in March, so that a leap day is a year's
/// last day, and are grouped into the 400-year cycles after which the calendar repeats.
const fn civil(days: i64) -> (i64, i64, i64) {
    let since_march_of_year_zero = days + 719_468;
    let cycle = since_march_of_year_zero.div_euclid(146_097);
    let day_of_cycle = since_march_of_year_zero.rem_euclid(146_097);
    let year_of_cycle =
        (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = cycle * 400 + year_of_cycle + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

/// Serializing these types cannot fail: string keys only, no foreign `Serialize`.
fn json_bytes<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn cards(count: usize) -> Vec<ModelCard> {
        (0..count)
            .map(|n| ModelCard { id: format!("m{n}"), owned_by: "tollgate".into(), ..ModelCard::default() })
            .collect()
    }

    fn anthropic(limit: Option<usize>, after: Option<&str>, before: Option<&str>) -> ModelShape {
        ModelShape::Anthropic {
            limit,
            after_id: after.map(str::to_owned),
            before_id: before.map(str::to_owned),
        }
    }

    fn ids(shape: &ModelShape, cards: &[ModelCard]) -> (Vec<String>, bool) {
        let list: Value = serde_json::from_slice(&render_model_list(shape, cards)).unwrap();
        let ids: Vec<String> =
            list["data"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(list["first_id"].as_str(), ids.first().map(String::as_str));
        assert_eq!(list["last_id"].as_str(), ids.last().map(String::as_str));
        (ids, list["has_more"].as_bool().unwrap())
    }

    #[test]
    fn anthropic_pages() {
        let all = cards(5);
        for (limit, after, before, expected, more) in [
            (Some(2), None, None, vec!["m0", "m1"], true),
            (Some(2), Some("m1"), None, vec!["m2", "m3"], true),
            (Some(2), Some("m3"), None, vec!["m4"], false),
            (Some(2), Some("m4"), None, vec![], false),
            (Some(2), None, Some("m4"), vec!["m2", "m3"], true),
            (Some(2), None, Some("m2"), vec!["m0", "m1"], false),
            (Some(2), Some("nobody"), None, vec![], false),
            (Some(0), None, None, vec!["m0"], true),
            (Some(5), None, None, vec!["m0", "m1", "m2", "m3", "m4"], false),
            (None, None, None, vec!["m0", "m1", "m2", "m3", "m4"], false),
        ] {
            let (ids, has_more) = ids(&anthropic(limit, after, before), &all);
            assert_eq!((ids, has_more), (expected.iter().map(ToString::to_string).collect(), more));
        }
        assert_eq!(ids(&anthropic(None, None, None), &cards(25)).0.len(), 20);
        assert_eq!(ids(&anthropic(Some(5_000), None, None), &cards(1_200)).0.len(), 1_000);
    }

    #[test]
    fn one_model_in_each_shape() {
        let card = ModelCard {
            id: "claude-sonnet-4-5".into(),
            display_name: "Claude Sonnet 4.5".into(),
            created_at_s: 1_759_104_000,
            owned_by: "anthropic".into(),
            max_input_tokens: Some(200_000),
            max_output_tokens: None,
        };
        let own: Value = serde_json::from_slice(&render_model(&anthropic(None, None, None), &card)).unwrap();
        assert_eq!(
            own,
            json!({"type":"model","id":"claude-sonnet-4-5","display_name":"Claude Sonnet 4.5",
                "created_at":"2025-09-29T00:00:00Z","lifecycle":"active","line":"sonnet","max_input_tokens":200_000,
                "max_tokens":null,"deprecated_at":null,"retires_at":null,"capabilities":null})
        );
        let openai: Value = serde_json::from_slice(&render_model(&ModelShape::OpenAi, &card)).unwrap();
        assert_eq!(
            openai,
            json!({"id":"claude-sonnet-4-5","object":"model","created":1_759_104_000,"owned_by":"anthropic"})
        );
        let envelope: Value =
            serde_json::from_slice(&render_envelope_models(std::slice::from_ref(&card))).unwrap();
        assert_eq!(envelope, json!({"success":true,"code":"200","message":"successful","data":[openai]}));
    }

    #[test]
    fn times_are_civil() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_219_199, "2026-11-20T23:59:59Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (i64::MAX, "9999-12-31T23:59:59Z"),
            (i64::MIN, "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(seconds), expected);
        }
    }
}
