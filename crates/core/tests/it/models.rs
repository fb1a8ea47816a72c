//! What a `model_list` entry becomes.

use std::time::Duration;

use lockgate_core::{Fallback, ModelEntry};
use serde_json::json;

use crate::{environment, load, load_in, report};

fn only(text: &str) -> ModelEntry {
    let loaded = load(text);
    assert_eq!(report(&loaded), "");
    loaded.config.models.into_iter().next().expect("a model")
}

fn with_params(params: &str) -> ModelEntry {
    only(&format!(
        "model_list:\n  - model_name: m\n    litellm_params: {{model: openai/m, {params}}}\n"
    ))
}

#[test]
fn every_typed_parameter_lands_in_its_field() {
    let model = only(
        "\
model_list:
  - model_name: m
    litellm_params:
      model: azure-ish/m
      api_key: ' sk-1 '
      base_url: http://x/v1
      api_version: 2024-02-01
      organization: org-1
      custom_llm_provider: openai
      timeout: 1.5
      stream_timeout: '30'
      max_retries: '3'
      num_retries: 4
      tpm: 1_000
      rpm: 1e2
      rpm: 60.0
      weight: 0.5
      order: 2
      cooldown_time: 1m
      max_parallel_requests: 7
      fallbacks: [other, {model: third, api_base: 'http://y', temperature: 0}]
      drop_params: 'True'
      additional_drop_params: ['tools[*].x', user]
      allowed_openai_params: seed
      merge_reasoning_content_in_choices: yes
      mock_response: {a: [1]}
      headers: {A: one}
      extra_headers: {B: 2}
      extra_body: {z: 1, a: null}
      temperature: 0.2
      top_p: null
      stop: [a, b]
      provider_switch: {on: true}
"
        .replace("      rpm: 1e2\n", "")
        .as_str(),
    );
    let params = &model.litellm_params;
    assert_eq!(params.model, "azure-ish/m");
    assert_eq!(
        params.api_key.as_ref().map(|key| key.expose()),
        Some("sk-1")
    );
    assert_eq!(
        params.api_base.as_ref().map(|base| base.as_str()),
        Some("http://x/v1")
    );
    assert_eq!(params.api_version.as_deref(), Some("2024-02-01"));
    assert_eq!(params.organization.as_deref(), Some("org-1"));
    assert_eq!(params.custom_llm_provider.as_deref(), Some("openai"));
    assert_eq!(params.timeout, Some(Duration::from_millis(1500)));
    assert_eq!(params.stream_timeout, Some(Duration::from_secs(30)));
    assert_eq!((params.max_retries, params.num_retries), (Some(3), Some(4)));
    assert_eq!((params.tpm, params.rpm), (Some(1000), Some(60)));
    assert_eq!((params.weight, params.order), (Some(0.5), Some(2)));
    assert_eq!(params.cooldown_time, Some(Duration::from_secs(60)));
    assert_eq!(params.max_parallel_requests, Some(7));
    assert_eq!(params.drop_params, Some(true));
    assert_eq!(params.additional_drop_params, ["tools[*].x", "user"]);
    assert_eq!(params.allowed_openai_params, ["seed"]);
    assert!(params.merge_reasoning_content_in_choices);
    assert_eq!(params.mock_response, Some(json!({"a": [1]})));
    let headers: Vec<(&str, &str)> = params
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect();
    assert_eq!(headers, [("A", "one"), ("B", "2")]);
    assert_eq!(
        json!(params.extra_body.as_map()),
        json!({"z": 1, "a": null})
    );
    assert_eq!(
        json!(params.params.as_map()),
        json!({"temperature": 0.2, "stop": ["a", "b"], "provider_switch": {"on": true}})
    );
    let [Fallback::Name(name), Fallback::Inline(inline)] = params.fallbacks.as_slice() else {
        panic!("two fallbacks");
    };
    assert_eq!(
        (name.as_str(), inline.model_name.as_str()),
        ("other", "third")
    );
    assert_eq!(inline.litellm_params.params["temperature"], 0);
}

