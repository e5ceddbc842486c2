//! Translation of requests, answers and streams from one protocol into another, through one intermediate
//! representation.
//!
//! Each protocol has decoders (wire to [`ir`]) and encoders ([`ir`] to wire): for requests, for whole answers, for
//! streams. A pair of protocols is a decoder and an encoder put together, so no pair has code of its own.
//!
//! A request is decoded, settled and encoded ([`translate_request`]): `reasoning` decides whose earlier reasoning may
//! go along, `settle` what the upstream's model takes, `repair` mends the order of turns, calls and results, and what
//! no pass and no encoder can say is looked up in the [`policy`] table: refused, or left out *and noted*. What was
//! changed on the way up is written into a [`WayBack`].
//!
//! An answer is decoded, restored and encoded ([`translate_answer`], [`StreamTranslator`]): a [`Restorer`] undoes what
//! the [`WayBack`] tells and seals reasoning into a [`carrier`] that the caller can send back. [`traits`] knows the
//! models, [`family`] the habits of upstreams that speak Chat, [`grammar`] what each protocol's clients rely on.
//!
//! This crate is pure: bytes in, bytes out.

mod answer;
mod back;
mod calls;
pub mod carrier;
mod chat;
mod data_url;
mod digest;
mod envelope;
mod error;
pub mod family;
mod frame;
pub mod grammar;
pub mod ids;
pub mod ir;
mod json;
mod messages;
mod meter;
mod middle;
mod notes;
pub mod policy;
mod reasoning;
mod repair;
mod request;
mod responses;
mod restore;
mod sequence;
mod settle;
mod stream;
mod tally;
mod target;
pub mod traits;

pub use answer::{AnswerContext, Translated, translate_answer};
pub use back::{CallerTool, CallerToolKind, ReasoningBack, WayBack};
pub use envelope::envelope_data;
pub use error::TranslateError;
pub use request::{Prepared, decode as decode_request, translate_request};
pub use responses::ResponsesEcho;
pub use restore::{Recollection, Restorer};
pub use stream::StreamTranslator;
pub use target::{Forgetful, Remembered, Target};
