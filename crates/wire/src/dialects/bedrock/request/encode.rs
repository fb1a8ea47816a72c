//! Writes a request for an upstream.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::super::family::{Family, Thinking};
use super::super::piece::Piece;
use super::super::report::Report;
use super::super::tools::{self, ChoiceOut, Config, ToolOut};
use super::fields;
use super::form::{self, Form, TextFormat};
use super::layout::{self, Turn};
use super::params::{self, Inference, Tier};
use crate::canonical::{ChatRequest, Params, Reasoning, ToolChoice};
use crate::claude::schema;
use crate::claude::thinking::{self, Plan, WireThinking};
use crate::dialect::{EncodedRequest, Target, TranslateError};
use crate::json::JsonObject;
use crate::operation::Operation;
use crate::read;

/// The members of a request that clients of other dialects may set among their extras; whatever
/// else they send is meant for the model and goes into `additionalModelRequestFields`.
const OWN: [&str; 9] = [
    "additionalModelResponseFieldPaths",
    "guardrailConfig",
    "inferenceConfig",
    "outputConfig",
    "performanceConfig",
    "promptVariables",
    "requestMetadata",
    "serviceTier",
    "toolConfig",
];

const FIELDS: &str = "additionalModelRequestFields";

/// Tells a model not to call the tools of its history, where the API cannot.
const NO_CALLS: &str = "Do not call any tool now; answer in words.";

/// The body, or the part of it that a splice adds.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Piece<'a>>,
    #[serde(skip_serializing_if = "Inference::is_empty")]
    inference_config: Inference<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<Config<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<Tier<'a>>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    additional_model_request_fields: Map<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    additional_model_response_field_paths: Vec<&'static str>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct OutputConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    text_format: Option<TextFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
}

/// The body of a request for a token count.
#[derive(Serialize)]
struct CountBody<'a> {
    input: CountInput<'a>,
}

#[derive(Serialize)]
struct CountInput<'a> {
    converse: Body<'a>,
}

/// Writes a request for an upstream.
pub(in super::super) fn encode(
    request: &ChatRequest,
    target: &Target<'_>,
) -> Result<EncodedRequest, TranslateError> {
    let mut report = Report::default();
    for what in &request.unmapped {
        report.hint(what);
    }
    let family = Family::of(target.model);
    let reasoning = reasoning(&request.params, family)?;
    let plan = if family.is_claude() {
        thinking::plan(
            reasoning.as_deref(),
            request.params.max_tokens,
            target.max_output_tokens,
            family.claude,
            &request.messages,
            &mut report.losses,
        )
    } else {
        Plan::default()
    };
    let form = form::decide(request, family, &plan, &mut report);
    let layout = layout::lay_out(&request.messages, family, &mut report);
    let mut body = Body {
        messages: layout.turns,
        system: layout.system,
        ..Body::default()
    };
    body.offer_tools(request, &form, family, &plan, &mut report);
    body.set_form(form);
    params::report_unknown(&request.params, &mut report);
    let bytes = if target.operation == Operation::CountTokens {
        let input = CountInput { converse: body };
        write(&CountBody { input })?
    } else {
        body.set_params(
            &request.params,
            reasoning.as_deref(),
            &plan,
            family,
            &mut report,
        );
        body.add_extra(&request.params);
        with_own(write(&body)?, &request.params)?
    };
    Ok(EncodedRequest {
        body: bytes,
        headers: Vec::new(),
        losses: report.losses,
    })
}

// === impl Body ===

impl<'a> Body<'a> {
    /// Sets what is neither conversation nor tools nor form.
    pub(super) fn set_params(
        &mut self,
        params: &'a Params,
        reasoning: Option<&Reasoning>,
        plan: &Plan,
        family: Family,
        report: &mut Report,
    ) {
        let sampling = params::sampling(params, family, plan, report);
        self.inference_config = Inference::new(params, &sampling, family, report);
        self.service_tier = params::tier(params, report);
        let fields = &mut self.additional_model_request_fields;
        fields::put_top_k(fields, sampling.top_k, family);
        fields::put_thinking(fields, reasoning, plan, params, family, report);
        if plan.effort.is_some() {
            self.output_config.get_or_insert_default().effort = plan.effort;
        }
        // Which of them ended the answer, Claude tells only when asked.
        if family.is_claude() && !self.inference_config.stop_sequences.is_empty() {
            self.additional_model_response_field_paths
                .push("/stop_sequence");
        }
    }

    /// Adds the extras that are meant for the model.
    pub(super) fn add_extra(&mut self, params: &Params) {
        let fields = &mut self.additional_model_request_fields;
        let mut add = |name: &str, value: Value| {
            if !fields.contains_key(name) {
                fields.insert(name.to_owned(), value);
            }
        };
        for (name, raw) in &params.extra {
            match serde_json::from_str(raw.get()) {
                Ok(Value::Object(own)) if name == FIELDS => {
                    own.into_iter().for_each(|(name, value)| add(&name, value));
                }
                Ok(value) if !OWN.contains(&name.as_str()) => add(name, value),
                _ => {}
            }
        }
    }