#[test]
fn model_info_is_typed_and_echoed() {
    let model = only(
        "\
model_list:
  - model_name: m
    litellm_params: {model: openai/m}
    model_info:
      id: 7
      base_model: azure/gpt-4o
      mode: chat
      max_tokens: 4096
      max_input_tokens: 128_000
      max_output_tokens: 16384
      supports_vision: yes
      supports_function_calling: false
      allowed_fails: 3
      allowed_fails_policy: {RateLimitErrorAllowedFails: 9}
      cooldown_time: 2
      owner: {team: platform}
",
    );
    let info = &model.model_info;
    assert_eq!(
        (info.id.as_str(), info.mode.as_deref()),
        ("7", Some("chat"))
    );
    assert_eq!(info.base_model.as_deref(), Some("azure/gpt-4o"));
    assert_eq!(
        (
            info.max_tokens,
            info.max_input_tokens,
            info.max_output_tokens
        ),
        (Some(4096), Some(128_000), Some(16384))
    );
    assert_eq!(info.supports.get("supports_vision"), Some(&true));
    assert_eq!(info.supports.get("supports_function_calling"), Some(&false));
    assert_eq!(info.allowed_fails, Some(3));
    assert_eq!(
        info.allowed_fails_policy
            .and_then(|policy| policy.rate_limit),
        Some(9)
    );
    assert_eq!(info.cooldown_time, Some(Duration::from_secs(2)));
    assert_eq!(info.members["owner"], json!({"team": "platform"}));
    assert_eq!(info.members["max_input_tokens"], 128_000);
}

#[test]
fn a_timeout_of_zero_is_not_set() {
    assert_eq!(with_params("timeout: 0").litellm_params.timeout, None);
    assert_eq!(
        with_params("cooldown_time: 0").litellm_params.cooldown_time,
        Some(Duration::ZERO)
    );
}

#[test]
fn timeouts_understand_units() {
    let timeout = |written: &str| {
        with_params(&format!("timeout: {written}"))
            .litellm_params
            .timeout
    };
    assert_eq!(timeout("500ms"), Some(Duration::from_millis(500)));
    assert_eq!(timeout("90s"), Some(Duration::from_secs(90)));
    assert_eq!(timeout("1.5m"), Some(Duration::from_secs(90)));
    assert_eq!(timeout("'2 h'"), Some(Duration::from_secs(7200)));
}

