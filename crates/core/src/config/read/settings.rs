//! `general_settings`, `litellm_settings` and `router_settings`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use super::super::document::join;
use super::super::findings::Findings;
use super::super::keys::check_params;
use super::super::yaml::Mapping;
use super::super::{
    Cleanup, Fallback, FallbackRule, GeneralSettings, LitellmParams, LitellmSettings,
    ModelGroupAlias, Retention, RouterSettings, RoutingStrategy, SslVerify,
};
use super::convert::{flag, text};
use super::fields::Fields;
use super::model::{Context, litellm_params};
use super::{fallbacks, pass_through, policies, prices};
use crate::Environment;
use crate::period::Period;

const IGNORED: &str = "ignored";
const LITELLM: &str = "litellm_settings";
const ROUTER: &str = "router_settings";

/// Strategies LiteLLM has and this version has not.
const OTHER_STRATEGIES: &[&str] = &[
    "cost-based-routing",
    "latency-based-routing",
    "least-busy",
    "provider-budget-routing",
    "usage-based-routing",
    "usage-based-routing-v2",
];

pub(super) fn general(section: &Mapping, findings: &mut Findings) -> GeneralSettings {
    let mut fields = Fields::new(section, "general_settings", findings, IGNORED);
    // Always on here; read so that a wrong value is still said to be one.
    fields.flag("cancel_on_disconnect");
    GeneralSettings {
        master_key: fields.secret("master_key"),
        dangerously_permit_weak_or_unset_master_key: fields
            .is_on("dangerously_permit_weak_or_unset_master_key"),
        database_url: fields.secret("database_url"),
        completion_model: fields.word("completion_model"),
        embedding_model: fields.word("embedding_model"),
        max_request_size_mb: fields.amount("max_request_size_mb"),
        always_include_stream_usage: fields.is_on("always_include_stream_usage"),
        include_call_id_in_error_body: fields.is_on("include_call_id_in_error_body"),
        litellm_key_header_name: fields.word("litellm_key_header_name"),
        forward_client_headers_to_llm_api: fields.is_on("forward_client_headers_to_llm_api"),
        forward_openai_org_id: fields.is_on("forward_openai_org_id"),
        infer_model_from_keys: fields.is_on("infer_model_from_keys"),
        pass_through_endpoints: pass_through::list(&mut fields),
        pass_through_request_timeout: fields.timeout("pass_through_request_timeout"),
        store_model_in_db: fields.flag("store_model_in_db"),
        disable_custom_api_keys: fields.is_on("disable_custom_api_keys"),
        network: super::network::settings(section, fields.findings),
        retention: retention(&mut fields),
        strict_limits: fields.is_on("strict_limits"),
    }
}

fn retention(fields: &mut Fields<'_, '_>) -> Retention {
    let mut time = |name| {
        let expected = "a time such as 30d, 24h, 60m or 3600s";
        fields.parsed(name, duration, expected)
    };
    let period = time("maximum_spend_logs_retention_period");
    let interval = time("maximum_spend_logs_retention_interval");
    let name = "maximum_spend_logs_cleanup_cron";
    let cron = fields.parsed(name, Cleanup::cron, "a time of cron, such as `0 4 * * *`");
    Retention {
        period,
        cleanup: cron
            .or_else(|| interval.map(Cleanup::Every))
            .unwrap_or_default(),
    }
}

/// A number of seconds, or a number with a unit.
fn duration(text: &str) -> Option<Duration> {
    let seconds = match text.parse() {
        Ok(seconds) => seconds,
        Err(_) => text.parse::<Period>().ok()?.seconds(),
    };
    (seconds > 0).then_some(Duration::from_secs(seconds))
}

