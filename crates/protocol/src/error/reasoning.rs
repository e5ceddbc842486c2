//! Whether an upstream refuses a request because of reasoning in it that another one signed.

use super::ApiError;

/// Whether the upstream refused the request because it does not take the signed reasoning that came with it: another
/// organization, another model or nobody made it, or it was changed.
#[must_use]
pub fn is_reasoning_refused(error: &ApiError) -> bool {
    const CODES: [&str; 5] = [
        "invalid_encrypted_content",
        "model_binding_mismatch",
        "organization_binding_mismatch",
        "prefix_binding_mismatch",
        "end_user_binding_mismatch",
    ];
    let Some(verdict) = error.upstream.as_deref().filter(|verdict| verdict.status == 400) else {
        return false;
    };
    let is_code = |code: &Option<String>| code.as_deref().is_some_and(|code| CODES.contains(&code));
    is_code(&verdict.code) || is_code(&verdict.error_type) || is_told(&error.message)
}

/// The words of Anthropic and OpenAI, and of those that pass them on under other codes.
fn is_told(message: &str) -> bool {
    const WORDS: [&[&str]; 5] = [
        &["invalid `signature` in `thinking` block"],
        &["invalid `data` in `redacted_thinking` block"],
        &["encrypted content", "could not be verified"],
        &["blocks in the latest assistant message cannot be modified"],
        &["_binding_mismatch"],
    ];
    let message = message.to_ascii_lowercase();
    WORDS.iter().any(|words| words.iter().all(|word| message.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Protocol, read_upstream_error};

    fn is_refused(status: u16, protocol: Protocol, body: &str) -> bool {
        let read = read_upstream_error(protocol, status, body.as_bytes());
        is_reasoning_refused(&ApiError::from_upstream(status, &read))
    }

    #[test]
    fn it_is_told_by_codes_and_words() {
        let messages = |message: &str| {
            let error = serde_json::json!({"type": "invalid_request_error", "message": message});
            serde_json::json!({"type": "error", "error": error}).to_string()
        };
        for (status, message, expected) in [
            (400, "messages.1.content.0: Invalid `signature` in `thinking` block", true),
            (400, "messages.3.content.1: Invalid `data` in `redacted_thinking` block", true),
            (
                400,
                "messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response.",
                true,
            ),
            (400, "thinking block rejected: organization_binding_mismatch", true),
            (400, "messages.1.content.0.thinking.signature: Field required", false),
            (400, "max_tokens: Field required", false),
            (500, "Invalid `signature` in `thinking` block", false),
        ] {
            assert_eq!(is_refused(status, Protocol::Messages, &messages(message)), expected, "{message}");
        }
        let responses = |code: &str, message: &str| {
            let error =
                serde_json::json!({"type": "invalid_request_error", "code": code, "message": message});
            serde_json::json!({ "error": error }).to_string()
        };
        let told = "The encrypted content for item rs_1 could not be verified. Reason: Encrypted content could not be decrypted or parsed.";
        for (code, message, expected) in [
            ("invalid_encrypted_content", "no", true),
            ("invalid_value", told, true),
            ("invalid_value", "Invalid value: 'x'.", false),
        ] {
            assert_eq!(
                is_refused(400, Protocol::Responses, &responses(code, message)),
                expected,
                "{message}"
            );
        }
        assert!(!is_reasoning_refused(&ApiError::invalid_field(
            "messages",
            "Invalid `signature` in `thinking` block"
        )));
    }
}
