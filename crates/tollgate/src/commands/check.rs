//! `tollgate check`: is the configuration right, and can the store be opened.

use crate::cli::CheckArgs;
use crate::config::{Config, Effective};
use crate::{output, wiring};

/// Says that the configuration is right; it was read before this is called.
pub(crate) async fn run(args: &CheckArgs, config: &Config, effective: &[Effective]) -> anyhow::Result<()> {
    if args.show {
        for key in effective {
            output::line(&shown(key))?;
        }
    }
    wiring::check(config)?;
    output::line("configuration: ok")?;
    if args.store {
        let store = wiring::open_store(config).await?;
        store.ping().await?;
        store.close().await;
        output::line("store: ok")?;
    }
    Ok(())
}

fn shown(key: &Effective) -> String {
    let Effective { path, value, place } = key;
    match place {
        Some(place) => format!("{path} = {value}  ({place})"),
        None => format!("{path} = {value}"),
    }
}