pub(super) fn litellm(
    section: &Mapping,
    environment: &Environment,
    findings: &mut Findings,
) -> LitellmSettings {
    let mut fields = Fields::new(section, LITELLM, findings, IGNORED);
    LitellmSettings {
        drop_params: fields
            .flag("drop_params")
            .unwrap_or_else(|| environment.flag("LITELLM_DROP_PARAMS")),
        model_alias_map: fields.text_map("model_alias_map"),
        json_logs: fields.flag("json_logs"),
        set_verbose: fields.flag("set_verbose"),
        require_auth_for_metrics_endpoint: fields
            .flag("require_auth_for_metrics_endpoint")
            .unwrap_or(true),
        ssl_verify: match ssl_verify(&mut fields) {
            SslVerify::System => environment
                .get_non_empty("SSL_CERT_FILE")
                .map_or(SslVerify::System, |file| SslVerify::CaFile(file.into())),
            said => said,
        },
        prices: prices::prices(&mut fields, environment),
        default_key_generate_params: params(&mut fields, "default_key_generate_params"),
        upperbound_key_generate_params: params(&mut fields, "upperbound_key_generate_params"),
        default_internal_user_params: params(&mut fields, "default_internal_user_params"),
        default_team_params: params(&mut fields, "default_team_params"),
    }
}

/// Parameters of the management API, as its requests write them.
fn params(fields: &mut Fields<'_, '_>, name: &str) -> Map<String, Value> {
    if fields.child(name).is_none() {
        return Map::new();
    }
    match fields.json(name) {
        Some(Value::Object(params)) => params,
        _ => Map::new(),
    }
}

fn ssl_verify(fields: &mut Fields<'_, '_>) -> SslVerify {
    let Some(node) = fields.node("ssl_verify") else {
        return SslVerify::default();
    };
    match flag(node) {
        Ok(true) => SslVerify::System,
        Ok(false) => SslVerify::Off,
        Err(_) => fields
            .text("ssl_verify")
            .map_or_else(SslVerify::default, |path| {
                SslVerify::CaFile(PathBuf::from(path))
            }),
    }
}

pub(super) fn router(
    section: &Mapping,
    litellm: &Mapping,
    environment: &Environment,
    findings: &mut Findings,
) -> RouterSettings {
    let under = Shared::read(litellm, LITELLM, findings);
    let over = Shared::read(section, ROUTER, findings);
    say_who_wins(section, litellm, findings);
    let request_timeout = request_timeout(litellm, environment, findings);
    let default = RouterSettings::default();
    let mut fields = Fields::new(section, ROUTER, findings, IGNORED);
    RouterSettings {
        routing_strategy: routing_strategy(&mut fields),
        num_retries: over
            .num_retries
            .or(under.num_retries)
            .unwrap_or(default.num_retries),
        retry_after: fields.seconds("retry_after").unwrap_or(default.retry_after),
        timeout: fields
            .timeout("timeout")
            .or(request_timeout)
            .unwrap_or(default.timeout),
        stream_timeout: fields.timeout("stream_timeout"),
        allowed_fails: over.allowed_fails.or(under.allowed_fails),
        allowed_fails_policy: policies::allowed_fails(&mut fields, "allowed_fails_policy"),
        cooldown_time: fields
            .seconds("cooldown_time")
            .unwrap_or(default.cooldown_time),
        disable_cooldowns: fields.is_on("disable_cooldowns"),
        fallbacks: over.fallbacks.or(under.fallbacks).unwrap_or_default(),
        default_fallbacks: over
            .default_fallbacks
            .or(under.default_fallbacks)
            .unwrap_or_default(),
        context_window_fallbacks: over
            .context_window_fallbacks
            .or(under.context_window_fallbacks)
            .unwrap_or_default(),
        content_policy_fallbacks: over
            .content_policy_fallbacks
            .or(under.content_policy_fallbacks)
            .unwrap_or_default(),
        max_fallbacks: over
            .max_fallbacks
            .or(under.max_fallbacks)
            .unwrap_or(default.max_fallbacks),
        model_group_alias: aliases(&mut fields),
        retry_policy: policies::retry(&mut fields, "retry_policy"),
        model_group_retry_policy: policies::retry_by_group(&mut fields, "model_group_retry_policy"),
        default_litellm_params: default_params(&mut fields),
    }
}

/// What both sections may say.
struct Shared {
    num_retries: Option<u32>,
    max_fallbacks: Option<u32>,
    allowed_fails: Option<u32>,
    fallbacks: Option<Vec<FallbackRule>>,
    default_fallbacks: Option<Vec<Fallback>>,
    context_window_fallbacks: Option<Vec<FallbackRule>>,
    content_policy_fallbacks: Option<Vec<FallbackRule>>,
}

const SHARED: &[&str] = &[
    "allowed_fails",
    "content_policy_fallbacks",
    "context_window_fallbacks",
    "default_fallbacks",
    "fallbacks",
    "max_fallbacks",
    "num_retries",
];

