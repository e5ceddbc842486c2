//! How many tokens a model makes of a text: exact vocabularies for OpenAI's models, a stated factor for Claude's.
//!
//! Claude has no public tokenizer: its count is the o200k count times a factor measured on mixed text, 1.18 up to the 4.6
//! models and 1.53 from 4.7 on (sammcj/ingest, issue 65). All other models count as o200k.

use std::sync::OnceLock;

use splintr::{AnyTokenizer, SpecialMode};
use tokio::runtime::{Handle, RuntimeFlavor};
use tollgate_protocol::{Observed, tokens_of_bytes};

/// A vocabulary that takes some 100 ms and 25 MB to load, so it is loaded by the first count that needs it.
struct Table {
    name: &'static str,
    loaded: OnceLock<Option<AnyTokenizer>>,
}

static O200K: Table = Table { name: "o200k_base", loaded: OnceLock::new() };
static CL100K: Table = Table { name: "cl100k_base", loaded: OnceLock::new() };

impl Table {
    fn get(&self) -> Option<&AnyTokenizer> {
        let load = || self.loaded.get_or_init(|| splintr::pretrained::from_pretrained(self.name).ok());
        let loaded = match self.loaded.get() {
            Some(loaded) => loaded,
            None => aside(load),
        };
        loaded.as_ref()
    }
}

/// Does what takes long without keeping the other tasks of this thread waiting.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

/// What a model makes of texts. Most requests need none of it, so nothing is told of the name before it is asked.
pub(crate) struct Vocabulary<'a> {
    model: &'a str,
}

impl<'a> Vocabulary<'a> {
    /// The vocabulary of the model with this name.
    pub(crate) const fn of(model: &'a str) -> Self {
        Self { model }
    }

    /// As many tokens as `text_bytes` of a text come to that begins with `head`; the count of `head` is exact as far as
    /// the vocabulary is known. `None` if the table is not to be had.
    pub(crate) fn tokens(&self, head: &str, text_bytes: u64) -> Option<u64> {
        // Ordinary mode: a special token's name written in a text is text.
        let table = if uses_cl100k(self.model) { &CL100K } else { &O200K };
        let counted = table.get()?.encode_with(head, &SpecialMode::Ordinary).ok()?.len() as u64;
        let whole = match head.len() as u64 {
            0 => 0,
            counted_bytes => u128::from(counted) * u128::from(text_bytes) / u128::from(counted_bytes),
        };
        Some(u64::try_from(whole * u128::from(percent_of_o200k(self.model)) / 100).unwrap_or(u64::MAX))
    }

    /// About how many tokens an output comes to; at least one if there is any.
    pub(crate) fn tokens_of_output(&self, observed: &Observed) -> u64 {
        let head = observed.output_head.as_str();
        let counted = (!head.is_empty()).then(|| self.tokens(head, observed.output_bytes)).flatten();
        let by_size = || self.scaled(tokens_of_bytes(observed.output_bytes));
        counted.unwrap_or_else(by_size).max(u64::from(observed.output_started))
    }

    /// What a count by size comes to in this vocabulary, rounded up.
    pub(crate) fn scaled(&self, tokens: u64) -> u64 {
        tokens.saturating_mul(percent_of_o200k(self.model)).div_ceil(100)
    }
}

/// OpenAI's models before GPT-4o have the older vocabulary.
fn uses_cl100k(model: &str) -> bool {
    let old_gpt4 = model.starts_with("gpt-4") && !model.starts_with("gpt-4o") && !model.starts_with("gpt-4.");
    old_gpt4 || model.starts_with("gpt-3.5")
}

/// How many tokens a model makes of a text that is a hundred in o200k.
fn percent_of_o200k(model: &str) -> u64 {
    const OLD_TOKENIZER: [&str; 6] = [
        "claude-2",
        "claude-3",
        "claude-opus-4-1",
        "claude-opus-4-5",
        "claude-opus-4-6",
        "claude-opus-4-2025",
    ];
    if !model.contains("claude") {
        return 100;
    }
    let small_4 = ["claude-sonnet-4", "claude-haiku-4"].iter().any(|family| model.contains(family));
    if small_4 || OLD_TOKENIZER.iter().any(|family| model.contains(family)) { 118 } else { 153 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "The quick brown fox jumps over the lazy dog. ";

    #[test]
    fn a_head_tells_of_the_whole() {
        let vocabulary = Vocabulary::of("gpt-4o");
        let head = vocabulary.tokens(TEXT, TEXT.len() as u64).unwrap();
        assert_eq!(head, 11, "ten words and points, and the space at the end");
        assert_eq!(vocabulary.tokens(TEXT, 7 * TEXT.len() as u64), Some(7 * head));
        assert_eq!(vocabulary.tokens("", 0), Some(0));
        assert!(vocabulary.tokens(TEXT, u64::MAX).is_some(), "no count overflows");
        let claude = Vocabulary::of("claude-opus-5-5");
        assert_eq!(claude.tokens(TEXT, 100 * TEXT.len() as u64), Some(100 * head * 153 / 100));
    }

    #[test]
    fn an_output_without_text_is_told_by_its_size() {
        let vocabulary = Vocabulary::of("claude-opus-5-5");
        let unseen = Observed { output_bytes: 41, output_started: true, ..Observed::default() };
        assert_eq!(vocabulary.tokens_of_output(&unseen), 17);
        let hidden = Observed { output_started: true, ..Observed::default() };
        assert_eq!(vocabulary.tokens_of_output(&hidden), 1);
        assert_eq!(vocabulary.tokens_of_output(&Observed::default()), 0);
    }

    #[test]
    fn a_vocabulary_loads_beside_the_tasks_of_a_runtime() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let counted = runtime.block_on(async {
            tokio::spawn(async { Vocabulary::of("gpt-4").tokens("hello world", 11) }).await
        });
        assert_eq!(counted.unwrap(), Some(2));
    }
}
