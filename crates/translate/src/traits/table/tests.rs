//! What the table says of names that are in use.

use super::*;

#[test]
fn every_row_can_be_reached() {
    let fits = |row: &Row, name: &str| row.names.iter().any(|begin| name.starts_with(begin));
    for (at, row) in rows().enumerate() {
        for name in row.names {
            let first = rows().position(|row| fits(row, name));
            assert_eq!(first, Some(at), "{name} is hidden by a row before it");
        }
    }
}

#[test]
fn traits_do_not_contradict_each_other() {
    for row in rows() {
        let (name, traits) = (row.names[0], row.traits);
        if traits.thinks_unasked || traits.disabling == Disabling::Never {
            assert!(traits.thinks(), "{name} thinks, but in no way that is known");
        }
        if traits.disabling == Disabling::Never {
            assert!(traits.thinks_unasked, "{name} can only think");
            assert!(!traits.efforts.has(Effort::None), "{name} has an effort of none");
            assert_ne!(traits.sampling, SamplingTrait::WithoutReasoning, "{name}");
        }
        if let (Some(window), Some(output)) = (traits.context_window_tokens, traits.max_output_tokens) {
            assert!(output <= window, "{name} answers with more than it can hold");
        }
    }
}

#[test]
fn claude_by_generation() {
    use Disabling::{Always, Never, UpToHigh};
    use ForcedToolChoice::{Accepted, NotWithThinking, Refused};
    // Name, longest answer, sampling, adaptive, budget, unasked, switching off, forcing, efforts, structured.
    for (model, output, sampling, adaptive, budget, unasked, off, forced, efforts, schema) in [
        ("claude-fable-5-1", 128_000, false, true, false, true, Never, Refused, "low..max", true),
        ("claude-fable-5-2", 128_000, false, true, false, true, Never, Refused, "low..max", true),
        ("claude-mythos-5-1", 128_000, false, true, false, true, Never, Refused, "low..max", true),
        ("claude-opus-5-5", 128_000, false, true, false, true, Never, Refused, "low..max", true),
        ("claude-sonnet-5-5-20261001", 128_000, false, true, false, true, Never, Refused, "low..max", true),
        ("claude-haiku-5-5", 128_000, false, true, false, true, UpToHigh, Accepted, "low..max", true),
        ("claude-fable-5", 128_000, false, true, false, true, Never, Accepted, "low..max", true),
        ("claude-opus-5", 128_000, false, true, false, true, UpToHigh, Accepted, "low..max", true),
        ("claude-opus-4-8", 128_000, false, true, false, false, Always, Accepted, "low..max", true),
        ("claude-opus-4-7", 128_000, false, true, false, false, Always, Accepted, "low..max", true),
        ("claude-sonnet-5", 128_000, false, true, false, true, Always, Accepted, "low..max", true),
        (
            "anthropic/claude-opus-4.6",
            128_000,
            true,
            true,
            true,
            false,
            Always,
            Accepted,
            "low,med,high,max",
            true,
        ),
        ("claude-sonnet-4-6", 128_000, true, true, true, false, Always, Accepted, "low,med,high,max", true),
        (
            "claude-opus-4-5-20251101",
            64_000,
            true,
            false,
            true,
            false,
            Always,
            NotWithThinking,
            "low..high",
            true,
        ),
        (
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            64_000,
            true,
            false,
            true,
            false,
            Always,
            NotWithThinking,
            "",
            true,
        ),
        ("claude-haiku-4-5", 64_000, true, false, true, false, Always, NotWithThinking, "", true),
        ("claude-opus-4-1@20250805", 32_000, true, false, true, false, Always, NotWithThinking, "", true),
        ("claude-sonnet-4-20250514", 64_000, true, false, true, false, Always, NotWithThinking, "", false),
        ("claude-opus-4-20250514", 32_000, true, false, true, false, Always, NotWithThinking, "", false),
        ("claude-3-haiku-20240307", 4_096, true, false, false, false, Always, NotWithThinking, "", false),
    ] {
        let traits = ModelTraits::of(model);
        assert_eq!(traits.max_output_tokens, Some(output), "{model}");
        assert_eq!(traits.sampling == SamplingTrait::Accepted, sampling, "{model}");
        let thinking = (traits.thinking_adaptive, traits.thinking_enabled, traits.thinks_unasked);
        assert_eq!(thinking, (adaptive, budget, unasked), "{model}");
        assert_eq!((traits.disabling, traits.forced_tool_choice), (off, forced), "{model}");
        let efforts = match efforts {
            "low..max" => Efforts::between(Effort::Low, Effort::Max),
            "low..high" => Efforts::between(Effort::Low, Effort::High),
            "low,med,high,max" => Efforts::between(Effort::Low, Effort::High).and(Effort::Max),
            _ => Efforts::NONE,
        };
        assert_eq!(traits.efforts, efforts, "{model}");
        assert_eq!(traits.structured_output == StructuredOutput::JsonSchema, schema, "{model}");
    }
    let prefill = |model| ModelTraits::of(model).prefill;
    assert!(prefill("claude-opus-4-5") && !prefill("claude-opus-4-6") && !prefill("claude-opus-5-5"));
    for (model, takes) in [
        ("claude-opus-4-8", true),
        ("claude-opus-5", true),
        ("claude-fable-5", true),
        ("claude-mythos-5", true),
        ("claude-sonnet-5-5", true),
        ("claude-sonnet-5", false),
        ("claude-opus-4-7", false),
        ("claude-of-tomorrow-9", false),
    ] {
        assert_eq!(ModelTraits::of(model).system_in_messages, takes, "{model}");
    }
}

