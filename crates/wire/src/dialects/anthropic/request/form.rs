//! How the model is held to an answer in JSON.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::super::model::Model;
use super::super::schema;
use super::super::tools::OutTool;
use super::thinking;
use crate::canonical::{ChatRequest, RawJson, ResponseFormat, ToolChoice};

/// The means, from the strongest to the weakest that the request allows.
#[derive(Debug)]
pub(super) enum Form {
    /// Free text, or a tool call that the client demands.
    Free,
    /// `output_config.format`.
    Native(Value),
    /// A reserved tool whose input is the answer; among other tools one of them must be called.
    Tool { name: &'static str, schema: RawJson },
    /// Words, for want of a better means.
    Told(String),
}

/// `output_config.format`, as it is written.
#[derive(Debug, Serialize)]
pub(super) struct OutFormat {
    r#type: &'static str,
    schema: Value,
}

// === impl OutFormat ===

impl OutFormat {
    pub(super) fn new(schema: Value) -> Self {
        Self {
            r#type: "json_schema",
            schema,
        }
    }
}

/// Chooses the means for this request.
pub(super) fn decide(request: &ChatRequest, model: Model, plan: &thinking::Plan) -> Form {
    let params = &request.params;
    let schema = match &params.response_format {
        None | Some(ResponseFormat::Text) => return Form::Free,
        Some(ResponseFormat::JsonObject) => None,
        Some(ResponseFormat::JsonSchema { schema, .. }) => schema.as_ref(),
    };
    if model.native_schema()
        && let Some(native) = schema.and_then(schema::native)
    {
        return Form::Native(native);
    }
    let must_call = matches!(
        params.tool_choice,
        Some(
            ToolChoice::Required | ToolChoice::Tool(_) | ToolChoice::Allowed { required: true, .. }
        )
    );
    if must_call && !request.tools.is_empty() {
        return Form::Free;
    }
    if !model.forced_tool() || plan.is_budgeted() {
        return Form::Told(schema::instruction(schema));
    }
    let (name, schema) = schema::answer_tool(schema);
    Form::Tool { name, schema }
}

/// The reserved tool as it is offered.
pub(super) fn answer_tool<'a>(name: &'static str, schema: RawJson) -> OutTool<'a> {
    OutTool::Custom {
        name,
        description: Some(schema::JSON_TOOL_HINT),
        input_schema: Cow::Owned(schema),
        cache_control: None,
    }
}
