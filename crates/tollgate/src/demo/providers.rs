//! Where the demo's requests go: the sandbox, or the providers whose keys are in the environment.

use tollgate_base::Secret;
use tollgate_routing::{AuthScheme, BaseUrls, Platform};

/// An account the demo keeps up to date.
#[derive(Debug)]
pub(super) struct Provider {
    /// The account's name.
    pub(super) name: &'static str,
    /// The environment variable that held the credential; `None` for the sandbox.
    pub(super) variable: Option<&'static str>,
    /// Whose API it speaks, and so which group it serves.
    pub(super) platform: Platform,
    /// Where it is.
    pub(super) base_urls: BaseUrls,
    /// How the credential is sent.
    pub(super) auth: AuthScheme,
    /// Its own credential.
    pub(super) credential: Secret<String>,
    /// The models it serves, by its own names.
    pub(super) models: &'static [&'static str],
    /// Callers' names to its own.
    pub(super) mapping: &'static [(&'static str, &'static str)],
    /// Whether it counts tokens.
    pub(super) count_tokens: bool,
    /// Models to show in examples.
    pub(super) samples: Samples,
}

/// One model for each endpoint's example.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Samples {
    /// For `/v1/messages`.
    pub(super) messages: Option<&'static str>,
    /// For `/v1/chat/completions`.
    pub(super) chat: Option<&'static str>,
    /// For `/v1/responses`.
    pub(super) responses: Option<&'static str>,
}

impl Samples {
    /// These, and `other`'s where there is none.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            messages: self.messages.or(other.messages),
            chat: self.chat.or(other.chat),
            responses: self.responses.or(other.responses),
        }
    }
}

/// The accounts of the sandbox at `base_url`.
pub(super) fn sandbox(base_url: &str) -> Vec<Provider> {
    const CHAT: &[&str] = &["gpt-*", "deepseek-*", "ZHIPU/GLM-*", "xiaomi/mimo-*"];
    const MESSAGES: &[&str] = &["claude-*", "deepseek-*", "ZHIPU/GLM-*", "xiaomi/mimo-*"];
    let url = Some(base_url.to_owned());
    let account = |name, platform, base_urls, auth, models, samples| Provider {
        name,
        variable: None,
        platform,
        base_urls,
        auth,
        credential: Secret::from("sandbox"),
        models,
        mapping: &[],
        count_tokens: platform == Platform::Anthropic,
        samples,
    };
    vec![
        account(
            "sandbox-anthropic",
            Platform::Anthropic,
            BaseUrls { messages: url.clone(), ..BaseUrls::default() },
            AuthScheme::XApiKey,
            MESSAGES,
            Samples { messages: Some("claude-sonnet-5-5"), ..Samples::default() },
        ),
        account(
            "sandbox-openai",
            Platform::Openai,
            BaseUrls { messages: None, chat: url.clone(), responses: url },
            AuthScheme::Bearer,
            CHAT,
            Samples { messages: None, chat: Some("gpt-5.5"), responses: Some("gpt-5.5") },
        ),
    ]
}

/// A provider's public endpoint.
struct Known {
    name: &'static str,
    variable: &'static str,
    platform: Platform,
    messages: Option<&'static str>,
    chat: Option<&'static str>,
    responses: Option<&'static str>,
    auth: AuthScheme,
    models: &'static [&'static str],
    mapping: &'static [(&'static str, &'static str)],
    samples: Samples,
}

const fn for_messages(model: &'static str) -> Samples {
    Samples { messages: Some(model), chat: None, responses: None }
}

const fn for_chat(model: &'static str) -> Samples {
    Samples { messages: None, chat: Some(model), responses: None }
}

