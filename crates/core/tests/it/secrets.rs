//! Secrets stay secret.

use lockgate_core::{Environment, Secret};

use crate::{environment, load_in, report, try_load};

/// In every value this text is the secret; it must never come out.
const MARK: &str = "hush-hush-hush";

#[test]
fn debug_shows_no_secret() {
    let text = "\
general_settings: {master_key: hush-hush-hush-1}
environment_variables: {FROM_FILE: hush-hush-hush-2}
credential_list:
  - {credential_name: c, credential_values: {api_key: hush-hush-hush-3}}
router_settings:
  default_litellm_params: {api_key: hush-hush-hush-4}
  fallbacks: [{m: [{model: x, api_key: hush-hush-hush-5}]}]
custom_providers:
  - {id: p, base_url: 'https://u:hush-hush-hush@h/', headers: {X: hush-hush-hush-6}}
model_list:
  - model_name: m
    litellm_params:
      model: openai/m
      litellm_credential_name: c
      api_base: https://user:hush-hush-hush@host/v1?key=hush-hush-hush
      headers: {Authorization: hush-hush-hush-7}
      extra_headers: {X-Key: os.environ/FROM_PROCESS}
      extra_body: {token: hush-hush-hush-8}
      some_provider_token: hush-hush-hush-9
      azure_ad_token: hush-hush-hush-0
      fallbacks: [{model: y, api_key: hush-hush-hush-a}]
    model_info: {note: hush-hush-hush-b}
";
    let loaded = load_in(text, &environment([("FROM_PROCESS", "hush-hush-hush-c")]));
    assert_eq!(loaded.config.models.len(), 1, "{}", report(&loaded));
    let model = &loaded.config.models[0].litellm_params;
    assert_eq!(
        model.api_key.as_ref().map(Secret::expose),
        Some("hush-hush-hush-3")
    );
    let shown = format!("{:?} {:#?}", loaded, loaded.config);
    assert!(!shown.contains(MARK), "{shown}");
    assert!(shown.contains("FROM_FILE") && shown.contains("https://[REDACTED]@host/v1"));
    assert!(!report(&loaded).contains(MARK), "{}", report(&loaded));
}

/// Values of the wrong kind are named by their kind.
#[test]
fn findings_show_no_value() {
    let text = "\
general_settings: {master_key: [hush-hush-hush], max_request_size_mb: hush-hush-hush}
router_settings: {num_retries: hush-hush-hush, retry_policy: hush-hush-hush, fallbacks: hush-hush-hush}
environment_variables: {A: [hush-hush-hush]}
model_list:
  - hush-hush-hush
  - model_name: m
    litellm_params: {model: openai/m, api_key: {a: hush-hush-hush}, rpm: hush-hush-hush, timeout: hush-hush-hush}
  - model_name: n
    litellm_params: {model: openai/m, headers: {X: \"hush-hush-hush\\n\\n.\"}, litellm_credential_name: hush-hush-hush}
";
    let loaded = load_in(text, &Environment::default());
    assert!(loaded.diagnostics.len() >= 10, "{}", report(&loaded));
    assert!(!report(&loaded).contains(MARK), "{}", report(&loaded));
}

#[test]
fn errors_show_no_value() {
    for text in [
        "general_settings: {master_key: \"hush-hush-hush}\n",
        "general_settings:\n  master_key: !!int hush-hush-hush\n",
        "general_settings:\n  master_key: hush-hush-hush: x\n",
        "hush-hush-hush\n",
        "<<: hush-hush-hush\n",
        "? [hush-hush-hush]\n: 1\n",
    ] {
        let error = try_load(text, &Environment::default()).expect_err("an error");
        assert!(!format!("{error} {error:?}").contains(MARK), "{error}");
    }
}

#[test]
fn a_secret_matches_itself_only() {
    let secret = Secret::new("sk-1");
    assert!(secret.matches("sk-1"));
    for other in ["", "sk-", "sk-11", "SK-1", "sk-2"] {
        assert!(!secret.matches(other));
    }
    assert_eq!(format!("{secret} {secret:?}"), "[REDACTED] [REDACTED]");
}

#[test]
fn the_environment_prints_names_only() {
    let environment = environment([("KEY", MARK)]);
    assert_eq!(format!("{environment:?}"), "Environment {\"KEY\"}");
}
