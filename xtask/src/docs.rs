//! `gen-docs`: the pages of the user guide that are tables of the code.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use lockgate_providers::{Auth, NOT_YET, PROVIDERS, ProviderSpec, UrlStyle};

const PROVIDERS_PAGE: &str = "docs/providers.md";

/// Writes the pages.
pub(crate) fn write(root: &Path) -> Result<()> {
    let target = root.join(PROVIDERS_PAGE);
    fs::write(&target, providers_page()?)
        .with_context(|| format!("writing {}", target.display()))?;
    println!("{PROVIDERS_PAGE}: {} providers", PROVIDERS.len());
    Ok(())
}

/// Fails when a page is not what [`write`] would write.
pub(crate) fn check(root: &Path) -> Result<()> {
    let target = root.join(PROVIDERS_PAGE);
    let found = fs::read_to_string(&target).unwrap_or_default();
    if found != providers_page()? {
        bail!("{PROVIDERS_PAGE} is out of date: run `cargo run -p xtask -- gen-docs`");
    }
    Ok(())
}

fn providers_page() -> Result<String> {
    let mut out = String::from(HEAD);
    for row in PROVIDERS {
        provider_line(&mut out, row)?;
    }
    out.push_str(DEVIATIONS);
    for row in PROVIDERS.iter().filter(|row| !row.quirks.is_empty()) {
        let quirks: Vec<String> = row
            .quirks
            .iter()
            .map(|quirk| format!("`{quirk}`"))
            .collect();
        writeln!(out, "| `{}` | {} |", row.id, quirks.join("<br>"))?;
    }
    out.push_str(NOT_SERVED);
    for (id, instead) in NOT_YET {
        writeln!(out, "| `{id}` | {instead} |")?;
    }
    Ok(out)
}

fn provider_line(out: &mut String, row: &ProviderSpec) -> Result<()> {
    let base = match row.base_url {
        Some(base) => format!("`{}`", base.replace('|', "\\|")),
        None if row.built_in => "built in".to_owned(),
        None if matches!(row.url, UrlStyle::Bedrock | UrlStyle::Vertex(_)) => {
            "by region".to_owned()
        }
        None => "`api_base` is needed".to_owned(),
    };
    let format = match row.url {
        _ if row.built_in => "built in".to_owned(),
        UrlStyle::OpenAi => "OpenAI".to_owned(),
        UrlStyle::OpenAiUnder(path) => format!("OpenAI, below `{path}`"),
        UrlStyle::Anthropic => "Anthropic".to_owned(),
        UrlStyle::Gemini => "Gemini".to_owned(),
        UrlStyle::Ollama => "Ollama".to_owned(),
        UrlStyle::AnthropicUnder(path) => format!("Anthropic, below `{path}`"),
        UrlStyle::AzureOpenAi => "[Azure OpenAI](clouds.md)".to_owned(),
        UrlStyle::AzureAi => "[Azure AI Foundry](clouds.md)".to_owned(),
        UrlStyle::Bedrock => "[Amazon Bedrock](clouds.md)".to_owned(),
        UrlStyle::Vertex(_) => "[Vertex AI](clouds.md)".to_owned(),
    };
    let key = match row.auth {
        Auth::None => "none".to_owned(),
        Auth::Azure(_) | Auth::AzureAi | Auth::Aws | Auth::Google => {
            let identity = "an [identity](clouds.md)";
            let key = variables(row.key_env);
            if key.is_empty() {
                identity.to_owned()
            } else {
                format!("{key}, or {identity}")
            }
        }
        _ => variables(row.key_env),
    };
    let base_env = variables(row.base_env);
    writeln!(
        out,
        "| `{}` | {format} | {base} | {key} | {base_env} |",
        row.id
    )?;
    Ok(())
}

fn variables(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

const HEAD: &str = "\
<!-- Written by `cargo run -p xtask -- gen-docs` from crates/providers; do not edit. -->

# Providers

A deployment names its provider in front of the model: `groq/llama-3.3-70b-versatile`. Without a
prefix the provider is found by the host of `api_base`, then by the name itself: `gpt-`, `chatgpt-`,
`o1`, `o3`, `o4`, `text-embedding-3-` and fine-tuned `ft:gpt-` models are OpenAI's, `claude-` models
Anthropic's, `gemini-` models are called at Google AI Studio (LiteLLM calls them at Vertex AI).
`custom_llm_provider` wins over all of this.

The key is `api_key` of the deployment, else the first of the variables that is set; the base URL is
`api_base`, else the first of its variables that is set, else the one in the table. In a base URL
`{NAME:default}` stands for an environment variable. Any other OpenAI-compatible server is
`openai/<model>` with its `api_base`.

| provider | format | base URL | key | variables of the base URL |
|---|---|---|---|---|
";

const DEVIATIONS: &str = "
## Deviations

What is changed in a request because the provider would refuse or misread it. `unsupported` members
are dropped when `drop_params` is on; otherwise they go out and the provider says so itself. The
same words work in `quirks` of a `custom_providers` entry:

| quirk | meaning |
|---|---|
| `rename FROM TO` | the provider has another name for the member |
| `drop MEMBER` | the provider refuses the member and can do without it |
| `unsupported MEMBER` | the provider refuses the member |
| `drop_without OTHER MEMBER` | the provider refuses the member when `OTHER` is not there |
| `clamp MEMBER MIN MAX` | a number outside becomes the nearest end |
| `set MEMBER JSON` | the member always has this value (chat only) |
| `default MEMBER JSON` | the member has this value when the client gives none (chat only) |
| `value MEMBER FROM TO` | a string value of the member has another name |
| `effort_to_thinking` | `reasoning_effort` becomes `thinking` that is enabled or disabled |
| `flatten_content` | lists of text parts become one string |
| `flatten_tool_content` | the same in tool results only |
| `strip_names` | messages other than tool results lose their `name` |

`for a,b,!c` behind a quirk limits it to models whose name starts with `a` or `b` but not with `c`.

| provider | quirks |
|---|---|
";

const NOT_SERVED: &str = "
## Not served yet

LiteLLM has these; naming one is an error that says so.

| provider | instead |
|---|---|
";
