//! The columns of a row as members of `settings`.

use serde_json::{Map, Value};

use super::time::{micros, micros_text};
use crate::source::Columns;

/// The columns that are still to be converted, and what was lost of them.
pub(super) struct Members {
    pub(super) values: Map<String, Value>,
    pub(super) losses: Vec<String>,
    pub(super) left_out: Vec<&'static str>,
}

/// What LiteLLM keeps within `metadata` though its API has fields for it. The management API keeps
/// these beside it, and shows them in both places.
const IN_METADATA: [&str; 17] = [
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

// === impl Members ===

impl Members {
    /// The columns of a row: without those that are null, moments with their time zone, numbers
    /// that are numbers.
    pub(super) fn new(row: Map<String, Value>, columns: &Columns) -> Self {
        let mut members = Self {
            values: Map::new(),
            losses: Vec::new(),
            left_out: Vec::new(),
        };
        for (name, value) in row {
            if value.is_null() {
                continue;
            }
            let kind = columns.get(&name).map_or("", String::as_str);
            if let Some(value) = members.column(&name, kind, value) {
                members.values.insert(name, value);
            }
        }
        // Kept by LiteLLM for a report it no longer has; never reset, so good for no budget.
        members.values.shift_remove("model_spend");
        members
    }

    fn column(&mut self, name: &str, kind: &str, value: Value) -> Option<Value> {
        match (kind, &value) {
            ("timestamp without time zone" | "timestamp with time zone", _) => {
                let at = micros(&value)?;
                // Expiry in the far future, or `infinity`, is none.
                Some(micros_text(at).map_or_else(
                    || {
                        self.losses
                            .push(format!("without {name}, which is beyond the year 9999"));
                        Value::Null
                    },
                    Value::String,
                ))
                .filter(|value| !value.is_null())
            }
            // JSON has no numbers for these, PostgreSQL has.
            ("double precision", Value::String(number)) => {
                if number != "Infinity" {
                    self.losses
                        .push(format!("without {name}, which is {number}"));
                }
                None
            }
            ("ARRAY", Value::Array(_)) => Some(without_nulls(value)),
            // As the API writes amounts: 10.0, not 10.
            ("double precision", Value::Number(number)) => number.as_f64().map(Value::from),
            ("json" | "jsonb", Value::String(_)) => Some(parsed(value)),
            _ => Some(value),
        }
    }

    pub(super) fn take_text(&mut self, column: &str) -> Option<String> {
        match self.values.shift_remove(column) {
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) => Some(text),
            Some(other) => {
                self.values.insert(column.to_owned(), other);
                None
            }
            None => None,
        }
    }

    /// A moment in microseconds since 1970.
    pub(super) fn take_time(&mut self, column: &str) -> Option<i64> {
        self.values.shift_remove(column).as_ref().and_then(micros)
    }

    pub(super) fn take_number(&mut self, column: &str) -> Option<f64> {
        self.values
            .shift_remove(column)
            .as_ref()
            .and_then(Value::as_f64)
    }

    pub(super) fn text(&self, column: &str) -> Option<&str> {
        self.values.get(column).and_then(Value::as_str)
    }

    /// Takes the lists of a team's members: they are entities of their own. Those whom LiteLLM knows
    /// by their e-mail address only cannot be.
    pub(super) fn take_member_lists(&mut self) {
        let listed = self.values.shift_remove("members_with_roles").map(parsed);
        let listed = listed
            .as_ref()
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        for member in listed.iter().filter(|member| member["user_id"].is_null()) {
            let email = member["user_email"].as_str().unwrap_or("(nobody)");
            let loss = format!("without its member {email}, who has no user_id");
            self.losses.push(loss);
        }
        self.values.shift_remove("members");
        self.values.shift_remove("admins");
    }

    /// Moves what the API has fields for out of `metadata`. A column of that name goes before,
    /// unless it is empty.
    pub(super) fn lift_from_metadata(&mut self) {
        let Some(Value::Object(metadata)) = self.values.get_mut("metadata") else {
            return;
        };
        let lifted: Vec<(&str, Value)> = IN_METADATA
            .into_iter()
            .filter_map(|name| Some((name, metadata.shift_remove(name)?)))
            .filter(|(_, value)| !value.is_null())
            .collect();
        for (name, value) in lifted {
            if self.values.get(name).is_none_or(is_empty) {
                self.values.insert(name.to_owned(), value);
            }
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn without_nulls(mut value: Value) -> Value {
    if let Value::Array(items) = &mut value {
        items.retain(|item| !item.is_null());
    }
    value
}

/// JSON that was written as a text into a JSON column, as some versions of LiteLLM did.
pub(super) fn parsed(value: Value) -> Value {
    match &value {
        Value::String(text) if text.starts_with(['{', '[']) => {
            serde_json::from_str(text).unwrap_or(value)
        }
        _ => value,
    }
}
