//! `gen-models`: the table of known models, from the price map inside the `litellm` package.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use lockgate_providers::PROVIDERS;
use serde_json::{Map, Value};

const TARGET: &str = "crates/providers/data/models.tsv";

const HEAD: &str = "\
# provider, model, mode, input limit, output limit. Written by `gen-models` of xtask; do not edit.
# Facts taken from model_prices_and_context_window_backup.json of litellm 1.105.0 (PyPI), MIT licence.
";

/// Writes the table from the price map `file`.
pub(crate) fn write(root: &Path, file: &Path) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let map: Map<String, Value> = serde_json::from_str(&text).context("parsing the price map")?;
    let mut rows = BTreeMap::new();
    for (key, entry) in &map {
        if let Some((provider, model, rest)) = row(key, entry) {
            rows.insert((provider, model), rest);
        }
    }
    let mut out = String::from(HEAD);
    for ((provider, model), rest) in &rows {
        writeln!(out, "{provider}\t{model}\t{rest}")?;
    }
    let target = root.join(TARGET);
    fs::write(&target, out).with_context(|| format!("writing {}", target.display()))?;
    println!("{TARGET}: {} models", rows.len());
    Ok(())
}

fn row<'a>(key: &'a str, entry: &'a Value) -> Option<(&'a str, &'a str, String)> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let provider = text("litellm_provider")?;
    PROVIDERS.iter().find(|row| row.id == provider)?;
    let mode = match text("mode")? {
        // The price map calls Ollama's models without tools so; they chat all the same.
        "completion" if provider == "ollama" => "chat",
        mode @ ("chat" | "embedding" | "responses") => mode,
        _ => return None,
    };
    let model = key
        .strip_prefix(provider)
        .and_then(|rest| rest.strip_prefix('/'))
        .unwrap_or(key);
    // Prices of fine-tuned models, and of regions and tiers of models that have a row already.
    let variant = model.starts_with("ft:") || (!routes(provider) && model.contains('/'));
    if variant || model.contains(['\t', '*']) {
        return None;
    }
    let limit = |name: &str| entry.get(name).and_then(Value::as_u64);
    let input = limit("max_input_tokens").or_else(|| limit("max_tokens"));
    let output = limit("max_output_tokens").filter(|_| mode != "embedding");
    let number = |limit: Option<u64>| limit.map_or_else(String::new, |limit| limit.to_string());
    Some((
        provider,
        model,
        format!("{mode}\t{}\t{}", number(input), number(output)),
    ))
}

/// Model names of OpenAI, Anthropic and Gemini have no slash; those of others may.
fn routes(provider: &str) -> bool {
    !matches!(provider, "openai" | "anthropic" | "gemini")
}
