//! The settings sections.

use std::path::PathBuf;
use std::time::Duration;

use lockgate_core::config::{
    Cleanup, CustomAuth, CustomDialect, LockgateSettings, ModelGroupAlias, SslVerify,
};
use lockgate_core::{Config, Fallback};

use crate::{environment, load, load_in, report};

fn config(text: &str) -> Config {
    let loaded = load(text);
    assert_eq!(report(&loaded), "");
    loaded.config
}

#[test]
fn nothing_configured_means_litellms_defaults() {
    let router = config("model_list:\n").router;
    assert_eq!((router.num_retries, router.max_fallbacks), (2, 5));
    assert_eq!(router.timeout, Duration::from_secs(6000));
    assert_eq!(router.cooldown_time, Duration::from_secs(5));
    assert_eq!((router.allowed_fails, router.stream_timeout), (None, None));
    assert!(!router.disable_cooldowns);
    let litellm = config("litellm_settings:\n").litellm;
    assert!(litellm.require_auth_for_metrics_endpoint && !litellm.drop_params);
    assert_eq!(litellm.ssl_verify, SslVerify::System);
}

#[test]
fn router_settings_are_read() {
    let router = config(
        "\
router_settings:
  routing_strategy: simple-shuffle
  num_retries: 0
  retry_after: 1
  timeout: 30
  stream_timeout: 5
  allowed_fails: 4
  allowed_fails_policy: {TimeoutErrorAllowedFails: 1, BadGatewayErrorAllowedFails: 2}
  cooldown_time: 10
  disable_cooldowns: true
  fallbacks: [{a: [b, c], d: e}, z]
  default_fallbacks: [b]
  context_window_fallbacks: [{a: [{model: b, max_tokens: 5}]}]
  content_policy_fallbacks: [{a: [c]}]
  max_fallbacks: 2
  model_group_alias: {x: a, y: {model: a, hidden: true}}
  retry_policy: {RateLimitErrorRetries: 3, DefaultRetries: 1}
  model_group_retry_policy: {a: {TimeoutErrorRetries: 0}}
  default_litellm_params: {temperature: 0.1, timeout: 9}
",
    )
    .router;
    assert_eq!((router.num_retries, router.max_fallbacks), (0, 2));
    assert_eq!(router.retry_after, Duration::from_secs(1));
    assert_eq!(router.timeout, Duration::from_secs(30));
    assert_eq!(router.stream_timeout, Some(Duration::from_secs(5)));
    assert_eq!(router.allowed_fails, Some(4));
    let fails = router.allowed_fails_policy.expect("a policy");
    assert_eq!(
        (fails.timeout, fails.bad_gateway, fails.not_found),
        (Some(1), Some(2), None)
    );
    assert_eq!(router.cooldown_time, Duration::from_secs(10));
    assert!(router.disable_cooldowns);
    let rules: Vec<(&str, Vec<&str>)> = router
        .fallbacks
        .iter()
        .map(|rule| (rule.group.as_str(), rule.targets.iter().map(name).collect()))
        .collect();
    assert_eq!(
        rules,
        [("a", vec!["b", "c"]), ("d", vec!["e"]), ("*", vec!["z"])]
    );
    assert_eq!(
        router
            .default_fallbacks
            .iter()
            .map(name)
            .collect::<Vec<_>>(),
        ["b"]
    );
    let Fallback::Inline(inline) = &router.context_window_fallbacks[0].targets[0] else {
        panic!("a fallback with parameters");
    };
    assert_eq!(inline.litellm_params.params["max_tokens"], 5);
    assert_eq!(name(&router.content_policy_fallbacks[0].targets[0]), "c");
    let alias = |model: &str, hidden| ModelGroupAlias {
        model: model.into(),
        hidden,
    };
    assert_eq!(router.model_group_alias["x"], alias("a", false));
    assert_eq!(router.model_group_alias["y"], alias("a", true));
    let policy = router.retry_policy.expect("a policy");
    assert_eq!(
        (policy.rate_limit, policy.default, policy.timeout),
        (Some(3), Some(1), None)
    );
    assert_eq!(router.model_group_retry_policy["a"].timeout, Some(0));
    assert_eq!(router.default_litellm_params.params["temperature"], 0.1);
    assert_eq!(
        router.default_litellm_params.timeout,
        Some(Duration::from_secs(9))
    );
}

fn name(fallback: &Fallback) -> &str {
    match fallback {
        Fallback::Name(name) => name,
        Fallback::Inline(entry) => &entry.model_name,
    }
}

