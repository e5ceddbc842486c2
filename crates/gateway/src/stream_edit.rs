//! The few changes a stream may need on its way: another model name, a chunk kept back, another protocol.

use std::collections::VecDeque;

use bytes::Bytes;
use tollgate_base::Usage;
use tollgate_protocol::{
    ApiError, Dialect, ErrorKind, FrameKind, Protocol, StreamObserver, rename_model_in_frame,
};
use tollgate_sse::{Decoder, Frame};
use tollgate_translate::StreamTranslator;

use crate::relay::has_to_be_reworded;
use crate::rewrite::{After, Rewrite, untranslatable};

/// A change made to each event of a stream.
pub(crate) struct StreamEdit {
    frames: Decoder,
    change: Change,
}

enum Change {
    /// Events stay as they are but for the model's name and the usage chunk.
    Touch {
        protocol: Protocol,
        /// The model's name as the caller wrote it, where the upstream has another.
        model: Option<String>,
        /// Keeps the chunk of a chat stream that only holds the usage from a caller who did not ask for it.
        hide_usage: bool,
    },
    /// Events are written anew, mostly in another protocol.
    Rewrite { translator: Box<StreamTranslator>, after: Option<After> },
}

impl StreamEdit {
    /// An edit that renames the model or hides the usage chunk; `None` if neither is wanted.
    pub(crate) fn touch(
        protocol: Protocol,
        model: Option<String>,
        hide_usage: bool,
        limit_bytes: usize,
    ) -> Option<Self> {
        let wanted = model.is_some() || hide_usage;
        let change = Change::Touch { protocol, model, hide_usage };
        wanted.then(|| Self { frames: Decoder::new(limit_bytes), change })
    }

    /// An edit that writes the stream anew.
    pub(crate) fn rewrite(rewrite: Rewrite, limit_bytes: usize) -> Self {
        let (translator, after) = rewrite.stream();
        let change = Change::Rewrite { translator: Box::new(translator), after: Some(after) };
        Self { frames: Decoder::new(limit_bytes), change }
    }

    /// Changes whole events; what is to be sent is put behind `ready`.
    pub(crate) fn apply(
        &mut self,
        bytes: Bytes,
        dialect: Dialect,
        observer: &mut StreamObserver,
        ready: &mut VecDeque<Bytes>,
    ) -> Result<(), ApiError> {
        self.frames.push(bytes).map_err(|_| ApiError::of(ErrorKind::UpstreamInvalid))?;
        let mut written = Vec::new();
        while let Some(frame) = self.frames.next_frame() {
            let kind = observer.frame(frame.event_str().as_bytes(), &frame.data);
            if let FrameKind::Error(failure) = &kind
                && has_to_be_reworded(failure, dialect)
            {
                flush(written, ready);
                return Err(failure.to_error());
            }
            match &mut self.change {
                Change::Touch { protocol, model, hide_usage } => {
                    if !(*hide_usage && matches!(kind, FrameKind::Usage)) {
                        ready.extend(touched(*protocol, frame, model.as_deref()));
                    }
                }
                Change::Rewrite { translator, .. } => {
                    if frame.has_data
                        && let Err(error) = translator.frame(frame.event_str(), &frame.data, &mut written)
                    {
                        flush(written, ready);
                        return Err(untranslatable(error));
                    }
                }
            }
        }
        flush(written, ready);
        Ok(())
    }

    /// What of the events so far could not be carried to the caller.
    pub(crate) fn dropped(&self) -> Vec<String> {
        match &self.change {
            Change::Touch { .. } => Vec::new(),
            Change::Rewrite { translator, .. } => translator.dropped(),
        }
    }

    /// What was counted here, where the upstream counted nothing.
    pub(crate) fn estimate(&self) -> Option<Usage> {
        match &self.change {
            Change::Touch { .. } => None,
            Change::Rewrite { translator, .. } => translator.estimate(),
        }
    }

    /// How far a rewritten stream has come, for an error behind it.
    pub(crate) fn progress(&self) -> Option<(Option<String>, u64)> {
        match &self.change {
            Change::Touch { .. } => None,
            Change::Rewrite { translator, .. } => {
                Some((translator.response_id().map(str::to_owned), translator.next_sequence()))
            }
        }
    }

    /// A keep-alive in the middle of a rewritten stream, whose events are numbered; `false`: the dialect's own will do.
    pub(crate) fn keepalive(&mut self, ready: &mut VecDeque<Bytes>) -> bool {
        let Change::Rewrite { translator, .. } = &mut self.change else { return false };
        let mut written = Vec::new();
        let kept = translator.keepalive(&mut written).is_ok();
        flush(written, ready);
        kept
    }

    /// The stream is over; `false` when it was cut, so that an error has to be said.
    pub(crate) fn finish(&mut self, ready: &mut VecDeque<Bytes>) -> bool {
        let Change::Rewrite { translator, after } = &mut self.change else {
            return true;
        };
        let mut written = Vec::new();
        let whole = translator.on_eof(&mut written);
        flush(written, ready);
        if let (true, Some(after)) = (whole, after.take()) {
            after.stream_ended(translator);
        }
        whole
    }
}

fn flush(written: Vec<u8>, ready: &mut VecDeque<Bytes>) {
    if !written.is_empty() {
        ready.push_back(Bytes::from(written));
    }
}

fn touched(protocol: Protocol, frame: Frame, model: Option<&str>) -> Vec<Bytes> {
    let renamed = model.and_then(|model| rename_model_in_frame(protocol, &frame.raw, model));
    renamed.unwrap_or_else(|| vec![frame.raw])
}
