//! Accounts: one credential at one provider, and where the provider is.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tollgate_base::{AccountId, GroupId, Rate, Secret, Timestamp};
use tollgate_protocol::Protocol;
use tollgate_translate::family::Family;

use crate::capability::Capabilities;
use crate::error::RoutingError;
use crate::group::Platform;
use crate::mapping::ModelMapping;
use crate::pattern::{Pattern, admits};
use crate::shaping::Shaping;
use crate::upkeep::Upkeep;
use crate::upstream_path::UpstreamPath;
use crate::user::Status;
use crate::words::word_enum;

word_enum!(
    /// The header an upstream takes its credential in.
    AuthScheme, "way to send a credential" {
        /// `x-api-key: <credential>`
        XApiKey = "x-api-key",
        /// `authorization: Bearer <credential>`
        Bearer = "bearer",
    }
);

impl AuthScheme {
    /// What the platform's own API takes.
    #[must_use]
    pub const fn default_for(platform: Platform) -> Self {
        match platform {
            Platform::Anthropic => Self::XApiKey,
            Platform::Openai => Self::Bearer,
        }
    }
}

/// Where each protocol is spoken; `None` where the account does not speak it.
///
/// A base is `http://` or `https://`, a host and perhaps a path, without query, fragment, user or password. The gate
/// appends `/v1/messages`, `/v1/chat/completions` and so on. A base that ends in a version segment (`/v1`, `/v4`)
/// keeps it and gets the rest only, so `https://api.openai.com` and `https://api.deepseek.com/v1` both work.
/// [`check_base_url`] checks one before it is saved.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BaseUrls {
    /// Anthropic Messages, such as `https://api.anthropic.com`.
    pub messages: Option<String>,
    /// OpenAI Chat Completions, such as `https://api.openai.com`.
    pub chat: Option<String>,
    /// OpenAI Responses, such as `https://api.openai.com`.
    pub responses: Option<String>,
}

impl BaseUrls {
    /// The base for a protocol.
    #[must_use]
    pub fn get(&self, protocol: Protocol) -> Option<&str> {
        match protocol {
            Protocol::Messages => self.messages.as_deref(),
            Protocol::Chat => self.chat.as_deref(),
            Protocol::Responses => self.responses.as_deref(),
        }
    }

    /// Whether no protocol has a base.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.messages.is_none() && self.chat.is_none() && self.responses.is_none()
    }
}

/// An account at a provider.
///
/// In JSON the credential and the proxy (which may hold a password) are left out; for that reason an account cannot
/// be read back from JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// The id.
    pub id: AccountId,
    /// The name, unique among accounts.
    pub name: String,
    /// Whose habits it follows.
    pub platform: Platform,
    /// The provider family, as the operator named it; `None` is told from the addresses, see
    /// [`family_for`](Self::family_for).
    pub family: Option<Family>,
    /// Where it is.
    pub base_urls: BaseUrls,
    /// The provider's key.
    #[serde(skip_serializing)]
    pub credential: Secret<String>,
    /// How the key is sent.
    pub auth: AuthScheme,
    /// The models it serves, by the provider's names (after both mappings); empty is any.
    pub models: Vec<Pattern>,
    /// Names as the group passes them on -> the provider's names.
    pub model_mapping: ModelMapping,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Accounts with a lower number are tried first.
    pub priority: i32,
    /// Its share among accounts of the same priority; 0 is used only when the others cannot be.
    pub weight: u32,
    /// What its provider charges, as a part of the list price: below one with a discount.
    pub rate: Rate,
    /// Whether it is in use.
    pub status: Status,
    /// The proxy it is reached through: `http://`, `https://` or `socks5://`, perhaps with user and password.
    #[serde(skip_serializing)]
    pub proxy: Option<Secret<String>>,
    /// The groups it serves.
    pub groups: Vec<GroupId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// What keeps it going.
    pub upkeep: Upkeep,
    /// The provider's organization that it belongs to, as the operator calls it: accounts of one name take each other's
    /// signed reasoning. `None`: an organization of its own.
    pub organization: Option<String>,
    /// How requests are changed on their way to it.
    pub shaping: Shaping,
}

impl Account {
    /// The URL of a call in `protocol`, or `None` if the account does not speak it or the path holds a bad id.
    #[must_use]
    pub fn url_for(&self, protocol: Protocol, path: &UpstreamPath<'_>) -> Option<String> {
        path.under(self.base_urls.get(protocol)?)
    }

    /// The provider family it belongs to where `protocol` is spoken.
    ///
    /// The one that was named; else told from that protocol's base URL; else, as nothing tells, by the platform.
    #[must_use]
    pub fn family_for(&self, protocol: Protocol) -> Family {
        let told = || Family::of_host(host_of(self.base_urls.get(protocol)?));
        self.family.or_else(told).unwrap_or(match self.platform {
            Platform::Anthropic => Family::Anthropic,
            Platform::Openai => Family::Generic,
        })
    }

    /// The host, with its port if it names one, of the provider that speaks `protocol`.
    #[must_use]
    pub fn provider_host(&self, protocol: Protocol) -> Option<&str> {
        self.base_urls.get(protocol).map(host_of)
    }

    /// Its keys, the first of them first.
    pub fn keys(&self) -> impl Iterator<Item = &Secret<String>> {
        std::iter::once(&self.credential).chain(self.upkeep.further_keys.iter().map(|key| &key.secret))
    }

