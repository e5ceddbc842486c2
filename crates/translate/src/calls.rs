//! What every answer's tool calls keep to, whatever the upstream gave: each id names one call, and the stop reason says
//! whether there are calls to run.

use crate::error::TranslateError;
use crate::ir::{Answer, Finish, PartBody, PartStart, StopReason, StreamEvent};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use tollgate_protocol::Protocol;

/// How many ids of one answer are remembered.
const REMEMBERED: usize = 1 << 16;

/// The calls of an answer so far.
///
/// Some servers number the calls of each choice, or of each reply, anew. A result names its call by the id, so two
/// calls with one id cannot both be answered: the second gets a number behind its id. Some say `stop` where there are
/// calls, or the other way round: a client then runs none of them, or waits for what does not come. A call that names no
/// tool cannot be run, and no protocol can say it: the answer is malformed.
#[derive(Debug)]
pub(crate) struct Calls {
    from: Protocol,
    any: bool,
    /// The ids, by their hash.
    ids: HashSet<u64>,
    /// What became of the ids of the provider's own calls that were taken, for the results that name them.
    renamed: HashMap<u64, String>,
}

impl Calls {
    /// No calls yet, of an upstream that speaks `from`.
    pub(crate) fn new(from: Protocol) -> Self {
        Self { from, any: false, ids: HashSet::new(), renamed: HashMap::new() }
    }

