//! Provider families and their deviations, as data.
//!
//! A family is whose habits an upstream has: what its Chat Completions takes, by what name it asks for reasoning, what it
//! wants to have back. An operator names an account's family, or it is told from the host of its address.

mod hosts;
mod print;
mod quirks;
mod table;

pub use print::markdown;
pub use quirks::{
    CacheMark, EndUser, Lists, MaxTokens, Quirks, ReasoningBack, ReasoningMember, ReasoningStyle,
};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! families {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)+) => {
        /// Whose habits an upstream has.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        pub enum Family {
            $($(#[$doc])* #[serde(rename = $word)] $name,)+
        }

        impl Family {
            /// Every family.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word for it in configuration and carriers.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }
        }
    };
}

families! {
    /// Nobody's in particular: what most servers of Chat take.
    #[default]
    Generic = "generic",
    /// OpenAI itself.
    Openai = "openai",
    /// OpenAI's models at Azure.
    Azure = "azure",
    /// Anthropic itself, and clouds that serve Claude as it does.
    Anthropic = "anthropic",
    /// DeepSeek.
    Deepseek = "deepseek",
    /// Zhipu, also known as Z.ai.
    Zhipu = "zhipu",
    /// Xiaomi MiMo.
    Mimo = "mimo",
    /// Moonshot.
    Moonshot = "moonshot",
    /// Alibaba's Qwen.
    Qwen = "qwen",
    /// OpenRouter.
    Openrouter = "openrouter",
    /// vLLM.
    Vllm = "vllm",
    /// llama.cpp's server.
    Llamacpp = "llamacpp",
    /// Ollama.
    Ollama = "ollama",
}

impl Family {
    /// The family that serves at `host`, a name with or without a port; `None` if nothing tells.
    #[must_use]
    pub fn of_host(host: &str) -> Option<Self> {
        hosts::find(host)
    }

    /// What it deviates in.
    #[must_use]
    pub const fn quirks(self) -> &'static Quirks {
        table::of(self)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no family.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a provider family: expected {words}", words = words())]
pub struct UnknownFamily(String);

fn words() -> String {
    let words: Vec<&str> = Family::ALL.iter().map(|family| family.as_str()).collect();
    words.join(", ")
}

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(text: &str) -> Result<Self, UnknownFamily> {
        let found = Self::ALL.iter().find(|family| family.as_str() == text);
        found.copied().ok_or_else(|| UnknownFamily(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_in_text_and_json() {
        for family in Family::ALL {
            assert_eq!(family.to_string().parse(), Ok(*family));
            assert_eq!(serde_json::to_string(family).unwrap(), format!("\"{family}\""));
        }
        let error = "acme".parse::<Family>().unwrap_err().to_string();
        assert!(error.starts_with("`acme` is not a provider family: expected generic, openai,"), "{error}");
    }
}
