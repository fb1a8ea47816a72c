//! `general_settings`: from where requests may come.

use super::super::findings::Findings;
use super::super::yaml::Mapping;
use super::fields::Fields;
use crate::network::{IpRanges, NetworkSettings};

const ALLOWED: &str = "allowed_ips";
const FORWARDED: &str = "use_x_forwarded_for";
const TRUSTED: &str = "trusted_proxy_ranges";

/// A list that cannot be read must not become no list.
const NOBODY: &str = "nobody is let in";
const IGNORED: &str = "ignored";

pub(super) fn settings(general: &Mapping, findings: &mut Findings) -> NetworkSettings {
    let mut fields = Fields::new(general, "general_settings", findings, NOBODY);
    let allowed = fields.node(ALLOWED).is_some_and(|node| !node.is_null());
    let allowed = allowed.then(|| ranges(&mut fields, ALLOWED));
    let mut fields = Fields::new(general, "general_settings", findings, IGNORED);
    let use_x_forwarded_for = fields.is_on(FORWARDED);
    let trusted_proxies = ranges(&mut fields, TRUSTED);
    if use_x_forwarded_for
        && trusted_proxies.is_empty()
        && let Some(node) = fields.node(FORWARDED)
    {
        let message = format!(
            "without `{TRUSTED}` nobody is believed: a client could write the header itself"
        );
        let path = fields.path_of(FORWARDED);
        fields.findings.warn(node.mark, &path, message);
    }
    NetworkSettings {
        allowed,
        use_x_forwarded_for,
        trusted_proxies,
    }
}

/// The addresses of a list; after an error none of them.
fn ranges(fields: &mut Fields<'_, '_>, name: &str) -> IpRanges {
    let before = fields.errors;
    let texts = fields.texts(name);
    if fields.errors > before {
        return IpRanges::default();
    }
    match IpRanges::parse(texts.iter().map(String::as_str)) {
        Ok(ranges) => ranges,
        Err(place) => {
            if let Some(node) = fields.node(name) {
                let path = format!("{}[{place}]", fields.path_of(name));
                let expected = "expected an address or a range such as 192.0.2.0/24";
                fields.error(node.mark, &path, expected);
            }
            IpRanges::default()
        }
    }
}