#[test]
fn gpt_by_generation() {
    use Effort::{High, Low, Max, Medium, Minimal, None as Off, Xhigh};
    use SamplingTrait::{Accepted, Refused, WithoutReasoning};
    for (model, sampling, least, most) in [
        ("gpt-4o-mini", Accepted, None, None),
        ("gpt-4.1-2025-04-14", Accepted, None, None),
        ("gpt-5-chat-latest", Accepted, None, None),
        ("o1", Refused, Some(Low), Some(High)),
        ("o3-mini", Refused, Some(Low), Some(High)),
        ("o4-mini-2025-04-16", Refused, Some(Low), Some(High)),
        ("gpt-5", Refused, Some(Minimal), Some(High)),
        ("gpt-5-nano", Refused, Some(Minimal), Some(High)),
        ("gpt-5.1", WithoutReasoning, Some(Off), Some(High)),
        ("gpt-5.2", WithoutReasoning, Some(Off), Some(Xhigh)),
        ("gpt-5.4-mini", WithoutReasoning, Some(Off), Some(Xhigh)),
        ("openai/gpt-5.5", WithoutReasoning, Some(Off), Some(Xhigh)),
        ("gpt-5.6-sol", WithoutReasoning, Some(Off), Some(Max)),
        ("gpt-6-astra", Refused, Some(Low), Some(Max)),
        ("gpt-6.1-sol", Refused, Some(Low), Some(Max)),
        ("gpt-6-sol", WithoutReasoning, Some(Off), Some(Max)),
        ("gpt-6-luna", WithoutReasoning, Some(Off), Some(Max)),
        ("gpt-6.1-terra", WithoutReasoning, Some(Off), Some(Max)),
        ("gpt-5.1-codex", Refused, Some(Low), Some(High)),
        ("gpt-5.1-codex-max", Refused, Some(Low), Some(Xhigh)),
        ("gpt-5.2-pro", Refused, Some(Medium), Some(Xhigh)),
    ] {
        let traits = ModelTraits::of(model);
        assert_eq!(traits.sampling, sampling, "{model}");
        let efforts = (traits.efforts.iter().next(), traits.efforts.iter().last());
        assert_eq!(efforts, (least, most), "{model}");
        assert_eq!(traits.stop, !traits.thinks(), "{model}: models that reason refuse `stop`");
    }
    let gpt_5_1 = ModelTraits::of("gpt-5.1").efforts;
    assert!(!gpt_5_1.has(Minimal), "the least of GPT-5 went with it");
    for (model, only_there) in
        [("gpt-5.3-codex", true), ("gpt-5-pro", true), ("o3-pro", true), ("gpt-5.5", false)]
    {
        assert_eq!(ModelTraits::of(model).responses_only, only_there, "{model}");
    }
    for (model, without) in [("gpt-5.5", false), ("gpt-5.6-sol", true), ("gpt-6-sol", false)] {
        assert_eq!(ModelTraits::of(model).chat_tools_without_reasoning, without, "{model}");
    }
}

#[test]
fn others_by_what_they_think() {
    use Disabling::{Always, Never};
    use ForcedToolChoice::{Accepted, NotWithThinking, RequiredOnly};
    let low_high_max = ["low", "high", "max"].as_slice();
    for (model, unasked, off, efforts, forced, window) in [
        ("deepseek-flash", true, Always, &["none", "low", "high", "max"][..], NotWithThinking, 1_000_000),
        (
            "deepseek/deepseek-v4-pro",
            true,
            Always,
            &["none", "low", "high", "max"],
            NotWithThinking,
            1_000_000,
        ),
        ("deepseek-r1:70b", true, Never, &[], Accepted, 128_000),
        ("DeepSeek-V3.1", false, Always, &[], Accepted, 128_000),
        ("ZHIPU/GLM-4.6", true, Always, &[], Accepted, 200_000),
        ("glm-5.2", true, Always, &["none", "high", "max"], Accepted, 200_000),
        ("z-ai/glm-5.3", true, Never, low_high_max, Accepted, 1_048_576),
        ("xiaomi/mimo-v2.5-pro", true, Always, &[], Accepted, 1_000_000),
        ("kimi-k3", true, Never, low_high_max, RequiredOnly, 1_048_576),
        ("kimi-k2.7-code-highspeed", true, Never, &[], NotWithThinking, 262_144),
        ("moonshotai/kimi-k2.6", true, Always, &[], NotWithThinking, 262_144),
        ("kimi-k2-0905-preview", false, Always, &[], Accepted, 262_144),
    ] {
        let traits = ModelTraits::of(model);
        assert_eq!((traits.thinks_unasked, traits.disabling), (unasked, off), "{model}");
        let words: Vec<&str> = traits.efforts.iter().map(Effort::as_str).collect();
        assert_eq!(words, efforts, "{model}");
        assert_eq!(traits.forced_tool_choice, forced, "{model}");
        assert_eq!(traits.context_window_tokens, Some(window), "{model}");
    }
    for (model, thinks, unasked) in [
        ("qwen3.8-max", true, true),
        ("qwen3-32b", true, true),
        ("qwen-plus-latest", true, false),
        ("qwen3-coder-plus", false, false),
        ("qwen3-235b-a22b-thinking-2507", true, true),
        ("llama-3.3-70b", false, false),
        ("gpt-oss:20b", true, true),
    ] {
        let traits = ModelTraits::of(model);
        assert_eq!((traits.thinks(), traits.thinks_unasked), (thinks, unasked), "{model}");
    }
}

#[test]
fn an_unknown_model_may_do_what_most_can() {
    assert_eq!(ModelTraits::of("some-model"), UNKNOWN);
}
