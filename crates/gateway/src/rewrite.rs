//! An answer written in another protocol than its upstream's, or written anew in the same.

use std::sync::Arc;

use bytes::Bytes;
use tollgate_base::{KeyId, Usage};
use tollgate_protocol::{ApiError, ErrorKind, Protocol, wrap};
use tollgate_translate::{
    AnswerContext, Recollection, Restorer, StreamTranslator, TranslateError, envelope_data, translate_answer,
};

use crate::draft::RequestTag;
use crate::estimate::tokens_of_body;
use crate::kept::to_be_kept;
use crate::outgoing::Translation;
use crate::shape::{Asked, Shape};
use crate::state::Shared;

/// How an answer is rewritten.
pub(crate) struct Rewrite {
    from: Protocol,
    to: Protocol,
    context: AnswerContext,
    restorer: Option<Restorer>,
    after: After,
}

/// A whole answer, rewritten.
pub(crate) struct Rewritten {
    pub(crate) body: Bytes,
    pub(crate) dropped: Vec<String>,
    /// What was counted here, where the upstream counted nothing.
    pub(crate) estimate: Option<Usage>,
}

impl Rewrite {
    /// How the answer of an upstream that speaks `from` is rewritten; `None` if it goes on as it is.
    pub(crate) fn wanted(
        shared: &Arc<Shared>,
        tag: &RequestTag,
        asked: &Asked<'_>,
        from: Protocol,
        translation: Option<Translation>,
    ) -> Option<Self> {
        let to = asked.protocol();
        if from == to && translation.is_none() {
            return None;
        }
        let restorer = translation
            .map(|made| Restorer::new(made.back, made.maker, shared.carrier_key.clone(), from, to));
        let context = AnswerContext {
            model: asked.model.clone(),
            created_at_s: tag.at.seconds(),
            request_id: tag.text.to_string(),
            include_usage: !asked.hide_usage,
            estimated_input_tokens: Some(tokens_of_body(asked.body)),
            responses_echo: asked.responses.as_ref().map(|responses| Arc::clone(&responses.echo)),
        };
        Some(Self { from, to, context, restorer, after: After::of(shared, asked) })
    }

    /// Rewrites a whole answer.
    pub(crate) fn whole(mut self, shape: Shape, body: &[u8]) -> Result<Rewritten, ApiError> {
        let translated = match shape {
            Shape::Envelope => envelope_data(self.from, body, &self.context, self.restorer),
            Shape::Native | Shape::Claude => {
                translate_answer(self.from, self.to, body, &self.context, self.restorer)
            }
        };
        let mut translated = translated.map_err(untranslatable)?;
        self.after.remember(translated.recollection.as_ref());
        self.after.keep(&translated.body);
        if shape == Shape::Envelope {
            translated.body = wrap(&translated.body);
        }
        Ok(Rewritten {
            body: Bytes::from(translated.body),
            dropped: translated.dropped,
            estimate: translated.estimate,
        })
    }

    /// What rewrites a stream, and what is done behind it.
    pub(crate) fn stream(self) -> (StreamTranslator, After) {
        (StreamTranslator::new(self.from, self.to, self.context, self.restorer), self.after)
    }
}

/// What is done when a rewritten answer is over: reasoning remembered, a response kept.
pub(crate) struct After {
    shared: Arc<Shared>,
    key: KeyId,
    /// The request's body and the response that it continued.
    keep: Option<(Bytes, Option<String>)>,
}

impl After {
    fn of(shared: &Arc<Shared>, asked: &Asked<'_>) -> Self {
        let keep = asked
            .responses
            .as_ref()
            .and_then(|responses| responses.keep.clone().map(|body| (body, responses.previous_id.clone())));
        Self { shared: Arc::clone(shared), key: asked.key, keep }
    }

    /// After a stream that ended well.
    pub(crate) fn stream_ended(mut self, translator: &StreamTranslator) {
        self.remember(translator.remember().as_ref());
        if let Some(response) = translator.finished_response() {
            self.keep(response);
        }
    }

    fn remember(&self, recollection: Option<&Recollection>) {
        if let Some(recollection) = recollection {
            self.shared.memory.insert(self.key, recollection);
        }
    }

    fn keep(&mut self, response: &[u8]) {
        let Some((body, previous_id)) = self.keep.take() else { return };
        match to_be_kept(&body, response, self.key, previous_id, self.shared.now()) {
            Some(kept) => self.shared.kept.keep(kept),
            None => tracing::error!("a response has no id to be kept by"),
        }
    }
}

/// What a failed translation is called towards the caller.
#[allow(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
pub(crate) fn untranslatable(error: TranslateError) -> ApiError {
    tracing::warn!(%error, "an upstream answer could not be translated");
    match error {
        TranslateError::UpstreamFailed { failure } => failure.to_error(),
        _ => ApiError::of(ErrorKind::UpstreamInvalid),
    }
}
