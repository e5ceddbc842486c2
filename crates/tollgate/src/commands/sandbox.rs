//! `tollgate sandbox`: the scripted provider by itself.

use anyhow::Context;
use tollgate_testkit::{Sandbox, SandboxConfig};

use crate::cli::SandboxArgs;
use crate::output;
use crate::signals::Signals;

/// Runs the sandbox until a signal.
pub(crate) async fn run(args: &SandboxArgs) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let config = SandboxConfig {
        listen: args.listen,
        seed: args.seed,
        api_key: args.api_key_env.as_deref().map(credential).transpose()?,
        ..SandboxConfig::default()
    };
    let sandbox =
        Sandbox::start(config).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    output::line(&format!("sandbox provider on {}", sandbox.base_url()))?;
    signals.next().await;
    sandbox.stop().await;
    Ok(())
}

fn credential(variable: &str) -> anyhow::Result<String> {
    std::env::var(variable).with_context(|| format!("environment variable {variable}"))
}
