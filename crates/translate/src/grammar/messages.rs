//! The grammar of a Messages stream.

use super::kept::{Ids, Joined};
use super::read::{
    Check, broken, filled, is, is_json_object, is_plain, list, need, number, object, parse, text,
};
use super::{Ended, answer};
use serde_json::Value;

/// How far the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Before,
    Content,
    /// After `message_delta`.
    Ending,
    Stopped,
    Failed,
}

/// The block that is open.
#[derive(Debug)]
struct Open {
    kind: Kind,
    input: Joined,
    signed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thinking,
    ToolUse,
    ServerToolUse,
    Compaction,
    /// Of a tool that is new at the provider: nothing is known of it but that it has input.
    NewToolUse,
    /// No deltas belong to it.
    Sealed,
}

#[derive(Debug, Default)]
pub(super) struct Stream {
    state: State,
    open: Option<Open>,
    blocks: u64,
    ids: Ids,
    tool_uses: u64,
    bad_input: bool,
    stop_reason: Option<String>,
}

impl Stream {
    pub(super) fn frame(&mut self, event: &str, data: &[u8]) -> Check {
        let ended = matches!(self.state, State::Stopped | State::Failed);
        need(!ended, "after_end", format!("`{event}` after the end"))?;
        let data = parse(data)?;
        is(&data, "type", event, "event_name")?;
        match event {
            "ping" => return Ok(()),
            "error" => return self.error(&data),
            "message_start" => return self.start(&data),
            _ => {}
        }
        need(self.state != State::Before, "start_first", format!("`{event}` before message_start"))?;
        match event {
            "content_block_start" => self.block_start(&data),
            "content_block_delta" => self.block_delta(&data),
            "content_block_stop" => self.block_stop(&data),
            "message_delta" => self.message_delta(&data),
            "message_stop" => self.message_stop(),
            other => broken("unknown_event", format!("`{other}`")),
        }
    }

    pub(super) fn end(&self) -> Check<Ended> {
        match self.state {
            State::Stopped => Ok(Ended::Well),
            State::Failed => Ok(Ended::WithError),
            _ => broken("cut", "neither message_stop nor error"),
        }
    }

    fn error(&mut self, data: &Value) -> Check {
        filled(&data["error"], "type", "error_shape")?;
        text(&data["error"], "message", "error_shape")?;
        self.state = State::Failed;
        Ok(())
    }

    fn start(&mut self, data: &Value) -> Check {
        need(self.state == State::Before, "start_once", "a second message_start")?;
        let message = &data["message"];
        answer::message_head(message, "start_shape")?;
        need(list(message, "content", "start_shape")?.is_empty(), "start_shape", "`content` is not empty")?;
        need(message["stop_reason"].is_null(), "start_shape", "`stop_reason` is not null")?;
        answer::messages_usage(&message["usage"])?;
        self.state = State::Content;
        Ok(())
    }

    fn block_start(&mut self, data: &Value) -> Check {
        need(self.open.is_none(), "block_order", "a block inside another")?;
        need(self.state == State::Content, "block_order", "a block after message_delta")?;
        let index = number(data, "index", "block_order")?;
        need(index == self.blocks, "block_order", format!("block {index} is not number {}", self.blocks))?;
        let block = &data["content_block"];
        let kind = kind(block)?;
        if matches!(kind, Kind::ToolUse | Kind::ServerToolUse) {
            let id = block["id"].as_str().unwrap_or_default();
            need(is_plain(id), "tool_id", format!("`{id}` has characters that are not taken back"))?;
            need(self.ids.add(id), "tool_id", format!("`{id}` comes twice"))?;
            self.tool_uses += u64::from(kind == Kind::ToolUse);
        }
        self.open = Some(Open { kind, input: Joined::default(), signed: false });
        self.blocks += 1;
        Ok(())
    }

