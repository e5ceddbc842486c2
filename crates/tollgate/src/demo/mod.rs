//! `tollgate demo`: everything to try the gate out, in one process and one folder.

mod banner;
mod env_file;
mod prices;
mod providers;
mod seed;

use anyhow::Context;
use tollgate_testkit::{Sandbox, SandboxConfig};

use self::banner::Banner;
use self::providers::{Provider, Samples};
use crate::address::reachable;
use crate::cli::DemoArgs;
use crate::config::Config;
use crate::signals::Signals;
use crate::{output, serve, wiring};

/// Runs the demo until a signal.
pub(crate) async fn run(args: &DemoArgs, config: &Config) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    // Before anything is started or written: without providers there is nothing to show.
    let real = args.real.then(|| providers::real(|name| std::env::var(name).ok())).transpose()?;
    let listener = serve::bind(config.listen).await?;
    let base_url = format!("http://{}", reachable(listener.local_addr()?));
    let sandbox = match real {
        Some(_) => None,
        None => Some(Sandbox::start(SandboxConfig::default()).await.context("the sandbox cannot start")?),
    };
    let providers = match (real, &sandbox) {
        (Some(providers), _) => providers,
        (None, Some(sandbox)) => providers::sandbox(&sandbox.base_url()),
        (None, None) => Vec::new(),
    };

    wiring::create_data_dir(config)?;
    let env_file = env_file::path(&config.data_dir);
    let start = async {
        let store = wiring::open_store(config).await?;
        let keys = seed::prepare(&store, &providers, env_file::read(&env_file)?).await?;
        let gateway = wiring::start_gateway(config, store.clone()).await?;
        anyhow::Ok((store, keys, gateway))
    };
    let (store, keys, gateway) = serve::unless_signalled(&mut signals, start).await?;
    env_file::write(&env_file, &base_url, &keys.anthropic, &keys.openai)
        .with_context(|| format!("cannot write {}", env_file.display()))?;

    let banner = Banner {
        base_url: &base_url,
        env_file: &env_file.display().to_string(),
        usage_command: &usage_command(config),
        upstream: &upstream(&providers),
        anthropic: keys.anthropic.expose(),
        openai: keys.openai.expose(),
        samples: providers.iter().fold(Samples::default(), |all, provider| all.or(provider.samples)),
    };
    output::line(&banner.text())?;
    serve::until_stopped(config, listener, gateway, signals).await;
    if let Some(sandbox) = sandbox {
        sandbox.stop().await;
    }
    store.close().await;
    Ok(())
}

/// Who answers, in a few words.
fn upstream(providers: &[Provider]) -> String {
    let mut variables: Vec<&str> = providers.iter().filter_map(|provider| provider.variable).collect();
    variables.dedup();
    match variables.as_slice() {
        [] => "the built-in sandbox".to_owned(),
        found => format!("real providers, by {}", found.join(", ")),
    }
}

/// How to see the usage records, from the same folder.
fn usage_command(config: &Config) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "tollgate".to_owned());
    format!("{program} usage --data-dir {}", config.data_dir.display())
}
