//! What the end of an attempt means for its account: its state, and the mark for somebody to look at it, which is written
//! beside the requests.

use std::sync::Arc;
use std::time::Duration;

use tollgate_routing::health::Noticed;
use tollgate_routing::{Account, Attention};

use crate::health::Trying;
use crate::state::Shared;
use crate::verdict::Judged;

/// The account answered.
pub(crate) fn succeeded(shared: &Arc<Shared>, account: &Account, trying: Trying<'_>, after: Duration) {
    if trying.succeeded(after, shared.now()) == Noticed::Recovered {
        tracing::info!(account = %account.name, "the account's credential is taken again");
        let (shared, id) = (Arc::clone(shared), account.id);
        tokio::spawn(async move {
            if let Err(error) = shared.store.clear_attention(id).await {
                tracing::warn!(%error, "an account's mark could not be removed");
            }
        });
    }
}

/// The account failed.
pub(crate) fn failed(shared: &Arc<Shared>, account: &Account, trying: Trying<'_>, judged: &Judged) {
    let now = shared.now();
    if trying.failed(&judged.verdict, judged.told, now, shared.pick()) == Noticed::NeedsAttention {
        let attention = Attention::new(now, &judged.words, account.keys());
        tracing::error!(account = %account.name, words = %attention.words, "the account needs attention: its credential is refused again and again");
        let (shared, id) = (Arc::clone(shared), account.id);
        tokio::spawn(async move {
            if let Err(error) = shared.store.mark_attention(id, &attention).await {
                tracing::warn!(%error, "an account could not be marked");
            }
        });
    }
}
