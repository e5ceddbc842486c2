//! How a request was served, as far as its price depends on it.

/// The service tier that an answer names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ServiceTier {
    /// The list price: `standard`, `default`, and every word not known.
    #[default]
    Standard,
    /// Served first: `priority`, and OpenAI's `fast`.
    Priority,
    /// Served when there is room: `flex`.
    Flex,
    /// Served within a day: `batch`.
    Batch,
}

/// What of the answer's own words the price depends on. The answer decides, not what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Served {
    /// The service tier.
    pub tier: ServiceTier,
    /// Whether it was served at the faster speed (`speed: "fast"`).
    pub fast: bool,
    /// Whether it was kept in the United States (`inference_geo: "us"`).
    pub us: bool,
}

impl Served {
    /// As the list price has it.
    pub const STANDARD: Self = Self { tier: ServiceTier::Standard, fast: false, us: false };

    /// Reads the members of an answer: `service_tier`, `speed` and `inference_geo`.
    #[must_use]
    pub fn read(service_tier: Option<&str>, speed: Option<&str>, inference_geo: Option<&str>) -> Self {
        let tier = match service_tier {
            Some("priority" | "fast") => ServiceTier::Priority,
            Some("flex") => ServiceTier::Flex,
            Some("batch") => ServiceTier::Batch,
            _ => ServiceTier::Standard,
        };
        Self { tier, fast: speed == Some("fast"), us: inference_geo == Some("us") }
    }

    /// What a record keeps of it: `priority`, `fast+us`; `None` for the list price.
    #[must_use]
    pub fn label(self) -> Option<String> {
        let tier = match self.tier {
            ServiceTier::Standard => None,
            ServiceTier::Priority => Some("priority"),
            ServiceTier::Flex => Some("flex"),
            ServiceTier::Batch => Some("batch"),
        };
        let words: Vec<&str> =
            tier.into_iter().chain(self.fast.then_some("fast")).chain(self.us.then_some("us")).collect();
        (!words.is_empty()).then(|| words.join("+"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_answer_are_read_and_kept() {
        for (service_tier, speed, geo, label) in [
            (None, None, None, None),
            (Some("standard"), Some("standard"), Some("global"), None),
            (Some("default"), None, None, None),
            (Some("scale"), None, None, None),
            (Some("priority"), None, None, Some("priority")),
            (Some("fast"), None, None, Some("priority")),
            (Some("flex"), None, None, Some("flex")),
            (Some("batch"), Some("fast"), Some("us"), Some("batch+fast+us")),
            (Some("standard"), Some("fast"), Some("not_available"), Some("fast")),
            (None, None, Some("us"), Some("us")),
        ] {
            let served = Served::read(service_tier, speed, geo);
            assert_eq!(served.label().as_deref(), label, "{service_tier:?} {speed:?} {geo:?}");
            assert_eq!(served == Served::STANDARD, label.is_none());
        }
    }
}
