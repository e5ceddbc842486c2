//! An operator's override of a model's traits.

use super::{Disabling, Efforts, ForcedToolChoice, ModelTraits, SamplingTrait, StructuredOutput};
use serde::{Deserialize, Serialize};

macro_rules! patch {
    ($($field:ident: $kind:ty),+ $(,)?) => {
        /// What an operator says of a model; each member that is set replaces the table's.
        ///
        /// In JSON the members have the names of [`ModelTraits`]' fields, and an unknown one is refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct TraitsPatch {
            $(
                #[allow(missing_docs, reason = "the field of ModelTraits")]
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$kind>,
            )+
        }

        impl TraitsPatch {
            /// The traits with what is set here.
            #[must_use]
            pub fn apply(&self, traits: ModelTraits) -> ModelTraits {
                ModelTraits { $($field: self.$field.map_or(traits.$field, Into::into),)+ }
            }
        }
    };
}

patch! {
    sampling: SamplingTrait,
    temperature_max_tenths: u8,
    top_k: bool,
    stop: bool,
    thinking_adaptive: bool,
    thinking_enabled: bool,
    thinks_unasked: bool,
    disabling: Disabling,
    efforts: Efforts,
    forced_tool_choice: ForcedToolChoice,
    structured_output: StructuredOutput,
    vision: bool,
    pdf: bool,
    context_window_tokens: u64,
    max_output_tokens: u64,
    prefill: bool,
    system_in_messages: bool,
    responses_only: bool,
    chat_tools_without_reasoning: bool,
    custom_tools: bool,
    tool_search: bool,
    web_search: bool,
    verbosity: bool,
    cache_breakpoints: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_replaces_the_row() {
        let patch = r#"{"sampling":"accepted","efforts":["low","high"],"max_output_tokens":1000}"#;
        let patch: TraitsPatch = serde_json::from_str(patch).unwrap();
        let before = ModelTraits::of("claude-opus-5-5");
        let after = before.patched(Some(&patch));
        assert_eq!(after.sampling, SamplingTrait::Accepted);
        assert_eq!(after.max_output_tokens, Some(1000));
        assert_eq!(after.efforts.iter().count(), 2);
        assert_eq!(
            ModelTraits {
                sampling: before.sampling,
                max_output_tokens: before.max_output_tokens,
                efforts: before.efforts,
                ..after
            },
            before
        );
    }

    #[test]
    fn a_mistake_is_named() {
        let unknown = serde_json::from_str::<TraitsPatch>(r#"{"samling":"refused"}"#).unwrap_err();
        assert!(unknown.to_string().contains("samling"), "{unknown}");
        let wrong = serde_json::from_str::<TraitsPatch>(r#"{"disabling":"sometimes"}"#).unwrap_err();
        assert!(wrong.to_string().contains("sometimes"), "{wrong}");
    }
}
