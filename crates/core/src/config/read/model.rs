//! `model_list` and what an entry is made of.

use std::collections::HashSet;

use super::super::document::join;
use super::super::findings::Findings;
use super::super::id::{deployment_id, hash};
use super::super::keys::{self, ParamKind, check_params, param_kind};
use super::super::yaml::{Entry, Mapping, Mark, Node};
use super::super::{BodyParams, LitellmParams, ModelEntry, Unserved};
use super::convert::text;
use super::fields::Fields;
use super::{cloud, fallbacks, info, items};

const SKIPPED: &str = "entry skipped";

/// The values of one `credential_list` entry.
pub(super) struct Credential<'a> {
    name: String,
    values: &'a Mapping,
}

/// What an entry is read with.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) credentials: &'a [Credential<'a>],
    /// What an error leads to.
    pub(super) consequence: &'static str,
    /// Whether there must be a `model`.
    pub(super) needs_model: bool,
}

/// The deployments that can be read, and those that cannot.
pub(super) fn list(root: &Mapping, findings: &mut Findings) -> (Vec<ModelEntry>, Vec<Unserved>) {
    let credentials = credentials(root, findings);
    let mut ids = HashSet::new();
    let (mut models, mut unserved) = (Vec::new(), Vec::new());
    for (mapping, mark, path) in items(root, "model_list", findings) {
        let said = findings.count();
        let Some(mut model) = entry(mapping, mark, &path, &credentials, findings) else {
            unserved.push(Unserved {
                id: member(mapping.get("model_info"), "id"),
                model_name: mapping
                    .get("model_name")
                    .and_then(|node| text(node).ok())
                    .unwrap_or_default(),
                reason: findings.errors_since(said),
                in_database: findings.stored(mark).is_some(),
            });
            continue;
        };
        let written = model.model_info.id.clone();
        let mut copy = 1;
        while !ids.insert(model.model_info.id.clone()) {
            copy += 1;
            model.model_info.id = hash(&format!("{written} {copy}"));
        }
        if copy > 1 {
            let message = "another entry has the same id, or is the same; a new id is derived";
            findings.warn(mark, &path, message);
        }
        models.push(model);
    }
    (models, unserved)
}

/// A text in a mapping; empty when it is not there.
fn member(of: Option<&Node>, name: &str) -> String {
    let node = of.and_then(Node::as_mapping).and_then(|of| of.get(name));
    node.and_then(|node| text(node).ok()).unwrap_or_default()
}

