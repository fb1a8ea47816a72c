//! Model names that tell their provider without a prefix.

/// The id of the provider that a bare model name means; it may be one that is not served yet.
///
/// LiteLLM has lists of known names and sends known `gemini-` names to Vertex AI; here the
/// families decide, so that a new model needs no new version, and `gemini-` means AI Studio.
pub(crate) fn provider_of(model: &str) -> Option<&'static str> {
    if model == "*" {
        return Some("openai");
    }
    // A slash belongs to `provider/model`; behind an unknown prefix nothing is certain.
    if model.contains('/') && !is_replicate(model) {
        return None;
    }
    if is_bedrock(model) {
        return Some("bedrock");
    }
    if is_replicate(model) {
        return Some("replicate");
    }
    let tuned = model.strip_prefix("ft:").unwrap_or(model);
    FAMILIES
        .iter()
        .find(|(family, _)| starts_family(tuned, family))
        .map(|&(_, provider)| provider)
}

/// Starts of names. One that does not end in `-` must be followed by `-` or nothing. The first
/// that fits wins.
const FAMILIES: &[(&str, &str)] = &[
    ("gpt-3.5-turbo-instruct", "text-completion-openai"),
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("codex-", "openai"),
    ("computer-use-preview", "openai"),
    ("text-embedding-ada-002", "openai"),
    ("text-embedding-3-", "openai"),
    ("text-embedding-", "vertex_ai"),
    ("text-multilingual-embedding-", "vertex_ai"),
    ("davinci-002", "text-completion-openai"),
    ("babbage-002", "text-completion-openai"),
    ("claude-", "anthropic"),
    ("gemini-", "gemini"),
    ("command", "cohere"),
    ("embed-english-", "cohere"),
    ("embed-multilingual-", "cohere"),
    ("jamba-", "ai21_chat"),
];

fn starts_family(model: &str, family: &str) -> bool {
    model.strip_prefix(family).is_some_and(|rest| {
        family.ends_with('-') || rest.is_empty() || rest.starts_with(['-', ':'])
    })
}

/// Amazon Bedrock ids: `vendor.model`, optionally behind a region group.
fn is_bedrock(model: &str) -> bool {
    let rest = REGIONS
        .iter()
        .find_map(|region| model.strip_prefix(region))
        .unwrap_or(model);
    VENDORS.iter().any(|vendor| rest.starts_with(vendor))
}

const REGIONS: &[&str] = &["us.", "eu.", "apac.", "jp.", "au.", "us-gov.", "global."];

const VENDORS: &[&str] = &[
    "ai21.",
    "amazon.",
    "anthropic.",
    "cohere.",
    "deepseek.",
    "meta.",
    "mistral.",
    "openai.",
    "qwen.",
    "stability.",
    "twelvelabs.",
    "writer.",
];

/// `owner/name:` and the 64 hexadecimal digits of a version.
fn is_replicate(model: &str) -> bool {
    model
        .split_once(':')
        .is_some_and(|(_, id)| id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
