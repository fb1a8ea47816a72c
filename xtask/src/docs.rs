//! `gen-docs`: the pages of the user guide that are tables of the code.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use lockgate_providers::{Auth, Formats, KeyRule, NOT_YET, PROVIDERS, ProviderSpec, UrlStyle};
use lockgate_wire::{DialectId, Operation};

use crate::capabilities::capabilities_page;

/// A page and what writes it.
type Page = (&'static str, fn() -> Result<String>);

const PAGES: [Page; 2] = [
    ("docs/providers.md", providers_page),
    ("docs/capabilities.md", capabilities_page),
];

/// Writes the pages.
pub(crate) fn write(root: &Path) -> Result<()> {
    for (path, page) in PAGES {
        let target = root.join(path);
        fs::write(&target, page()?).with_context(|| format!("writing {}", target.display()))?;
        println!("{path}");
    }
    Ok(())
}

/// Fails when a page is not what [`write`] would write.
pub(crate) fn check(root: &Path) -> Result<()> {
    for (path, page) in PAGES {
        let found = fs::read_to_string(root.join(path)).unwrap_or_default();
        if found != page()? {
            bail!("{path} is out of date: run `cargo run -p xtask -- gen-docs`");
        }
    }
    Ok(())
}

fn providers_page() -> Result<String> {
    let mut out = String::from(HEAD);
    for row in PROVIDERS {
        provider_line(&mut out, row)?;
    }
    out.push_str(NOTES);
    out.push_str(DEVIATIONS);
    for row in PROVIDERS.iter().filter(|row| !row.quirks.is_empty()) {
        let quirks: Vec<String> = row
            .quirks
            .iter()
            .map(|quirk| format!("`{}`", quirk.to_string().replace('|', "\\|")))
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
        None if matches!(
            row.url,
            UrlStyle::Bedrock | UrlStyle::SageMaker | UrlStyle::Vertex(_)
        ) =>
        {
            "by region".to_owned()
        }
        None => "`api_base` is needed".to_owned(),
    };
    writeln!(
        out,
        "| `{}` | {} | {} | {} | {} | {} | {base} | {} |",
        row.id,
        dialect(row),
        operations(row),
        auth(row),
        variables(row.key_env),
        variables(row.base_env),
        tested(row),
    )?;
    Ok(())
}

fn dialect(row: &ProviderSpec) -> &'static str {
    match row.dialect {
        _ if row.built_in => "built in",
        // It has nothing that a dialect is for.
        _ if row.url == UrlStyle::Own => "own",
        _ if row.formats != Formats::NONE => with_own(row.dialect),
        dialect => plain(dialect),
    }
}

/// A dialect beside formats of the provider's own.
fn with_own(dialect: DialectId) -> &'static str {
    match dialect {
        DialectId::OpenAiChat => "OpenAI, own",
        DialectId::Gemini => "Gemini, own",
        DialectId::Bedrock => "Bedrock Converse, own",
        dialect => plain(dialect),
    }
}

fn plain(dialect: DialectId) -> &'static str {
    match dialect {
        DialectId::OpenAiChat => "OpenAI",
        DialectId::Cohere => "Cohere",
        DialectId::OpenAiResponses => "OpenAI Responses",
        DialectId::Anthropic => "Anthropic",
        DialectId::Gemini => "Gemini",
        DialectId::Ollama => "Ollama",
        DialectId::Bedrock => "Bedrock Converse",
    }
}

fn operations(row: &ProviderSpec) -> String {
    let names: Vec<String> = Operation::ALL
        .into_iter()
        // The older form of embeddings goes without saying.
        .filter(|operation| *operation != Operation::EmbeddingsSingle)
        .filter(|operation| row.operations.contains(*operation))
        .map(|operation| operation.as_str().replace('_', " "))
        .collect();
    names.join(", ")
}

fn auth(row: &ProviderSpec) -> String {
    let place = match row.auth {
        Auth::None => return "none".to_owned(),
        Auth::Bearer | Auth::BearerWithout(_) => "bearer",
        Auth::Scheme(scheme) => return format!("`authorization: {scheme} KEY`"),
        Auth::Header(name) => name,
        Auth::GeminiKey => "`x-goog-api-key`",
        Auth::AnthropicKey => "`x-api-key`",
        Auth::Azure(name) => return format!("{name}, or an [identity](clouds.md)"),
        Auth::AzureAi | Auth::Google => return "key, or an [identity](clouds.md)".to_owned(),
        Auth::Aws => return "bearer, or an [identity](clouds.md)".to_owned(),
    };
    if row.exchange.is_some() {
        return "bearer, a [token for it](clouds.md#keys-that-are-exchanged)".to_owned();
    }
    match row.key {
        KeyRule::Required => place.to_owned(),
        KeyRule::Optional | KeyRule::Placeholder(_) => format!("{place}, optional"),
    }
}

/// The providers that the real-model tests call (tests/real).
fn tested(row: &ProviderSpec) -> &'static str {
    match row.id {
        "anthropic" | "lm_studio" | "openai" => "llama-server",
        _ if row.built_in => "built in",
        _ => "shape",
    }
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

`responses/` between the two, as in `openai/responses/gpt-5` or `azure/responses/<deployment>`, has the
model asked through OpenAI's Responses API, whatever the client speaks. Without it only clients of
that API reach it, where the table has it among the operations; all others are served by the chat API.

