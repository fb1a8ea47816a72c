//! What `litellm_settings` says for all deployments of a provider.

use super::super::findings::Findings;
use super::super::yaml::Mapping;
use super::fields::Fields;
use crate::Environment;

/// A setting, and the variable that it comes before: the first of those in which the provider's row
/// looks for the same.
const VARIABLES: &[(&str, &str)] = &[
    ("ai21_key", "AI21_API_KEY"),
    ("amazon_nova_api_key", "AMAZON_NOVA_API_KEY"),
    ("anthropic_key", "ANTHROPIC_API_KEY"),
    ("azure_key", "AZURE_OPENAI_API_KEY"),
    ("baseten_key", "BASETEN_API_KEY"),
    ("bytez_key", "BYTEZ_API_KEY"),
    ("clarifai_key", "CLARIFAI_API_KEY"),
    ("cloudflare_api_key", "CLOUDFLARE_API_KEY"),
    ("cohere_key", "COHERE_API_KEY"),
    ("cometapi_key", "COMETAPI_KEY"),
    ("databricks_key", "DATABRICKS_API_KEY"),
    ("datarobot_key", "DATAROBOT_API_TOKEN"),
    ("gradient_ai_api_key", "GRADIENT_AI_API_KEY"),
    ("groq_key", "GROQ_API_KEY"),
    ("heroku_key", "HEROKU_API_KEY"),
    ("huggingface_key", "HF_TOKEN"),
    ("inception_key", "INCEPTION_API_KEY"),
    ("infinity_key", "INFINITY_API_KEY"),
    ("lemonade_key", "LEMONADE_API_KEY"),
    ("llama_api_key", "LLAMA_API_KEY"),
    ("maritalk_key", "MARITALK_API_KEY"),
    ("nebius_key", "NEBIUS_API_KEY"),
    ("novita_api_key", "NOVITA_API_KEY"),
    ("ollama_key", "OLLAMA_API_KEY"),
    ("openai_key", "OPENAI_API_KEY"),
    ("openai_like_key", "OPENAI_LIKE_API_KEY"),
    ("openrouter_key", "OPENROUTER_API_KEY"),
    ("ovhcloud_key", "OVHCLOUD_API_KEY"),
    ("snowflake_key", "SNOWFLAKE_JWT"),
    ("togetherai_api_key", "TOGETHER_API_KEY"),
    ("vercel_ai_gateway_key", "VERCEL_AI_GATEWAY_API_KEY"),
    ("vertex_location", "VERTEXAI_LOCATION"),
    ("vertex_project", "VERTEXAI_PROJECT"),
    ("wandb_key", "WANDB_API_KEY"),
    ("xai_key", "XAI_API_KEY"),
];

/// The environment as deployments see it. As in LiteLLM a setting wins over the variable, and what
/// the deployment itself says over both.
pub(super) fn environment(
    section: &Mapping,
    environment: Environment,
    findings: &mut Findings,
) -> Environment {
    let mut fields = Fields::new(section, "litellm_settings", findings, "ignored");
    let said: Vec<(String, String)> = VARIABLES
        .iter()
        .filter_map(|(setting, variable)| {
            let value = fields.secret(setting)?;
            let value = value.expose();
            (!value.is_empty()).then(|| ((*variable).to_owned(), value.to_owned()))
        })
        .collect();
    if said.is_empty() {
        return environment;
    }
    environment.with(said)
}
