//! Names of models without what their sellers put around them.

/// The name in lower case, without the vendor in front (`anthropic/`, `us.anthropic.`) and without the version behind
/// (`@20250929`, `:0`, `:free`). Dates stay: rows match by how a name begins.
pub(super) fn normal(model: &str) -> String {
    let lower = model.to_ascii_lowercase();
    let last = lower.rsplit('/').next().unwrap_or(&lower);
    let bare = without_vendor(last);
    let end = bare.find(['@', ':']).unwrap_or(bare.len());
    bare[..end].to_owned()
}

/// Vendors as Bedrock puts them in front of a name, behind a region or not.
const VENDORS: [&str; 7] = ["anthropic.", "openai.", "meta.", "mistral.", "moonshotai.", "qwen.", "zai."];

fn without_vendor(name: &str) -> &str {
    let behind_region = name.split_once('.').map_or("", |(_, rest)| rest);
    let bare = |vendor: &&str| name.strip_prefix(vendor).or_else(|| behind_region.strip_prefix(vendor));
    VENDORS.iter().find_map(bare).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sellers_add_is_taken_off() {
        for (sold, bare) in [
            ("claude-opus-5-5", "claude-opus-5-5"),
            ("anthropic/claude-sonnet-4.5:thinking", "claude-sonnet-4.5"),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929-v1"),
            ("global.anthropic.claude-opus-5-5", "claude-opus-5-5"),
            ("openai.gpt-oss-120b-1:0", "gpt-oss-120b-1"),
            ("zai.glm-4.7", "glm-4.7"),
            ("qwen3.8-max", "qwen3.8-max"),
            ("qwen3:32b", "qwen3"),
            ("claude-opus-4-1@20250805", "claude-opus-4-1"),
            ("ZHIPU/GLM-4.6", "glm-4.6"),
            ("deepseek/deepseek-chat:free", "deepseek-chat"),
        ] {
            assert_eq!(normal(sold), bare);
        }
    }
}
