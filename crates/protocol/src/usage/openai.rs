//! The token counts of OpenAI's two protocols, which both put cached and written tokens inside the prompt.

use serde::Deserialize;
use tollgate_base::Usage;

use super::wire::{Count, Object};

/// `usage` of Chat and of Responses, with the names of both and those of vendors.
///
/// Chat says `prompt_tokens` and `completion_tokens`, Responses `input_tokens` and `output_tokens`; the details are
/// named after them. Some gateways send both, one of them zero, so the larger counts. DeepSeek adds
/// `prompt_cache_hit_tokens` and `prompt_cache_miss_tokens`, Moonshot a top-level `cached_tokens`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct OpenAiUsage {
    prompt_tokens: Count,
    input_tokens: Count,
    completion_tokens: Count,
    output_tokens: Count,
    prompt_tokens_details: Object<PromptDetails>,
    input_tokens_details: Object<PromptDetails>,
    completion_tokens_details: Object<OutputDetails>,
    output_tokens_details: Object<OutputDetails>,
    prompt_cache_hit_tokens: Count,
    prompt_cache_miss_tokens: Count,
    cached_tokens: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct PromptDetails {
    cached_tokens: Count,
    cache_write_tokens: Count,
    cache_write_tokens_details: Object<WriteDetails>,
    audio_tokens: Count,
    image_tokens: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct WriteDetails {
    ttl_30m_tokens: Count,
    ttl_12h_tokens: Count,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Count,
    audio_tokens: Count,
    image_tokens: Count,
}

impl PromptDetails {
    fn update(&mut self, later: &Self) {
        self.cached_tokens.update(later.cached_tokens);
        self.cache_write_tokens.update(later.cache_write_tokens);
        let (split, new) = (&mut self.cache_write_tokens_details.0, &later.cache_write_tokens_details.0);
        split.ttl_30m_tokens.update(new.ttl_30m_tokens);
        split.ttl_12h_tokens.update(new.ttl_12h_tokens);
        self.audio_tokens.update(later.audio_tokens);
        self.image_tokens.update(later.image_tokens);
    }

    /// Written tokens and how many of them live long. Those that no detail assigns live short.
    fn written(&self) -> (u64, u64) {
        let split = &self.cache_write_tokens_details.0;
        let (short, long) = (split.ttl_30m_tokens.or_zero(), split.ttl_12h_tokens.or_zero());
        (self.cache_write_tokens.or_zero().max(short.saturating_add(long)), long)
    }
}

impl OutputDetails {
    fn update(&mut self, later: &Self) {
        self.reasoning_tokens.update(later.reasoning_tokens);
        self.audio_tokens.update(later.audio_tokens);
        self.image_tokens.update(later.image_tokens);
    }
}

/// Takes sound and pictures out of a count that holds them: what is left, sound, pictures. Details that say more than the
/// whole are cut to it.
fn apart(whole: u64, audio: [Count; 2], image: [Count; 2]) -> (u64, u64, u64) {
    let larger = |counts: [Count; 2]| counts[0].or_zero().max(counts[1].or_zero());
    let audio = larger(audio).min(whole);
    let image = larger(image).min(whole - audio);
    (whole - audio - image, audio, image)
}

impl OpenAiUsage {
    /// Takes over what a later count says; what it leaves out or null stays.
    pub(super) fn update(&mut self, later: &Self) {
        self.prompt_tokens.update(later.prompt_tokens);
        self.input_tokens.update(later.input_tokens);
        self.completion_tokens.update(later.completion_tokens);
        self.output_tokens.update(later.output_tokens);
        self.prompt_cache_hit_tokens.update(later.prompt_cache_hit_tokens);
        self.prompt_cache_miss_tokens.update(later.prompt_cache_miss_tokens);
        self.cached_tokens.update(later.cached_tokens);
        self.prompt_tokens_details.0.update(&later.prompt_tokens_details.0);
        self.input_tokens_details.0.update(&later.input_tokens_details.0);
        for (details, new) in [
            (&mut self.completion_tokens_details, &later.completion_tokens_details),
            (&mut self.output_tokens_details, &later.output_tokens_details),
        ] {
            details.0.update(&new.0);
        }
    }

    /// Whether anything was counted at all: `{}` is no usage.
    pub(super) const fn is_counted(&self) -> bool {
        self.prompt_tokens.0.is_some()
            || self.input_tokens.0.is_some()
            || self.completion_tokens.0.is_some()
            || self.output_tokens.0.is_some()
            || self.prompt_cache_hit_tokens.0.is_some()
            || self.prompt_cache_miss_tokens.0.is_some()
    }

    /// The disjoint buckets. Cached and written tokens are disjoint parts of the prompt. Which of them are sound or pictures
    /// is not told; they count as text as far as there is enough of it, so that what is dearer is charged.
    pub(super) fn usage(&self) -> Usage {
        let details = [&self.prompt_tokens_details.0, &self.input_tokens_details.0];
        let cached = [details[0].cached_tokens, details[1].cached_tokens, self.cached_tokens]
            .into_iter()
            .chain([self.prompt_cache_hit_tokens])
            .filter_map(|count| count.0)
            .max()
            .unwrap_or(0);
        let (written, long) = details[0].written().max(details[1].written());
        let prompt = self.prompt_tokens.0.max(self.input_tokens.0).unwrap_or_else(|| {
            cached.saturating_add(self.prompt_cache_miss_tokens.or_zero()).saturating_add(written)
        });
        let uncached = prompt.saturating_sub(cached).saturating_sub(written);
        let (input_tokens, input_audio_tokens, input_image_tokens) = apart(
            uncached,
            details.map(|details| details.audio_tokens),
            details.map(|details| details.image_tokens),
        );
        let details = [&self.completion_tokens_details.0, &self.output_tokens_details.0];
        let (output_tokens, output_audio_tokens, output_image_tokens) = apart(
            self.completion_tokens.or_zero().max(self.output_tokens.or_zero()),
            details.map(|details| details.audio_tokens),
            details.map(|details| details.image_tokens),
        );
        let reasoning = details.map(|details| details.reasoning_tokens.or_zero());
        Usage {
            input_tokens,
            output_tokens,
            cache_write_5m_tokens: written.saturating_sub(long),
            cache_write_1h_tokens: long,
            cache_read_tokens: cached,
            reasoning_tokens: reasoning[0].max(reasoning[1]),
            input_audio_tokens,
            output_audio_tokens,
            input_image_tokens,
            output_image_tokens,
            ..Usage::default()
        }
    }
}
