//! What `litellm_settings` says about prices.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::document;
use super::super::document::join;
use super::super::yaml::Mark;
use super::super::{CostMargin, CostTerms, PriceMapFile, PriceSettings};
use super::convert::number;
use super::fields::Fields;
use crate::Environment;

const MAP: &str = "model_cost_map_url";
/// Where a variable is said to stand.
const TOP: Mark = Mark {
    file: 0,
    line: 1,
    column: 1,
};
const MAP_VARIABLE: &str = "LITELLM_MODEL_COST_MAP_URL";

pub(super) fn prices(fields: &mut Fields<'_, '_>, environment: &Environment) -> PriceSettings {
    PriceSettings {
        map: map(fields, environment),
        terms: CostTerms {
            discounts: discounts(fields),
            margins: margins(fields),
        },
    }
}

/// The price map, from the setting or from LiteLLM's variable. Only a file is read: prices that
/// change by themselves are nobody's decision.
fn map(fields: &mut Fields<'_, '_>, environment: &Environment) -> Option<PriceMapFile> {
    let said = fields.word(MAP);
    let mark = fields.node(MAP).map_or(TOP, |node| node.mark);
    let (place, name) = match &said {
        Some(place) => (place.as_str(), fields.path_of(MAP)),
        None => (
            environment.get_non_empty(MAP_VARIABLE)?,
            MAP_VARIABLE.to_owned(),
        ),
    };
    if place.starts_with("http://") || place.starts_with("https://") {
        let message = "prices are not fetched: expected a file; the shipped prices hold";
        fields.findings.warn(mark, &name, message);
        return None;
    }
    let path = PathBuf::from(place.strip_prefix("file://").unwrap_or(place));
    match read(fields, &path) {
        Ok(text) => Some(PriceMapFile { path, text }),
        Err(error) => {
            let message = format!("cannot read `{}`: {error}", path.display());
            fields.error(mark, &name, &message);
            None
        }
    }
}

/// Reads a file and remembers it, so that a change of it is one of the configuration.
fn read(fields: &mut Fields<'_, '_>, path: &Path) -> std::io::Result<String> {
    let text = document::read(path)?;
    fields.findings.files.push(path.to_owned());
    fields.findings.fingerprint.add(path, &text);
    Ok(text)
}

fn discounts(fields: &mut Fields<'_, '_>) -> BTreeMap<String, f64> {
    let mut discounts = BTreeMap::new();
    let Some((mapping, path)) = fields.child("cost_discount_config") else {
        return discounts;
    };
    for entry in &mapping.entries {
        match number(&entry.value).filter(|share| (0.0..=1.0).contains(share)) {
            Some(share) => {
                discounts.insert(entry.key.clone(), share);
            }
            None => fields.wrong(
                &entry.value,
                &join(&path, &entry.key),
                "a share from 0 to 1",
            ),
        }
    }
    discounts
}

fn margins(fields: &mut Fields<'_, '_>) -> BTreeMap<String, CostMargin> {
    const EXPECTED: &str = "a share, or a mapping with `percentage` or `fixed_amount`";
    let mut margins = BTreeMap::new();
    let Some((mapping, path)) = fields.child("cost_margin_config") else {
        return margins;
    };
    let amount = |node| number(node).filter(|amount| *amount >= 0.0);
    for entry in &mapping.entries {
        let margin = match entry.value.as_mapping() {
            Some(parts) => {
                let part = |name| parts.get(name).map_or(Some(0.0), amount);
                let parts = (part("percentage"), part("fixed_amount"));
                parts
                    .0
                    .zip(parts.1)
                    .map(|(percentage, fixed_amount)| CostMargin {
                        percentage,
                        fixed_amount,
                    })
            }
            None => amount(&entry.value).map(|percentage| CostMargin {
                percentage,
                ..CostMargin::default()
            }),
        };
        match margin {
            Some(margin) => {
                margins.insert(entry.key.clone(), margin);
            }
            None => fields.wrong(&entry.value, &join(&path, &entry.key), EXPECTED),
        }
    }
    margins
}