#[test]
fn router_settings_beat_litellm_settings() {
    let loaded = load(
        "\
litellm_settings:
  num_retries: 9
  allowed_fails: 8
  request_timeout: 100
  fallbacks: [{a: [b]}]
  default_fallbacks: []
router_settings:
  num_retries: 1
  default_fallbacks: [c]
",
    );
    let router = &loaded.config.router;
    assert_eq!((router.num_retries, router.allowed_fails), (1, Some(8)));
    assert_eq!(router.timeout, Duration::from_secs(100));
    assert_eq!(router.fallbacks.len(), 1);
    assert_eq!(router.default_fallbacks.len(), 1);
    insta::assert_snapshot!(report(&loaded));
}

#[test]
fn the_environment_stands_in_for_two_settings() {
    let environment = environment([("REQUEST_TIMEOUT", "42"), ("LITELLM_DROP_PARAMS", "True")]);
    let config = load_in("model_list: []\n", &environment).config;
    assert_eq!(config.router.timeout, Duration::from_secs(42));
    assert!(config.litellm.drop_params);
    let config = load_in(
        "litellm_settings: {request_timeout: 7, drop_params: false}\n",
        &environment,
    )
    .config;
    assert_eq!(config.router.timeout, Duration::from_secs(7));
    assert!(!config.litellm.drop_params);
}

#[test]
fn general_and_litellm_settings_are_read() {
    let config = config(
        "\
general_settings:
  master_key: sk-x
  dangerously_permit_weak_or_unset_master_key: on
  completion_model: a
  embedding_model: b
  max_request_size_mb: 0.5
  always_include_stream_usage: true
  include_call_id_in_error_body: true
  litellm_key_header_name: X-Key
  forward_client_headers_to_llm_api: true
  forward_openai_org_id: true
  cancel_on_disconnect: false
  infer_model_from_keys: true
litellm_settings:
  drop_params: true
  model_alias_map: {x: y}
  json_logs: true
  set_verbose: false
  require_auth_for_metrics_endpoint: false
  ssl_verify: /etc/ca.pem
",
    );
    let general = &config.general;
    assert_eq!(
        general.master_key.as_ref().map(|key| key.expose()),
        Some("sk-x")
    );
    assert_eq!(general.completion_model.as_deref(), Some("a"));
    assert_eq!(general.embedding_model.as_deref(), Some("b"));
    assert_eq!(general.max_request_size_mb, Some(0.5));
    assert_eq!(general.litellm_key_header_name.as_deref(), Some("X-Key"));
    assert!(
        general.dangerously_permit_weak_or_unset_master_key
            && general.always_include_stream_usage
            && general.include_call_id_in_error_body
            && general.forward_client_headers_to_llm_api
            && general.forward_openai_org_id
            && general.infer_model_from_keys
    );
    let litellm = &config.litellm;
    assert!(litellm.drop_params);
    assert_eq!(litellm.model_alias_map["x"], "y");
    assert_eq!(
        (litellm.json_logs, litellm.set_verbose),
        (Some(true), Some(false))
    );
    assert!(!litellm.require_auth_for_metrics_endpoint);
    assert_eq!(
        litellm.ssl_verify,
        SslVerify::CaFile(PathBuf::from("/etc/ca.pem"))
    );
}

#[test]
fn ssl_verify_can_be_switched_off() {
    for off in ["false", "no", "'False'"] {
        let config = config(&format!("litellm_settings: {{ssl_verify: {off}}}\n"));
        assert_eq!(config.litellm.ssl_verify, SslVerify::Off);
    }
}