fn entry(
    mapping: &Mapping,
    mark: Mark,
    path: &str,
    credentials: &[Credential<'_>],
    findings: &mut Findings,
) -> Option<ModelEntry> {
    keys::MODEL_ENTRY.check(mapping, path, findings);
    let mut fields = Fields::new(mapping, path, findings, SKIPPED);
    let model_name = required(&mut fields, "model_name", mark);
    let params = fields.child("litellm_params");
    if params.is_none() && fields.node("litellm_params").is_none() {
        fields.error(mark, path, "`litellm_params` is missing");
    }
    let info = fields.child("model_info");
    let mut errors = fields.errors;

    let context = Context {
        credentials,
        consequence: SKIPPED,
        needs_model: true,
    };
    let litellm_params = params.and_then(|(params, path)| {
        let at = mapping
            .entry("litellm_params")
            .map_or(mark, |entry| entry.key_mark);
        check_params(params, &path, findings);
        litellm_params(params, at, &path, context, findings)
    });
    let (mut model_info, wrong) = info::model_info(info, SKIPPED, findings);
    errors += wrong;
    let (model_name, litellm_params) = (model_name?, litellm_params?);
    if errors > 0 {
        return None;
    }
    if model_info.id.is_empty() {
        let written = mapping.get("litellm_params")?.to_canonical_json();
        model_info.id = deployment_id(&model_name, &written);
    }
    model_info.in_database = findings.stored(mark).is_some();
    let of_team = member(mapping.get("model_info"), "team_public_model_name");
    let of_team = Some(of_team).filter(|name| model_info.team_id.is_some() && !name.is_empty());
    let origin = Some(findings.origin(mark, path));
    Some(ModelEntry {
        model_name: of_team.unwrap_or(model_name),
        litellm_params,
        model_info,
        origin,
    })
}

/// A text that must be there and not be empty.
pub(super) fn required(fields: &mut Fields<'_, '_>, name: &str, mark: Mark) -> Option<String> {
    let before = fields.errors;
    let text = fields.text(name).filter(|text| !text.trim().is_empty());
    if text.is_none() && fields.errors == before {
        let path = fields.path.clone();
        fields.error(mark, &path, &format!("`{name}` is missing"));
    }
    text
}

/// Reads a mapping as `litellm_params`, a credential's values filled in.
pub(super) fn litellm_params(
    written: &Mapping,
    mark: Mark,
    path: &str,
    context: Context<'_>,
    findings: &mut Findings,
) -> Option<LitellmParams> {
    let filled = with_credential(written, path, context.credentials, findings);
    let mapping = filled.as_ref().unwrap_or(written);
    let mut fields = Fields::new(mapping, path, findings, context.consequence);
    let model = if context.needs_model {
        required(&mut fields, "model", mark)?
    } else {
        fields.text("model").unwrap_or_default()
    };
    let params = LitellmParams {
        model,
        api_key: fields.secret("api_key").filter(|key| !key.is_empty()),
        api_base: fields.url("api_base").or_else(|| fields.url("base_url")),
        api_version: fields.word("api_version"),
        cloud: cloud::cloud(&mut fields),
        organization: fields.word("organization"),
        custom_llm_provider: fields.word("custom_llm_provider"),
        litellm_credential_name: fields.word("litellm_credential_name"),
        timeout: fields
            .timeout("timeout")
            .or_else(|| fields.timeout("request_timeout")),
        stream_timeout: fields.timeout("stream_timeout"),
        max_retries: fields.small_count("max_retries"),
        num_retries: fields.small_count("num_retries"),
        tpm: fields.count("tpm"),
        rpm: fields.count("rpm"),
        weight: fields.amount("weight"),
        order: fields.whole("order"),
        cooldown_time: fields.seconds("cooldown_time"),
        max_parallel_requests: fields.positive("max_parallel_requests"),
        fallbacks: fallbacks::of_deployment(&mut fields, "fallbacks", context.credentials),
        drop_params: fields.flag("drop_params"),
        additional_drop_params: fields.texts("additional_drop_params"),
        allowed_openai_params: fields.texts("allowed_openai_params"),
        merge_reasoning_content_in_choices: fields.is_on("merge_reasoning_content_in_choices"),
        use_in_pass_through: fields.is_on("use_in_pass_through"),
        mock_response: fields.json("mock_response"),
        headers: {
            let mut headers = fields.headers("headers");
            headers.extend(fields.headers("extra_headers"));
            headers
        },
        extra_body: fields.body("extra_body"),
        prices: prices(&fields),
        params: body_params(&mut fields),
    };
    (fields.errors == 0).then_some(params)
}

/// What the deployment's requests cost, as it was written: whoever calculates with it checks it.
fn prices(fields: &Fields<'_, '_>) -> BodyParams {
    let mut prices = BodyParams::default();
    for entry in &fields.mapping.entries {
        if param_kind(&entry.key) == ParamKind::Price && !entry.value.is_null() {
            prices.insert(entry.key.clone(), entry.value.to_json());
        }
    }
    prices
}

/// Everything that is neither ours nor LiteLLM's goes to the provider. Null means "not set" there.
fn body_params(fields: &mut Fields<'_, '_>) -> BodyParams {
    let mut params = BodyParams::default();
    for entry in &fields.mapping.entries {
        if param_kind(&entry.key) != ParamKind::Body || entry.value.is_null() {
            continue;
        }
        let value = entry.value.to_json();
        if value.is_null() {
            let path = fields.path_of(&entry.key);
            fields.error(entry.value.mark, &path, "expected a number JSON can hold");
        } else {
            params.insert(entry.key.clone(), value);
        }
    }
    params
}

// === credentials ===

fn credentials<'a>(root: &'a Mapping, findings: &mut Findings) -> Vec<Credential<'a>> {
    let mut credentials = Vec::new();
    for (mapping, mark, path) in items(root, "credential_list", findings) {
        keys::CREDENTIAL.check(mapping, &path, findings);
        let mut fields = Fields::new(mapping, &path, findings, SKIPPED);
        let name = required(&mut fields, "credential_name", mark);
        let values = fields.child("credential_values");
        if let (Some(name), Some((values, path))) = (name, values) {
            check_params(values, &path, findings);
            credentials.push(Credential { name, values });
        }
    }
    credentials
}

/// The mapping with the named credential's values where it has none of its own.
fn with_credential(
    written: &Mapping,
    path: &str,
    credentials: &[Credential<'_>],
    findings: &mut Findings,
) -> Option<Mapping> {
    const NAME: &str = "litellm_credential_name";
    let node = written.get(NAME)?;
    let name = text(node).ok()?;
    let Some(credential) = credentials.iter().find(|known| known.name == name) else {
        let message = "no entry of `credential_list` has this name; the deployment goes without it";
        findings.warn(node.mark, &join(path, NAME), message);
        return None;
    };
    let mut filled = written.clone();
    for Entry {
        key,
        key_mark,
        value,
    } in &credential.values.entries
    {
        if filled.get(key).is_none() {
            filled.remove(key);
            filled.entries.push(Entry {
                key: key.clone(),
                key_mark: *key_mark,
                value: value.clone(),
            });
        }
    }
    Some(filled)
}
