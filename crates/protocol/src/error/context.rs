//! How vendors say that a prompt does not fit a model's context window.

use super::{ApiError, ErrorKind};

/// `error.code`, or `error.type` where a vendor puts it there.
const NAMES: [&str; 4] = [
    "context_length_exceeded",
    "context_window_exceeded",
    "model_context_window_exceeded",
    "prompt_too_long",
];

/// Words of the message, in lower case; each entry's words all have to be there.
const WORDS: &[&[&str]] = &[
    // Anthropic, and Claude at other clouds.
    &["prompt is too long"],
    &["exceed context limit"],
    &["input is too long for requested model"],
    // OpenAI Chat; DeepSeek, Mistral, vLLM and others in its words.
    &["maximum context length"],
    // OpenAI Responses.
    &["exceeds the context window"],
    &["context length", "exceed"],
    // Google.
    &["input token count", "exceeds the maximum number of tokens"],
    // xAI.
    &["maximum prompt length"],
    // Moonshot.
    &["exceeded model token limit"],
    // Zhipu.
    &["prompt exceeds max length"],
    // Alibaba.
    &["range of input length should be"],
    // ByteDance.
    &["exceed max message tokens"],
    // llama.cpp and LM Studio.
    &["exceeds the available context size"],
    &["context size has been exceeded"],
];

impl ApiError {
    /// Whether the upstream refused the request because its prompt does not fit the model's context window.
    #[must_use]
    pub fn is_context_overflow(&self) -> bool {
        let Some(verdict) = self.upstream.as_deref().filter(|_| self.kind == ErrorKind::UpstreamRefused)
        else {
            return false;
        };
        let names = [&verdict.code, &verdict.error_type];
        if names.into_iter().flatten().any(|name| NAMES.contains(&name.as_str())) {
            return true;
        }
        let message = self.message.to_lowercase();
        matches!(verdict.status, 400 | 413 | 422)
            && WORDS.iter().any(|words| words.iter().all(|word| message.contains(word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UpstreamVerdict;

    fn refused(status: u16, code: Option<&str>, message: &str) -> ApiError {
        let code = code.map(str::to_owned);
        ApiError::refused(message, UpstreamVerdict { status, code, ..UpstreamVerdict::default() })
    }

    #[test]
    fn each_vendors_words_are_known() {
        for message in [
            "prompt is too long: 210000 tokens > 200000 maximum",
            "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease it",
            "Input is too long for requested model.",
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130500 tokens.",
            "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            "This model's maximum prompt length is 131072 but the request contains 140000 tokens.",
            "Invalid request: Your request exceeded model token limit: 8192",
            "Prompt exceeds max length",
            "Range of input length should be [1, 30720]",
            "Total tokens of image and text exceed max message tokens",
            "request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it",
        ] {
            assert!(refused(400, None, message).is_context_overflow(), "{message}");
            assert!(!refused(500, None, message).is_context_overflow(), "{message}");
        }
        assert!(refused(400, Some("context_length_exceeded"), "too much").is_context_overflow());
    }

    #[test]
    fn other_refusals_are_not_taken_for_it() {
        for message in [
            "max_tokens: 99999 > 64000, which is the maximum allowed",
            "temperature is too high",
            "Invalid schema",
        ] {
            assert!(!refused(400, None, message).is_context_overflow(), "{message}");
        }
        assert!(!ApiError::of(ErrorKind::BodyTooLarge).is_context_overflow());
    }
}