#[test]
fn an_id_depends_on_the_file_and_not_on_the_environment() {
    let text = "\
model_list:
  - model_name: m
    litellm_params: {model: openai/m, api_key: os.environ/KEY, temperature: 0.5}
";
    let reordered = "\
model_list:
  - litellm_params: {temperature: 0.50, api_key: os.environ/KEY, model: openai/m}
    model_name: m
";
    let id = |text: &str, key: &str| {
        load_in(text, &environment([("KEY", key)])).config.models[0]
            .model_info
            .id
            .clone()
    };
    let first = id(text, "one");
    assert!(first.len() == 64 && first.bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(first, id(text, "two"));
    assert_eq!(first, id(reordered, "one"));
    assert_ne!(first, id(&text.replace("0.5", "0.6"), "one"));
    assert_eq!(
        first,
        "1e360c79996b8302291a2ca001df2efb22b7b40bfff63c458cb140dc48273322"
    );
}

#[test]
fn a_credential_fills_what_the_entry_leaves_open() {
    let loaded = load(
        "\
credential_list:
  - credential_name: shared
    credential_values: {api_key: k-shared, api_base: 'http://shared', organization: o}
model_list:
  - model_name: m
    litellm_params:
      model: openai/m
      litellm_credential_name: shared
      api_base: http://own
      organization: null
",
    );
    assert_eq!(report(&loaded), "");
    let params = &loaded.config.models[0].litellm_params;
    assert_eq!(
        params.api_key.as_ref().map(|key| key.expose()),
        Some("k-shared")
    );
    assert_eq!(
        params.api_base.as_ref().map(|base| base.as_str()),
        Some("http://own")
    );
    assert_eq!(params.organization.as_deref(), Some("o"));
    assert_eq!(params.litellm_credential_name.as_deref(), Some("shared"));
}

#[test]
fn an_entry_knows_where_it_was_written() {
    let model = only("model_list:\n\n  - model_name: m\n    litellm_params: {model: openai/m}\n");
    let origin = model.origin.expect("an origin");
    assert_eq!(
        (origin.line, origin.column, origin.path.as_str()),
        (3, 5, "model_list[0]")
    );
}

#[test]
fn what_litellm_keeps_for_itself_is_not_sent_upstream() {
    let loaded = load(
        "\
model_list:
  - model_name: m
    litellm_params:
      model: openai/m
      aws_secret_access_key: secret
      tags: [a]
      input_cost_per_token: 1
      langfuse_secret: secret
      top_k: 3
",
    );
    assert_eq!(
        json!(loaded.config.models[0].litellm_params.params.as_map()),
        json!({"top_k": 3})
    );
}

#[test]
fn a_fallback_goes_on_with_the_parameters_but_not_with_the_credential() {
    let model = with_params(
        "api_key: sk-openai, api_base: 'http://a', temperature: 0.7, top_k: 4, timeout: 9, rpm: 5, \
         fallbacks: [{model: ollama/llama3, temperature: 0, top_k: null}, {api_base: 'http://b'}]",
    );
    let [Fallback::Inline(other), Fallback::Inline(same)] =
        model.litellm_params.fallbacks.as_slice()
    else {
        panic!("two fallbacks with parameters");
    };
    let params = &other.litellm_params;
    assert!(params.api_key.is_none() && params.api_base.is_none() && params.rpm.is_none());
    assert_eq!(json!(params.params.as_map()), json!({"temperature": 0}));
    assert_eq!(params.timeout, Some(Duration::from_secs(9)));

    let params = &same.litellm_params;
    assert_eq!(
        (same.model_name.as_str(), params.model.as_str()),
        ("openai/m", "openai/m")
    );
    assert_eq!(
        params.api_key.as_ref().map(|key| key.expose()),
        Some("sk-openai")
    );
    assert_eq!(
        params.api_base.as_ref().map(|base| base.as_str()),
        Some("http://b")
    );
    assert_eq!(params.params["temperature"], 0.7);
    assert!(params.rpm.is_none() && params.fallbacks.is_empty());
    assert_ne!(other.model_info.id, same.model_info.id);
}

/// So that the provider's own variable is looked at next, as in LiteLLM.
#[test]
fn an_empty_key_or_base_is_not_set() {
    let model = with_params("api_key: '', api_base: ' ', organization: ''");
    let params = &model.litellm_params;
    assert!(params.api_key.is_none() && params.api_base.is_none() && params.organization.is_none());
}

#[test]
fn a_deployment_says_how_to_authenticate_to_a_cloud() {
    let cloud = with_params(
        "azure_ad_token: t, tenant_id: t1, client_id: c1, client_secret: s, azure_scope: sc, \
         aws_access_key_id: AK, aws_secret_access_key: SK, aws_region_name: eu-west-1, \
         aws_role_name: arn, aws_session_tags: [{Key: team, Value: a}], model_id: arn2, \
         vertex_project: p, vertex_ai_location: global, \
         vertex_credentials: {type: authorized_user, client_id: x}",
    )
    .litellm_params
    .cloud;
    assert_eq!(cloud.azure.ad_token.unwrap().expose(), "t");
    assert_eq!(cloud.azure.tenant_id.as_deref(), Some("t1"));
    assert_eq!(cloud.azure.client_secret.unwrap().expose(), "s");
    assert_eq!(cloud.aws.access_key_id.unwrap().expose(), "AK");
    assert_eq!(cloud.aws.region_name.as_deref(), Some("eu-west-1"));
    assert_eq!(
        cloud.aws.session_tags,
        [("team".to_owned(), "a".to_owned())]
    );
    assert_eq!(cloud.aws.model_id.as_deref(), Some("arn2"));
    assert_eq!(cloud.vertex.location.as_deref(), Some("global"));
    let credentials: serde_json::Value =
        serde_json::from_str(cloud.vertex.credentials.unwrap().expose()).unwrap();
    assert_eq!(credentials["type"], "authorized_user");

    let loaded = load(
        "model_list: [{model_name: m, litellm_params: {model: bedrock/m, aws_session_tags: [x]}}]",
    );
    assert!(report(&loaded).contains("a list of `Key` and `Value`"));
}
