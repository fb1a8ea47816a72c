//! Every kind of finding, in the words an operator reads.

use lockgate_core::Environment;

use crate::{environment, load, load_in, report, try_load};

#[test]
fn names_without_an_effect_and_names_nobody_knows() {
    let loaded = load(
        "\
model_list:
  - model_name: gpt
    nmae: x
    litellm_params:
      model: openai/gpt
      temprature: 0.2
      api_kye: sk-secret-value
      repeat_penalty: 1.1
      my_own_provider_switch: true
      tags: [free]
      input_cost_per_token: 0.000001
    model_info:
      blocked: true
      base_modle: gpt-4
      team_notes: ours
      supports_vision: true
      output_cost_per_token: 0.1
general_settings:
  store_prompts_in_spend_logs: true
  master_kee: sk-secret-value
  num_retries: 3
  completely_unheard_of: 1
litellm_settings:
  callbacks: [langfuse]
  drop_parms: true
router_settings:
  enable_pre_call_checks: true
  num_retires: 2
guardrails: []
enable_jwt_auth: true
genral_settings: {}
lockgate_settings:
  idle_timeut: 3
",
    );
    insta::assert_snapshot!(report(&loaded));
}

#[test]
fn broken_entries_are_skipped_and_the_others_serve() {
    let loaded = load(
        "\
model_list:
  - litellm_params: {model: openai/a}
  - model_name: no-model
    litellm_params: {api_key: sk-secret-value}
  - model_name: no-params
  - model_name: params-are-a-list
    litellm_params: [openai/a]
  - model_name: [a, list]
    litellm_params: {model: openai/a}
  - model_name: negative
    litellm_params: {model: openai/a, rpm: -1}
  - model_name: words
    litellm_params: {model: openai/a, tpm: many, weight: heavy, timeout: soon, drop_params: maybe}
  - just text
  -
  - model_name: 'true'
    litellm_params: {model: yes}
  - model_name: bad-info
    litellm_params: {model: openai/a}
    model_info: {max_tokens: -5, supports_vision: perhaps}
  - model_name: bad-header
    litellm_params: {model: openai/a, extra_headers: {'X Y': a, X-Ok: [b], X-Lines: \"a\\nb\"}}
  - model_name: not-a-number
    litellm_params: {model: openai/a, temperature: .nan}
  - model_name: bad-fallback
    litellm_params: {model: openai/a, fallbacks: [{model: [x]}, b, {rpm: -1}, [c]]}
  - model_name: good
    litellm_params: {model: openai/a}
",
    );
    let names: Vec<&str> = loaded
        .config
        .models
        .iter()
        .map(|model| model.model_name.as_str())
        .collect();
    assert_eq!(names, ["bad-fallback", "good"]);
    insta::assert_snapshot!(report(&loaded));
}

#[test]
fn sections_of_the_wrong_kind() {
    let loaded = load(
        "\
model_list: {model_name: a}
general_settings: [master_key]
litellm_settings: text
router_settings:
  fallbacks: {a: b}
  num_retries: -2
  retry_policy: 3
  model_group_alias: {a: [b], c: {hidden: true}}
  routing_strategy: fastest
  allowed_fails_policy: {RateLimitErrorAllowedFials: 3}
environment_variables: [A]
credential_list: {a: b}
custom_providers:
  - {id: a/b, dialect: openai}
  - {id: c, dialect: klingon, auth: password}
  - {base_url: 'http://x'}
  - {id: d}
  - {id: d}
",
    );
    insta::assert_snapshot!(report(&loaded));
}

#[test]
fn other_routing_strategies_fall_back() {
    let loaded = load("router_settings: {routing_strategy: latency-based-routing}\n");
    insta::assert_snapshot!(report(&loaded));
}

#[test]
fn names_that_lead_nowhere() {
    let loaded = load(
        "\
model_list:
  - model_name: a
    litellm_params: {model: openai/a}
  - model_name: wild-*
    litellm_params: {model: openai/*, litellm_credential_name: nobody}
  - model_name: big-*of*
    litellm_params: {model: openai/*}
router_settings:
  model_group_alias: {b: a, c: nowhere}
  fallbacks: [{a: [b, wild-thing, gone, openai/gpt-4o]}, {missing: [a]}, {'*': [a]}]
  context_window_fallbacks: [{a: [big-a-of-all, big-a, a-big-of, big-xyz]}]
  default_fallbacks: [a, lost]
litellm_settings:
  fallbacks: [{a: [unknown]}]
",
    );
    insta::assert_snapshot!(report(&loaded));
}

#[test]
fn keys_written_twice() {
    let loaded = load(
        "\
model_list:
  - model_name: first
    litellm_params: {model: openai/a, model: openai/b}
model_list:
  - model_name: second
    litellm_params: {model: openai/c}
",
    );
    assert_eq!(loaded.config.models[0].model_name, "second");
    insta::assert_snapshot!(report(&loaded));
}

#[test]
fn same_entry_and_same_id_twice() {
    let loaded = load(
        "\
model_list:
  - {model_name: a, litellm_params: {model: openai/a}}
  - {model_name: a, litellm_params: {model: openai/a}}
  - {model_name: b, litellm_params: {model: openai/b}, model_info: {id: x}}
  - {model_name: c, litellm_params: {model: openai/c}, model_info: {id: x}}
",
    );
    let ids: std::collections::HashSet<&str> = loaded
        .config
        .models
        .iter()
        .map(|model| model.model_info.id.as_str())
        .collect();
    assert_eq!(ids.len(), 4);
    insta::assert_snapshot!(report(&loaded));
}

#[test]
fn references_to_the_environment() {
    let environment = environment([("SET", "sk-secret-value")]);
    let loaded = load_in(
        "\
environment_variables:
  PATH: /usr/bin
  FROM_OUTSIDE: os.environ/NOT_THERE
  NUMBERS: [1]
model_list:
  - model_name: a
    litellm_params:
      model: openai/a
      api_key: os.environ/SET
      organization: os.environ/UNSET
      headers: {Authorization: Bearer os.environ/SET}
      stop: [os.environ/ALSO_UNSET, os.environ/SET]
",
        &environment,
    );
    insta::assert_snapshot!(report(&loaded));
}

#[test]
fn files_that_cannot_be_parsed() {
    let cases = [
        ("empty", ""),
        ("only a comment", "# nothing\n"),
        ("a list", "- a\n- b\n"),
        ("text", "hello\n"),
        ("two documents", "a: 1\n---\nb: 2\n"),
        ("tab", "model_list:\n\t- model_name: a\n"),
        (
            "bad indentation",
            "model_list:\n  - model_name: a\n litellm_params: b\n",
        ),
        (
            "colon in a value",
            "general_settings:\n  master_key: a: b\n",
        ),
        (
            "open quote",
            "general_settings:\n  master_key: \"sk-secret-value\n",
        ),
        ("open bracket", "model_list: [a, b\n"),
        ("unknown alias", "a: *nobody\n"),
        ("alias in itself", "a: &a [*a]\n"),
        ("custom tag", "a: !Ref b\n"),
        (
            "python tag",
            "a: !!python/object/apply:os.system ['true']\n",
        ),
        ("wrong tag", "a: !!int sk-secret-value\n"),
        ("list as a key", "? [a]\n: b\n"),
        ("merge of text", "a:\n  <<: b\n"),
        ("include is text", "include: other.yaml\n"),
        ("include of a number", "include: [1]\n"),
        ("include of nothing", "include: [no-such-file.yaml]\n"),
    ];
    let report: Vec<String> = cases
        .iter()
        .map(|(name, text)| {
            let error = try_load(text, &Environment::default()).expect_err(name);
            format!("{name}\n    {error}")
        })
        .collect();
    insta::assert_snapshot!(report.join("\n"));
}
