//! The words of the protocols for what the representation names: one table each, where several protocols share it.

use super::{Effort, Phase, RequestTier};

impl Effort {
    /// Every effort, in ascending order.
    pub const ALL: [Self; 7] =
        [Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::Xhigh, Self::Max];

    /// The word for it, which is the same in every protocol.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// The effort of a word.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.as_str() == word)
    }
}

impl RequestTier {
    /// OpenAI's word for it.
    #[must_use]
    pub const fn openai_word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Standard => "default",
            Self::Priority => "priority",
            Self::Flex => "flex",
            Self::Scale => "scale",
        }
    }

    /// The tier of OpenAI's word.
    #[must_use]
    pub fn read_openai(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Auto),
            "default" => Some(Self::Standard),
            "priority" | "fast" => Some(Self::Priority),
            "flex" => Some(Self::Flex),
            "scale" => Some(Self::Scale),
            _ => None,
        }
    }
}

impl Phase {
    /// Responses' word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commentary => "commentary",
            Self::FinalAnswer => "final_answer",
        }
    }

    /// The phase of a word.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        match word {
            "commentary" => Some(Self::Commentary),
            "final_answer" => Some(Self::FinalAnswer),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        for effort in Effort::ALL {
            assert_eq!(Effort::read(effort.as_str()), Some(effort));
        }
        for phase in [Phase::Commentary, Phase::FinalAnswer] {
            assert_eq!(Phase::read(phase.as_str()), Some(phase));
        }
        let tiers = ["auto", "default", "priority", "flex", "scale"];
        assert_eq!(
            tiers.map(|word| RequestTier::read_openai(word).map(RequestTier::openai_word)),
            tiers.map(Some)
        );
        assert_eq!(
            (Effort::read(""), Phase::read("x"), RequestTier::read_openai("batch")),
            (None, None, None)
        );
    }
}
