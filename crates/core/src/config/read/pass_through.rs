//! `general_settings.pass_through_endpoints`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::PassThroughEndpoint;
use super::super::document::join;
use super::super::findings::Findings;
use super::super::keys;
use super::super::yaml::{Mapping, Mark, Node, NodeValue};
use super::convert::text;
use super::fields::Fields;
use super::model::required;
use crate::Secret;

const SKIPPED: &str = "endpoint skipped";

/// Methods an endpoint may name.
const METHODS: [&str; 6] = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];

/// The header that names the header of the key, and is none itself.
const KEY_HEADER: &str = "litellm_user_api_key";
/// Two that become one.
const LANGFUSE: [&str; 2] = ["LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"];

pub(super) fn list(fields: &mut Fields<'_, '_>) -> Vec<PassThroughEndpoint> {
    let Some((items, path)) = fields.items("pass_through_endpoints") else {
        return Vec::new();
    };
    let mut endpoints: Vec<PassThroughEndpoint> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(mapping) = item.as_mapping() else {
            fields.wrong(item, &path, "a mapping");
            continue;
        };
        let Some(endpoint) = endpoint(mapping, item.mark, &path, fields.findings) else {
            continue;
        };
        let same = |known: &&PassThroughEndpoint| {
            known.path == endpoint.path && overlap(&known.methods, &endpoint.methods)
        };
        if endpoints.iter().any(|known| same(&known)) {
            let message = format!("another endpoint has this path and method; {SKIPPED}");
            fields.findings.error(item.mark, &path, message);
        } else {
            endpoints.push(endpoint);
        }
    }
    endpoints
}

fn overlap(one: &[String], other: &[String]) -> bool {
    one.is_empty() || other.is_empty() || one.iter().any(|method| other.contains(method))
}

fn endpoint(
    mapping: &Mapping,
    mark: Mark,
    path: &str,
    findings: &mut Findings,
) -> Option<PassThroughEndpoint> {
    keys::PASS_THROUGH.check(mapping, path, findings);
    let origin = findings.origin(mark, path);
    let mut fields = Fields::new(mapping, path, findings, SKIPPED);
    let own = required(&mut fields, "path", mark);
    let target = required(&mut fields, "target", mark);
    let (Some(own), Some(_)) = (own, target) else {
        return None;
    };
    let auth = fields.flag("auth").unwrap_or(true);
    if !auth && let Some(node) = fields.node("auth") {
        let at = fields.path_of("auth");
        let message =
            "anyone may use this endpoint, and the credential in its headers, without a key";
        fields.findings.warn(node.mark, &at, message);
    }
    let mut headers = fields.headers("headers");
    let key_header = take(&mut headers, KEY_HEADER).map(|name| name.expose().to_ascii_lowercase());
    langfuse(&mut headers);
    let endpoint = PassThroughEndpoint {
        path: own_path(&mut fields, &own),
        target: fields.url("target")?,
        headers,
        default_query_params: pairs(&mut fields, "default_query_params"),
        include_subpath: fields.is_on("include_subpath"),
        methods: methods(&mut fields),
        timeout: fields.timeout("timeout"),
        auth,
        forward_headers: fields.is_on("forward_headers"),
        key_header,
        origin,
    };
    (fields.errors == 0).then_some(endpoint)
}

/// The path with one slash before it and none behind.
fn own_path(fields: &mut Fields<'_, '_>, written: &str) -> String {
    let path = format!("/{}", written.trim().trim_matches('/'));
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '{' | '?' | '#' | '*');
    let climbs = path.split('/').any(|segment| segment == "..");
    if (path == "/" || climbs || path.contains(odd))
        && let Some(node) = fields.node("path")
    {
        let at = fields.path_of("path");
        let message = "expected a plain path such as /bria; `include_subpath: true` takes what is \
                       below it";
        fields.error(node.mark, &at, message);
    }
    path
}

fn methods(fields: &mut Fields<'_, '_>) -> Vec<String> {
    let written = fields.texts("methods");
    let methods: Vec<String> = written.iter().map(|m| m.to_ascii_uppercase()).collect();
    if methods
        .iter()
        .any(|method| !METHODS.contains(&method.as_str()))
        && let Some(node) = fields.node("methods")
    {
        let at = fields.path_of("methods");
        fields.error(node.mark, &at, "expected methods such as GET and POST");
    }
    methods
}

/// Names and values in order; values may be numbers.
fn pairs(fields: &mut Fields<'_, '_>, name: &str) -> Vec<(String, String)> {
    let Some((mapping, path)) = fields.child(name) else {
        return Vec::new();
    };
    let mut pairs = Vec::new();
    for entry in mapping.entries.iter().filter(|e| !e.value.is_null()) {
        match scalar(&entry.value) {
            Some(value) => pairs.push((entry.key.clone(), value)),
            None => fields.wrong(&entry.value, &join(&path, &entry.key), "a text"),
        }
    }
    pairs
}

fn scalar(node: &Node) -> Option<String> {
    match &node.value {
        NodeValue::Scalar(scalar) => text(node).ok().or_else(|| Some(scalar.text.clone())),
        _ => None,
    }
}

fn take(headers: &mut Vec<(String, Secret)>, name: &str) -> Option<Secret> {
    let at = headers
        .iter()
        .position(|(header, _)| header.eq_ignore_ascii_case(name))?;
    Some(headers.remove(at).1)
}

/// The two keys of Langfuse as the one header that its API reads.
fn langfuse(headers: &mut Vec<(String, Secret)>) {
    let [public, secret] = LANGFUSE.map(|name| take(headers, name));
    if let (Some(public), Some(secret)) = (public, secret) {
        let both = format!("{}:{}", public.expose(), secret.expose());
        let value = format!("Basic {}", STANDARD.encode(both));
        headers.push(("Authorization".to_owned(), Secret::new(value)));
    }
}
