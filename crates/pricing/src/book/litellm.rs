//! Reads price files in LiteLLM's form.
//!
//! Each model has members such as `input_cost_per_token` in dollars a token, with suffixes for prompt length
//! (`_above_200k_tokens`) and service tier (`_priority`). What has no place in a price here is noted, never guessed.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tollgate_base::{Money, Rate, TokenPrice};

use super::decimal::scaled;
use super::factors::{agrees, between};
use super::{BookModel, PriceBook, Skipped};
use crate::multipliers::Multipliers;
use crate::price::ModelPrice;
use crate::tiers::{ContextTier, ContextTiers};

/// Dollars a token, times ten to the power of this, are nano-dollars per million tokens.
const TOKEN_SCALE: i32 = 15;
/// The same for dollars a search and nano-dollars per thousand.
const SEARCH_SCALE: i32 = 12;
/// The same for dollars and nano-dollars.
const MONEY_SCALE: i32 = 9;
/// The same for a factor and its millionths.
const FACTOR_SCALE: i32 = 6;

const INPUT: &str = "input_cost_per_token";
const OUTPUT: &str = "output_cost_per_token";
const REASONING: &str = "output_cost_per_reasoning_token";
const WRITE: &str = "cache_creation_input_token_cost";
/// What is written for longer: Anthropic's hour, OpenAI's half day.
const WRITE_HOUR: &str = "cache_creation_input_token_cost_above_1hr";
const WRITE_HALF_DAY: &str = "cache_creation_input_token_cost_above_12hr";
const READ: &str = "cache_read_input_token_cost";
const READ_OLD: &str = "input_cost_per_token_cache_hit";
const SEARCHES: &str = "search_context_cost_per_query";
const INPUT_AUDIO: &str = "input_cost_per_audio_token";
const OUTPUT_AUDIO: &str = "output_cost_per_audio_token";
const INPUT_IMAGE: &str = "input_cost_per_image_token";
const OUTPUT_IMAGE: &str = "output_cost_per_image_token";
const REQUEST: &str = "input_cost_per_request";
const FILE_SEARCHES: &str = "file_search_cost_per_1k_calls";
const CODE: &str = "code_interpreter_cost_per_session";
const SPECIFIC: &str = "provider_specific_entry";

type Members<'a> = BTreeMap<String, &'a RawValue>;

pub(super) fn read(text: &str) -> Result<PriceBook, serde_json::Error> {
    let entries: BTreeMap<String, Members<'_>> = serde_json::from_str(text)?;
    let mut book = PriceBook::default();
    for (name, members) in entries {
        match Entry::new(&members).model(&name) {
            Ok(model) => book.models.push(model),
            Err(reason) => book.skipped.push(Skipped { name, reason }),
        }
    }
    Ok(book)
}

/// One model of the file, and what of it was read.
struct Entry<'a> {
    members: &'a Members<'a>,
    read: BTreeSet<&'a str>,
    notes: Vec<String>,
}

/// The prices for one length of prompt.
struct Prices {
    input: Option<TokenPrice>,
    output: Option<TokenPrice>,
    write: Option<TokenPrice>,
    write_long: Option<TokenPrice>,
    read: Option<TokenPrice>,
}

impl Prices {
    const fn is_empty(&self) -> bool {
        self.input.is_none()
            && self.output.is_none()
            && self.write.is_none()
            && self.write_long.is_none()
            && self.read.is_none()
    }
}

impl<'a> Entry<'a> {
    const fn new(members: &'a Members<'a>) -> Self {
        Self { members, read: BTreeSet::new(), notes: Vec::new() }
    }

    fn model(mut self, name: &str) -> Result<BookModel, String> {
        match self.value::<String>("mode").as_deref() {
            Some("chat" | "responses") => {}
            Some(mode) => return Err(format!("mode {}", mode.split(' ').next().unwrap_or_default())),
            None => return Err("no mode".to_owned()),
        }
        let price = self.price()?;
        self.note_the_rest();
        Ok(BookModel {
            name: name.to_owned(),
            display_name: None,
            owned_by: self.value("litellm_provider"),
            context_window_tokens: self.value("max_input_tokens"),
            max_output_tokens: self.value("max_output_tokens"),
            source: self.value("source"),
            notes: self.notes,
            price,
        })
    }

