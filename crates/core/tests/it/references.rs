//! `os.environ/NAME` and `environment_variables`.

use serde_json::json;

use crate::{environment, load_in, report};

#[test]
fn references_are_resolved_anywhere() {
    let environment = environment([
        ("NAME", "gpt"),
        ("RPM", "60"),
        ("ON", "true"),
        ("STOP", "halt"),
        ("EMPTY", ""),
    ]);
    let loaded = load_in(
        "\
model_list:
  - model_name: os.environ/NAME
    litellm_params:
      model: openai/gpt
      rpm: os.environ/RPM
      drop_params: os.environ/ON
      stop: [os.environ/STOP, plain, [os.environ/STOP]]
      extra_body: {deep: {deeper: os.environ/STOP}}
      user: os.environ/EMPTY
",
        &environment,
    );
    assert_eq!(report(&loaded), "");
    let model = &loaded.config.models[0];
    assert_eq!(model.model_name, "gpt");
    assert_eq!(model.litellm_params.rpm, Some(60));
    assert_eq!(model.litellm_params.drop_params, Some(true));
    assert_eq!(
        model.litellm_params.params["stop"],
        json!(["halt", "plain", ["halt"]])
    );
    assert_eq!(model.litellm_params.params["user"], "");
    assert_eq!(model.litellm_params.extra_body["deep"]["deeper"], "halt");
}

/// LiteLLM sets these variables too late to be seen by the same file.
#[test]
fn the_file_sees_its_own_variables() {
    let environment = environment([("OUTSIDE", "from-outside"), ("KEY", "from-process")]);
    let loaded = load_in(
        "\
model_list:
  - model_name: m
    litellm_params: {model: openai/m, api_key: os.environ/KEY, organization: os.environ/SECOND}
environment_variables:
  KEY: from-file
  FIRST: os.environ/OUTSIDE
  SECOND: os.environ/FIRST
  PORT: 4000
  FLAG: yes
  NOTHING: null
",
        &environment,
    );
    assert_eq!(report(&loaded), "");
    let params = &loaded.config.models[0].litellm_params;
    assert_eq!(
        params.api_key.as_ref().map(|key| key.expose()),
        Some("from-file")
    );
    assert_eq!(params.organization.as_deref(), Some("from-outside"));
    let seen = &loaded.config.environment;
    assert_eq!(
        (seen.get("PORT"), seen.get("FLAG")),
        (Some("4000"), Some("yes"))
    );
    assert_eq!(
        (seen.get("NOTHING"), seen.get("OUTSIDE")),
        (None, Some("from-outside"))
    );
    assert_eq!(environment.get("KEY"), Some("from-process"));
}

#[test]
fn an_unset_variable_leaves_the_old_value_alone() {
    let environment = environment([("KEY", "kept")]);
    let loaded = load_in(
        "environment_variables: {KEY: os.environ/GONE}\n",
        &environment,
    );
    assert_eq!(loaded.config.environment.get("KEY"), Some("kept"));
    assert_eq!(loaded.diagnostics.len(), 1);
}
