//! `tollgate ledger reconcile`: does what accounts served agree with what their provider says.

mod compare;
mod export;
mod sums;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use tollgate_base::{AccountId, Timestamp};
use tollgate_store::Store;

use self::compare::{Difference, compare};
use self::export::Export;
use self::sums::{Key, Sums};
use crate::cli::ReconcileArgs;
use crate::commands::find;
use crate::output;

/// No export of a year by day is nearly as long; a wrong file is noticed here.
const MAX_BYTES: u64 = 64 << 20;
const MOST_DAYS: usize = 400;

/// Prints what differs. That something does is an error, so that scripts notice.
pub(super) async fn run(args: ReconcileArgs, store: &Store, json: bool) -> anyhow::Result<()> {
    let named = || args.file.display().to_string();
    let text = read(&args.file).with_context(named)?;
    let mut export = export::parse(&text, &args.time_zone).with_context(named)?;
    export.rename(&args.names);
    let days = days(&export, args.from_time, args.to_time)?;
    export.rows.retain(|(day, _), _| days.contains(day));
    let mut accounts = Vec::with_capacity(args.accounts.len());
    for name in &args.accounts {
        accounts.push(find::account(store, name).await?.id);
    }
    let served = served(store, &accounts, &days, &args.time_zone).await?;
    let told = Told::new(&export, &days, compare(&export, &served, args.tolerance));
    match json {
        true => output::json(&told)?,
        false => output::line(&told.in_words())?,
    }
    match told.differences.len() {
        0 => Ok(()),
        1 => bail!("there is 1 difference to the export"),
        several => bail!("there are {several} differences to the export"),
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = std::fs::File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    ensure!(u64::try_from(read)? <= MAX_BYTES, "it is longer than 64 MiB");
    Ok(text)
}

/// The days that are compared: those that are asked for, else those that the export reaches over.
fn days(export: &Export, from: Option<Date>, to: Option<Date>) -> anyhow::Result<Vec<Date>> {
    let told = || export.rows.keys().map(|(day, _)| *day);
    let first = from.or_else(|| told().min()).context("the export has no usage: say --from-time")?;
    let end = match to {
        Some(to) => to,
        None => told().max().context("the export has no usage: say --to-time")?.checked_add(1.day())?,
    };
    ensure!(first < end, "no day is from {first} on and before {end}");
    let days: Vec<Date> = first.series(1.day()).take_while(|day| *day < end).take(MOST_DAYS + 1).collect();
    ensure!(days.len() <= MOST_DAYS, "more than {MOST_DAYS} days: compare them in parts");
    Ok(days)
}

/// What the gate has, by day and model.
async fn served(
    store: &Store,
    accounts: &[AccountId],
    days: &[Date],
    time_zone: &TimeZone,
) -> anyhow::Result<BTreeMap<Key, Sums>> {
    let begin = |day: Date| {
        let start = day.to_zoned(time_zone.clone())?.start_of_day()?;
        anyhow::Ok(Timestamp::from_micros(start.timestamp().as_microsecond()))
    };
    let stretch = |day: &Date| Ok((begin(*day)?, begin(day.checked_add(1.day())?)?));
    let stretches = days.iter().map(stretch).collect::<anyhow::Result<Vec<_>>>()?;
    let mut all = BTreeMap::new();
    for (day, models) in days.iter().zip(store.served_usage(accounts, &stretches).await?) {
        all.extend(models.iter().map(|served| ((*day, served.model.clone()), Sums::of(served))));
    }
    Ok(all)
}

/// What came out of it, as it is printed in JSON.
#[derive(Debug, Serialize)]
struct Told {
    ok: bool,
    /// What the export is.
    export: &'static str,
    from: Date,
    /// The last day that was compared.
    through: Date,
    /// What the export tells, so what was compared.
    compared: Vec<&'static str>,
    differences: Vec<Difference>,
    #[serde(skip)]
    days: usize,
    #[serde(skip)]
    rows: usize,
}

impl Told {
    fn new(export: &Export, days: &[Date], differences: Vec<Difference>) -> Self {
        let (first, last) = (days.first().copied(), days.last().copied());
        Self {
            ok: differences.is_empty(),
            export: export.what,
            from: first.unwrap_or_default(),
            through: last.unwrap_or_default(),
            compared: export.tells.iter().map(|number| number.as_str()).collect(),
            differences,
            days: days.len(),
            rows: export.rows.len(),
        }
    }

    fn in_words(&self) -> String {
        if !self.ok {
            return output::table_of(&self.differences);
        }
        let Self { export, days, rows, .. } = self;
        format!(
            "reconciled: {} of {days} day(s) agree with the export's {rows} line(s) ({export})",
            self.compared.join(", ")
        )
    }
}