impl Shared {
    fn read(section: &Mapping, path: &str, findings: &mut Findings) -> Self {
        let mut fields = Fields::new(section, path, findings, IGNORED);
        Self {
            num_retries: fields.small_count("num_retries"),
            max_fallbacks: fields.small_count("max_fallbacks"),
            allowed_fails: fields.small_count("allowed_fails"),
            fallbacks: fallbacks::rules(&mut fields, "fallbacks"),
            default_fallbacks: fallbacks::list(&mut fields, "default_fallbacks"),
            context_window_fallbacks: fallbacks::rules(&mut fields, "context_window_fallbacks"),
            content_policy_fallbacks: fallbacks::rules(&mut fields, "content_policy_fallbacks"),
        }
    }
}

fn say_who_wins(router: &Mapping, litellm: &Mapping, findings: &mut Findings) {
    for name in SHARED.iter().filter(|name| router.get(name).is_some()) {
        if let Some(entry) = litellm.entry(name).filter(|entry| !entry.value.is_null()) {
            let message = format!("`{ROUTER}.{name}` wins over this one");
            findings.warn(entry.key_mark, &join(LITELLM, name), message);
        }
    }
}

/// `litellm_settings.request_timeout`, or the variable of that name.
fn request_timeout(
    litellm: &Mapping,
    environment: &Environment,
    findings: &mut Findings,
) -> Option<Duration> {
    Fields::new(litellm, LITELLM, findings, IGNORED)
        .timeout("request_timeout")
        .or_else(|| {
            let seconds = environment
                .get_non_empty("REQUEST_TIMEOUT")?
                .trim()
                .parse()
                .ok()?;
            Duration::try_from_secs_f64(seconds)
                .ok()
                .filter(|limit| !limit.is_zero())
        })
}

fn routing_strategy(fields: &mut Fields<'_, '_>) -> RoutingStrategy {
    const NAME: &str = "routing_strategy";
    let path = fields.path_of(NAME);
    if let (Some(strategy), Some(node)) = (fields.text(NAME), fields.node(NAME)) {
        if OTHER_STRATEGIES.contains(&strategy.as_str()) {
            let message = format!("`{strategy}` is not in this version; simple-shuffle is used");
            fields.findings.warn(node.mark, &path, message);
        } else if strategy != "simple-shuffle" {
            let message = "expected a routing strategy such as simple-shuffle";
            fields.error(node.mark, &path, message);
        }
    }
    RoutingStrategy::SimpleShuffle
}

fn aliases(fields: &mut Fields<'_, '_>) -> BTreeMap<String, ModelGroupAlias> {
    let mut aliases = BTreeMap::new();
    let Some((mapping, path)) = fields.child("model_group_alias") else {
        return aliases;
    };
    for entry in mapping
        .entries
        .iter()
        .filter(|entry| !entry.value.is_null())
    {
        let path = join(&path, &entry.key);
        let alias = match entry.value.as_mapping() {
            Some(written) => {
                let mut inner = Fields::new(written, path, fields.findings, IGNORED);
                let hidden = inner.is_on("hidden");
                super::model::required(&mut inner, "model", entry.value.mark)
                    .map(|model| ModelGroupAlias { model, hidden })
            }
            None => match text(&entry.value) {
                Ok(model) => Some(ModelGroupAlias {
                    model,
                    hidden: false,
                }),
                Err(_) => {
                    fields.wrong(
                        &entry.value,
                        &path,
                        "a model group or a mapping with a `model`",
                    );
                    None
                }
            },
        };
        aliases.extend(alias.map(|alias| (entry.key.clone(), alias)));
    }
    aliases
}

fn default_params(fields: &mut Fields<'_, '_>) -> LitellmParams {
    let Some((mapping, path)) = fields.child("default_litellm_params") else {
        return LitellmParams::default();
    };
    let context = Context {
        credentials: &[],
        consequence: IGNORED,
        needs_model: false,
    };
    let Some(mark) = fields.node("default_litellm_params").map(|node| node.mark) else {
        return LitellmParams::default();
    };
    check_params(mapping, &path, fields.findings);
    litellm_params(mapping, mark, &path, context, fields.findings).unwrap_or_default()
}
