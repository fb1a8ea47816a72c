//! Where a deployment is, as far as its prices depend on it.

use crate::cloud::region_in;

/// The region, location or data zone that an endpoint is in, by its host.
///
/// Sources: AWS, "Amazon Bedrock endpoints"; Google, "Vertex AI locations"; OpenAI, "Data residency".
#[must_use]
pub fn region_of<'b>(provider: &str, api_base: &'b str) -> Option<&'b str> {
    let host = api_base
        .split_once("://")
        .map_or(api_base, |(_, rest)| rest);
    let host = host.split(['/', ':', '?']).next().unwrap_or(host);
    match provider {
        "bedrock" | "bedrock_converse" => region_in(host.split('.')),
        "vertex_ai" | "vertex_ai_beta" => {
            let multi = host.strip_prefix("aiplatform.");
            let multi = multi.and_then(|rest| rest.strip_suffix(".rep.googleapis.com"));
            let single = || host.strip_suffix("-aiplatform.googleapis.com");
            multi.or_else(single)
        }
        "openai" | "text-completion-openai" => host.strip_suffix(".api.openai.com"),
        _ => None,
    }
}
