//! Paths that lead to a provider's own API (reference section 2.2).

use http::Request;
use lockgate_engine::pass_through::{Destination, PassThrough};

use super::route::decode;

/// Resources of the OpenAI API that name no model. They live at one provider.
const RESOURCES: [&str; 13] = [
    "assistants",
    "batches",
    "containers",
    "conversations",
    "evals",
    "files",
    "fine_tuning",
    "realtime",
    "skills",
    "threads",
    "uploads",
    "vector_stores",
    "videos",
];

/// The request header that names their provider.
const PROVIDER_HEADER: &str = "custom-llm-provider";
/// The query parameters that do.
const PROVIDER_PARAMETERS: [&str; 2] = ["provider", "custom_llm_provider"];
/// Providers whose clients send the key in the query.
const GOOGLE: [&str; 2] = ["gemini", "vertex_ai"];
/// Whom they are asked for when nobody says.
const DEFAULT_PROVIDER: &str = "openai";

/// The provider and the path there that `request` means, if `is_provider` knows it.
pub(super) fn target<B>(
    request: &Request<B>,
    path: &str,
    is_provider: impl Fn(&str) -> bool,
) -> Option<PassThrough> {
    let below = path.strip_prefix('/')?;
    let (first, rest) = below.split_once('/').unwrap_or((below, ""));
    if first == "v1" || RESOURCES.contains(&first) {
        let resource = path.strip_prefix("/v1").unwrap_or(path);
        let root = resource.strip_prefix('/')?.split('/').next()?;
        if !RESOURCES.contains(&root) {
            return None;
        }
        let (query, named) = query(request, false);
        let header = request.headers().get(PROVIDER_HEADER);
        let provider = header
            .and_then(|value| value.to_str().ok().map(str::to_owned))
            .or(named.provider)
            .unwrap_or_else(|| DEFAULT_PROVIDER.to_owned());
        return is_provider(&provider).then_some(PassThrough {
            to: Destination::Holder(provider),
            path: format!("/v1{resource}"),
            query,
            key: None,
        });
    }
    // Providers are written with underscores, paths sometimes with dashes.
    let provider = [
        first.to_owned(),
        first.replace('-', "_"),
        renamed(first).to_owned(),
    ]
    .into_iter()
    .find(|id| is_provider(id))?;
    // Azure's paths of a deployment that the pipeline does not have lead nowhere.
    if rest.is_empty() || rest.starts_with("deployments/") && provider == DEFAULT_PROVIDER {
        return None;
    }
    let (query, named) = query(request, GOOGLE.contains(&provider.as_str()));
    Some(PassThrough {
        to: Destination::Provider(provider),
        path: format!("/{rest}"),
        query,
        key: named.key,
    })
}

/// The provider behind a name that LiteLLM has for its path.
fn renamed(first: &str) -> &str {
    match first {
        "openai_passthrough" => "openai",
        "vllm" => "hosted_vllm",
        other => other,
    }
}

/// A request for what the operator declared for its path.
pub(super) fn declared<B>(request: &Request<B>) -> PassThrough {
    PassThrough {
        to: Destination::Declared,
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        key: None,
    }
}

/// What a query says to the gateway.
struct Named {
    provider: Option<String>,
    key: Option<String>,
}

/// The query without what is the gateway's, and that.
fn query<B>(request: &Request<B>, takes_key: bool) -> (String, Named) {
    let mut named = Named {
        provider: None,
        key: None,
    };
    let kept: Vec<&str> = request
        .uri()
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if takes_key && name == "key" {
                named.key = Some(decode(value));
            } else if PROVIDER_PARAMETERS.contains(&name) {
                named.provider = Some(decode(value));
            } else {
                return !pair.is_empty();
            }
            false
        })
        .collect();
    (kept.join("&"), named)
}
