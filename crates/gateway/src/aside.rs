//! An answer that is kept aside while another is sought: a refusal that its group falls back from.
//!
//! The provider served it, so it is charged, by a record of its own: at its own account, model and price. Its place in
//! the settler's queue is taken before anything else is asked, so that the charge cannot get lost.

use tollgate_store::StreamEnd;

use crate::ask::Opened;
use crate::draft::{Draft, Ending};
use crate::exchange::STATUS_OK;
use crate::opening::OpenedAnswer;

/// What the record of an answer says that was fallen back from.
const FELL_BACK: &str = "fell_back";

/// A refused answer, and its request as it stood then. Dropped, also because its caller has left, it is charged.
pub(crate) struct Aside {
    opened: Option<Box<Opened>>,
    draft: Draft,
}

impl Aside {
    pub(crate) fn new(opened: Opened, draft: Draft) -> Self {
        Self { opened: Some(Box::new(opened)), draft }
    }

    /// No other answer came: the caller gets this one after all, and it is charged with the request.
    pub(crate) fn restore(mut self, request: &mut Draft) -> Option<Opened> {
        let opened = self.opened.take()?;
        request.restore(&mut self.draft);
        Some(*opened)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let Some(OpenedAnswer::Whole { observed, .. }) = self.opened.take().map(|opened| opened.answer)
        else {
            return;
        };
        let ending = Ending::observed(STATUS_OK, StreamEnd::None, observed);
        self.draft.take().close(Ending { error_kind: Some(FELL_BACK.to_owned()), ..ending });
    }
}
