//! Which family serves at which host.

use super::Family;

/// Ends of host names, and ports of servers that run on one's own machine.
const HOSTS: &[(&str, Family)] = &[
    ("api.openai.com", Family::Openai),
    ("openai.azure.com", Family::Azure),
    ("services.ai.azure.com", Family::Azure),
    ("cognitiveservices.azure.com", Family::Azure),
    ("api.anthropic.com", Family::Anthropic),
    ("deepseek.com", Family::Deepseek),
    ("bigmodel.cn", Family::Zhipu),
    ("z.ai", Family::Zhipu),
    ("xiaomimimo.com", Family::Mimo),
    ("moonshot.cn", Family::Moonshot),
    ("moonshot.ai", Family::Moonshot),
    ("kimi.com", Family::Moonshot),
    ("aliyuncs.com", Family::Qwen),
    ("openrouter.ai", Family::Openrouter),
    ("ollama.com", Family::Ollama),
];
const PORTS: &[(&str, Family)] = &[("11434", Family::Ollama)];

pub(super) fn find(host: &str) -> Option<Family> {
    let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let name = name.to_ascii_lowercase();
    let ends =
        |end: &str| name.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    let by_name = HOSTS.iter().find(|(end, _)| ends(end));
    let by_port = || PORTS.iter().find(|(known, _)| *known == port);
    by_name.or_else(by_port).map(|(_, family)| *family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_by_whole_parts_of_a_host() {
        for (host, family) in [
            ("api.openai.com", Some(Family::Openai)),
            ("API.DeepSeek.com:443", Some(Family::Deepseek)),
            ("open.bigmodel.cn", Some(Family::Zhipu)),
            ("api.z.ai", Some(Family::Zhipu)),
            ("my-resource.openai.azure.com", Some(Family::Azure)),
            ("dashscope-intl.aliyuncs.com", Some(Family::Qwen)),
            ("localhost:11434", Some(Family::Ollama)),
            ("token-plan-cn.xiaomimimo.com", Some(Family::Mimo)),
            ("ws-1.cn-beijing.maas.aliyuncs.com", Some(Family::Qwen)),
            ("api.moonshot.cn", Some(Family::Moonshot)),
            ("[::1]:11434", Some(Family::Ollama)),
            ("notz.ai", None),
            ("127.0.0.1:8000", None),
        ] {
            assert_eq!(find(host), family, "{host}");
        }
    }
}