#[test]
fn our_own_sections_are_read() {
    let config = config(
        "\
lockgate_settings:
  connect_timeout: 3
  first_byte_timeout: 1m
  idle_timeout: 0.5
  max_header_bytes: 65536
  max_json_depth: 100
  max_background_responses: 8
  drain_timeout: 0
  data_dir: /var/lib/lockgate
  ledger: true
  journal_dir: /var/journal
  journal_limit_mb: 64
  journal_fsync: 0.1
custom_providers:
  - id: mine
    base_url: https://user:pass@mine.example/v1
    api_key_env: [MINE_KEY, OTHER_KEY]
    api_base_env: MINE_BASE
    dialect: Anthropic
    auth: x-api-key
    quirks: [no_stream_options]
    headers: {X-Team: a}
  - id: plain
",
    );
    assert_eq!(
        config.lockgate,
        LockgateSettings {
            connect_timeout: Some(Duration::from_secs(3)),
            first_byte_timeout: Some(Duration::from_secs(60)),
            idle_timeout: Some(Duration::from_millis(500)),
            max_header_bytes: Some(65536),
            max_json_depth: Some(100),
            max_background_responses: Some(8),
            drain_timeout: Some(Duration::ZERO),
            data_dir: Some(PathBuf::from("/var/lib/lockgate")),
            ledger: Some(true),
            journal_dir: Some(PathBuf::from("/var/journal")),
            journal_limit_mb: Some(64),
            journal_fsync: Some(Duration::from_millis(100)),
        }
    );
    let [mine, plain] = config.custom_providers.as_slice() else {
        panic!("two providers")
    };
    assert_eq!(mine.api_key_env, ["MINE_KEY", "OTHER_KEY"]);
    assert_eq!(mine.api_base_env, ["MINE_BASE"]);
    assert_eq!(
        (mine.dialect, mine.auth),
        (CustomDialect::Anthropic, CustomAuth::XApiKey)
    );
    assert_eq!(mine.quirks, ["no_stream_options"]);
    assert_eq!(mine.headers[0].1.expose(), "a");
    assert_eq!(
        mine.base_url.as_ref().map(ToString::to_string).as_deref(),
        Some("https://[REDACTED]@mine.example/v1")
    );
    assert_eq!(
        (plain.dialect, plain.auth),
        (CustomDialect::Openai, CustomAuth::Bearer)
    );
}

#[test]
fn pass_through_endpoints_are_read() {
    let loaded = load_in(
        "\
general_settings:
  pass_through_request_timeout: 30
  pass_through_endpoints:
    - path: /bria/
      target: https://user:pass@bria.example/api?key=1
      headers:
        Authorization: Bearer os.environ/BRIA_KEY
        x-plain: a
        litellm_user_api_key: X-My-Key
      default_query_params: {version: 2, mode: fast}
      include_subpath: true
      methods: [post, GET]
      timeout: 5
      forward_headers: true
      merge_query_params: true
      id: one
    - path: traces
      target: https://langfuse.example
      headers: {LANGFUSE_PUBLIC_KEY: pk, LANGFUSE_SECRET_KEY: sk}
",
        &environment([("BRIA_KEY", "sk-bria")]),
    );
    assert_eq!(report(&loaded), "");
    let general = &loaded.config.general;
    assert_eq!(
        general.pass_through_request_timeout,
        Some(Duration::from_secs(30))
    );
    let [bria, traces] = general.pass_through_endpoints.as_slice() else {
        panic!("two endpoints")
    };
    assert_eq!(
        (bria.path.as_str(), traces.path.as_str()),
        ("/bria", "/traces")
    );
    assert!(!format!("{bria:?}").contains("pass@"), "{bria:?}");
    let headers = |endpoint: &lockgate_core::config::PassThroughEndpoint| -> Vec<String> {
        let headers = endpoint.headers.iter();
        headers
            .map(|(name, value)| format!("{name}: {}", value.expose()))
            .collect()
    };
    assert_eq!(
        headers(bria),
        ["Authorization: Bearer sk-bria", "x-plain: a"]
    );
    assert_eq!(headers(traces), ["Authorization: Basic cGs6c2s="]);
    assert_eq!(bria.key_header.as_deref(), Some("x-my-key"));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        bria.default_query_params,
        [pair("version", "2"), pair("mode", "fast")]
    );
    assert_eq!(bria.methods, ["POST", "GET"]);
    assert_eq!(bria.timeout, Some(Duration::from_secs(5)));
    assert!(bria.include_subpath && bria.forward_headers && bria.auth);
    assert!(!traces.include_subpath && !traces.forward_headers && traces.auth);
}

