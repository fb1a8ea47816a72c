//! Writes a request for an upstream.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

use super::super::model::Model;
use super::super::read;
use super::super::tools::{self, OutChoice, OutTool};
use super::form::{self, Form, OutFormat};
use super::messages::{self, Turn};
use super::params::{self, Metadata};
use super::pieces::{Piece, Report};
use super::thinking::{self, OutThinking, WireThinking};
use crate::canonical::{ChatRequest, Params, Reasoning, ToolChoice};
use crate::dialect::{EncodedRequest, Target, TranslateError};
use crate::json::JsonObject;
use crate::operation::Operation;

/// Parameters of this API that clients of others pass on as extras, with their beta headers.
const EXTRA_BETAS: [(&str, &str); 3] = [
    ("mcp_servers", "mcp-client-2025-04-04"),
    ("context_management", "context-management-2025-06-27"),
    ("speed", "fast-mode-2026-02-01"),
];

/// The body, or the part of it that a splice adds.
#[derive(Default, Serialize)]
pub(super) struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Piece<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<OutTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<OutChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<OutThinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
}

#[derive(Default, Serialize)]
struct OutputConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<OutFormat>,
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
    let model = Model::of(target.model);
    let reasoning = reasoning(&request.params)?;
    let plan = thinking::plan(
        reasoning.as_deref(),
        request.params.max_tokens,
        target.max_output_tokens,
        model,
        &request.messages,
        &mut report.losses,
    );
    let form = form::decide(request, model, &plan);
    let layout = messages::lay_out(&request.messages, &mut report);
    let mut body = Body {
        model: Some(target.model),
        system: layout.system,
        messages: layout.turns,
        ..Body::default()
    };
    body.offer_tools(request, &form, model, &plan, &mut report);
    body.set_thinking(&plan);
    params::report_unknown(&request.params, &mut report);
    if target.operation != Operation::CountTokens {
        body.max_tokens = Some(plan.max_tokens);
        body.stream = target.stream.then_some(true);
        body.set_params(&request.params, model, &plan, &mut report);
    }
    body.set_form(form, model, &mut report);
    let mut bytes = write(&body)?;
    if target.operation != Operation::CountTokens {
        bytes = append_extra(bytes, &request.params, &mut report)?;
    }
    Ok(EncodedRequest {
        body: bytes,
        headers: beta_header(report.betas),
        losses: report.losses,
    })
}

// === impl Body ===

impl<'a> Body<'a> {
    /// Sets what stands at the top of the body and is neither thinking nor tools nor form.
    pub(super) fn set_params(
        &mut self,
        params: &'a Params,
        model: Model,
        plan: &thinking::Plan,
        report: &mut Report,
    ) {
        let sampling = params::sampling(params, model, plan, report);
        self.temperature = sampling.temperature;
        self.top_p = sampling.top_p;
        self.top_k = sampling.top_k;
        self.stop_sequences = params::stop(params, report);
        self.metadata = params::metadata(params, report);
        self.service_tier = params::service_tier(params, report);
    }

    pub(super) fn set_max_tokens(&mut self, max_tokens: u64) {
        self.max_tokens = Some(max_tokens);
    }

    pub(super) fn set_thinking(&mut self, plan: &thinking::Plan) {
        self.thinking = plan.thinking;
        if plan.effort.is_some() {
            self.output_config.get_or_insert_default().effort = plan.effort;
        }
    }

    fn offer_tools(
        &mut self,
        request: &'a ChatRequest,
        form: &Form,
        model: Model,
        plan: &thinking::Plan,
        report: &mut Report,
    ) {
        let params = &request.params;
        self.tools = tools::encode(
            &request.tools,
            params.tool_choice.as_ref(),
            &mut report.betas,
            &mut report.losses,
        );
        let offered = !self.tools.is_empty();
        if !offered {
            self.tools = tools::from_history(&request.messages);
        }
        let mut choice = match params.tool_choice.as_ref() {
            _ if self.tools.is_empty() => None,
            // Tools of the history only: there to be understood, not to be called.
            _ if !offered => Some(OutChoice::of("none")),
            Some(choice) => Some(wanted_choice(choice, model, plan, report)),
            None if params.parallel_tool_calls == Some(false) => Some(OutChoice::of("auto")),
            None => None,
        };
        if let Form::Tool { name, schema } = form {
            let others = offered && params.tool_choice != Some(ToolChoice::None);
            choice = Some(if others {
                OutChoice::of("any")
            } else {
                OutChoice::tool(name)
            });
            self.tools
                .insert(0, form::answer_tool(name, schema.clone()));
        }
        if let Some(choice) = &mut choice
            && choice.r#type != "none"
            && params.parallel_tool_calls == Some(false)
        {
            choice.disable_parallel_tool_use = Some(true);
        }
        self.tool_choice = choice;
    }

