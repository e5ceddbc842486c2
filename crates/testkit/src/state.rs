//! What all connections of a sandbox share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::SandboxConfig;
use crate::counts::Ledger;
use crate::fast::Fast;
use crate::record::Recorder;
use crate::responses::Store;
use crate::scope::Scopes;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) recorder: Recorder,
    pub(crate) scopes: Scopes,
    pub(crate) fast: Option<Fast>,
    pub(crate) config: SandboxConfig,
    stored: Mutex<Store>,
    requests: AtomicU64,
}

impl State {
    pub(crate) fn new(config: SandboxConfig) -> Self {
        Self {
            ledger: Arc::new(Ledger::new(config.log_limit)),
            recorder: Recorder::new(config.record, config.record_limit),
            scopes: Scopes::default(),
            fast: config.fast.then(|| Fast::new(&config)),
            stored: Mutex::new(Store::new(config.stored_limit)),
            requests: AtomicU64::new(0),
            config,
        }
    }

    pub(crate) fn stored(&self) -> MutexGuard<'_, Store> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new request id: unlike everything else it differs from request to request.
    pub(crate) fn request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("req_sandbox{:04x}{number:012x}", self.config.seed & 0xffff)
    }

    /// Forgets everything but the configuration.
    pub(crate) fn reset(&self) {
        self.ledger.reset();
        self.recorder.clear();
        self.scopes.reset();
        self.stored().clear();
    }
}
