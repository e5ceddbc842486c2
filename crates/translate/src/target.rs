//! Where a request goes: what its encoder has to know of the upstream.

use crate::carrier::CarrierKey;
use crate::family::{Family, Quirks};
use crate::ir::MadeBy;
use crate::traits::ModelTraits;
use std::fmt;
use std::sync::Arc;
use tollgate_protocol::Protocol;

/// An upstream as the translation of a request sees it.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// What it speaks.
    pub protocol: Protocol,
    /// Its name of the model.
    pub model: &'a str,
    /// What the model takes.
    pub traits: &'a ModelTraits,
    /// Whose habits it has.
    pub family: Family,
    /// The account, as carriers of reasoning name it.
    pub account: &'a str,
    /// What seals and opens carriers of reasoning.
    pub key: &'a CarrierKey,
    /// Reasoning of earlier answers that the caller did not send back, by the id of a tool call in the same turn.
    pub remembered: &'a dyn Remembered,
}

/// Earlier reasoning that the gate remembers.
pub trait Remembered: Sync {
    /// The `reasoning_content` of the turn that made the call `call_id`.
    fn reasoning_of(&self, call_id: &str) -> Option<Arc<str>>;
}

/// Remembers nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Forgetful;

impl Remembered for Forgetful {
    fn reasoning_of(&self, _call_id: &str) -> Option<Arc<str>> {
        None
    }
}

impl Target<'_> {
    /// What its family deviates in.
    pub(crate) fn quirks(&self) -> &'static Quirks {
        self.family.quirks()
    }

    /// The upstream as the maker of reasoning.
    #[must_use]
    pub fn maker(&self) -> MadeBy<'_> {
        MadeBy { vendor: self.family.as_str().into(), account: self.account.into(), model: self.model.into() }
    }
}

impl fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("protocol", &self.protocol)
            .field("model", &self.model)
            .field("family", &self.family)
            .finish_non_exhaustive()
    }
}
