//! The fields of requests and answers: names, types, and what stands for a field that is not set.

use serde_json::{Map, Value, json};

/// A field of a request, or of an answer, or of both.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    pub(crate) empty: Empty,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Type {
    /// Text.
    Text,
    /// Dollars: no less than nothing.
    Amount,
    /// A whole number, no less than nothing.
    Whole,
    /// True or false.
    Flag,
    /// A list of texts.
    Texts,
    /// A list.
    List,
    /// An object.
    Object,
    /// An object of whole numbers.
    Counts,
    /// A duration such as `30d`.
    Duration,
    /// A moment in ISO 8601.
    Moment,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// Anything.
    Any,
}

/// What an answer shows for a field that is not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Empty {
    Null,
    List,
    Object,
    No,
}

/// What is wrong with a value.
#[derive(Debug)]
pub(crate) enum Wrong {
    /// Its type: a name and a sentence of pydantic's, and the place within the value.
    Type(&'static str, String, Option<usize>),
    /// It is of the right type, and still cannot be.
    Value(String),
}

/// A field that shows null when it is not set.
pub(crate) const fn field(name: &'static str, kind: Type) -> Field {
    let empty = Empty::Null;
    Field { name, kind, empty }
}

/// A field that shows something else then.
pub(crate) const fn filled(name: &'static str, kind: Type, empty: Empty) -> Field {
    Field { name, kind, empty }
}

/// Limits that keys, users, teams, organizations, customers, budgets, tags and projects have.
pub(crate) const LIMITS: &[Field] = &[
    field("max_budget", Type::Amount),
    field("soft_budget", Type::Amount),
    field("budget_duration", Type::Duration),
    field("max_parallel_requests", Type::Whole),
    field("tpm_limit", Type::Whole),
    field("rpm_limit", Type::Whole),
    field("tpd_limit", Type::Whole),
    filled("model_max_budget", Type::Object, Empty::Object),
];

/// What LiteLLM keeps within `metadata`: it is stored beside it here, and shown in both places.
pub(crate) const IN_METADATA: &[&str] = &[
    "model_rpm_limit",
    "model_tpm_limit",
    "rpm_limit_type",
    "tpm_limit_type",
    "mcp_rpm_limit",
    "tag_rpm_limit",
    "guardrails",
    "policies",
    "prompts",
    "tags",
    "enforced_params",
    "disable_global_guardrails",
    "allowed_passthrough_routes",
    "throttle_on_budget_exceeded",
    "temp_budget_increase",
    "temp_budget_expiry",
    "team_member_key_duration",
];

const TEXT: &str = "Input should be a valid string";
const NUMBER: &str = "Input should be a valid number";
const INTEGER: &str = "Input should be a valid integer";
const FLAG: &str = "Input should be a valid boolean, unable to interpret input";
const LIST: &str = "Input should be a valid list";
const OBJECT: &str = "Input should be a valid dictionary";

// === impl Empty ===

impl Empty {
    pub(crate) fn value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::List => json!([]),
            Self::Object => json!({}),
            Self::No => Value::Bool(false),
        }
    }
}

// === impl Field ===

impl Field {
    /// The value as it is stored: pydantic reads numbers and flags from text, too.
    pub(crate) fn read(&self, value: &Value) -> Result<Value, Wrong> {
        let wrong = |kind, sentence: &str| Wrong::Type(kind, sentence.to_owned(), None);
        match self.kind {
            Type::Any => Ok(value.clone()),
            Type::Text => match value {
                Value::String(_) => Ok(value.clone()),
                _ => Err(wrong("string_type", TEXT)),
            },
            Type::Amount => self.amount(value),
            Type::Whole => self.whole(value),
            Type::Flag => flag(value).ok_or_else(|| wrong("bool_parsing", FLAG)),
            Type::Texts => texts(value),
            Type::List => match value {
                Value::Array(_) => Ok(value.clone()),
                _ => Err(wrong("list_type", LIST)),
            },
            Type::Object => match value {
                Value::Object(_) => Ok(value.clone()),
                _ => Err(wrong("dict_type", OBJECT)),
            },
            Type::Counts => self.counts(value),
            Type::Duration => {
                let text = value.as_str().ok_or_else(|| wrong("string_type", TEXT))?;
                let period = crate::time::period(text);
                let period = period.map_err(|refusal| Wrong::Value(refusal.into_message()))?;
                Ok(period.to_string().into())
            }
            Type::Moment => {
                let at = value.as_str().and_then(crate::time::moment);
                let sentence = "Input should be a valid datetime";
                let at = at.ok_or_else(|| wrong("datetime_parsing", sentence))?;
                Ok(crate::time::iso(Some(at)))
            }
            Type::Choice(choices) => choice(value, choices),
        }
    }

