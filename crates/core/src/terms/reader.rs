//! Settings by name, and what of them could not be read.

use serde_json::{Map, Value};

use super::Unreadable;
use crate::money::Nanodollars;

/// The largest count that a float holds exactly.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// What LiteLLM keeps inside `metadata`; everything else there is the client's own.
const IN_METADATA: [&str; 8] = [
    "allowed_passthrough_routes",
    "default_estimated_output_tokens",
    "guardrails",
    "model_rpm_limit",
    "model_tpm_limit",
    "tag_rpm_limit",
    "temp_budget_expiry",
    "temp_budget_increase",
];

const AMOUNT: &str = "a number of dollars";
const COUNT: &str = "a whole number from 0";
const TEXT: &str = "a string";
const TEXTS: &str = "a list of strings";
const FLAG: &str = "true or false";
const MAP: &str = "an object";

/// Reads settings.
pub(super) struct Reader<'a> {
    settings: &'a Map<String, Value>,
    metadata: Option<&'a Map<String, Value>>,
    unreadable: Vec<Unreadable>,
}

// === impl Reader ===

impl<'a> Reader<'a> {
    pub(super) fn new(settings: &'a Map<String, Value>) -> Self {
        Self {
            settings,
            metadata: settings.get("metadata").and_then(Value::as_object),
            unreadable: Vec::new(),
        }
    }

    /// What could not be read so far.
    pub(super) fn unreadable(&mut self) -> Box<[Unreadable]> {
        std::mem::take(&mut self.unreadable).into()
    }

    /// A setting that is there, in `metadata` if not beside it.
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        let said = |map: &'a Map<String, Value>| map.get(name).filter(|value| !value.is_null());
        let inside = || said(self.metadata.filter(|_| IN_METADATA.contains(&name))?);
        said(self.settings).or_else(inside)
    }

    pub(super) fn refuse(&mut self, field: &str, expected: &'static str) {
        self.note(field, expected, true);
    }

    fn note(&mut self, field: &str, expected: &'static str, refuses: bool) {
        self.unreadable.push(Unreadable {
            field: field.into(),
            expected,
            refuses,
        });
    }

    /// A limit in whole numbers.
    pub(super) fn count(&mut self, name: &str) -> Option<u64> {
        let value = self.value(name)?;
        let count = count(value);
        if count.is_none() {
            self.refuse(name, COUNT);
        }
        count
    }

    /// A limit in dollars.
    pub(super) fn amount(&mut self, name: &str) -> Option<Nanodollars> {
        let value = self.value(name)?;
        let amount = amount(value);
        if amount.is_none() {
            self.refuse(name, AMOUNT);
        }
        amount
    }

    pub(super) fn text(&mut self, name: &str) -> Option<Box<str>> {
        let value = self.value(name)?;
        let text = value.as_str();
        if text.is_none() {
            self.refuse(name, TEXT);
        }
        text.filter(|text| !text.is_empty()).map(Into::into)
    }

    /// Whether everything is off; what is no answer to that counts as yes.
    pub(super) fn blocked(&mut self) -> bool {
        match self.value("blocked") {
            None => false,
            Some(Value::Bool(blocked)) => *blocked,
            Some(_) => {
                self.refuse("blocked", FLAG);
                true
            }
        }
    }

    /// A list that restricts, under the first of `names` that is there.
    pub(super) fn restricting(&mut self, names: &[&str]) -> Box<[Box<str>]> {
        self.list(names, true)
    }

    /// A list that grants or marks, under the first of `names` that is there.
    pub(super) fn texts(&mut self, names: &[&str]) -> Box<[Box<str>]> {
        self.list(names, false)
    }

    fn list(&mut self, names: &[&str], refuses: bool) -> Box<[Box<str>]> {
        let found = names
            .iter()
            .find_map(|name| Some((*name, self.value(name)?)));
        let Some((name, value)) = found else {
            return Box::default();
        };
        texts(value).unwrap_or_else(|| {
            self.note(name, TEXTS, refuses);
            Box::default()
        })
    }

    /// A list, together with the one of the same name in `metadata`.
    pub(super) fn joined(&mut self, name: &str) -> Box<[Box<str>]> {
        let places = [Some(self.settings), self.metadata];
        let mut all: Vec<Box<str>> = Vec::new();
        for value in places.into_iter().flatten().filter_map(|map| map.get(name)) {
            match texts(value) {
                Some(texts) => all.extend(texts),
                None if value.is_null() => {}
                None => self.note(name, TEXTS, false),
            }
        }
        all.dedup();
        all.into()
    }

    /// Names by names, of the first of `names` that is there.
    pub(super) fn text_map(&mut self, names: &[&str]) -> Box<[(Box<str>, Box<str>)]> {
        let found = names
            .iter()
            .find_map(|name| Some((*name, self.value(name)?)));
        let Some((name, value)) = found else {
            return Box::default();
        };
        let pair = |(key, value): (&String, &Value)| {
            Some((key.as_str().into(), Box::<str>::from(value.as_str()?)))
        };
        let map = value.as_object();
        let map = map.and_then(|map| map.iter().map(pair).collect::<Option<_>>());
        map.unwrap_or_else(|| {
            self.note(name, MAP, false);
            Box::default()
        })
    }

    /// Limits by names.
    pub(super) fn count_map(&mut self, name: &str) -> Box<[(Box<str>, u64)]> {
        let Some(map) = self.map(name) else {
            return Box::default();
        };
        let mut counts = Vec::new();
        for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
            match count(value) {
                Some(count) => counts.push((key.as_str().into(), count)),
                None => self.refuse(&format!("{name}.{key}"), COUNT),
            }
        }
        counts.into()
    }

    /// An object that holds limits.
    pub(super) fn map(&mut self, name: &str) -> Option<&'a Map<String, Value>> {
        let value = self.value(name)?;
        let map = value.as_object();
        if map.is_none() {
            self.refuse(name, MAP);
        }
        map
    }
}

/// A count, also one that was written as a float or a string.
pub(super) fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| {
            let float = number.as_f64()?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is whole, positive and fits"
            )]
            (float.fract() == 0.0 && (0.0..=WHOLE).contains(&float)).then_some(float as u64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// An amount, also one that was written as a string.
pub(super) fn amount(value: &Value) -> Option<Nanodollars> {
    let dollars = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Nanodollars::from_dollars(dollars?)
}

fn texts(value: &Value) -> Option<Box<[Box<str>]>> {
    match value {
        Value::Null => Some(Box::default()),
        Value::Array(items) => {
            let text = |item: &Value| item.as_str().map(Box::<str>::from);
            items.iter().map(text).collect()
        }
        _ => None,
    }
}