/// The endpoints as each provider documents them. The gate appends `/v1/messages` and so on.
const KNOWN: &[Known] = &[
    Known {
        name: "anthropic",
        variable: "ANTHROPIC_API_KEY",
        platform: Platform::Anthropic,
        messages: Some("https://api.anthropic.com"),
        chat: None,
        responses: None,
        auth: AuthScheme::XApiKey,
        models: &["claude-*"],
        mapping: &[],
        samples: for_messages("claude-sonnet-5-5"),
    },
    Known {
        name: "openai",
        variable: "OPENAI_API_KEY",
        platform: Platform::Openai,
        messages: None,
        chat: Some("https://api.openai.com"),
        responses: Some("https://api.openai.com"),
        auth: AuthScheme::Bearer,
        models: &["gpt-*"],
        mapping: &[],
        samples: Samples { messages: None, chat: Some("gpt-5.5"), responses: Some("gpt-5.5") },
    },
    Known {
        name: "deepseek-messages",
        variable: "DEEPSEEK_API_KEY",
        platform: Platform::Anthropic,
        messages: Some("https://api.deepseek.com/anthropic"),
        chat: None,
        responses: None,
        auth: AuthScheme::XApiKey,
        models: &["deepseek-*"],
        mapping: &[],
        samples: for_messages("deepseek-chat"),
    },
    Known {
        name: "deepseek-chat",
        variable: "DEEPSEEK_API_KEY",
        platform: Platform::Openai,
        messages: None,
        chat: Some("https://api.deepseek.com"),
        responses: None,
        auth: AuthScheme::Bearer,
        models: &["deepseek-*"],
        mapping: &[],
        samples: for_chat("deepseek-chat"),
    },
    Known {
        name: "zhipu-messages",
        variable: "ZHIPU_API_KEY",
        platform: Platform::Anthropic,
        messages: Some("https://api.z.ai/api/anthropic"),
        chat: None,
        responses: None,
        auth: AuthScheme::XApiKey,
        models: &["glm-*"],
        mapping: &[("ZHIPU/GLM-*", "glm-*")],
        samples: for_messages("ZHIPU/GLM-4.6"),
    },
    Known {
        name: "zhipu-chat",
        variable: "ZHIPU_API_KEY",
        platform: Platform::Openai,
        messages: None,
        chat: Some("https://api.z.ai/api/paas/v4"),
        responses: None,
        auth: AuthScheme::Bearer,
        models: &["glm-*"],
        mapping: &[("ZHIPU/GLM-*", "glm-*")],
        samples: for_chat("ZHIPU/GLM-4.6"),
    },
    Known {
        name: "mimo-messages",
        variable: "MIMO_API_KEY",
        platform: Platform::Anthropic,
        messages: Some("https://api.xiaomimimo.com/anthropic"),
        chat: None,
        responses: None,
        auth: AuthScheme::Bearer,
        models: &["mimo-*"],
        mapping: &[("xiaomi/mimo-*", "mimo-*")],
        samples: for_messages("xiaomi/mimo-v2.5-pro"),
    },
    Known {
        name: "mimo-chat",
        variable: "MIMO_API_KEY",
        platform: Platform::Openai,
        messages: None,
        chat: Some("https://api.xiaomimimo.com"),
        responses: None,
        auth: AuthScheme::Bearer,
        models: &["mimo-*"],
        mapping: &[("xiaomi/mimo-*", "mimo-*")],
        samples: for_chat("xiaomi/mimo-v2.5-pro"),
    },
];

/// The providers whose keys `variable` gives.
///
/// # Errors
/// None is there; the message lists the names that were looked for.
pub(super) fn real(variable: impl Fn(&str) -> Option<String>) -> anyhow::Result<Vec<Provider>> {
    let found: Vec<Provider> = KNOWN
        .iter()
        .filter_map(|known| {
            let credential = variable(known.variable).filter(|value| !value.is_empty())?;
            Some(known.with_credential(Secret::new(credential)))
        })
        .collect();
    if found.is_empty() {
        let mut names: Vec<&str> = KNOWN.iter().map(|known| known.variable).collect();
        names.dedup();
        anyhow::bail!("no provider's key is in the environment: set at least one of {}", names.join(", "));
    }
    Ok(found)
}

/// The names of every account the demo may have made.
pub(super) fn all_names() -> impl Iterator<Item = &'static str> {
    ["sandbox-anthropic", "sandbox-openai"].into_iter().chain(KNOWN.iter().map(|known| known.name))
}

