//! What a model costs, bucket by bucket.

use serde::{Deserialize, Serialize};
use tollgate_base::{Money, TokenPrice};

use crate::error::PricingError;
use crate::multipliers::Multipliers;
use crate::tiers::ContextTiers;

/// What 1,000 web searches cost when a model names no price: 10 dollars, Anthropic's list price for its
/// `web_search` server tool (failed searches are not counted there). An unpriced search is never free.
pub const DEFAULT_WEB_SEARCH_PER_THOUSAND: Money = Money::from_nanos(10_000_000_000);

/// What 1,000 searches in files cost when a model names no price: OpenAI's list price, 2.50 dollars.
pub const DEFAULT_FILE_SEARCH_PER_THOUSAND: Money = Money::from_nanos(2_500_000_000);

/// What running code costs when a model names no price: OpenAI's list price for the smallest container, 3 cents.
pub const DEFAULT_CODE_EXECUTION: Money = Money::from_nanos(30_000_000);

/// What a picture made by a tool costs when a model names no price: OpenAI's list price for a square one of high quality,
/// 16.7 cents.
pub const DEFAULT_GENERATED_IMAGE: Money = Money::from_nanos(167_000_000);

/// The prices of one model, in dollars per million tokens, before any rate.
///
/// In JSON every price is a decimal in text (`{"input":"3","output":"15","cache_read":"0.3"}`), and an unknown
/// member is an error: a mistyped price must not turn into a default.
///
/// Where a cache price is `None`, it follows from the input price, as Anthropic's price list has it for most
/// models: a five-minute write costs 5/4 of input, a one-hour write 2 x input, a read 1/10 of input. The default
/// is applied as a rational inside the charge and is never rounded by itself. A default follows the input price that
/// holds for the length of the prompt. In the same way reasoning and everything generated follows the output price, and
/// everything uncached in the prompt the input price. What is counted and not measured in tokens has defaults of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// Prompt tokens that no cache was involved in.
    pub input: TokenPrice,
    /// Generated tokens, reasoning included unless it has its own price.
    pub output: TokenPrice,
    /// Prompt tokens written to a cache of about five minutes; `None` is 5/4 of `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<TokenPrice>,
    /// Prompt tokens written to a cache of an hour or longer; `None` is 2 x `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<TokenPrice>,
    /// Prompt tokens read from a cache; `None` is 1/10 of `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<TokenPrice>,
    /// Dollars per 1,000 web searches that the provider ran; `None` is [`DEFAULT_WEB_SEARCH_PER_THOUSAND`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web_search_per_thousand: Option<Money>,
    /// The part of the output that is reasoning; `None` is `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<TokenPrice>,
    /// Sound in the prompt; `None` is `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_audio: Option<TokenPrice>,
    /// Generated sound; `None` is `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_audio: Option<TokenPrice>,
    /// Pictures in the prompt, where they are counted apart; `None` is `input`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_image: Option<TokenPrice>,
    /// Generated pictures that are counted in tokens; `None` is `output`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_image: Option<TokenPrice>,
    /// Dollars for a picture that a tool made; `None` is [`DEFAULT_GENERATED_IMAGE`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated_image: Option<Money>,
    /// Dollars per 1,000 searches in files; `None` is [`DEFAULT_FILE_SEARCH_PER_THOUSAND`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_search_per_thousand: Option<Money>,
    /// Dollars each time code is run; `None` is [`DEFAULT_CODE_EXECUTION`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_execution: Option<Money>,
    /// Dollars for every request that consumed anything; `None` is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Money>,
    /// What changes for long prompts: input, output and cache alone.
    #[serde(default, skip_serializing_if = "ContextTiers::is_empty")]
    pub tiers: ContextTiers,
    /// What the token prices are multiplied by, depending on how the request was served.
    #[serde(default, skip_serializing_if = "Multipliers::is_empty")]
    pub multipliers: Multipliers,
}

impl ModelPrice {
    /// A price of input and output only; everything else takes its default.
    #[must_use]
    pub const fn new(input: TokenPrice, output: TokenPrice) -> Self {
        Self {
            input,
            output,
            cache_write_5m: None,
            cache_write_1h: None,
            cache_read: None,
            web_search_per_thousand: None,
            reasoning: None,
            input_audio: None,
            output_audio: None,
            input_image: None,
            output_image: None,
            generated_image: None,
            file_search_per_thousand: None,
            code_execution: None,
            request: None,
            tiers: ContextTiers::NONE,
            multipliers: Multipliers::NONE,
        }
    }

    /// The price of a request whose whole prompt has so many tokens: every tier below it laid over the base, the
    /// highest last.
    #[must_use]
    pub fn for_prompt(&self, prompt_tokens: u64) -> Self {
        let reached = self.tiers.iter().filter(|tier| prompt_tokens > tier.above_prompt_tokens);
        reached.fold(Self { tiers: ContextTiers::NONE, ..*self }, |price, tier| Self {
            input: tier.input.unwrap_or(price.input),
            output: tier.output.unwrap_or(price.output),
            cache_write_5m: tier.cache_write_5m.or(price.cache_write_5m),
            cache_write_1h: tier.cache_write_1h.or(price.cache_write_1h),
            cache_read: tier.cache_read.or(price.cache_read),
            ..price
        })
    }

    /// Whether every price can be charged.
    ///
    /// # Errors
    /// [`PricingError::NegativePrice`] if something that is counted has a price below zero; token prices cannot be negative.
    /// [`PricingError::BadMultiplier`] if a factor is too large or too fine.
    pub fn validate(&self) -> Result<(), PricingError> {
        let counted = [
            ("web_search_per_thousand", self.web_search_per_thousand),
            ("generated_image", self.generated_image),
            ("file_search_per_thousand", self.file_search_per_thousand),
            ("code_execution", self.code_execution),
            ("request", self.request),
        ];
        match counted.into_iter().find(|(_, price)| price.is_some_and(|price| price.nanos() < 0)) {
            Some((name, _)) => Err(PricingError::NegativePrice(name)),
            None => self.multipliers.validate(),
        }
    }
}
