//! What stands between the decoder and the encoder of an answer, in order: the count for upstreams that report no usage,
//! what undoes the request's translation, and what every answer's calls keep to.

use crate::answer::AnswerContext;
use crate::calls::Calls;
use crate::error::TranslateError;
use crate::ir::{Answer, Emit, StreamEvent};
use crate::restore::Restorer;
use crate::tally::Tally;
use tollgate_base::Usage;
use tollgate_protocol::Protocol;

/// The stages of one answer.
#[derive(Debug)]
pub(crate) struct Middle {
    tally: Option<Tally>,
    restorer: Option<Restorer>,
    calls: Calls,
}

impl Middle {
    /// The stages of an answer of an upstream that speaks `from`.
    pub(crate) fn new(from: Protocol, ctx: &AnswerContext, restorer: Option<Restorer>) -> Self {
        let tally = ctx.estimated_input_tokens.map(Tally::new);
        let restorer = restorer.filter(|restorer| !restorer.is_idle());
        Self { tally, restorer, calls: Calls::new(from) }
    }

    /// Takes one event and gives `emit` those that follow from it.
    pub(crate) fn event(
        &mut self,
        mut event: StreamEvent<'_>,
        emit: &mut impl Emit,
    ) -> Result<(), TranslateError> {
        let Self { tally, restorer, calls } = self;
        if let Some(tally) = tally {
            tally.event(&mut event);
        }
        match restorer {
            Some(restorer) => restorer.event(event, &mut |event: StreamEvent<'_>| emit(calls.event(event)?)),
            None => emit(calls.event(event)?),
        }
    }

    /// Changes a whole answer.
    pub(crate) fn answer(&mut self, answer: &mut Answer<'_>) -> Result<(), TranslateError> {
        if let Some(tally) = &mut self.tally {
            tally.answer(answer);
        }
        if let Some(restorer) = &mut self.restorer {
            restorer.answer(answer);
        }
        self.calls.answer(answer)
    }

    /// The numbers so far that stand in for the upstream's usage; `None` if it reported its own.
    pub(crate) fn estimate(&self) -> Option<Usage> {
        self.tally.as_ref().and_then(Tally::estimate)
    }

    /// What undid the request's translation, if there was anything to undo.
    pub(crate) const fn restorer(&self) -> Option<&Restorer> {
        self.restorer.as_ref()
    }
}