impl Known {
    fn with_credential(&self, credential: Secret<String>) -> Provider {
        let owned = |url: Option<&str>| url.map(str::to_owned);
        Provider {
            name: self.name,
            variable: Some(self.variable),
            platform: self.platform,
            base_urls: BaseUrls {
                messages: owned(self.messages),
                chat: owned(self.chat),
                responses: owned(self.responses),
            },
            auth: self.auth,
            credential,
            models: self.models,
            mapping: self.mapping,
            // Of the providers here only Anthropic itself documents the endpoint.
            count_tokens: self.name == "anthropic",
            samples: self.samples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_providers_with_a_key_are_used() {
        let environment = |name: &str| match name {
            "DEEPSEEK_API_KEY" => Some("sk-1".to_owned()),
            "OPENAI_API_KEY" => Some(String::new()),
            _ => None,
        };
        let found = real(environment).unwrap();
        let names: Vec<&str> = found.iter().map(|provider| provider.name).collect();
        assert_eq!(names, ["deepseek-messages", "deepseek-chat"]);
        assert!(found.iter().all(|provider| provider.credential.expose() == "sk-1"));
        let samples = found.iter().fold(Samples::default(), |all, provider| all.or(provider.samples));
        assert_eq!(samples.chat, Some("deepseek-chat"));
        assert_eq!(samples.responses, None);
    }

    #[test]
    fn without_any_key_the_names_are_listed() {
        assert_eq!(
            real(|_| None).unwrap_err().to_string(),
            "no provider's key is in the environment: set at least one of ANTHROPIC_API_KEY, OPENAI_API_KEY, \
             DEEPSEEK_API_KEY, ZHIPU_API_KEY, MIMO_API_KEY"
        );
    }

    #[test]
    fn hosts_and_names_tell_families_and_traits() {
        use tollgate_protocol::Protocol;
        use tollgate_translate::family::Family;
        use tollgate_translate::traits::ModelTraits;

        let family = |name: &str| match name.split('-').next() {
            Some("anthropic") => Family::Anthropic,
            Some("openai") => Family::Openai,
            Some("deepseek") => Family::Deepseek,
            Some("zhipu") => Family::Zhipu,
            Some("mimo") => Family::Mimo,
            _ => panic!("{name}: which family?"),
        };
        let unknown = ModelTraits::of("a-model-nobody-knows");
        for provider in real(|_| Some("key".to_owned())).unwrap() {
            for url in Protocol::ALL.into_iter().filter_map(|protocol| provider.base_urls.get(protocol)) {
                let host = url.trim_start_matches("https://").split('/').next().unwrap();
                assert_eq!(Family::of_host(host), Some(family(provider.name)), "{url}");
            }
            let samples = provider.samples;
            for model in [samples.messages, samples.chat, samples.responses].into_iter().flatten() {
                assert_ne!(ModelTraits::of(model), unknown, "{model}");
            }
        }
        let models = super::super::prices::models().unwrap();
        for model in models.iter().filter(|model| !model.name.contains('*')) {
            assert_ne!(ModelTraits::of(&model.name), unknown, "{}", model.name);
        }
    }

    #[test]
    fn every_pattern_and_mapping_is_valid_and_priced() {
        let mut providers = sandbox("http://127.0.0.1:1");
        providers.extend(real(|_| Some("key".to_owned())).unwrap());
        let listed: Vec<&str> = all_names().collect();
        let priced = super::super::prices::models().unwrap();
        for provider in &providers {
            assert!(listed.contains(&provider.name));
            for model in provider.models {
                model.parse::<tollgate_routing::Pattern>().unwrap();
            }
            let mapped = provider.mapping.iter().map(|(from, _)| from);
            let asked_for = if provider.mapping.is_empty() {
                provider.models.to_vec()
            } else {
                mapped.copied().collect()
            };
            for model in asked_for {
                assert!(priced.iter().any(|row| row.name == model), "{model} has no price");
            }
            let entries = provider.mapping.iter().map(|(from, to)| (from.parse().unwrap(), (*to).to_owned()));
            tollgate_routing::ModelMapping::new(entries.collect()).unwrap();
        }
    }
}
