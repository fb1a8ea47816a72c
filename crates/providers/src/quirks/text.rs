//! The text form of quirks.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::{Action, Quirk};

/// A quirk's text that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuirkError {
    /// No quirk has this name.
    #[error("there is no quirk `{0}`")]
    Unknown(String),
    /// The arguments are not what the quirk takes.
    #[error("`{text}` is not a quirk: expected `{form}`")]
    Form {
        /// What was written.
        text: String,
        /// What would be right.
        form: &'static str,
    },
}

impl FromStr for Quirk {
    type Err = QuirkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (action, models) = match text.rsplit_once(" for ") {
            Some((action, models)) => (action, Some(Cow::Owned(models.trim().to_owned()))),
            None => (text, None),
        };
        let action = action.trim();
        let (name, arguments) = action.split_once(' ').unwrap_or((action, ""));
        let form = FORMS
            .iter()
            .find(|form| form.split(' ').next() == Some(name))
            .ok_or_else(|| QuirkError::Unknown(name.to_owned()))?;
        parse_action(name, arguments.trim())
            .map(|action| Self { action, models })
            .ok_or_else(|| QuirkError::Form {
                text: text.to_owned(),
                form,
            })
    }
}

const FORMS: &[&str] = &[
    "rename FROM TO",
    "drop MEMBER",
    "unsupported MEMBER",
    "drop_without OTHER MEMBER",
    "drop_with OTHER MEMBER",
    "clamp MEMBER MIN MAX",
    "set MEMBER JSON",
    "default MEMBER JSON",
    "default_env MEMBER NAME|NAME",
    "fill MEMBER JSON",
    "drop_value MEMBER VALUE",
    "multimodal_inputs",
    "value MEMBER FROM TO",
    "rename_string FROM TO",
    "route_suffix",
    "effort_to_thinking",
    "flatten_content",
    "flatten_tool_content",
    "strip_names",
    "drop_function_ids",
    "predict_embeddings",
    "rename_in_messages FROM TO",
    "drop_in_messages MEMBER,MEMBER",
    "fill_reasoning",
    "split_tool_calls",
];

fn parse_action(name: &str, arguments: &str) -> Option<Action> {
    let owned = |text: &str| Cow::Owned(text.to_owned());
    let words: Vec<&str> = arguments.split_whitespace().collect();
    Some(match (name, words.as_slice()) {
        ("rename", [from, to]) => Action::Rename(owned(from), owned(to)),
        ("drop", [member]) => Action::Drop(owned(member)),
        ("unsupported", [member]) => Action::Unsupported(owned(member)),
        ("drop_without", [other, member]) => Action::DropWithout(owned(other), owned(member)),
        ("drop_with", [other, member]) => Action::DropWith(owned(other), owned(member)),
        ("default_env", [member, variables]) => Action::DefaultEnv(owned(member), owned(variables)),
        ("clamp", [member, min, max]) => {
            let (min, max): (f64, f64) = (min.parse().ok()?, max.parse().ok()?);
            if !(min.is_finite() && max.is_finite() && min <= max) {
                return None;
            }
            Action::Clamp(owned(member), min, max)
        }
        ("set" | "default" | "fill", [member, _, ..]) => {
            let json = arguments.strip_prefix(member)?.trim();
            serde_json::from_str::<serde::de::IgnoredAny>(json).ok()?;
            match name {
                "set" => Action::Set(owned(member), owned(json)),
                "fill" => Action::Fill(owned(member), owned(json)),
                _ => Action::Default(owned(member), owned(json)),
            }
        }
        ("drop_value", [member, value]) => Action::DropValue(owned(member), owned(value)),
        ("multimodal_inputs", []) => Action::MultimodalInputs,
        ("value", [member, from, to]) => Action::Value(owned(member), owned(from), owned(to)),
        ("rename_string", [from, to]) => Action::RenameString(owned(from), owned(to)),
        ("route_suffix", []) => Action::RouteSuffix,
        ("effort_to_thinking", []) => Action::EffortToThinking,
        ("flatten_content", []) => Action::FlattenContent,
        ("flatten_tool_content", []) => Action::FlattenToolContent,
        ("strip_names", []) => Action::StripNames,
        ("drop_function_ids", []) => Action::DropFunctionIds,
        ("predict_embeddings", []) => Action::PredictEmbeddings,
        ("rename_in_messages", [from, to]) => Action::RenameInMessages(owned(from), owned(to)),
        ("drop_in_messages", [members]) => Action::DropInMessages(owned(members)),
        ("fill_reasoning", []) => Action::FillReasoning,
        ("split_tool_calls", []) => Action::SplitToolCalls,
        _ => return None,
    })
}

impl fmt::Display for Quirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.action {
            Action::Rename(from, to) => write!(f, "rename {from} {to}"),
            Action::Drop(member) => write!(f, "drop {member}"),
            Action::Unsupported(member) => write!(f, "unsupported {member}"),
            Action::DropWithout(other, member) => write!(f, "drop_without {other} {member}"),
            Action::DropWith(other, member) => write!(f, "drop_with {other} {member}"),
            Action::Clamp(member, min, max) => write!(f, "clamp {member} {min} {max}"),
            Action::Set(member, json) => write!(f, "set {member} {json}"),
            Action::Default(member, json) => write!(f, "default {member} {json}"),
            Action::DefaultEnv(member, variables) => write!(f, "default_env {member} {variables}"),
            Action::Fill(member, json) => write!(f, "fill {member} {json}"),
            Action::DropValue(member, value) => write!(f, "drop_value {member} {value}"),
            Action::MultimodalInputs => f.write_str("multimodal_inputs"),
            Action::RenameString(from, to) => write!(f, "rename_string {from} {to}"),
            Action::RouteSuffix => f.write_str("route_suffix"),
            Action::Value(member, from, to) => write!(f, "value {member} {from} {to}"),
            Action::EffortToThinking => f.write_str("effort_to_thinking"),
            Action::FlattenContent => f.write_str("flatten_content"),
            Action::FlattenToolContent => f.write_str("flatten_tool_content"),
            Action::DropFunctionIds => f.write_str("drop_function_ids"),
            Action::PredictEmbeddings => f.write_str("predict_embeddings"),
            Action::StripNames => f.write_str("strip_names"),
            Action::RenameInMessages(from, to) => write!(f, "rename_in_messages {from} {to}"),
            Action::DropInMessages(members) => write!(f, "drop_in_messages {members}"),
            Action::FillReasoning => f.write_str("fill_reasoning"),
            Action::SplitToolCalls => f.write_str("split_tool_calls"),
        }?;
        match &self.models {
            Some(models) => write!(f, " for {models}"),
            None => Ok(()),
        }
    }
}
