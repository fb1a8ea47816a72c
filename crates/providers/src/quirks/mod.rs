//! Where a provider deviates from its dialect, as data, and the one place that acts on it.

use std::borrow::Cow;

use bytes::Bytes;
use lockgate_core::Environment;
use lockgate_wire::Operation;
use lockgate_wire::json::JsonObject;
use serde_json::Value;

mod content;
mod gemini;
mod messages;
mod text;

pub use self::text::QuirkError;

/// A member name or value: static in the table, owned from the configuration file.
type Text = Cow<'static, str>;

/// One deviation, of all models of a provider or of some.
///
/// Its text form (configuration file, documentation) is the action's name and arguments separated
/// by spaces, then the models it is for: `rename max_tokens max_completion_tokens for o1,o3`.
#[derive(Debug, Clone, PartialEq)]
pub struct Quirk {
    /// What to do.
    pub action: Action,
    /// Comma-separated starts of model names; one that begins with `!` excepts models. `None`: all
    /// models.
    pub models: Option<Text>,
}

/// What to do about a deviation. Those that speak of messages or content look below the top level,
/// the others do not.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// `rename FROM TO`: the provider has another name for the member. What the client sent under
    /// that name wins.
    Rename(Text, Text),
    /// `drop MEMBER`: the provider refuses the member and can do without it.
    Drop(Text),
    /// `unsupported MEMBER`: the provider refuses the member. It is dropped when `drop_params` is
    /// on; otherwise it goes out, and the provider says so itself.
    Unsupported(Text),
    /// `drop_without OTHER MEMBER`: the provider refuses the member when `OTHER` is not there.
    DropWithout(Text, Text),
    /// `drop_with OTHER MEMBER`: the provider refuses the member when `OTHER` is there.
    DropWith(Text, Text),
    /// `clamp MEMBER MIN MAX`: a number outside becomes the nearest end.
    Clamp(Text, f64, f64),
    /// `set MEMBER JSON`: the member always has this value. Chat requests only.
    Set(Text, Text),
    /// `default MEMBER JSON`: the member has this value when the client gives none. Chat requests
    /// only.
    Default(Text, Text),
    /// `default_env MEMBER NAME|NAME`: the same with the value of the first of the environment
    /// variables that is set, as a string. See [`Quirk::settled`].
    DefaultEnv(Text, Text),
    /// `value MEMBER FROM TO`: a string value of the member has another name.
    Value(Text, Text, Text),
    /// `rename_string FROM TO`: the member is called `TO` when its value is a string.
    RenameString(Text, Text),
    /// `route_suffix`: a model `route/owner/name` is called `owner/name:route`.
    RouteSuffix,
    /// `effort_to_thinking`: `reasoning_effort` becomes `thinking: {"type": "enabled"}`, and `none`
    /// becomes `disabled`. What the client says under `thinking` wins.
    EffortToThinking,
    /// `flatten_content`: message content must be a string. Lists of text parts are joined by
    /// nothing, as LiteLLM does; lists with anything else are left for the provider to judge.
    FlattenContent,
    /// `flatten_tool_content`: the same for `tool` messages only.
    FlattenToolContent,
    /// `drop_function_ids`: function calls and their results must not have an `id` (Gemini
    /// requests).
    DropFunctionIds,
    /// `predict_embeddings`: embeddings are predictions, of `instances` with `parameters` (Gemini
    /// requests).
    PredictEmbeddings,
    /// `strip_names`: messages other than those of tools must not have a `name`.
    StripNames,
    /// `rename_in_messages FROM TO`: the same as `rename` for a member of messages.
    RenameInMessages(Text, Text),
    /// `drop_in_messages MEMBER,MEMBER`: the provider refuses these members of messages.
    DropInMessages(Text),
    /// `fill_reasoning`: messages of the assistant must have `reasoning_content`; a space is given
    /// to those that have none.
    FillReasoning,
    /// `split_tool_calls`: a tool result must stand right behind the message that called the tool,
    /// so a message with several calls becomes one for each.
    SplitToolCalls,
}

/// The call a body is for.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// What is asked for.
    pub operation: Operation,
    /// The model as the provider names it.
    pub model: &'a str,
    /// Whether what the provider refuses shall be dropped.
    pub drop_params: bool,
}

/// Makes the encoded upstream body what the provider accepts. Members that no quirk is about keep
/// their bytes.
pub fn apply(quirks: &[Quirk], body: &mut JsonObject, call: &Call<'_>) {
    for quirk in quirks {
        if quirk.concerns(call.model) {
            quirk.action.apply(body, call);
        }
    }
}

// === impl Quirk ===

impl Quirk {
    /// For all models.
    #[must_use]
    pub const fn new(action: Action) -> Self {
        Self {
            action,
            models: None,
        }
    }

    /// For some models.
    #[must_use]
    pub const fn of(models: &'static str, action: Action) -> Self {
        Self {
            action,
            models: Some(Cow::Borrowed(models)),
        }
    }

