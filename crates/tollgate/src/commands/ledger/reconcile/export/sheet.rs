//! CSV exports, told apart by their columns.

use anyhow::{Context, bail, ensure};
use csv::StringRecord;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::super::sums::{Number, Sums};
use super::{Export, day_of, decimal, require_utc};

/// Anthropic's console writes costs in cents: each line may be off by half of one, in nano-dollars.
const HALF_A_CENT: i128 = 5_000_000;

/// The numbers of a plain CSV by column.
const PLAIN: [Number; 7] = [
    Number::Input,
    Number::Output,
    Number::CacheWrite,
    Number::CacheWrite5m,
    Number::CacheWrite1h,
    Number::CacheRead,
    Number::Cost,
];

/// The columns of a file.
struct Columns(StringRecord);

impl Columns {
    fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.at(name).is_some())
    }

    fn at(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|column| column.trim() == name)
    }

    /// A line's cell; empty where there is no such column.
    fn cell<'a>(&self, line: &'a StringRecord, name: &str) -> &'a str {
        self.at(name).and_then(|at| line.get(at)).unwrap_or_default().trim()
    }
}

type ReadLine = fn(&Columns, &StringRecord, &TimeZone) -> anyhow::Result<Option<(Date, String, Sums)>>;

pub(super) fn parse(text: &str, time_zone: &TimeZone) -> anyhow::Result<Export> {
    let mut sheet = csv::Reader::from_reader(text.as_bytes());
    let columns = Columns(sheet.headers()?.clone());
    let (mut export, read) = kind(&columns, time_zone)?;
    for line in sheet.records() {
        let line = line?;
        let place = || format!("line {}", line.position().map_or(0, csv::Position::line));
        if let Some((day, model, sums)) = read(&columns, &line, time_zone).with_context(place)? {
            export.add(day, &model, &sums);
        }
    }
    Ok(export)
}

fn kind(columns: &Columns, time_zone: &TimeZone) -> anyhow::Result<(Export, ReadLine)> {
    use Number::{CacheRead, CacheWrite, CacheWrite1h, CacheWrite5m, Cost, Input, Output};
    if columns.has(&["usage_date_utc", "model_version", "usage_input_tokens_no_cache", "usage_output_tokens"])
    {
        require_utc(time_zone)?;
        let tells = [Input, CacheWrite5m, CacheWrite1h, CacheRead, Output];
        return Ok((Export::new("usage CSV of Anthropic's console", &tells), anthropic_usage));
    }
    if columns.has(&["usage_date_utc", "model", "token_type", "cost_usd"]) {
        require_utc(time_zone)?;
        return Ok((Export::new("cost CSV of Anthropic's console", &[Cost]), anthropic_cost));
    }
    if columns.has(&["start_time", "end_time", "model", "input_tokens", "output_tokens"]) {
        let tells = [Input, CacheWrite, CacheRead, Output];
        return Ok((Export::new("usage CSV of OpenAI", &tells), openai_usage));
    }
    let told: Vec<Number> = PLAIN.into_iter().filter(|number| columns.has(&[number.as_str()])).collect();
    if columns.has(&["day", "model"]) && !told.is_empty() {
        return Ok((Export::new("plain CSV", &told), plain));
    }
    let found: Vec<&str> = columns.0.iter().collect();
    bail!(
        "not an export that is known. Its columns are: {}. Needed are those of Anthropic's usage CSV (usage_date_utc, \
         model_version, usage_input_tokens_no_cache, usage_output_tokens, ...), of its cost CSV (usage_date_utc, model, \
         token_type, cost_usd), of OpenAI's usage CSV (start_time, end_time, model, input_tokens, output_tokens, ...), \
         or day, model and at least one of {}",
        found.join(", "),
        PLAIN.map(Number::as_str).join(", ")
    )
}