    fn offer_tools(
        &mut self,
        request: &'a ChatRequest,
        form: &Form,
        family: Family,
        plan: &Plan,
        report: &mut Report,
    ) {
        let params = &request.params;
        let wanted = params.tool_choice.as_ref();
        let (mut tools, beside) = tools::encode(&request.tools, wanted, family, report);
        fields::put_beside(&mut self.additional_model_request_fields, &beside);
        let history = tools::from_history(&request.messages);
        let mut callable = !tools.is_empty();
        if callable && wanted == Some(&ToolChoice::None) {
            // The API has no such choice. Without tools none can be called, but a history that
            // calls some must not be without them.
            callable = false;
            if history.is_empty() {
                tools.clear();
            } else {
                report.hint("tool_choice");
            }
        }
        if tools.is_empty() {
            tools = history;
        }
        if !callable && !tools.is_empty() && !matches!(form, Form::Tool { .. }) {
            self.system.push(Piece::Text(NO_CALLS.into()));
        }
        self.put_tools(form, tools, callable, family);
        let Some(config) = self.tool_config.as_mut().filter(|_| callable) else {
            return;
        };
        if config.tool_choice.is_none() {
            config.tool_choice =
                wanted.and_then(|choice| wanted_choice(choice, family, plan, report));
        }
        if params.parallel_tool_calls == Some(false) {
            let chosen = config.tool_choice.is_some();
            let fields = &mut self.additional_model_request_fields;
            fields::put_one_call(fields, chosen, family, report);
        }
    }

    /// Puts the reserved tool, if the form needs one, before the others and demands a call.
    fn put_tools(
        &mut self,
        form: &Form,
        mut tools: Vec<ToolOut<'a>>,
        callable: bool,
        family: Family,
    ) {
        let mut tool_choice = None;
        if let Form::Tool { name, schema } = form {
            let hint = Some(schema::JSON_TOOL_HINT);
            tools.insert(0, ToolOut::function(name, hint, Cow::Owned(schema.clone())));
            tool_choice = Some(if callable || !family.forced_tool() {
                ChoiceOut::Any {}
            } else {
                ChoiceOut::Tool { name }
            });
        }
        if !tools.is_empty() {
            self.tool_config = Some(Config { tools, tool_choice });
        }
    }

    fn set_form(&mut self, form: Form) {
        match form {
            Form::Free | Form::Tool { .. } => {}
            Form::Native(format) => {
                self.output_config.get_or_insert_default().text_format = Some(format);
            }
            Form::Told(text) => self.system.push(Piece::Text(text.into())),
        }
    }
}

/// The choice the client made, as far as the model can be made to obey; `None` is the API's own
/// default, to choose freely.
fn wanted_choice<'a>(
    choice: &'a ToolChoice,
    family: Family,
    plan: &Plan,
    report: &mut Report,
) -> Option<ChoiceOut<'a>> {
    let out = match choice {
        ToolChoice::None => return None,
        ToolChoice::Auto
        | ToolChoice::Allowed {
            required: false, ..
        } => return Some(ChoiceOut::Auto {}).filter(|_| family.forced()),
        ToolChoice::Required | ToolChoice::Allowed { required: true, .. } => ChoiceOut::Any {},
        // Where only some tool can be demanded, no other is on offer.
        ToolChoice::Tool(_) if !family.forced_tool() => ChoiceOut::Any {},
        ToolChoice::Tool(name) => ChoiceOut::Tool { name },
    };
    if !family.forced() {
        report.param("tool_choice");
        return None;
    }
    if plan.is_budgeted() {
        // LiteLLM relaxes it, too, so this is no reason to refuse the request.
        report.hint("tool_choice");
        return None;
    }
    Some(out)
}

/// What the client asked of the model's thinking: OpenAI clients may send Claude's own `thinking`
/// among their extras.
fn reasoning(
    params: &Params,
    family: Family,
) -> Result<Option<Cow<'_, Reasoning>>, TranslateError> {
    let extra = params.extra.iter().find(|(name, _)| name == "thinking");
    match (&params.reasoning, extra) {
        (Some(reasoning), _) => Ok(Some(Cow::Borrowed(reasoning))),
        (None, Some((_, raw))) if raw.get() != "null" && family.thinking() == Thinking::Claude => {
            let wire: WireThinking = read::part(raw.get().as_bytes(), &"thinking")?;
            Ok(thinking::decode(Some(wire), None)?.map(Cow::Owned))
        }
        (None, _) => Ok(None),
    }
}

pub(super) fn write(body: &impl Serialize) -> Result<Bytes, TranslateError> {
    serde_json::to_vec(body)
        .map(Bytes::from)
        .map_err(|error| TranslateError::invalid(error.to_string()))
}

/// Appends the extras that are this API's own members and do not stand in the body yet.
fn with_own(bytes: Bytes, params: &Params) -> Result<Bytes, TranslateError> {
    let own = || {
        params
            .extra
            .iter()
            .filter(|(name, _)| OWN.contains(&name.as_str()))
    };
    if own().next().is_none() {
        return Ok(bytes);
    }
    let mut object = object(bytes)?;
    for (name, value) in own() {
        if !object.contains(name) {
            object.set(name, value.get().to_owned());
        }
    }
    Ok(object.to_bytes())
}

pub(super) fn object(bytes: impl Into<Bytes>) -> Result<JsonObject, TranslateError> {
    JsonObject::parse(bytes.into(), usize::MAX)
        .map_err(|error| TranslateError::invalid(error.to_string()))
}

/// Whether an extra is a member of a request, and no field for the model.
pub(super) fn is_own(name: &str) -> bool {
    OWN.contains(&name)
}