    /// The quirk in this environment: what is read from variables is read now. `None` when no
    /// variable is set, because then there is nothing to do.
    #[must_use]
    pub fn settled(&self, environment: &Environment) -> Option<Self> {
        let Action::DefaultEnv(member, variables) = &self.action else {
            return Some(self.clone());
        };
        let variables: Vec<&str> = variables.split('|').collect();
        let value = environment.first_non_empty(&variables)?;
        let json = Value::from(value).to_string();
        Some(Self {
            action: Action::Default(member.clone(), Cow::Owned(json)),
            models: self.models.clone(),
        })
    }

    /// Whether `model` is one of those it is for.
    #[must_use]
    pub fn concerns(&self, model: &str) -> bool {
        let Some(models) = self.models.as_deref() else {
            return true;
        };
        let mut concerned = false;
        for start in models.split(',') {
            match start.strip_prefix('!') {
                Some(start) if model.starts_with(start) => return false,
                Some(_) => {}
                None => concerned |= model.starts_with(start),
            }
        }
        concerned
    }
}

// === impl Action ===

impl Action {
    fn apply(&self, body: &mut JsonObject, call: &Call<'_>) {
        match self {
            Self::Rename(from, to) => rename(body, from, to),
            Self::Drop(member) => {
                body.remove(member);
            }
            Self::Unsupported(member) => {
                if call.drop_params {
                    body.remove(member);
                }
            }
            Self::DropWithout(other, member) => {
                if !body.is_set(other) {
                    body.remove(member);
                }
            }
            Self::DropWith(other, member) => {
                if body.is_set(other) {
                    body.remove(member);
                }
            }
            Self::Clamp(member, min, max) => clamp(body, member, *min, *max),
            // What chat needs, other requests would be refused for.
            Self::Set(..) | Self::Default(..)
                if !matches!(call.operation, Operation::Chat | Operation::Generate) => {}
            Self::Set(member, json) => set(body, member, json),
            Self::Default(member, json) => {
                if !body.is_set(member) {
                    set(body, member, json);
                }
            }
            // Became `Default` when it was settled, or its variables are not set.
            Self::DefaultEnv(..) => {}
            Self::RenameString(from, to) => {
                if body.get_str(from).is_some() {
                    rename(body, from, to);
                }
            }
            Self::RouteSuffix => route_suffix(body),
            Self::Value(member, from, to) => {
                if body.get_str(member).is_some_and(|value| value == *from) {
                    body.set_str(member, to);
                }
            }
            Self::EffortToThinking => effort_to_thinking(body),
            Self::FlattenContent => content::flatten(body, None),
            Self::FlattenToolContent => content::flatten(body, Some("tool")),
            Self::DropFunctionIds => gemini::drop_ids(body),
            Self::PredictEmbeddings => gemini::predict_embeddings(body),
            Self::StripNames => messages::strip_names(body),
            Self::RenameInMessages(from, to) => messages::rename(body, from, to),
            Self::DropInMessages(members) => messages::drop(body, members),
            Self::FillReasoning => messages::fill_reasoning(body),
            Self::SplitToolCalls => messages::split_tool_calls(body),
        }
    }
}

fn rename(body: &mut JsonObject, from: &str, to: &str) {
    let Some(value) = body.get(from) else { return };
    let value = Bytes::copy_from_slice(value);
    body.remove(from);
    if !body.is_set(to) {
        body.set(to, value);
    }
}

fn set(body: &mut JsonObject, member: &str, json: &str) {
    // The same bytes are no edit.
    if body.get(member) != Some(json.as_bytes()) {
        body.set(member, Bytes::copy_from_slice(json.as_bytes()));
    }
}

fn clamp(body: &mut JsonObject, member: &str, min: f64, max: f64) {
    let number: Option<f64> = body
        .get(member)
        .and_then(|value| serde_json::from_slice(value).ok());
    let Some(number) = number else { return };
    // Not `f64::clamp`, which panics when the ends are swapped.
    let clamped = number.max(min).min(max);
    if clamped.total_cmp(&number).is_ne() {
        body.set(member, Value::from(clamped).to_string());
    }
}

fn effort_to_thinking(body: &mut JsonObject) {
    let thinking = match body.get_str("reasoning_effort").as_deref() {
        Some("none") => Some(r#"{"type":"disabled"}"#),
        Some(_) => Some(r#"{"type":"enabled"}"#),
        None => None,
    };
    body.remove("reasoning_effort");
    if let Some(thinking) = thinking
        && !body.is_set("thinking")
    {
        set(body, "thinking", thinking);
    }
}

fn route_suffix(body: &mut JsonObject) {
    let routed = body.get_str("model").and_then(|model| {
        let (route, name) = model.split_once('/')?;
        name.contains('/').then(|| format!("{name}:{route}"))
    });
    if let Some(model) = routed {
        body.set_str("model", &model);
    }
}