The key is `api_key` of the deployment, else the first of the variables that is set; the base URL is
`api_base`, else the first of its variables that is set, else the one in the table. In a base URL
`{NAME:default}` stands for an environment variable, `{NAME}` for one that must be set. Any other
OpenAI-compatible server is `openai/<model>` with its `api_base`.

**operations**: what is served. Not every OpenAI-compatible service has the embeddings endpoint;
where it is missing, the service says so.

**dialect**: `own` beside or instead of a dialect means that operations besides chat are translated to
a [format of the provider's own](operations.md#formats-of-their-own).

**tested**: `shape` is a recorded request (URL and headers for each operation, streamed and whole, and
the body unless it passes as it is) that must not change unnoticed; `llama-server` is in addition a
real model behind a server that speaks the provider's API. The services themselves are not called.

| provider | dialect | operations | key travels as | key | variables of the base URL | base URL | tested |
|---|---|---|---|---|---|---|---|
";

const NOTES: &str = "
## Notes

| provider | what to know |
|---|---|
| `cloudflare` | Workers AI. The base URL ends with `/ai/v1`; the older `/ai/run` is another API |
| `databricks` | `DATABRICKS_HOST` is the workspace's host. A service principal (`client_id`, `client_secret`) works in place of a key. For the AI gateway set `api_base: https://<host>/ai-gateway/mlflow/v1` |
| `deepgram` | For speech the model is the voice (`deepgram/aura-2-thalia-en`); a `voice` that begins with `aura-` is asked for instead |
| `github` | GitHub announced the end of its models service for 30 July 2026 |
| `gigachat` | Its certificates are signed by an authority that few systems know: see `ssl_verify`. Tools have another form there and are refused, or dropped |
| `github_copilot` | A login's token, from `GITHUB_COPILOT_TOKEN` or from the file that LiteLLM's login writes, is exchanged for one of the session; there is no login here. Business accounts are at `https://api.business.githubcopilot.com`. The endpoint is not a documented one |
| `huggingface` | `huggingface/<provider>/<owner>/<model>` is called as `<owner>/<model>:<provider>`. Embeddings are feature extraction of `hf-inference`; with an `api_base` they, and rerank, are those of a Text Embeddings Inference server |
| `nvidia_nim` | Rerank is at `ai.api.nvidia.com/v1/retrieval/{model}/reranking`, at `/v1/ranking` of a server of your own; `nvidia_nim/ranking/<model>` asks for `/v1/ranking` anyway. Asymmetric embedding models want `input_type`, which passes |
| `oci` | The OpenAI-compatible endpoint with an API key of OCI Generative AI, region in `OCI_REGION`; requests are not signed |
| `sagemaker` | Chat at endpoints whose container speaks OpenAI's API (vLLM, TGI, LMI); embeddings in Hugging Face's form. Requests are signed, see [clouds](clouds.md) |
| `snowflake` | The account is in `SNOWFLAKE_ACCOUNT_ID` or `api_base`. Keys may begin with `pat/`. Chat only: Cortex embeddings have a format of their own |
| `triton` | Chat through Triton's OpenAI-compatible frontend; embeddings through `/v2/models/{model}/infer`, tensor `input_text` in, the first tensor out. `/generate` is not called |
| `voyage` | `voyage-multimodal-...` models are asked at `/multimodalembeddings`; an `input` may be an object with `content` |
| `watsonx` | The key is an IBM Cloud API key, or an IAM token, which lasts an hour. A key of Cloud Pak goes into `extra_headers` as `authorization: ZenApiKey ...`. `project_id` or `space_id` in `litellm_params` or their variables |
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
| `drop_with OTHER MEMBER` | the provider refuses the member when `OTHER` is there |
| `clamp MEMBER MIN MAX` | a number outside becomes the nearest end |
| `set MEMBER JSON` | the member always has this value (chat only) |
| `default MEMBER JSON` | the member has this value when the client gives none (chat only) |
| `default_env MEMBER NAME\\|NAME` | the same, whatever is asked for, with the value of the first of the variables that is set, a string |
| `fill MEMBER JSON` | as `default`, whatever is asked for |
| `drop_value MEMBER VALUE` | the provider refuses this string as the member's value and can do without it |
| `multimodal_inputs` | `input` is `inputs`, and each is an object with `content` (Voyage) |
| `value MEMBER FROM TO` | a string value of the member has another name |
| `rename_string FROM TO` | the member is called `TO` when its value is a string |
| `route_suffix` | a model `route/owner/name` is called `owner/name:route` |
| `effort_to_thinking` | `reasoning_effort` becomes `thinking` that is enabled or disabled |
| `flatten_content` | lists of text parts become one string |
| `flatten_tool_content` | the same in tool results only |
| `strip_names` | messages other than tool results lose their `name` |
| `drop_function_ids` | function calls and results lose their `id` (Gemini requests) |
| `predict_embeddings` | embedding requests become `instances` and `parameters` (Gemini requests) |
| `rename_in_messages FROM TO` | the provider has another name for the member of messages |
| `drop_in_messages MEMBER,MEMBER` | the provider refuses these members of messages |
| `fill_reasoning` | messages of the assistant without `reasoning_content` get a space for it |
| `split_tool_calls` | a message with several tool calls becomes one for each, its result right behind it |

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
