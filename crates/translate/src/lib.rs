//! Translation of model answers from one protocol into another, through one intermediate representation.
//!
//! Each protocol has a decoder (wire to [`ir`]) and an encoder ([`ir`] to wire), once for whole answers and once for
//! streams; a pair of protocols is a decoder and an encoder put together, so no pair has code of its own.
//! What a target cannot say is left out *and noted*: see [`Translated::dropped`] and [`StreamTranslator::dropped`].
//!
//! This crate is pure: bytes in, bytes out.

mod answer;
mod chat;
mod envelope;
mod error;
mod frame;
pub mod ir;
mod json;
mod messages;
mod meter;
mod notes;
mod responses;
mod sequence;
mod stream;

pub use answer::{AnswerContext, Translated, translate_answer, translate_answer_noted};
pub use envelope::{envelope_data, envelope_data_noted};
pub use error::TranslateError;
pub use responses::ResponsesEcho;
pub use stream::StreamTranslator;
