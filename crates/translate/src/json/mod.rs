//! Reading JSON the way upstreams write it: strings that borrow, numbers that may come as strings, and JSON text
//! carried along without being taken apart; and writing bodies.

mod compact;
mod count;
mod extras;
pub(crate) mod member;
mod object;
pub(crate) mod read;
mod text;
mod write;

pub(crate) use compact::{Completeness, compact, is_object, own_json};
pub(crate) use count::Count;
pub(crate) use extras::Extras;
pub(crate) use object::{to_object, wrap_text};
pub(crate) use text::{Text, into_cow, non_empty, text_or_json};
pub(crate) use write::to_vec;
