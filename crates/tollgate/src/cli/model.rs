//! `tollgate model`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::de::DeserializeOwned;
use tollgate_base::{Money, Timestamp, TokenPrice};
use tollgate_pricing::{ContextTiers, HourlyRates, Multipliers};
use tollgate_routing::Pattern;
use tollgate_translate::family::Family;

use super::FormatArgs;
use super::words::{hourly_rates, moment};

/// `tollgate model`.
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(subcommand)]
    pub(crate) command: ModelCommand,
}

/// What to do with models and prices.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Create a model with its price
    Create {
        /// The name, or a pattern such as claude-* for the price of many
        name: String,
        #[command(flatten)]
        fields: ModelFields,
    },
    /// List all models
    List,
    /// Show one model
    Show {
        /// The name
        model: String,
    },
    /// Change a model; a changed price is a new price version
    Update {
        /// The name
        model: String,
        #[command(flatten)]
        fields: ModelFields,
        /// Remove what --traits set
        #[arg(long, conflicts_with = "traits")]
        no_traits: bool,
        #[command(flatten)]
        place: PlaceFields,
        /// Remove the price of --at-account or --at-family: the model's own holds there again
        #[arg(long, requires = "place", conflicts_with_all = ["prices", "clear_coming"])]
        clear: bool,
        /// Remove all prices that are yet to come
        #[arg(long, conflicts_with = "prices")]
        clear_coming: bool,
    },
    /// List every price a model has, had or will have
    Prices {
        /// The name
        model: String,
    },
    /// Create and update models from a price file
    ImportPrices(ImportPricesArgs),
    /// Remove a model
    Remove {
        /// The name
        model: String,
    },
}

/// Which price file, and what of it.
#[derive(Debug, Args)]
pub(crate) struct ImportPricesArgs {
    /// A file in the form of LiteLLM's model_prices_and_context_window.json
    #[arg(required_unless_present = "bundled", conflicts_with = "bundled")]
    pub(crate) file: Option<PathBuf>,
    /// The price book that comes with this program
    #[arg(long)]
    pub(crate) bundled: bool,
    /// Only models whose name matches, such as claude-*; may be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(crate) only: Vec<Pattern>,
    /// Say what would change and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Where alone a price holds.
#[derive(Debug, Args)]
#[group(id = "place", multiple = false)]
pub(crate) struct PlaceFields {
    /// Prices at this account only: name or id
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) at_account: Option<String>,
    /// Prices at accounts of this provider family only
    #[arg(long, value_name = "FAMILY")]
    pub(crate) at_family: Option<Family>,
}

/// What can be set on a model.
#[derive(Debug, Args)]
pub(crate) struct ModelFields {
    #[command(flatten)]
    pub(crate) price: PriceFields,
    /// The largest prompt, in tokens
    #[arg(long, value_name = "TOKENS")]
    pub(crate) context_window: Option<u64>,
    /// The longest answer, in tokens
    #[arg(long, value_name = "TOKENS")]
    pub(crate) max_output: Option<u64>,
    /// What it takes where its name does not tell it right, such as {"vision":false}; replaces what was set
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) traits: Option<String>,
    /// The name that model lists show
    #[arg(long)]
    pub(crate) display_name: Option<String>,
    /// The owner that model lists show
    #[arg(long)]
    pub(crate) owned_by: Option<String>,
}

/// What can be set of a price. Prices are dollars per million tokens.
#[derive(Debug, Args)]
#[group(id = "prices", multiple = true)]
pub(crate) struct PriceFields {
    /// Prompt tokens that touch no cache
    #[arg(long, value_name = "PRICE")]
    pub(crate) input: Option<TokenPrice>,
    /// Generated tokens
    #[arg(long, value_name = "PRICE")]
    pub(crate) output: Option<TokenPrice>,
    /// Tokens written to a cache for five minutes [default: 1.25 times input]
    #[arg(long = "cache-write-5m", value_name = "PRICE")]
    pub(crate) cache_write_5m: Option<TokenPrice>,
    /// Tokens written to a cache for an hour [default: twice input]
    #[arg(long = "cache-write-1h", value_name = "PRICE")]
    pub(crate) cache_write_1h: Option<TokenPrice>,
    /// Tokens read from a cache [default: a tenth of input]
    #[arg(long, value_name = "PRICE")]
    pub(crate) cache_read: Option<TokenPrice>,
    /// A thousand web searches, in dollars
    #[arg(long, value_name = "PRICE")]
    pub(crate) web_search: Option<Money>,
    /// The part of the output that is reasoning [default: output]
    #[arg(long, value_name = "PRICE")]
    pub(crate) reasoning: Option<TokenPrice>,
    /// Sound in the prompt [default: input]
    #[arg(long, value_name = "PRICE")]
    pub(crate) input_audio: Option<TokenPrice>,
    /// Generated sound [default: output]
    #[arg(long, value_name = "PRICE")]
    pub(crate) output_audio: Option<TokenPrice>,
    /// Pictures in the prompt, where the provider counts them apart [default: input]
    #[arg(long, value_name = "PRICE")]
    pub(crate) input_image: Option<TokenPrice>,
    /// Generated pictures that are counted in tokens [default: output]
    #[arg(long, value_name = "PRICE")]
    pub(crate) output_image: Option<TokenPrice>,
    /// One picture made by the provider's tool, in dollars [default: 0.167]
    #[arg(long, value_name = "PRICE")]
    pub(crate) generated_image: Option<Money>,
    /// A thousand searches in files, in dollars [default: 2.5]
    #[arg(long, value_name = "PRICE")]
    pub(crate) file_search: Option<Money>,
    /// Running code once, or one container for it, in dollars [default: 0.03]
    #[arg(long, value_name = "PRICE")]
    pub(crate) code_execution: Option<Money>,
    /// Every request, in dollars [default: nothing]
    #[arg(long, value_name = "PRICE")]
    pub(crate) per_request: Option<Money>,
    /// Prices of long prompts, such as [{"above_prompt_tokens":200000,"input":"6","output":"22.5"}]; [] for none
    #[arg(long, value_name = "JSON", value_parser = json::<ContextTiers>)]
    pub(crate) tiers: Option<ContextTiers>,
    /// Factors for priority, flex, batch, fast and us, such as {"fast":"2","us":"1.1"}; replaces what was set
    #[arg(long, value_name = "JSON", value_parser = json::<Multipliers>)]
    pub(crate) multipliers: Option<Multipliers>,
    /// Rates on the token prices by the hour, such as
    /// [{"time_zone":"Asia/Shanghai","from":"00:30","to":"08:30","rate":"0.5"}]; replaces what was set, [] for none
    #[arg(long, value_name = "JSON", value_parser = hourly_rates)]
    pub(crate) hours: Option<HourlyRates>,
    /// From when on these prices hold, such as 2026-12-01T00:00:00Z [default: now]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) from: Option<Timestamp>,
}

impl PriceFields {
    /// Whether anything of a price is given.
    pub(crate) fn say_anything(&self) -> bool {
        let tokens = [
            self.input,
            self.output,
            self.cache_write_5m,
            self.cache_write_1h,
            self.cache_read,
            self.reasoning,
            self.input_audio,
            self.output_audio,
            self.input_image,
            self.output_image,
        ];
        let counted =
            [self.web_search, self.generated_image, self.file_search, self.code_execution, self.per_request];
        tokens.iter().any(Option::is_some)
            || counted.iter().any(Option::is_some)
            || self.tiers.is_some()
            || self.multipliers.is_some()
            || self.hours.is_some()
    }
}

fn json<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(text)
}
