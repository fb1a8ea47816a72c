//! `gen-catalog`: the price catalogue, from the price map inside the `litellm` package.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use lockgate_providers::catalog::{Rate, Table};
use serde_json::{Map, Value};

const TARGET: &str = "crates/providers/data/catalog.tsv";

const HEAD: &str = "\
# Prices, limits and abilities of models. Written by `gen-catalog` of xtask; do not edit.
# Facts taken from model_prices_and_context_window_backup.json of litellm 1.105.0 (PyPI), MIT licence.
";

/// Entries that are no models: a description of the format, and rules for names that are not listed.
const NO_MODELS: [&str; 2] = ["sample_spec", "fallback_generalizations"];

/// Members that are remarks of the map's authors.
const REMARKS: [&str; 3] = ["comment", "metadata", "source"];

/// Members with a column of their own.
const COLUMNS: [&str; 5] = [
    "litellm_provider",
    "mode",
    "max_tokens",
    "max_input_tokens",
    "max_output_tokens",
];

type PriceMap = Map<String, Value>;

/// What entries share.
#[derive(Default)]
struct Shared {
    /// Codes and kinds of fields by name.
    fields: BTreeMap<String, (String, &'static str)>,
    values: Numbered,
    flags: Numbered,
}

/// Texts, numbered in the order they were first seen.
#[derive(Default)]
struct Numbered(Vec<String>);

/// Writes the catalogue from the price map `file`, then reads it back and compares.
pub(crate) fn write(root: &Path, file: &Path) -> Result<()> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let map: PriceMap = serde_json::from_str(&text).context("parsing the price map")?;
    let models: BTreeMap<&str, &PriceMap> = map
        .iter()
        .filter(|(key, _)| !NO_MODELS.contains(&key.as_str()))
        .filter_map(|(key, entry)| Some((key.as_str(), entry.as_object()?)))
        .collect();
    let mut shared = Shared {
        fields: fields(&models)?,
        ..Shared::default()
    };
    let mut body = String::new();
    for (key, entry) in &models {
        ensure!(!key.contains(['\t', '\n']), "{key:?} cannot be a key");
        writeln!(
            body,
            "{key}\t{}",
            shared.line(entry).context((*key).to_owned())?
        )?;
    }
    let out = format!("{HEAD}{}\n{body}", shared.head()?);
    compare(&out, &models)?;
    let target = root.join(TARGET);
    fs::write(&target, &out).with_context(|| format!("writing {}", target.display()))?;
    println!("{TARGET}: {} models, {} bytes", models.len(), out.len());
    println!("not carried, entries: {}", NO_MODELS.join(", "));
    for remark in REMARKS {
        let count = models.values().filter(|e| e.contains_key(remark)).count();
        println!("not carried, members: {remark} ({count})");
    }
    Ok(())
}

/// Every field that an entry has, with the initials of its words as its code.
fn fields(models: &BTreeMap<&str, &PriceMap>) -> Result<BTreeMap<String, (String, &'static str)>> {
    let mut kinds: BTreeMap<&str, &'static str> = BTreeMap::new();
    for (name, value) in models.values().flat_map(|entry| entry.iter()) {
        if COLUMNS.contains(&name.as_str()) || REMARKS.contains(&name.as_str()) {
            continue;
        }
        let kind = match value {
            Value::Bool(_) => "flag",
            Value::Number(_) if name.contains("cost") => "price",
            Value::Number(_) => "number",
            _ => "text",
        };
        let known = *kinds.entry(name).or_insert(kind);
        ensure!(known == kind, "{name} is a {known} here and a {kind} there");
    }
    let mut codes = BTreeSet::new();
    let mut fields = BTreeMap::new();
    for (name, kind) in kinds {
        let code = (1..8).map(|letters| code(name, letters));
        let Some(code) = code.into_iter().find(|code| codes.insert(code.clone())) else {
            bail!("no code for {name}");
        };
        fields.insert(name.to_owned(), (code, kind));
    }
    Ok(fields)
}

/// The first letters of every word; numbers whole.
fn code(name: &str, letters: usize) -> String {
    let first = |word: &str| match word.starts_with(|c: char| c.is_ascii_digit()) {
        true => word.to_owned(),
        false => word.chars().take(letters).collect(),
    };
    name.split('_').map(first).collect()
}

/// Reads the catalogue back: every member of every entry must be as it was.
fn compare(out: &str, models: &BTreeMap<&str, &PriceMap>) -> Result<()> {
    let table = Table::new(out);
    ensure!(table.len() == models.len(), "{} entries", table.len());
    for (key, entry) in models {
        let at = table.find(key).with_context(|| format!("{key} is lost"))?;
        let row = table
            .row(at)
            .with_context(|| format!("{key} is unreadable"))?;
        let carried = table.members(&row);
        for (name, value) in entry.iter() {
            let same = match carried.get(name) {
                _ if REMARKS.contains(&name.as_str()) => true,
                Some(found) if name.contains("cost") && value.is_number() => {
                    Rate::read(found) == Rate::read(value)
                }
                found => found == Some(value),
            };
            ensure!(same, "{key}.{name}: {value} became {:?}", carried.get(name));
        }
        ensure!(
            carried.keys().all(|name| entry.contains_key(name)),
            "{key} gained a member"
        );
    }
    Ok(())
}

// === impl Shared ===

impl Shared {
    fn line(&mut self, entry: &PriceMap) -> Result<String> {
        let column = |name: &str| match entry.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        let (mut flags, mut rest) = (Vec::new(), Vec::new());
        for (name, (code, kind)) in &self.fields {
            let Some(value) = entry.get(name) else {
                continue;
            };
            match value {
                Value::Bool(on) => flags.push(format!("{code}{}", if *on { '+' } else { '-' })),
                Value::Number(_) if *kind == "price" => {
                    let rate = Rate::read(value).with_context(|| format!("{name}: {value}"))?;
                    rest.push(format!("{code}:{rate}"));
                }
                Value::Number(_) => rest.push(format!("{code}:{value}")),
                Value::String(text) if is_word(text) => rest.push(format!("{code}:{text}")),
                value => rest.push(format!("{code}:@{}", self.values.number(value.to_string()))),
            }
        }
        let flags = match flags.is_empty() {
            true => String::new(),
            false => self.flags.number(flags.join(" ")).to_string(),
        };
        let columns = COLUMNS.map(column).join("\t");
        Ok(format!("{columns}\t{flags}\t{}", rest.join(" ")))
    }

    fn head(&self) -> Result<String> {
        let mut out = String::new();
        for (name, (code, kind)) in &self.fields {
            writeln!(out, "#f\t{code}\t{kind}\t{name}")?;
        }
        for (number, value) in self.values.0.iter().enumerate() {
            ensure!(!value.contains(['\t', '\n']), "{value} cannot be shared");
            writeln!(out, "#v\t{number}\t{value}")?;
        }
        for (number, flags) in self.flags.0.iter().enumerate() {
            writeln!(out, "#b\t{number}\t{flags}")?;
        }
        Ok(out)
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('@') && !text.contains(char::is_whitespace)
}

// === impl Numbered ===

impl Numbered {
    fn number(&mut self, text: String) -> usize {
        if let Some(at) = self.0.iter().position(|known| *known == text) {
            return at;
        }
        self.0.push(text);
        self.0.len() - 1
    }
}
