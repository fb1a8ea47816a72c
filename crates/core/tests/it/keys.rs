//! The tables of names.

use lockgate_core::config::Severity;

use crate::{load, report};

/// Every name that is said to have an effect, per section.
const EFFECTIVE: &[(&str, &str)] = &[
    (
        "general_settings",
        "always_include_stream_usage cancel_on_disconnect completion_model \
         dangerously_permit_weak_or_unset_master_key embedding_model enable_jwt_auth enable_oauth2_auth \
         enforce_rbac forward_client_headers_to_llm_api litellm_jwtauth role_permissions \
         forward_openai_org_id include_call_id_in_error_body infer_model_from_keys litellm_key_header_name \
         coordination_redis master_key max_request_size_mb strict_limits",
    ),
    (
        "litellm_settings",
        "allowed_fails content_policy_fallbacks context_window_fallbacks default_fallbacks drop_params \
         cost_discount_config cost_margin_config model_cost_map_url \
         fallbacks json_logs max_fallbacks model_alias_map num_retries request_timeout \
         require_auth_for_metrics_endpoint set_verbose ssl_verify \
         ai21_key amazon_nova_api_key anthropic_key azure_key baseten_key bytez_key clarifai_key \
         cloudflare_api_key cohere_key cometapi_key databricks_key datarobot_key gradient_ai_api_key \
         groq_key heroku_key huggingface_key inception_key infinity_key lemonade_key llama_api_key \
         maritalk_key nebius_key novita_api_key ollama_key openai_key openai_like_key openrouter_key \
         ovhcloud_key snowflake_key togetherai_api_key vercel_ai_gateway_key vertex_location \
         cache_params vertex_project wandb_key xai_key",
    ),
    (
        "router_settings",
        "routing_strategy num_retries retry_after timeout stream_timeout allowed_fails \
         allowed_fails_policy cooldown_time disable_cooldowns fallbacks default_fallbacks \
         context_window_fallbacks content_policy_fallbacks max_fallbacks model_group_alias \
         redis_db redis_host redis_password redis_port redis_url \
         default_litellm_params retry_policy model_group_retry_policy",
    ),
    (
        "lockgate_settings",
        "connect_timeout first_byte_timeout idle_timeout max_header_bytes max_json_depth max_background_responses drain_timeout data_dir",
    ),
];

/// A value of the wrong kind must be noticed: that proves the name is read.
#[test]
fn every_effective_name_is_read() {
    for (section, names) in EFFECTIVE {
        for name in names.split_whitespace() {
            for wrong in ["[[[]]]", "{a: [[]]}"] {
                let loaded = load(&format!("{section}:\n  {name}: {wrong}\n"));
                if loaded
                    .diagnostics
                    .iter()
                    .any(|found| found.severity == Severity::Error)
                {
                    break;
                }
                assert_ne!(
                    wrong,
                    "{a: [[]]}",
                    "{section}.{name} is not read: {}",
                    report(&loaded)
                );
            }
        }
    }
}

#[test]
fn every_effective_parameter_of_a_deployment_is_read() {
    let names = "additional_drop_params allowed_openai_params api_base api_key api_version base_url \
        cooldown_time custom_llm_provider drop_params extra_body extra_headers headers \
        litellm_credential_name max_parallel_requests max_retries \
        merge_reasoning_content_in_choices num_retries order organization request_timeout rpm \
        stream_timeout timeout tpm weight fallbacks";
    for name in names.split_whitespace() {
        let loaded = load(&format!(
            "model_list:\n  - model_name: m\n    litellm_params: {{model: openai/m, {name}: [[a]]}}\n"
        ));
        assert!(
            loaded
                .diagnostics
                .iter()
                .any(|found| found.severity == Severity::Error),
            "{name} is not read"
        );
    }
}

/// One warning for each name, never two.
#[test]
fn a_name_is_warned_about_once() {
    let text = "\
general_settings: {alerting: [slack], nonsense_of_mine: 1}
litellm_settings: {cache: true, nonsense_of_mine: 1}
router_settings: {search_tools: [], nonsense_of_mine: 1, default_litellm_params: {tags: [a]}}
mcp_servers: {}
model_list:
  - model_name: m
    litellm_params: {model: openai/m, gcs_bucket_name: b}
    model_info: {tier: free}
";
    let loaded = load(text);
    let mut paths: Vec<&str> = loaded
        .diagnostics
        .iter()
        .map(|found| found.path.as_str())
        .collect();
    let all = paths.len();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!((paths.len(), all), (10, 10), "{}", report(&loaded));
}

/// A credential serves many deployments; what is wrong with it is said where it stands.
#[test]
fn a_credential_is_warned_about_once() {
    let loaded = load(
        "\
credential_list:
  - credential_name: shared
    credential_values: {api_key: k, gcs_bucket_name: x}
model_list:
  - {model_name: a, litellm_params: {model: openai/a, litellm_credential_name: shared}}
  - {model_name: b, litellm_params: {model: openai/b, litellm_credential_name: shared}}
",
    );
    assert_eq!(loaded.diagnostics.len(), 1, "{}", report(&loaded));
}