fn anthropic_usage(
    columns: &Columns,
    line: &StringRecord,
    _: &TimeZone,
) -> anyhow::Result<Option<(Date, String, Sums)>> {
    let mut sums = Sums::default();
    for (column, number) in [
        ("usage_input_tokens_no_cache", Number::Input),
        ("usage_input_tokens_cache_write_5m", Number::CacheWrite5m),
        ("usage_input_tokens_cache_write_1h", Number::CacheWrite1h),
        ("usage_input_tokens_cache_read", Number::CacheRead),
        ("usage_output_tokens", Number::Output),
    ] {
        sums.add(number, decimal::count(columns.cell(line, column)).context(column)?);
    }
    let day = date(columns.cell(line, "usage_date_utc"))?;
    Ok(Some((day, columns.cell(line, "model_version").to_owned(), sums)))
}

fn anthropic_cost(
    columns: &Columns,
    line: &StringRecord,
    _: &TimeZone,
) -> anyhow::Result<Option<(Date, String, Sums)>> {
    let mut sums = Sums::rounded(HALF_A_CENT);
    sums.add(Number::Cost, decimal::dollars(columns.cell(line, "cost_usd")).context("cost_usd")?);
    let day = date(columns.cell(line, "usage_date_utc"))?;
    Ok(Some((day, columns.cell(line, "model").to_owned(), sums)))
}

fn openai_usage(
    columns: &Columns,
    line: &StringRecord,
    time_zone: &TimeZone,
) -> anyhow::Result<Option<(Date, String, Sums)>> {
    let cell = |column: &str| columns.cell(line, column);
    // A stretch without usage is a line without numbers.
    if cell("input_tokens").is_empty() && cell("output_tokens").is_empty() {
        return Ok(None);
    }
    let count = |column: &'static str| decimal::count(cell(column)).context(column);
    let time = |column: &'static str| {
        let seconds = i64::try_from(count(column)?).context(column)?;
        jiff::Timestamp::from_second(seconds).context(column)
    };
    let read = count("input_cached_tokens")?;
    let written = count("input_cache_write_tokens")? + count("input_cache_write_12h_tokens")?;
    let sums = of_openai(count("input_tokens")?, read, written, count("output_tokens")?)?;
    let day = day_of(time("start_time")?, time("end_time")?, time_zone)?;
    ensure!(!cell("model").is_empty(), "it names no model: export with usage by model");
    Ok(Some((day, cell("model").to_owned(), sums)))
}

/// OpenAI counts cached and written tokens as input too.
pub(super) fn of_openai(input: i128, read: i128, written: i128, output: i128) -> anyhow::Result<Sums> {
    let uncached = input - read - written;
    ensure!(uncached >= 0, "more tokens are cached than there are");
    let mut sums = Sums::default();
    sums.add(Number::Input, uncached);
    sums.add(Number::CacheRead, read);
    sums.add(Number::CacheWrite, written);
    sums.add(Number::Output, output);
    Ok(sums)
}

fn plain(
    columns: &Columns,
    line: &StringRecord,
    _: &TimeZone,
) -> anyhow::Result<Option<(Date, String, Sums)>> {
    let mut sums = Sums::default();
    for number in PLAIN {
        let cell = columns.cell(line, number.as_str());
        let value = if number == Number::Cost { decimal::dollars(cell) } else { decimal::count(cell) };
        sums.add(number, value.context(number.as_str())?);
    }
    let day = date(columns.cell(line, "day"))?;
    Ok(Some((day, columns.cell(line, "model").to_owned(), sums)))
}

/// A day, or the day of a time: `2026-11-27`, `2026-11-27 15:00`, `2026-11-27T15:00:00Z`.
fn date(text: &str) -> anyhow::Result<Date> {
    let day = match text.split_at_checked(10) {
        Some((day, rest)) if rest.is_empty() || rest.starts_with(['T', ' ']) => day.parse().ok(),
        _ => None,
    };
    day.with_context(|| format!("`{text}` is not a day such as 2026-11-27"))
}
