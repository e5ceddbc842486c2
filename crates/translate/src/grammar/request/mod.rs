//! What a strict provider refuses in a request, as far as its shape tells: nothing here depends on a model.

mod chat;
mod chat_turns;
mod common;
mod messages;
mod messages_blocks;
mod messages_cache;
mod messages_turns;
mod responses;
mod responses_items;

pub(super) use chat::check as chat;
pub(super) use messages::check as messages;
pub(super) use responses::check as responses;
