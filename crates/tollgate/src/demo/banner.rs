//! What the demo prints: where it is, the keys, and lines to copy.

use super::providers::Samples;

/// What the lines are filled with.
#[derive(Debug)]
pub(super) struct Banner<'a> {
    /// The gate's base URL.
    pub(super) base_url: &'a str,
    /// The file the same is in.
    pub(super) env_file: &'a str,
    /// What shows the usage records.
    pub(super) usage_command: &'a str,
    /// Which providers answer.
    pub(super) upstream: &'a str,
    /// The key in the group `anthropic`.
    pub(super) anthropic: &'a str,
    /// The key in the group `openai`.
    pub(super) openai: &'a str,
    /// A model for each endpoint.
    pub(super) samples: Samples,
}

impl Banner<'_> {
    /// The whole text.
    pub(super) fn text(&self) -> String {
        let mut parts = vec![self.head()];
        if let Some(model) = self.samples.messages {
            parts.extend([self.messages_curl(model), self.messages_sdks(model), self.claude_code(model)]);
        }
        if let Some(model) = self.samples.chat {
            parts.extend([self.chat_curl(model), self.chat_sdks(model)]);
        }
        if let Some(model) = self.samples.responses {
            parts.push(self.codex(model));
        }
        parts.push(self.foot());
        parts.join("\n")
    }

    fn head(&self) -> String {
        let Self { base_url, env_file, upstream, anthropic, openai, .. } = self;
        format!(
            "\
Tollgate demo
  base URL        {base_url}
  key, Anthropic  {anthropic}
  key, OpenAI     {openai}
  upstream        {upstream}
  also in         {env_file}
"
        )
    }

    fn messages_curl(&self, model: &str) -> String {
        let Self { base_url, anthropic, .. } = self;
        format!(
            "\
# curl, Anthropic Messages (add \"stream\":true for a stream)
curl {base_url}/v1/messages -H 'x-api-key: {anthropic}' -H 'anthropic-version: 2023-06-01' \\
  -H 'content-type: application/json' \\
  -d '{{\"model\":\"{model}\",\"max_tokens\":256,\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'
"
        )
    }

    fn chat_curl(&self, model: &str) -> String {
        let Self { base_url, openai, .. } = self;
        format!(
            "\
# curl, OpenAI Chat Completions (add \"stream\":true for a stream)
curl {base_url}/v1/chat/completions -H 'authorization: Bearer {openai}' \\
  -H 'content-type: application/json' \\
  -d '{{\"model\":\"{model}\",\"messages\":[{{\"role\":\"user\",\"content\":\"Hello\"}}]}}'
"
        )
    }

    fn messages_sdks(&self, model: &str) -> String {
        let Self { base_url, anthropic, .. } = self;
        format!(
            "\
# Python: pip install anthropic
import anthropic
client = anthropic.Anthropic(base_url=\"{base_url}\", api_key=\"{anthropic}\")
print(client.messages.create(model=\"{model}\", max_tokens=256,
    messages=[{{\"role\": \"user\", \"content\": \"Hello\"}}]).content)

// Node: npm install @anthropic-ai/sdk
import Anthropic from '@anthropic-ai/sdk';
const client = new Anthropic({{ baseURL: '{base_url}', apiKey: '{anthropic}' }});
console.log((await client.messages.create({{ model: '{model}', max_tokens: 256,
  messages: [{{ role: 'user', content: 'Hello' }}] }})).content);
"
        )
    }

    fn chat_sdks(&self, model: &str) -> String {
        let Self { base_url, openai, .. } = self;
        format!(
            "\
# Python: pip install openai
from openai import OpenAI
client = OpenAI(base_url=\"{base_url}/v1\", api_key=\"{openai}\")
print(client.chat.completions.create(model=\"{model}\",
    messages=[{{\"role\": \"user\", \"content\": \"Hello\"}}]).choices[0].message.content)

// Node: npm install openai
import OpenAI from 'openai';
const client = new OpenAI({{ baseURL: '{base_url}/v1', apiKey: '{openai}' }});
console.log((await client.chat.completions.create({{ model: '{model}',
  messages: [{{ role: 'user', content: 'Hello' }}] }})).choices[0].message.content);
"
        )
    }

    fn claude_code(&self, model: &str) -> String {
        let Self { base_url, anthropic, .. } = self;
        format!(
            "\
# Claude Code
ANTHROPIC_BASE_URL={base_url} ANTHROPIC_AUTH_TOKEN={anthropic} claude --model {model}
"
        )
    }

    fn codex(&self, model: &str) -> String {
        let Self { base_url, openai, .. } = self;
        format!(
            "\
# Codex: ~/.codex/config.toml (in a file you have already, the first two lines go above every [table])
model = \"{model}\"
model_provider = \"tollgate\"
[model_providers.tollgate]
name = \"Tollgate\"
base_url = \"{base_url}/v1\"
env_key = \"TOLLGATE_KEY_OPENAI\"
wire_api = \"responses\"
# and start it with
TOLLGATE_KEY_OPENAI={openai} codex
"
        )
    }

    fn foot(&self) -> String {
        format!("What was charged: {}\nReady. Ctrl-C stops it.", self.usage_command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner(samples: Samples) -> String {
        let banner = Banner {
            base_url: "http://127.0.0.1:8787",
            env_file: "data/demo.env",
            usage_command: "tollgate usage",
            upstream: "the sandbox",
            anthropic: "tg-a",
            openai: "tg-o",
            samples,
        };
        banner.text()
    }

    #[test]
    fn every_client_gets_its_lines() {
        let all = Samples { messages: Some("m-1"), chat: Some("c-1"), responses: Some("r-1") };
        let text = banner(all);
        for line in [
            "curl http://127.0.0.1:8787/v1/messages -H 'x-api-key: tg-a'",
            "curl http://127.0.0.1:8787/v1/chat/completions -H 'authorization: Bearer tg-o'",
            "anthropic.Anthropic(base_url=\"http://127.0.0.1:8787\"",
            "new Anthropic({ baseURL: 'http://127.0.0.1:8787'",
            "OpenAI(base_url=\"http://127.0.0.1:8787/v1\"",
            "new OpenAI({ baseURL: 'http://127.0.0.1:8787/v1'",
            "ANTHROPIC_BASE_URL=http://127.0.0.1:8787 ANTHROPIC_AUTH_TOKEN=tg-a claude --model m-1",
            "wire_api = \"responses\"",
            "env_key = \"TOLLGATE_KEY_OPENAI\"",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn bodies_in_the_curl_lines_are_json() {
        let text = banner(Samples { messages: Some("m-1"), chat: Some("c-1"), responses: None });
        let bodies: Vec<&str> =
            text.lines().filter_map(|line| line.trim().strip_prefix("-d '")?.strip_suffix('\'')).collect();
        assert_eq!(bodies.len(), 2);
        for body in bodies {
            serde_json::from_str::<serde_json::Value>(body).unwrap();
        }
    }

    #[test]
    fn what_no_provider_serves_is_left_out() {
        let text = banner(Samples { chat: Some("c-1"), ..Samples::default() });
        assert!(!text.contains("/v1/messages") && !text.contains("codex"), "{text}");
    }
}
