//! What will be answered, before it is written in a protocol.

use tollgate_base::Usage;

use crate::seal::Seal;

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// Where the ids of the answer and of its parts come from.
    pub(crate) id_state: u64,
    /// What its reasoning is sealed with.
    pub(crate) seal: Seal,
    pub(crate) parts: Vec<Part>,
    pub(crate) stop: Stop,
    pub(crate) stop_sequence: Option<String>,
    pub(crate) usage: Usage,
}

/// One piece of an answer, in order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Part {
    Thinking(Vec<String>),
    /// Thinking that is not shown.
    Redacted,
    /// The pieces the text is streamed in.
    Text(Vec<String>),
    Refusal(String),
    Call(Call),
    /// A web search that the provider ran; it is counted, and Responses shows it.
    Search,
    /// The same with what was found, which every protocol shows and the text after it cites.
    Found(Vec<Source>),
}

/// A page that a web search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) url: String,
    pub(crate) title: String,
}

/// One tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) namespace: Option<String>,
    /// The input is free text, not JSON.
    pub(crate) custom: bool,
    pub(crate) input: String,
}

/// Why the answer ends, in Anthropic's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    EndTurn,
    Sequence,
    MaxTokens,
    ToolUse,
    PauseTurn,
    Refusal,
    ContextWindow,
}

impl Stop {
    /// Reads any protocol's word for it.
    pub(crate) fn read(word: &str) -> Result<Self, String> {
        Ok(match word {
            "end_turn" | "stop" | "completed" => Self::EndTurn,
            "stop_sequence" => Self::Sequence,
            "max_tokens" | "length" | "max_output_tokens" => Self::MaxTokens,
            "tool_use" | "tool_calls" => Self::ToolUse,
            "pause_turn" => Self::PauseTurn,
            "refusal" | "content_filter" => Self::Refusal,
            "model_context_window_exceeded" => Self::ContextWindow,
            other => return Err(format!("`{other}` is no stop reason")),
        })
    }
}

impl Answer {
    /// Whether any tool is called.
    pub(crate) fn has_calls(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Call(_)))
    }

    /// Whether it shows or hides any thinking.
    pub(crate) fn has_thinking(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Thinking(_) | Part::Redacted))
    }

    /// What the texts of the answer cite.
    pub(crate) fn sources(&self) -> &[Source] {
        let mut parts = self.parts.iter();
        let found = parts.find_map(|part| if let Part::Found(sources) = part { Some(sources) } else { None });
        found.map(Vec::as_slice).unwrap_or_default()
    }
}

/// Cuts a text into words with the space after each; long texts into at most about 2,000 pieces.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    let least = text.len() / 2_000;
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for word in text.split_inclusive([' ', '\n']) {
        piece.push_str(word);
        if piece.len() > least {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

/// Cuts JSON or other input into short pieces, as providers stream it: in the middle of anything.
pub(crate) fn input_pieces(input: &str) -> Vec<String> {
    let length = (input.len() / 500).max(12);
    let mut pieces = Vec::new();
    let mut rest = input;
    while rest.len() > length {
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(length));
        pieces.push(piece.to_owned());
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_join_to_the_text() {
        let long = "word ".repeat(5_000);
        for text in ["", "one", "one two  three\nfour ", " x", long.as_str()] {
            assert_eq!(pieces(text).concat(), text);
            assert_eq!(input_pieces(text).concat(), text);
        }
        assert_eq!(pieces("one two"), ["one ", "two"]);
        assert!(pieces(&long).len() <= 2_001);
        assert_eq!(input_pieces("ääääääääääää").concat(), "ääääääääääää");
    }
}
