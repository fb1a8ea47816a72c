//! `model_info`.

use std::collections::BTreeMap;

use super::super::findings::Findings;
use super::super::keys::check_model_info;
use super::super::yaml::Mapping;
use super::super::{BodyParams, ModelInfo};
use super::convert::flag;
use super::fields::Fields;
use super::policies;

/// Reads a `model_info`, and says how many errors it has.
pub(super) fn model_info(
    written: Option<(&Mapping, String)>,
    consequence: &'static str,
    findings: &mut Findings,
) -> (ModelInfo, usize) {
    let Some((mapping, path)) = written else {
        return (ModelInfo::default(), 0);
    };
    check_model_info(mapping, &path, findings);
    let mut fields = Fields::new(mapping, path, findings, consequence);
    let mut members = BodyParams::default();
    for entry in &mapping.entries {
        members.insert(entry.key.clone(), entry.value.to_json());
    }
    let info = ModelInfo {
        id: fields.text("id").unwrap_or_default(),
        base_model: fields.word("base_model"),
        mode: fields.word("mode"),
        max_tokens: fields.count("max_tokens"),
        max_input_tokens: fields.count("max_input_tokens"),
        max_output_tokens: fields.count("max_output_tokens"),
        supports: supports(&mut fields),
        allowed_fails: fields.small_count("allowed_fails"),
        allowed_fails_policy: policies::allowed_fails(&mut fields, "allowed_fails_policy"),
        cooldown_time: fields.seconds("cooldown_time"),
        team_id: fields.word("team_id"),
        in_database: false,
        members,
    };
    (info, fields.errors)
}

fn supports(fields: &mut Fields<'_, '_>) -> BTreeMap<String, bool> {
    let mut flags = BTreeMap::new();
    for entry in &fields.mapping.entries {
        if !entry.key.starts_with("supports_") || entry.value.is_null() {
            continue;
        }
        match flag(&entry.value) {
            Ok(on) => {
                flags.insert(entry.key.clone(), on);
            }
            Err(expected) => {
                let path = fields.path_of(&entry.key);
                fields.wrong(&entry.value, &path, expected);
            }
        }
    }
    flags
}
