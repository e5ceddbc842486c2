//! The most that a request can cost.

use tollgate_base::{Money, Rate, TokenPrice, Usage};
use tollgate_pricing::{ModelPrice, PricingError, Served, charge_part};

/// Where a prompt may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CacheWrites {
    /// To no cache.
    None,
    /// To one of minutes.
    Short,
    /// To one of an hour or longer.
    Long,
}

/// The most that a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Tokens of the prompt, at most.
    pub prompt_tokens: u64,
    /// Tokens of the answer, reasoning included, at most.
    pub output_tokens: u64,
    /// Whether some of it may be sound, either way.
    pub audio: bool,
    /// Whether some of it may be pictures that are counted in tokens, either way.
    pub images: bool,
    /// What the provider's tools may do.
    pub calls: Calls,
    /// The longest-lived cache that it may be written to.
    pub cache_writes: CacheWrites,
    /// The dearest way in which it may be served.
    pub served: Served,
}

/// What the provider's own tools may do for a request, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Searches of the web.
    pub web_searches: u64,
    /// Searches in files.
    pub file_searches: u64,
    /// Runs of code.
    pub code_executions: u64,
    /// Pictures made.
    pub images: u64,
}

/// The most that `ask` can cost at `price`: the prompt in its dearest bucket (plain, sound, pictures, or written to a
/// cache that is asked for), the longest answer in its dearest, all calls.
///
/// # Errors
/// What [`charge_part`] says of the price, and [`PricingError::Overflow`].
pub fn most_it_can_cost(
    ask: &Ask,
    price: &ModelPrice,
    group_rate: Rate,
    user_rate: Rate,
) -> Result<Money, PricingError> {
    let served = price.multipliers.dearest(ask.served);
    let mut most = Money::ZERO;
    for prompt_tokens in lengths(ask, price) {
        let answer = longest_answer(ask, &price.for_prompt(prompt_tokens));
        for usage in prompts(ask, prompt_tokens, &answer).into_iter().flatten() {
            most = most.max(charge_part(&usage, 1, price, served, group_rate, user_rate)?.total);
        }
    }
    Ok(most)
}

/// The lengths of the prompt that may be the dearest: the longest of each of the price's tiers.
fn lengths(ask: &Ask, price: &ModelPrice) -> impl Iterator<Item = u64> {
    let longest = ask.prompt_tokens;
    let limits = price.tiers.iter().map(|tier| tier.above_prompt_tokens);
    limits.filter(move |limit| *limit < longest).chain([longest])
}

/// The answer and the calls; the answer is what costs most a token.
fn longest_answer(ask: &Ask, price: &ModelPrice) -> Usage {
    let or_output = |own: Option<TokenPrice>| own.unwrap_or(price.output);
    let calls = Usage {
        web_search_calls: ask.calls.web_searches,
        file_search_calls: ask.calls.file_searches,
        code_execution_calls: ask.calls.code_executions,
        generated_images: ask.calls.images,
        ..Usage::default()
    };
    let output_tokens = ask.output_tokens;
    let text = Usage { output_tokens, ..calls };
    let ways = [
        Some((or_output(price.reasoning), Usage { reasoning_tokens: output_tokens, ..text })),
        ask.audio.then_some((
            or_output(price.output_audio),
            Usage { output_audio_tokens: output_tokens, ..calls },
        )),
        ask.images.then_some((
            or_output(price.output_image),
            Usage { output_image_tokens: output_tokens, ..calls },
        )),
    ];
    let dearest = ways.into_iter().flatten().max_by_key(|(price, _)| *price);
    dearest.filter(|(dearest, _)| *dearest > price.output).map_or(text, |(_, usage)| usage)
}

/// The prompt in each bucket that it may be in as a whole.
fn prompts(ask: &Ask, tokens: u64, answer: &Usage) -> [Option<Usage>; 5] {
    [
        Some(Usage { input_tokens: tokens, ..*answer }),
        (ask.cache_writes >= CacheWrites::Short)
            .then_some(Usage { cache_write_5m_tokens: tokens, ..*answer }),
        (ask.cache_writes >= CacheWrites::Long).then_some(Usage { cache_write_1h_tokens: tokens, ..*answer }),
        ask.audio.then_some(Usage { input_audio_tokens: tokens, ..*answer }),
        ask.images.then_some(Usage { input_image_tokens: tokens, ..*answer }),
    ]
}

#[cfg(test)]
mod tests;