    /// The event, as it is to be written.
    pub(crate) fn event<'a>(&mut self, event: StreamEvent<'a>) -> Result<StreamEvent<'a>, TranslateError> {
        Ok(match event {
            StreamEvent::PartStart {
                part,
                item_id,
                phase,
                start: PartStart::ToolCall { id, name, namespace, kind },
            } => {
                self.named(&name)?;
                self.any = true;
                let start = PartStart::ToolCall { id: self.own(id), name, namespace, kind };
                StreamEvent::PartStart { part, item_id, phase, start }
            }
            StreamEvent::PartStart { part, item_id, phase, mut start } => {
                match &mut start {
                    PartStart::ServerToolCall { id, name } => {
                        self.named(name)?;
                        self.server_call(id);
                    }
                    PartStart::ServerToolResult { call_id, .. } => self.server_result(call_id),
                    _ => {}
                }
                StreamEvent::PartStart { part, item_id, phase, start }
            }
            StreamEvent::Finish(mut finish) => {
                self.finish(&mut finish);
                StreamEvent::Finish(finish)
            }
            other => other,
        })
    }

    /// Changes a whole answer into what is to be written.
    pub(crate) fn answer(&mut self, answer: &mut Answer<'_>) -> Result<(), TranslateError> {
        for part in &mut answer.parts {
            match &mut part.body {
                PartBody::ToolCall(call) => {
                    self.named(&call.name)?;
                    self.any = true;
                    call.id = self.own(std::mem::take(&mut call.id));
                }
                PartBody::ServerToolCall { id, name, .. } => {
                    self.named(name)?;
                    self.server_call(id);
                }
                PartBody::ServerToolResult { call_id, .. } => self.server_result(call_id),
                _ => {}
            }
        }
        self.finish(&mut answer.finish);
        Ok(())
    }

    fn named(&self, name: &str) -> Result<(), TranslateError> {
        if name.is_empty() {
            return Err(TranslateError::malformed(self.from, "a tool call has no name"));
        }
        Ok(())
    }

    fn finish(&self, finish: &mut Finish<'_>) {
        finish.stop = self.stop(finish.stop);
        if finish.stop != StopReason::StopSequence {
            finish.stop_sequence = None;
        }
    }

    fn stop(&self, said: StopReason) -> StopReason {
        match (said, self.any) {
            (StopReason::ToolUse, false) => StopReason::EndTurn,
            (StopReason::EndTurn | StopReason::StopSequence | StopReason::PauseTurn, true) => {
                StopReason::ToolUse
            }
            (said, _) => said,
        }
    }

    fn server_call(&mut self, id: &mut Cow<'_, str>) {
        let before = hash(id);
        let len = id.len();
        *id = self.own(std::mem::take(id));
        if id.len() != len {
            self.renamed.insert(before, id.clone().into_owned());
        }
    }

    fn server_result(&self, call_id: &mut Cow<'_, str>) {
        if let Some(id) = self.renamed.get(&hash(call_id)) {
            *call_id = Cow::Owned(id.clone());
        }
    }

    /// No id stays none: the encoder makes one.
    fn own<'a>(&mut self, id: Cow<'a, str>) -> Cow<'a, str> {
        if id.is_empty() || self.ids.len() >= REMEMBERED || self.ids.insert(hash(&id)) {
            return id;
        }
        let mut number = self.ids.len();
        loop {
            let other = format!("{id}_{number}");
            if self.ids.insert(hash(&other)) {
                return Cow::Owned(other);
            }
            number += 1;
        }
    }
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// The id in the characters that Messages takes back: `^[a-zA-Z0-9_-]+$`. Every other byte becomes `_` and its two
/// hexadecimal digits, so that different ids stay different.
pub(crate) fn plain(id: &str) -> Cow<'_, str> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if id.bytes().all(fits) {
        return Cow::Borrowed(id);
    }
    let mut plain = String::with_capacity(id.len() + 8);
    for byte in id.bytes() {
        if fits(byte) {
            plain.push(char::from(byte));
        } else {
            plain.push_str(&format!("_{byte:02x}"));
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_one_call() {
        let mut calls = Calls::new(Protocol::Chat);
        let mut own = |id: &'static str| calls.own(id.into()).into_owned();
        assert_eq!(own("call_0"), "call_0");
        assert_eq!(own("call_1"), "call_1");
        assert_eq!(own("call_0_2"), "call_0_2");
        let again = own("call_0");
        assert_eq!(again, "call_0_3");
        assert_eq!(own(""), "");
        assert_eq!(own(""), "");
    }

    #[test]
    fn the_stop_reason_says_whether_there_are_calls() {
        let (none, some) = (Calls::new(Protocol::Chat), Calls { any: true, ..Calls::new(Protocol::Chat) });
        assert_eq!(none.stop(StopReason::ToolUse), StopReason::EndTurn);
        assert_eq!(some.stop(StopReason::EndTurn), StopReason::ToolUse);
        for kept in [StopReason::MaxTokens, StopReason::Refusal, StopReason::ContextWindow] {
            assert_eq!(none.stop(kept), kept);
            assert_eq!(some.stop(kept), kept);
        }
        assert_eq!(none.stop(StopReason::StopSequence), StopReason::StopSequence);
    }

    #[test]
    fn a_result_goes_with_the_last_call_of_its_id() {
        let mut calls = Calls::new(Protocol::Messages);
        let mut ids = [Cow::Borrowed("s"), Cow::Borrowed("s"), Cow::Borrowed("")];
        ids.iter_mut().for_each(|id| calls.server_call(id));
        assert_eq!(ids, ["s", "s_1", ""]);
        let mut result = Cow::Borrowed("s");
        calls.server_result(&mut result);
        assert_eq!(result, "s_1");
        assert_eq!(calls.stop(StopReason::EndTurn), StopReason::EndTurn);
    }

    #[test]
    fn a_stop_sequence_belongs_to_its_reason() {
        let calls = Calls::new(Protocol::Messages);
        for (stop, want) in [(StopReason::StopSequence, Some("END".into())), (StopReason::MaxTokens, None)] {
            let mut finish = Finish { stop, stop_sequence: Some("END".into()), ..Finish::default() };
            calls.finish(&mut finish);
            assert_eq!(finish.stop_sequence, want);
        }
    }

    #[test]
    fn other_characters_are_written_out() {
        assert_eq!(plain("toolu_01-A"), "toolu_01-A");
        assert_eq!(plain("functions.Bash:0"), "functions_2eBash_3a0");
        assert_eq!(plain("ü"), "_c3_bc");
    }
}
