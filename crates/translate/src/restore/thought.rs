//! One piece of reasoning on its way to the caller.

use crate::back::ReasoningBack;
use crate::carrier::{self, Cargo, CarrierKey};
use crate::ir::{Delta, MadeBy, PartStart, Proof};
use std::borrow::Cow;
use tollgate_protocol::Protocol;

/// Longer reasoning is not carried.
const TEXT_LIMIT_BYTES: usize = 1 << 20;
/// What stands between two paragraphs.
const PARAGRAPH: &str = "\n\n";

/// What becomes of an answer's reasoning.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) back: ReasoningBack,
    pub(super) to: Protocol,
    /// The caller speaks the upstream's protocol, so proofs go as they are.
    pub(super) is_native: bool,
    pub(super) maker: MadeBy<'static>,
    pub(super) key: CarrierKey,
}

impl Way {
    /// Whether the gate has to remember the reasoning, because the caller cannot send it back.
    pub(super) fn is_remembered(&self) -> bool {
        !self.is_native && (self.to == Protocol::Chat || self.back == ReasoningBack::Hidden)
    }

    /// Whether it goes into the opaque member of the caller's protocol.
    pub(super) fn is_carried(&self) -> bool {
        !self.is_native && self.to != Protocol::Chat && self.back != ReasoningBack::Hidden
    }
}

/// One piece of reasoning.
#[derive(Debug, Default)]
pub(super) struct Thought {
    /// The text, as far as it may have to be carried or remembered.
    pub(super) text: String,
    pub(super) proof: Option<Proof<'static>>,
    /// Its id at its maker.
    pub(super) item_id: Option<Cow<'static, str>>,
    is_too_long: bool,
}

impl Thought {
    /// Reasoning that is shown to nobody.
    pub(super) fn redacted(data: &str) -> Self {
        Self { proof: Some(Proof::Redacted(Cow::Owned(data.to_owned()))), ..Self::default() }
    }

    /// Reasoning with what a whole answer says of it.
    pub(super) fn whole(text: &[Cow<'_, str>], signature: Option<&str>, encrypted: Option<&str>) -> Self {
        let signature = signature.map(|data| Proof::Signature(Cow::Owned(data.to_owned())));
        let encrypted = encrypted.map(|data| Proof::Encrypted(Cow::Owned(data.to_owned())));
        let mut thought = Self { proof: signature.or(encrypted), ..Self::default() };
        for (at, paragraph) in text.iter().enumerate() {
            if at > 0 {
                thought.add(PARAGRAPH);
            }
            thought.add(paragraph);
        }
        thought
    }

    /// Whether nothing of it is said.
    pub(super) fn is_silent(&self, way: &Way) -> bool {
        way.back == ReasoningBack::Hidden
    }

    /// Takes a delta; gives back what the caller may read now.
    pub(super) fn take<'d>(&mut self, delta: Delta<'d>, way: &Way) -> Option<Delta<'d>> {
        if way.is_native && way.back == ReasoningBack::Shown {
            return Some(delta);
        }
        match &delta {
            Delta::Text(text) | Delta::Raw(text) => self.add(text),
            Delta::Break => self.add(PARAGRAPH),
            Delta::Signature(data) => {
                self.proof = Some(Proof::Signature(Cow::Owned(data.clone().into_owned())));
            }
            Delta::Encrypted(data) => {
                self.proof = Some(Proof::Encrypted(Cow::Owned(data.clone().into_owned())));
            }
            _ => {}
        }
        let is_proof = matches!(delta, Delta::Signature(_) | Delta::Encrypted(_));
        let is_said = match way.back {
            ReasoningBack::Hidden => false,
            // Chat has no place for a proof; its encoder notes so.
            _ if is_proof => !way.is_carried(),
            ReasoningBack::Shown => true,
            ReasoningBack::Carried => false,
        };
        is_said.then_some(delta)
    }

    fn add(&mut self, text: &str) {
        self.is_too_long |= self.text.len() + text.len() > TEXT_LIMIT_BYTES;
        if self.is_too_long {
            self.text = String::new();
        } else {
            self.text.push_str(text);
        }
    }

    /// The carrier of it. None if there is nothing to carry.
    pub(super) fn carrier(&self, way: &Way, with_text: bool) -> Option<String> {
        let is_provable = match &self.proof {
            Some(Proof::Encrypted(_) | Proof::Redacted(_)) => true,
            // A signature without the text it vouches for is worth nothing.
            Some(Proof::Signature(_)) => !self.is_too_long,
            None => !self.text.is_empty(),
        };
        if !is_provable {
            return None;
        }
        let text = if self.text.is_empty() || !with_text {
            Vec::new()
        } else {
            vec![Cow::Borrowed(self.text.as_str())]
        };
        let made_by = way.maker.clone();
        carrier::seal(
            &way.key,
            &Cargo { made_by, proof: self.proof.clone(), item_id: self.item_id.clone(), text },
        )
    }

    /// What the caller is given to send back.
    pub(super) fn proof_delta(&self, way: &Way) -> Option<Delta<'static>> {
        if !way.is_carried() {
            return None;
        }
        // The caller sends back what it was shown; but a signature vouches for each letter.
        let with_text = way.back == ReasoningBack::Carried || matches!(self.proof, Some(Proof::Signature(_)));
        let carrier = Cow::Owned(self.carrier(way, with_text)?);
        match way.to {
            Protocol::Messages => Some(Delta::Signature(carrier)),
            Protocol::Responses => Some(Delta::Encrypted(carrier)),
            Protocol::Chat => None,
        }
    }
}

/// How redacted reasoning begins for the caller. Only Messages has it; for Responses it is reasoning without text.
pub(super) fn begin_redacted(start: &mut PartStart<'_>, way: &Way) {
    if way.is_carried() {
        *start = PartStart::Reasoning;
    }
}
