//! `tollgate statement`: what changed a user's balance in a period.

mod sheet;
mod view;

use anyhow::Context;
use tollgate_store::Store;

use self::view::StatementView;
use super::find;
use crate::cli::{PeriodFields, StatementArgs, StatementFormat};
use crate::output;

/// Prints a statement.
pub(crate) async fn run(args: StatementArgs, store: &Store) -> anyhow::Result<()> {
    let user = find::user(store, &args.user).await?.user;
    let PeriodFields { from, to, time_zone } = args.period;
    let from = from.map(|from| from.resolve(&time_zone)).transpose()?;
    let until = to.map(|to| to.resolve(&time_zone)).transpose()?;
    let statement = store.statement(user.id, from, until).await?;
    let statement = statement.with_context(|| format!("user {} was removed meanwhile", user.name))?;
    let format = if args.json { StatementFormat::Json } else { args.format };
    Ok(match format {
        StatementFormat::Csv => output::text(&sheet::write(&statement)?),
        StatementFormat::Json => output::json(&StatementView::new(statement)?),
        StatementFormat::Text => output::line(&StatementView::new(statement)?.in_words()),
    }?)
}
