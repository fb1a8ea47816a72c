//! `custom_providers`.

use super::super::findings::Findings;
use super::super::keys;
use super::super::yaml::{Mapping, Mark};
use super::super::{CustomAuth, CustomDialect, CustomProvider};
use super::fields::Fields;
use super::items;
use super::model::required;

const SKIPPED: &str = "provider skipped";

const DIALECTS: &[(&str, CustomDialect)] = &[
    ("openai", CustomDialect::Openai),
    ("anthropic", CustomDialect::Anthropic),
    ("gemini", CustomDialect::Gemini),
    ("ollama", CustomDialect::Ollama),
];

const AUTHS: &[(&str, CustomAuth)] = &[
    ("bearer", CustomAuth::Bearer),
    ("x-api-key", CustomAuth::XApiKey),
    ("api-key", CustomAuth::ApiKey),
    ("x-goog-api-key", CustomAuth::XGoogApiKey),
    ("none", CustomAuth::None),
];

pub(super) fn list(root: &Mapping, findings: &mut Findings) -> Vec<CustomProvider> {
    let mut providers: Vec<CustomProvider> = Vec::new();
    for (mapping, mark, path) in items(root, "custom_providers", findings) {
        let Some(provider) = provider(mapping, mark, &path, findings) else {
            continue;
        };
        if providers.iter().any(|known| known.id == provider.id) {
            findings.error(
                mark,
                &path,
                format!("a provider with this `id` exists; {SKIPPED}"),
            );
        } else {
            providers.push(provider);
        }
    }
    providers
}

fn provider(
    mapping: &Mapping,
    mark: Mark,
    path: &str,
    findings: &mut Findings,
) -> Option<CustomProvider> {
    keys::CUSTOM_PROVIDER.check(mapping, path, findings);
    let origin = findings.origin(mark, path);
    let mut fields = Fields::new(mapping, path, findings, SKIPPED);
    let id = required(&mut fields, "id", mark)?;
    if id.contains('/') {
        fields.error(
            mark,
            path,
            "`id` holds a `/`, which parts provider and model",
        );
    }
    let provider = CustomProvider {
        id,
        base_url: fields.url("base_url"),
        api_key_env: fields.texts("api_key_env"),
        api_base_env: fields.texts("api_base_env"),
        dialect: choice(
            &mut fields,
            "dialect",
            DIALECTS,
            "openai, anthropic, gemini or ollama",
        ),
        auth: choice(
            &mut fields,
            "auth",
            AUTHS,
            "bearer, x-api-key, api-key, x-goog-api-key or none",
        ),
        quirks: fields.texts("quirks"),
        headers: fields.headers("headers"),
        origin,
    };
    (fields.errors == 0).then_some(provider)
}

fn choice<T: Copy + Default>(
    fields: &mut Fields<'_, '_>,
    name: &str,
    choices: &[(&str, T)],
    expected: &str,
) -> T {
    let Some(written) = fields.text(name) else {
        return T::default();
    };
    let written = written.to_ascii_lowercase();
    if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == written) {
        return *choice;
    }
    if let Some(node) = fields.node(name) {
        let path = fields.path_of(name);
        fields.error(node.mark, &path, &format!("expected {expected}"));
    }
    T::default()
}
