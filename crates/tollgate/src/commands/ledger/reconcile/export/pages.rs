//! JSON exports: the pages that providers' administration APIs answer with.

use anyhow::{Context, bail, ensure};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::super::sums::{Number, Sums};
use super::sheet::of_openai;
use super::{Export, day_of, decimal};

/// One page, or several in an array.
#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Many(Vec<Page>),
    One(Page),
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Bucket>,
    #[serde(default)]
    has_more: bool,
}

/// A stretch of time: Anthropic writes its ends as RFC 3339, OpenAI as seconds.
#[derive(Deserialize)]
struct Bucket {
    starting_at: Option<jiff::Timestamp>,
    ending_at: Option<jiff::Timestamp>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    #[serde(default)]
    results: Vec<Line>,
}

/// A line of any of the three: which one it is, its fields tell.
#[derive(Deserialize)]
struct Line {
    model: Option<String>,
    // Anthropic's usage.
    uncached_input_tokens: Option<u64>,
    cache_creation: Option<CacheCreation>,
    cache_read_input_tokens: Option<u64>,
    // Anthropic's cost.
    amount: Option<serde_json::Value>,
    currency: Option<String>,
    // OpenAI's usage.
    input_tokens: Option<u64>,
    input_cached_tokens: Option<u64>,
    input_cache_write_tokens: Option<u64>,
    input_cache_write_12h_tokens: Option<u64>,
    // Of both.
    output_tokens: Option<u64>,
}

#[derive(Deserialize, Default)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Option<u64>,
    ephemeral_1h_input_tokens: Option<u64>,
}

pub(super) fn parse(text: &str, time_zone: &TimeZone) -> anyhow::Result<Export> {
    let unknown = "not an export that is known: needed is a page of Anthropic's usage or cost report, or of OpenAI's usage \
                   of completions (`data`, with `results` in it), or an array of pages";
    let file: File = serde_json::from_str(text).context(unknown)?;
    let pages = match file {
        File::Many(pages) => pages,
        File::One(page) => vec![page],
    };
    let last = pages.last().context("the file has no page")?;
    ensure!(!last.has_more, "the last page says that there are more: put all pages into one array");
    let buckets: Vec<&Bucket> = pages.iter().flat_map(|page| &page.data).collect();
    let lines = || buckets.iter().flat_map(|bucket| &bucket.results);
    let first = lines().next().context("the export has no usage in it")?;
    let (mut export, read) = kind(first)?;
    ensure!(
        lines().any(|line| line.model.is_some()),
        "it names no model: ask for it with {}",
        grouping(first)
    );
    for bucket in buckets {
        let (starts, ends) = bucket.ends()?;
        for line in &bucket.results {
            let day = day_of(starts, ends, time_zone)?;
            export.add(day, line.model.as_deref().unwrap_or_default(), &read(line)?);
        }
    }
    Ok(export)
}

type ReadLine = fn(&Line) -> anyhow::Result<Sums>;

fn kind(line: &Line) -> anyhow::Result<(Export, ReadLine)> {
    use Number::{CacheRead, CacheWrite, CacheWrite1h, CacheWrite5m, Cost, Input, Output};
    if line.uncached_input_tokens.is_some() {
        let tells = [Input, CacheWrite5m, CacheWrite1h, CacheRead, Output];
        return Ok((Export::new("usage report of Anthropic", &tells), anthropic_usage));
    }
    if line.input_tokens.is_some() {
        let tells = [Input, CacheWrite, CacheRead, Output];
        return Ok((Export::new("usage of completions of OpenAI", &tells), openai_usage));
    }
    if line.amount.as_ref().is_some_and(serde_json::Value::is_string) {
        return Ok((Export::new("cost report of Anthropic", &[Cost]), anthropic_cost));
    }
    bail!(
        "not an export that is known: its results have neither `uncached_input_tokens` (Anthropic's usage), nor an `amount` \
         in text (Anthropic's cost), nor `input_tokens` (OpenAI's usage of completions)"
    )
}

/// How the provider is asked for usage by model.
fn grouping(line: &Line) -> &'static str {
    if line.amount.is_some() { "group_by[]=description" } else { "group_by=model" }
}

impl Bucket {
    fn ends(&self) -> anyhow::Result<(jiff::Timestamp, jiff::Timestamp)> {
        match (self.starting_at, self.ending_at, self.start_time, self.end_time) {
            (Some(starts), Some(ends), ..) => Ok((starts, ends)),
            (_, _, Some(starts), Some(ends)) => {
                Ok((jiff::Timestamp::from_second(starts)?, jiff::Timestamp::from_second(ends)?))
            }
            _ => bail!("a stretch of time has no begin or no end"),
        }
    }
}

fn tokens(count: Option<u64>) -> i128 {
    i128::from(count.unwrap_or_default())
}

fn anthropic_usage(line: &Line) -> anyhow::Result<Sums> {
    let mut sums = Sums::default();
    sums.add(Number::Input, tokens(line.uncached_input_tokens));
    if let Some(written) = &line.cache_creation {
        sums.add(Number::CacheWrite5m, tokens(written.ephemeral_5m_input_tokens));
        sums.add(Number::CacheWrite1h, tokens(written.ephemeral_1h_input_tokens));
    }
    sums.add(Number::CacheRead, tokens(line.cache_read_input_tokens));
    sums.add(Number::Output, tokens(line.output_tokens));
    Ok(sums)
}

/// `amount` is in cents, as decimal text.
fn anthropic_cost(line: &Line) -> anyhow::Result<Sums> {
    let currency = line.currency.as_deref().unwrap_or("USD");
    ensure!(currency == "USD", "amounts in {currency} cannot be compared: the gate's are in USD");
    let amount = line.amount.as_ref().and_then(serde_json::Value::as_str).context("a line has no amount")?;
    let mut sums = Sums::default();
    sums.add(Number::Cost, decimal::cents(amount)?);
    Ok(sums)
}

fn openai_usage(line: &Line) -> anyhow::Result<Sums> {
    let written = tokens(line.input_cache_write_tokens) + tokens(line.input_cache_write_12h_tokens);
    let read = tokens(line.input_cached_tokens);
    of_openai(tokens(line.input_tokens), read, written, tokens(line.output_tokens))
}