#[test]
fn what_is_wrong_with_a_pass_through_endpoint_is_said() {
    let loaded = load(
        "\
general_settings:
  pass_through_endpoints:
    - {path: /open, target: https://a.example, auth: false}
    - {path: /open, target: https://b.example, methods: [GET]}
    - {path: '/v1/{rest}', target: https://a.example}
    - {path: /up/../down, target: https://a.example}
    - {path: /none}
    - {path: /m, target: https://a.example, methods: [FETCH]}
    - {path: /t, target: https://a.example, headres: {a: b}, guardrails: {x: null}}
    - {path: /e, target: https://a.example, headers: {Authorization: Bearer os.environ/NOT_SET}}
    - text
",
    );
    insta::assert_snapshot!(report(&loaded));
    let paths: Vec<&str> = loaded
        .config
        .general
        .pass_through_endpoints
        .iter()
        .map(|endpoint| endpoint.path.as_str())
        .collect();
    assert_eq!(paths, ["/open", "/t", "/e"]);
}

#[test]
fn what_the_settings_say_of_providers_comes_before_the_environment() {
    let process = environment([
        ("OPENAI_API_KEY", "of-the-process"),
        ("VERTEXAI_PROJECT", "of-the-process"),
        ("AZURE_API_KEY", "of-the-process"),
        ("NAMED", "named"),
    ]);
    let loaded = load_in(
        "litellm_settings:\n  openai_key: ' own '\n  azure_key: os.environ/NAMED\n  \
         vertex_location: europe-west4\n  vertex_project: ''\n",
        &process,
    );
    assert_eq!(report(&loaded), "");
    let seen = loaded.config.environment;
    for (variable, value) in [
        ("OPENAI_API_KEY", "own"),
        ("AZURE_OPENAI_API_KEY", "named"),
        ("AZURE_API_KEY", "of-the-process"),
        ("VERTEXAI_LOCATION", "europe-west4"),
        ("VERTEXAI_PROJECT", "of-the-process"),
    ] {
        assert_eq!(seen.get(variable), Some(value), "{variable}");
    }
}

#[test]
fn the_environment_names_a_file_of_certificates() {
    let process = environment([("SSL_CERT_FILE", "/etc/of-the-process.pem")]);
    let verify = |text: &str| load_in(text, &process).config.litellm.ssl_verify;
    let file = |path: &str| SslVerify::CaFile(PathBuf::from(path));
    assert_eq!(verify("model_list:\n"), file("/etc/of-the-process.pem"));
    assert_eq!(
        verify("litellm_settings: {ssl_verify: true}\n"),
        file("/etc/of-the-process.pem")
    );
    assert_eq!(
        verify("litellm_settings: {ssl_verify: /etc/own.pem}\n"),
        file("/etc/own.pem")
    );
    assert_eq!(
        verify("litellm_settings: {ssl_verify: false}\n"),
        SslVerify::Off
    );
}

#[test]
fn budgets_of_all_requests_and_the_marks_of_requests_are_read() {
    let found = config(
        "\
general_settings:
  apply_user_budget_to_team_keys: true
  user_header_name: X-User
  user_header_mappings:
    - {header_name: X-Customer, litellm_user_role: customer}
    - {header_name: X-Staff, litellm_user_role: internal_user}
litellm_settings:
  max_budget: 12.5
  budget_duration: 30d
  budget_exceeded_status_code: 400
  timezone: Europe/Berlin
  extra_spend_tag_headers: [X-Project]
",
    )
    .governance;
    assert_eq!(found.max_budget.unwrap().to_string(), "12.5");
    assert_eq!(found.budget_duration.unwrap().to_string(), "30d");
    assert_eq!(found.budget_exceeded_status, 400);
    assert_eq!(found.timezone.iana_name(), Some("Europe/Berlin"));
    assert_eq!(found.tag_headers, ["x-project"]);
    assert_eq!(found.customer_headers, ["x-user", "x-customer"]);
    assert!(found.apply_user_budget_to_team_keys && !found.enforce_user_param);
    let default = config("litellm_settings:\n").governance;
    assert_eq!(
        (default.max_budget, default.budget_exceeded_status),
        (None, 422)
    );
}

#[test]
fn a_budget_of_all_requests_that_cannot_be_read_is_a_budget_of_nothing() {
    for settings in ["max_budget: much", "max_budget: 5\n  budget_duration: soon"] {
        let loaded = load(&format!("litellm_settings:\n  {settings}\n"));
        let budget = loaded.config.governance.max_budget.unwrap();
        assert!(!budget.is_positive(), "{settings}");
        assert!(
            report(&loaded).contains("nothing may be spent"),
            "{}",
            report(&loaded)
        );
    }
}

#[test]
fn settings_of_the_management_api_are_read() {
    let config = config(
        "\
general_settings: {disable_custom_api_keys: true}
litellm_settings:
  default_key_generate_params: {max_budget: 1.5, models: [a]}
  upperbound_key_generate_params: {duration: 30d}
  default_internal_user_params: {user_role: internal_user}
  default_team_params: {tpm_limit: 7}
",
    );
    assert!(config.general.disable_custom_api_keys);
    let litellm = &config.litellm;
    let read = [
        &litellm.default_key_generate_params,
        &litellm.upperbound_key_generate_params,
        &litellm.default_internal_user_params,
        &litellm.default_team_params,
    ]
    .map(|params| serde_json::to_string(params).unwrap());
    assert_eq!(
        read,
        [
            r#"{"max_budget":1.5,"models":["a"]}"#,
            r#"{"duration":"30d"}"#,
            r#"{"user_role":"internal_user"}"#,
            r#"{"tpm_limit":7}"#
        ]
    );
    let wrong = load("litellm_settings: {default_team_params: 5}\n");
    assert!(report(&wrong).contains("expected a mapping"));
    assert!(wrong.config.litellm.default_team_params.is_empty());
}

#[test]
fn redis_is_where_the_first_of_four_places_says() {
    let places = [
        "general_settings: {coordination_redis: {host: general, ssl: true, namespace: n}}\n",
        "router_settings: {redis_host: router, redis_port: 7000}\n",
        "litellm_settings: {cache_params: {type: redis, host: cache, password: own}}\n",
    ];
    let variables = environment([
        ("REDIS_HOST", "environment"),
        // As Kubernetes sets it beside a service called `redis`.
        ("REDIS_PORT", "tcp://10.0.0.7:6390"),
        ("REDIS_PASSWORD", "secret"),
    ]);
    let found = |text: &str| {
        let redis = load_in(text, &variables).config.redis.unwrap();
        let password = redis.password.map(|password| password.expose().to_owned());
        (
            redis.host.unwrap(),
            redis.port,
            password.unwrap(),
            redis.tls,
        )
    };
    let said = |host: &str, port, password: &str, tls| {
        (host.to_owned(), Some(port), password.to_owned(), tls)
    };
    assert_eq!(
        found(&places.concat()),
        said("general", 6390, "secret", true)
    );
    assert_eq!(
        found(&places[1..].concat()),
        said("router", 7000, "secret", false)
    );
    assert_eq!(found(places[2]), said("cache", 6390, "own", false));
    assert_eq!(
        found("model_list: []\n"),
        said("environment", 6390, "secret", false)
    );
    // A port alone names no server, and another kind of cache is no Redis.
    assert!(load("model_list: []\n").config.redis.is_none());
    let disk = load("litellm_settings: {cache_params: {type: disk, host: h}}\n");
    assert!(disk.config.redis.is_none());
    assert!(report(&disk).contains("has no effect"), "{}", report(&disk));
    let several = load("general_settings: {coordination_redis: {sentinel_nodes: [[a, 1]]}}\n");
    assert!(report(&several).contains("Sentinel are not supported"));
}

#[test]
fn retention_is_read_as_litellm_writes_it() {
    const DAY: u64 = 24 * 60 * 60;
    // 2026-11-24, a Tuesday, at noon.
    const NOON: i64 = 1_795_521_600_000_000;
    let read = |text: &str| {
        config(&format!("general_settings:\n{text}"))
            .general
            .retention
    };
    let hours = |cleanup: &Cleanup| cleanup.next(NOON).map(|next| (next - NOON) / 3_600_000_000);

    let none = read("  completion_model: x\n");
    assert_eq!((none.period, hours(&none.cleanup)), (None, Some(24)));
    for (text, period) in [
        ("30d", 30 * DAY),
        ("2w", 14 * DAY),
        ("60m", 3600),
        ("3600", 3600),
    ] {
        let kept = read(&format!("  maximum_spend_logs_retention_period: {text}\n"));
        assert_eq!(kept.period, Some(Duration::from_secs(period)), "{text}");
    }
    let often = read("  maximum_spend_logs_retention_interval: 6h\n");
    assert_eq!(hours(&often.cleanup), Some(6));
    for (cron, next) in [
        ("0 4 * * *", 16),
        ("0 4 * * * Europe/Berlin", 15),
        ("0 12 * * 0", 5 * 24),
        ("0 12 * * 7", 5 * 24),
        ("0 0 1 * *", 6 * 24 + 12),
    ] {
        let text = format!(
            "  maximum_spend_logs_retention_interval: 6h\n  \
             maximum_spend_logs_cleanup_cron: '{cron}'\n"
        );
        assert_eq!(hours(&read(&text).cleanup), Some(next), "{cron}");
    }
}

#[test]
fn a_retention_that_is_none_is_an_error() {
    for line in [
        "maximum_spend_logs_retention_period: soon",
        "maximum_spend_logs_retention_period: 0d",
        "maximum_spend_logs_cleanup_cron: 0 4 * *",
    ] {
        let loaded = load(&format!("general_settings:\n  {line}\n"));
        let name = line.split(':').next().unwrap();
        assert!(report(&loaded).contains(name), "{}", report(&loaded));
    }
}
