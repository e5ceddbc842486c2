//! Length, sampling, form and service, as Chat writes them.

use super::encode::Writer;
use super::write::{Extras, FormatOut, SchemaOut, SettingsOut};
use crate::digest;
use crate::error::TranslateError;
use crate::family::{EndUser, MaxTokens};
use crate::ir::{OutputFormat, RequestTier};
use std::borrow::Cow;

/// Chat wants every schema to have a name; Messages has none.
const SCHEMA_NAME: &str = "answer";

/// The most characters OpenAI takes for an id of a user, or for a cache key.
const ID_LIMIT_CHARS: usize = 64;
/// Where the second hash of a shortened id starts.
const ID_START: u64 = 0x6c62_272e_07bb_0142;

impl<'r> Writer<'r, '_> {
    /// The settings.
    pub(super) fn settings(&mut self) -> Result<SettingsOut<'r>, TranslateError> {
        let request = self.request;
        let sampling = request.sampling;
        let mut settings = SettingsOut {
            temperature: sampling.temperature,
            top_p: sampling.top_p,
            top_k: self.known(self.habits.top_k, "top_k", sampling.top_k)?,
            frequency_penalty: sampling.frequency_penalty,
            presence_penalty: sampling.presence_penalty,
            seed: sampling.seed,
            stop: &request.stop,
            response_format: request.format.as_ref().map(|format| self.format(format)),
            verbosity: self.known(self.habits.verbosity, "verbosity", request.verbosity.as_deref())?,
            service_tier: self.known(
                self.habits.service_tier,
                "service_tier",
                request.service_tier.map(RequestTier::openai_word),
            )?,
            prompt_cache_key: request
                .cache_key
                .as_deref()
                .filter(|_| self.habits.cache_key)
                .map(|key| self.id(key)),
            ..SettingsOut::default()
        };
        match self.habits.max_tokens {
            MaxTokens::MaxTokens => settings.max_tokens = request.max_output_tokens,
            MaxTokens::MaxCompletionTokens => settings.max_completion_tokens = request.max_output_tokens,
        }
        // A `user` beside the `safety_identifier` is written back beside it.
        let has_both = self.own && request.extras.iter().any(|extra| extra.name == "user");
        let user = request.end_user.as_deref().map(|user| self.id(user));
        match self.habits.end_user {
            None => {}
            Some(EndUser::User) if !has_both => settings.user = user,
            Some(_) => settings.safety_identifier = user,
        }
        Ok(settings)
    }

    /// A setting that only some servers know: settled where this one does not.
    fn known<T>(
        &mut self,
        is_known: bool,
        field: &str,
        value: Option<T>,
    ) -> Result<Option<T>, TranslateError> {
        if is_known || value.is_none() {
            return Ok(value);
        }
        self.foreign.settle(field)?;
        Ok(None)
    }

    /// An id that servers bound. What the caller wrote for the same protocol is its own business.
    fn id(&self, id: &'r str) -> Cow<'r, str> {
        if self.own { Cow::Borrowed(id) } else { shortened(id) }
    }

    fn format(&self, format: &'r OutputFormat<'r>) -> FormatOut<'r> {
        match format {
            OutputFormat::Text => FormatOut::Text,
            OutputFormat::JsonObject => FormatOut::JsonObject,
            OutputFormat::JsonSchema { name, description, schema, strict } => {
                let extras = if self.own {
                    Extras::of("response_format.json_schema", &self.request.extras)
                } else {
                    Extras::default()
                };
                let name = name.as_deref().unwrap_or(SCHEMA_NAME);
                let description = description.as_deref();
                FormatOut::JsonSchema {
                    json_schema: SchemaOut { name, description, schema, strict: *strict, extras },
                }
            }
        }
    }
}

/// `id` itself if it is short enough, else a digest of it.
fn shortened(id: &str) -> Cow<'_, str> {
    if id.chars().count() <= ID_LIMIT_CHARS {
        return Cow::Borrowed(id);
    }
    Cow::Owned(digest::hex(id, ID_START))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_ids_are_shortened_and_always_alike() {
        assert_eq!(shortened("user_1"), "user_1");
        let long = "x".repeat(65);
        assert_eq!(shortened(&long).len(), 32);
        assert_eq!(shortened(&long), shortened(&long));
        assert_ne!(shortened(&long), shortened(&"y".repeat(65)));
        assert_eq!(shortened(&"é".repeat(64)), "é".repeat(64));
    }
}