    fn amount(&self, value: &Value) -> Result<Value, Wrong> {
        let number = match value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number.ok_or_else(|| {
            if value.is_string() {
                let more = ", unable to parse string as a number";
                return Wrong::Type("float_parsing", format!("{NUMBER}{more}"), None);
            }
            Wrong::Type("float_type", NUMBER.to_owned(), None)
        })?;
        let fits = lockgate_core::money::Nanodollars::from_dollars(number);
        match fits {
            Some(amount) if amount.get() >= 0 => Ok(number.into()),
            _ => Err(Wrong::Value(format!(
                "{} must be a non-negative finite number. Received: {number}",
                self.name
            ))),
        }
    }

    fn whole(&self, value: &Value) -> Result<Value, Wrong> {
        let wrong = |kind, more: &str| Wrong::Type(kind, format!("{INTEGER}{more}"), None);
        let number = match value {
            Value::Number(number) => match number.as_i64() {
                Some(whole) => whole,
                None => whole_float(number.as_f64()).ok_or_else(|| {
                    wrong("int_from_float", ", got a number with a fractional part")
                })?,
            },
            Value::String(text) => text
                .trim()
                .parse()
                .map_err(|_| wrong("int_parsing", ", unable to parse string as an integer"))?,
            _ => return Err(wrong("int_type", "")),
        };
        if number < 0 {
            let message = format!("{} must be non-negative. Received: {number}", self.name);
            return Err(Wrong::Value(message));
        }
        Ok(number.into())
    }

    fn counts(&self, value: &Value) -> Result<Value, Wrong> {
        let Value::Object(members) = value else {
            return Err(Wrong::Type("dict_type", OBJECT.to_owned(), None));
        };
        let read = members
            .iter()
            .map(|(name, value)| Ok((name.clone(), self.whole(value)?)));
        read.collect::<Result<Map<String, Value>, Wrong>>()
            .map(Value::Object)
    }
}

fn whole_float(number: Option<f64>) -> Option<i64> {
    let number = number.filter(|number| number.fract() == 0.0 && number.abs() < 9e15)?;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and fits")]
    Some(number as i64)
}

fn flag(value: &Value) -> Option<Value> {
    match value {
        Value::Bool(_) => Some(value.clone()),
        Value::Number(number) => match number.as_i64()? {
            0 => Some(false.into()),
            1 => Some(true.into()),
            _ => None,
        },
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "t" | "y" => Some(true.into()),
            "false" | "0" | "no" | "off" | "f" | "n" => Some(false.into()),
            _ => None,
        },
        _ => None,
    }
}

fn texts(value: &Value) -> Result<Value, Wrong> {
    let Value::Array(items) = value else {
        return Err(Wrong::Type("list_type", LIST.to_owned(), None));
    };
    match items.iter().position(|item| !item.is_string()) {
        None => Ok(value.clone()),
        place => Err(Wrong::Type("string_type", TEXT.to_owned(), place)),
    }
}

fn choice(value: &Value, choices: &'static [&'static str]) -> Result<Value, Wrong> {
    if value.as_str().is_some_and(|text| choices.contains(&text)) {
        return Ok(value.clone());
    }
    let quoted: Vec<String> = choices.iter().map(|choice| format!("'{choice}'")).collect();
    let sentence = match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            format!("Input should be {} or {last}", rest.join(", "))
        }
        _ => format!("Input should be {}", quoted.concat()),
    };
    Err(Wrong::Type("literal_error", sentence, None))
}