    fn price(&mut self) -> Result<ModelPrice, String> {
        let base = self.prices("")?;
        let (Some(input), Some(output)) = (base.input, base.output) else {
            return Err("no price for input and output tokens".to_owned());
        };
        if (input, output) == (TokenPrice::ZERO, TokenPrice::ZERO) {
            return Err("free; create it by hand if that is so".to_owned());
        }
        let tiers = self.tiers(&base)?;
        let price = ModelPrice {
            // Where the file has no price of their own, cached tokens cost what others do.
            cache_write_5m: base.write.or(Some(input)),
            cache_write_1h: base.write_long.or(match base.write {
                Some(write) if write != TokenPrice::ZERO => None,
                Some(free) => Some(free),
                None => Some(input),
            }),
            cache_read: base.read.or(Some(input)),
            tiers: ContextTiers::new(&tiers).map_err(|error| error.to_string())?,
            multipliers: self.multipliers(input),
            web_search_per_thousand: self.searches(),
            // What costs the same follows the price of text, also where that changes with the prompt's length.
            reasoning: self.token_price(REASONING)?.filter(|own| *own != output),
            input_audio: self.token_price(INPUT_AUDIO)?.filter(|own| *own != input),
            output_audio: self.token_price(OUTPUT_AUDIO)?.filter(|own| *own != output),
            input_image: self.token_price(INPUT_IMAGE)?.filter(|own| *own != input),
            output_image: self.token_price(OUTPUT_IMAGE)?.filter(|own| *own != output),
            request: self.money(REQUEST)?,
            file_search_per_thousand: self.money(FILE_SEARCHES)?,
            code_execution: self.money(CODE)?,
            ..ModelPrice::new(input, output)
        };
        price.validate().map_err(|error| error.to_string())?;
        Ok(price)
    }

    fn prices(&mut self, suffix: &str) -> Result<Prices, String> {
        let mut price = |name: &str| self.token_price(&format!("{name}{suffix}"));
        Ok(Prices {
            input: price(INPUT)?,
            output: price(OUTPUT)?,
            write: price(WRITE)?,
            write_long: price(WRITE_HOUR)?.or(price(WRITE_HALF_DAY)?),
            read: price(READ)?.or(price(READ_OLD)?),
        })
    }

    fn tiers(&mut self, base: &Prices) -> Result<Vec<ContextTier>, String> {
        let lengths: BTreeSet<u64> = self.members.keys().filter_map(|name| length(name)).collect();
        let mut tiers = Vec::new();
        for thousands in lengths {
            let own = self.prices(&format!("_above_{thousands}k_tokens"))?;
            if own.is_empty() {
                // Only images or audio have another price; they are noted with the rest.
                continue;
            }
            // What follows the input price below does so above too.
            let follows = |own_price: Option<TokenPrice>, base: Option<TokenPrice>| {
                own_price.or(if base.is_none() { own.input } else { None })
            };
            tiers.push(ContextTier {
                above_prompt_tokens: thousands.saturating_mul(1_000),
                input: own.input,
                output: own.output,
                cache_write_5m: follows(own.write, base.write),
                cache_write_1h: follows(own.write_long, base.write_long.or(base.write)),
                cache_read: follows(own.read, base.read),
            });
        }
        Ok(tiers)
    }

    fn multipliers(&mut self, input: TokenPrice) -> Multipliers {
        let specific: Members<'a> = self.nested(SPECIFIC);
        let named = |name: &str| {
            let millionths = u32::try_from(scaled(specific.get(name)?.get(), FACTOR_SCALE)?).ok()?;
            Some(Rate::from_millionths(millionths))
        };
        let (fast, us) = (named("fast"), named("us"));
        let unknown = specific.keys().filter(|name| !matches!(name.as_str(), "fast" | "us"));
        self.notes.extend(unknown.map(|name| format!("not read: {SPECIFIC}.{name}")));
        Multipliers {
            priority: self.factor(input, "_priority"),
            flex: self.factor(input, "_flex"),
            batch: self.factor(input, "_batches"),
            fast,
            us,
            hour: None,
        }
    }