    /// Whether it serves the model with the provider's name `upstream_model`.
    #[must_use]
    pub fn serves(&self, upstream_model: &str) -> bool {
        admits(&self.models, upstream_model)
    }

    /// Who takes the reasoning that it signed: its organization's name, or its id where it has none.
    #[must_use]
    pub fn organization_name(&self) -> Cow<'_, str> {
        match &self.organization {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(self.id.to_string()),
        }
    }

    /// Whether it takes the reasoning that `other` signed.
    #[must_use]
    pub fn shares_organization(&self, other: &Self) -> bool {
        self.id == other.id || (self.organization.is_some() && self.organization == other.organization)
    }

    /// Whether it is in use and can be reached in any protocol.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.status == Status::Enabled && !self.base_urls.is_empty()
    }
}

/// The host of a base URL, with its port if it has one.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_once('/').map_or(rest, |(host, _)| host)
}

/// The last segments of calls: a base that ends in one is a whole URL by mistake.
const CALL_SEGMENTS: [&str; 4] = ["messages", "completions", "responses", "models"];

/// Checks a base URL's form as [`BaseUrls`] describes it; that the address may be called is the client's to check.
///
/// # Errors
/// [`RoutingError::BadBaseUrl`]; the message never shows a user or password that the URL held.
pub fn check_base_url(url: &str) -> Result<(), RoutingError> {
    let bad = |reason| Err(RoutingError::BadBaseUrl { url: without_user(url), reason });
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return bad("it does not begin with https:// or http://");
    };
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return bad("it holds a space or a control character");
    }
    if rest.contains(['?', '#', '\\']) {
        return bad("it holds a query, a fragment or a backslash");
    }
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host.contains('@') {
        return bad("it holds a user name; the credential is set apart from the URL");
    }
    if host.is_empty() || host.starts_with(':') {
        return bad("it has no host");
    }
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    if CALL_SEGMENTS.contains(&last) {
        return bad("it is the address of a call: leave out the call's own path");
    }
    Ok(())
}

fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.rsplit('@').next().unwrap_or("").to_owned();
    };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..host_end].rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::account;

    #[test]
    fn url_is_built_for_spoken_protocols_only() {
        let mut account = account(1);
        account.base_urls =
            BaseUrls { chat: Some("https://api.deepseek.com/v1".into()), ..BaseUrls::default() };
        assert_eq!(
            account.url_for(Protocol::Chat, &UpstreamPath::Chat).as_deref(),
            Some("https://api.deepseek.com/v1/chat/completions")
        );
        assert_eq!(account.url_for(Protocol::Messages, &UpstreamPath::Messages), None);
    }

    #[test]
    fn family_is_the_named_one_or_the_hosts_or_the_platforms() {
        let mut account = account(1);
        account.base_urls = BaseUrls {
            messages: Some("https://claude.internal/anthropic".into()),
            chat: Some("https://api.deepseek.com/v1".into()),
            responses: Some("http://127.0.0.1:11434".into()),
        };
        let families = |account: &Account| Protocol::ALL.map(|protocol| account.family_for(protocol));
        let by = |messages, chat, responses| {
            Protocol::ALL.map(|protocol| match protocol {
                Protocol::Messages => messages,
                Protocol::Chat => chat,
                Protocol::Responses => responses,
            })
        };
        assert_eq!(families(&account), by(Family::Generic, Family::Deepseek, Family::Ollama));
        account.platform = Platform::Anthropic;
        assert_eq!(families(&account), by(Family::Anthropic, Family::Deepseek, Family::Ollama));
        account.base_urls.responses = None;
        assert_eq!(families(&account), by(Family::Anthropic, Family::Deepseek, Family::Anthropic));
        account.family = Some(Family::Vllm);
        assert_eq!(families(&account), [Family::Vllm; 3]);
    }

    #[test]
    fn base_urls_are_checked() {
        for good in [
            "https://api.anthropic.com",
            "http://127.0.0.1:9000/",
            "https://api.deepseek.com/anthropic",
            "http://[::1]:80",
            "https://api.openai.com/v1/",
        ] {
            assert_eq!(check_base_url(good), Ok(()), "{good}");
        }
        for (bad, word) in [
            ("", "begin with"),
            ("api.openai.com", "begin with"),
            ("ftp://h", "begin with"),
            ("https://", "no host"),
            ("https:///x", "no host"),
            ("https://:80", "no host"),
            ("https://h?x=1", "query"),
            ("https://h/#x", "query"),
            ("https://h/a b", "space"),
            ("https://h/v1/messages", "leave out"),
            ("https://h/v1/chat/completions/", "leave out"),
        ] {
            let message = check_base_url(bad).unwrap_err().to_string();
            assert!(message.contains(word), "{bad}: {message}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        for url in [
            "https://user:hunter2@host/p",
            "https://a:hunter2@b@host",
            "user:hunter2@host",
            "ftp://u:hunter2@host",
        ] {
            let message = check_base_url(url).unwrap_err().to_string();
            assert!(!message.contains("hunter2"), "{message}");
            assert!(message.contains("host"), "{message}");
        }
    }

    #[test]
    fn json_leaves_secrets_out() {
        let mut account = account(1);
        account.credential = Secret::from("sk-live-1");
        account.proxy = Some(Secret::from("http://u:hunter2@proxy"));
        let json = serde_json::to_string(&account).unwrap();
        assert!(!json.contains("sk-live-1") && !json.contains("hunter2"), "{json}");
        assert!(json.contains(r#""auth":"bearer""#), "{json}");
    }
}
