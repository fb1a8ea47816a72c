//! What is known about models by name: limits that no translator can know, and which models a
//! provider has.

use std::sync::LazyLock;

use crate::catalog::{Row, shipped};

/// One model of one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownModel {
    /// The provider's id.
    pub provider: &'static str,
    /// The model as the provider names it.
    pub name: &'static str,
    /// What it does.
    pub mode: Mode,
    /// Tokens it reads at most.
    pub max_input_tokens: Option<u64>,
    /// Tokens it writes at most.
    pub max_output_tokens: Option<u64>,
}

/// What a model does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Chat completions.
    Chat,
    /// Embeddings.
    Embedding,
    /// Chat through OpenAI's responses API only.
    Responses,
}

/// Output limits of Claude models that no list has any more but gateways in front of Anthropic's
/// API still serve (Anthropic models overview). The first start that fits wins.
const OLDER_CLAUDE: &[(&str, u64)] = &[
    ("claude-3-7-sonnet", 64_000),
    ("claude-3-5-", 8_192),
    ("claude-3-", 4_096),
    ("claude-2", 4_096),
    ("claude-instant-", 4_096),
    ("claude-opus-4", 32_000),
    ("claude-4-opus", 32_000),
    ("claude-sonnet-4", 64_000),
    ("claude-4-sonnet", 64_000),
];

static MODELS: LazyLock<Vec<KnownModel>> = LazyLock::new(|| {
    let mut models: Vec<KnownModel> = shipped().rows().filter_map(|row| known(&row)).collect();
    // What has a name with its provider in front and one without stands twice.
    models.sort_by_key(|model| (model.provider, model.name));
    models.dedup_by_key(|model| (model.provider, model.name));
    models
});

/// The models of a provider, sorted by name; what `provider/*` stands for in a list of models.
#[must_use]
pub fn known_models(provider: &str) -> &'static [KnownModel] {
    let provider = same_models(provider);
    let start = MODELS.partition_point(|model| model.provider < provider);
    let end = MODELS.partition_point(|model| model.provider <= provider);
    &MODELS[start..end]
}

/// What is known about `model` of `provider`. A name without an entry of its own, such as a new
/// snapshot (`claude-sonnet-4-5-20991231`), is taken for the longest known name it begins with.
#[must_use]
pub fn known_model(provider: &str, model: &str) -> Option<&'static KnownModel> {
    let models = known_models(provider);
    // `provider/model` ids of OpenRouter and the like keep their slash; a LoRA or region behind
    // `:` or `@` does not change the limits.
    let mut name = model;
    loop {
        if let Ok(at) = models.binary_search_by(|known| known.name.cmp(name)) {
            return models.get(at);
        }
        let cut = name.rfind(['-', '@', ':'])?;
        name = &name[..cut];
    }
}

/// The most tokens `model` writes, for dialects that must say a limit (Anthropic's `max_tokens`).
#[must_use]
pub fn max_output_tokens(provider: &str, model: &str) -> Option<u64> {
    match known_model(provider, model) {
        Some(known) => known.max_output_tokens,
        None => OLDER_CLAUDE
            .iter()
            .find(|(start, _)| model.starts_with(start))
            .map(|&(_, limit)| limit),
    }
}

/// The most tokens `model` reads.
#[must_use]
pub fn context_window(provider: &str, model: &str) -> Option<u64> {
    known_model(provider, model)?.max_input_tokens
}

/// Two prefixes may mean one list of models.
fn same_models(provider: &str) -> &str {
    match provider {
        "ollama_chat" => "ollama",
        "ai21_chat" => "ai21",
        other => other,
    }
}

fn known(row: &Row<'static>) -> Option<KnownModel> {
    let mode = match row.mode {
        // The price map calls Ollama's models without tools so; they chat all the same.
        "completion" if row.provider == "ollama" => Mode::Chat,
        "chat" => Mode::Chat,
        "embedding" => Mode::Embedding,
        "responses" => Mode::Responses,
        _ => return None,
    };
    let name = row
        .key
        .strip_prefix(row.provider)
        .and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(row.key);
    // Prices of fine-tuned models, and of regions and tiers of models that have an entry already.
    let variant = name.starts_with("ft:") || (!has_slashes(row.provider) && name.contains('/'));
    (!variant && !name.contains('*')).then_some(KnownModel {
        provider: row.provider,
        name,
        mode,
        max_input_tokens: row.max_input_tokens.or(row.max_tokens),
        max_output_tokens: row.max_output_tokens.filter(|_| mode != Mode::Embedding),
    })
}

/// Model names of OpenAI, Anthropic and Gemini have no slash; those of others may.
fn has_slashes(provider: &str) -> bool {
    !matches!(provider, "openai" | "anthropic" | "gemini")
}