    /// The factor of a service tier on the input price; every other price of the tier is held against it.
    fn factor(&mut self, input: TokenPrice, suffix: &str) -> Option<Rate> {
        let of_tier = self.token_price(&format!("{INPUT}{suffix}")).ok()??;
        let (factor, exact) = between(input, of_tier)?;
        let tier = suffix.trim_start_matches('_');
        if !exact {
            self.notes.push(format!("the factor of {tier} was rounded up to {factor}"));
        }
        let members = self.members;
        for (name, base) in members.keys().filter_map(|name| Some((name, name.strip_suffix(suffix)?))) {
            let (Ok(Some(base)), Ok(Some(own))) = (self.token_price(base), self.token_price(name)) else {
                continue;
            };
            if !agrees(base, factor, own) {
                self.notes.push(format!("{name} is not the list price times {factor}; the factor counts"));
            }
        }
        Some(factor)
    }

    /// The price of a thousand searches, if all sizes cost the same.
    fn searches(&mut self) -> Option<Money> {
        let sizes: Members<'a> = self.nested(SEARCHES);
        let prices: BTreeSet<Option<u64>> =
            sizes.values().map(|size| scaled(size.get(), SEARCH_SCALE)).collect();
        if prices.len() > 1 {
            self.notes.push(format!("not read: {SEARCHES} differs by size"));
            return None;
        }
        let nanos = prices.into_iter().next()??;
        i64::try_from(nanos).ok().map(Money::from_nanos)
    }

    /// Names every other price, so that none is lost in silence.
    fn note_the_rest(&mut self) {
        let is_price = |name: &str| name.contains("cost") || name.contains("pricing");
        let rest: Vec<&str> = self.members.keys().map(String::as_str).filter(|name| is_price(name)).collect();
        let rest: Vec<&str> = rest.into_iter().filter(|name| !self.read.contains(name)).collect();
        if !rest.is_empty() {
            self.notes.push(format!("not read: {}", rest.join(", ")));
        }
    }

    /// The price in a member; an error if it is there and cannot be held exactly.
    fn token_price(&mut self, name: &str) -> Result<Option<TokenPrice>, String> {
        let nanos = self.nanos(name, TOKEN_SCALE, "nano-dollars per million tokens")?;
        Ok(nanos.map(TokenPrice::from_nanos_per_million))
    }

    /// The amount in a member; an error if it is there and cannot be held exactly.
    fn money(&mut self, name: &str) -> Result<Option<Money>, String> {
        let nanos = self.nanos(name, MONEY_SCALE, "nano-dollars")?;
        Ok(nanos.and_then(|nanos| i64::try_from(nanos).ok()).map(Money::from_nanos))
    }

    fn nanos(&mut self, name: &str, scale: i32, unit: &str) -> Result<Option<u64>, String> {
        let Some((name, value)) = self.members.get_key_value(name) else {
            return Ok(None);
        };
        if value.get() == "null" {
            return Ok(None);
        }
        let nanos =
            scaled(value.get(), scale).ok_or_else(|| format!("{name} is not a whole number of {unit}"))?;
        self.read.insert(name);
        Ok(Some(nanos))
    }

    /// A member of this type; one of another type counts as missing.
    fn value<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.members.get(name)?.get()).ok()
    }

    /// The members of a member that is an object.
    fn nested(&mut self, name: &str) -> Members<'a> {
        let Some((name, value)) = self.members.get_key_value(name) else {
            return Members::new();
        };
        self.read.insert(name);
        serde_json::from_str(value.get()).unwrap_or_default()
    }
}

/// The thousands in `…_above_200k_tokens`.
fn length(name: &str) -> Option<u64> {
    let (_, thousands) = name.strip_suffix("k_tokens")?.rsplit_once("_above_")?;
    thousands.parse().ok()
}
