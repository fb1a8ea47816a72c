//! How the model is held to an answer in JSON.

use serde::Serialize;

use super::super::family::Family;
use super::super::report::Report;
use crate::canonical::{ChatRequest, RawJson, ResponseFormat, ToolChoice};
use crate::claude::{schema, thinking};

/// The means, from the strongest to the weakest that the request allows.
#[derive(Debug)]
pub(super) enum Form {
    /// Free text, or a tool call that the client demands.
    Free,
    /// `outputConfig.textFormat`.
    Native(TextFormat),
    /// A reserved tool whose input is the answer; among other tools one of them must be called.
    Tool { name: &'static str, schema: RawJson },
    /// Words, for want of a better means.
    Told(String),
}

/// `outputConfig.textFormat`, as it is written.
#[derive(Debug, Serialize)]
pub(super) struct TextFormat {
    r#type: &'static str,
    structure: Structure,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Structure {
    json_schema: JsonSchema,
}

#[derive(Debug, Serialize)]
struct JsonSchema {
    /// JSON as text.
    schema: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// Chooses the means for this request.
pub(super) fn decide(
    request: &ChatRequest,
    family: Family,
    plan: &thinking::Plan,
    report: &mut Report,
) -> Form {
    let params = &request.params;
    let (schema, name, description) = match &params.response_format {
        None | Some(ResponseFormat::Text) => return Form::Free,
        Some(ResponseFormat::JsonObject) => (None, &None, &None),
        Some(ResponseFormat::JsonSchema {
            schema,
            name,
            description,
            ..
        }) => (schema.as_ref(), name, description),
    };
    if family.native_schema()
        && let Some(native) = schema.and_then(schema::native)
    {
        let json_schema = JsonSchema {
            schema: native.to_string(),
            name: name.clone(),
            description: description.clone(),
        };
        return Form::Native(TextFormat {
            r#type: "json_schema",
            structure: Structure { json_schema },
        });
    }
    if description.is_some() {
        report.hint("response_format.json_schema.description");
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
    if !family.forced() || plan.is_budgeted() {
        report.hint("response_format");
        return Form::Told(schema::instruction(schema));
    }
    let (name, schema) = schema::answer_tool(schema);
    Form::Tool { name, schema }
}