    /// The open block, which the event's index must name.
    fn open_at(&mut self, data: &Value, rule: &'static str) -> Check<&mut Open> {
        let index = number(data, "index", rule)?;
        match &mut self.open {
            Some(open) if index + 1 == self.blocks => Ok(open),
            _ => broken(rule, format!("block {index} is not open")),
        }
    }

    fn block_delta(&mut self, data: &Value) -> Check {
        let open = self.open_at(data, "delta_place")?;
        let delta = &data["delta"];
        match (open.kind, text(delta, "type", "delta_shape")?) {
            (Kind::Text, "text_delta") => text(delta, "text", "delta_shape").map(drop),
            (Kind::Text, "citations_delta") => object(delta, "citation", "delta_shape"),
            (Kind::Compaction, "compaction_delta") => Ok(()),
            (Kind::Thinking, "thinking_delta") => {
                text(delta, "thinking", "delta_shape")?;
                need(!open.signed, "signature", "thinking behind its signature")
            }
            (Kind::Thinking, "signature_delta") => {
                text(delta, "signature", "delta_shape")?;
                need(!open.signed, "signature", "a second signature")?;
                open.signed = true;
                Ok(())
            }
            (Kind::ToolUse | Kind::ServerToolUse | Kind::NewToolUse, "input_json_delta") => {
                open.input.push(text(delta, "partial_json", "delta_shape")?);
                Ok(())
            }
            (kind, delta) => broken("delta_kind", format!("`{delta}` in a {kind:?} block")),
        }
    }

    fn block_stop(&mut self, data: &Value) -> Check {
        let open = self.open_at(data, "stop_place")?;
        need(open.kind != Kind::Thinking || open.signed, "signature", "thinking ends without one")?;
        let bad = open.input.fails(|input| input.is_empty() || is_json_object(input));
        self.bad_input |= bad;
        self.open = None;
        Ok(())
    }

    fn message_delta(&mut self, data: &Value) -> Check {
        need(self.open.is_none(), "message_delta_place", "message_delta inside a block")?;
        let delta = &data["delta"];
        let reason = answer::messages_stop(delta, self.tool_uses > 0)?;
        let same = self.stop_reason.as_deref().is_none_or(|before| before == reason);
        need(same, "stop_reason", "another reason than before")?;
        number(&data["usage"], "output_tokens", "usage")?;
        self.stop_reason = Some(reason.to_owned());
        self.state = State::Ending;
        // Where generation was cut off, so was the input.
        let bad = std::mem::take(&mut self.bad_input) && reason == "tool_use";
        need(!bad, "tool_input", "the pieces of an input are no JSON object")
    }

    fn message_stop(&mut self) -> Check {
        need(self.state == State::Ending, "message_stop_place", "message_stop before message_delta")?;
        self.state = State::Stopped;
        Ok(())
    }
}

/// What a block is, if it begins as such a block does: empty, so that an accumulator adds nothing twice.
fn kind(block: &Value) -> Check<Kind> {
    answer::messages_block(block, "block_shape")?;
    let empty = |member: &str| {
        let is_empty = text(block, member, "block_shape")?.is_empty();
        need(is_empty, "block_shape", format!("`{member}` is not empty at the start"))
    };
    let kind = block["type"].as_str().unwrap_or_default();
    Ok(match kind {
        "text" => {
            empty("text")?;
            Kind::Text
        }
        "thinking" => {
            empty("thinking")?;
            empty("signature")?;
            Kind::Thinking
        }
        "tool_use" | "server_tool_use" | "mcp_tool_use" => {
            let no_input = block["input"].as_object().is_some_and(serde_json::Map::is_empty);
            need(no_input, "block_shape", "`input` is not {} at the start")?;
            if kind == "tool_use" { Kind::ToolUse } else { Kind::ServerToolUse }
        }
        "compaction" => Kind::Compaction,
        other if other.ends_with("tool_use") => Kind::NewToolUse,
        _ => Kind::Sealed,
    })
}