    fn set_form(&mut self, form: Form, model: Model, report: &mut Report) {
        match form {
            Form::Free | Form::Tool { .. } => {}
            Form::Native(schema) => {
                if model.schema_was_beta() {
                    report.betas.push("structured-outputs-2025-11-13");
                }
                self.output_config.get_or_insert_default().format = Some(OutFormat::new(schema));
            }
            Form::Told(text) => {
                report.hint("response_format");
                self.system.push(Piece::text(Cow::Owned(text)));
            }
        }
    }
}

/// The choice the client made, as far as the model can be made to obey.
fn wanted_choice<'a>(
    choice: &'a ToolChoice,
    model: Model,
    plan: &thinking::Plan,
    report: &mut Report,
) -> OutChoice<'a> {
    let out = match choice {
        ToolChoice::Auto
        | ToolChoice::Allowed {
            required: false, ..
        } => OutChoice::of("auto"),
        ToolChoice::None => OutChoice::of("none"),
        ToolChoice::Required | ToolChoice::Allowed { required: true, .. } => OutChoice::of("any"),
        ToolChoice::Tool(name) => OutChoice::tool(name),
    };
    if matches!(out.r#type, "auto" | "none") {
        return out;
    }
    if !model.forced_tool() {
        report.param("tool_choice");
        return OutChoice::of("auto");
    }
    if plan.is_budgeted() {
        // LiteLLM relaxes it, too, so this is no reason to refuse the request.
        report.hint("tool_choice");
        return OutChoice::of("auto");
    }
    out
}

/// What the client asked of the model's thinking: OpenAI clients may send this API's own
/// `thinking` among their extras.
fn reasoning(params: &Params) -> Result<Option<Cow<'_, Reasoning>>, TranslateError> {
    let extra = params.extra.iter().find(|(name, _)| name == "thinking");
    match (&params.reasoning, extra) {
        (Some(reasoning), _) => Ok(Some(Cow::Borrowed(reasoning))),
        (None, Some((_, raw))) if raw.get() != "null" => {
            let wire: WireThinking = read::part(raw.get().as_bytes(), &"thinking")?;
            Ok(thinking::decode(Some(wire), None)?.map(Cow::Owned))
        }
        (None, _) => Ok(None),
    }
}

pub(super) fn write(body: &Body<'_>) -> Result<Bytes, TranslateError> {
    serde_json::to_vec(body)
        .map(Bytes::from)
        .map_err(|error| TranslateError::invalid(error.to_string()))
}

/// Appends the extras that do not stand in the body yet.
fn append_extra(
    bytes: Bytes,
    params: &Params,
    report: &mut Report,
) -> Result<Bytes, TranslateError> {
    let extra = || params.extra.iter().filter(|(name, _)| name != "thinking");
    if extra().next().is_none() {
        return Ok(bytes);
    }
    let mut object = JsonObject::parse(bytes, usize::MAX)
        .map_err(|error| TranslateError::invalid(error.to_string()))?;
    for (name, value) in extra() {
        if object.contains(name) {
            continue;
        }
        object.set(name, value.get().to_owned());
        let beta = EXTRA_BETAS.iter().find(|(extra, _)| extra == name);
        report.betas.extend(beta.map(|(_, beta)| *beta));
    }
    Ok(object.to_bytes())
}

fn beta_header(mut betas: Vec<&'static str>) -> Vec<(&'static str, String)> {
    if betas.is_empty() {
        return Vec::new();
    }
    betas.sort_unstable();
    betas.dedup();
    vec![("anthropic-beta", betas.join(","))]
}
