//! Whole answers, and the shapes that they share with the events of streams.

mod chat;
mod messages;
mod responses;

pub(super) use chat::{check as chat, finish as chat_finish, usage as chat_usage};
pub(super) use messages::{
    block as messages_block, check as messages, head as message_head, stop as messages_stop,
    usage as messages_usage,
};
pub(super) use responses::{
    check as responses, end as responses_end, head as responses_head, item as responses_item,
    part as responses_part,
};
