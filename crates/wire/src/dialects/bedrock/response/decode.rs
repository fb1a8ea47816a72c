//! Reads an upstream's answer.
//!
//! Source: service model, `ConverseResponse`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::block;
use super::super::error;
use super::super::usage::WireUsage;
use crate::canonical::{Block, BlockKind, ChatResponse, Choice, FinishReason};
use crate::claude::schema::{JSON_TOOL, JSON_VALUE_TOOL, unwrap_value};
use crate::dialect::TranslateError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireResponse<'a> {
    #[serde(borrow)]
    output: Option<Output<'a>>,
    stop_reason: Option<String>,
    usage: Option<WireUsage>,
    service_tier: Option<Tier>,
    additional_model_response_fields: Option<Extra>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Output<'a> {
    #[serde(borrow)]
    message: Option<WireMessage<'a>>,
}

#[derive(Deserialize)]
struct WireMessage<'a> {
    #[serde(borrow)]
    content: Option<Vec<&'a RawValue>>,
}

/// How the request was served.
#[derive(Default, Deserialize)]
pub(in super::super) struct Tier {
    pub(in super::super) r#type: Option<String>,
}

/// What was asked for with `additionalModelResponseFieldPaths`.
#[derive(Debug, Default)]
pub(in super::super) struct Extra {
    pub(in super::super) stop_sequence: Option<String>,
}

// === impl Extra ===

impl<'de> Deserialize<'de> for Extra {
    /// Never fails: the fields are the model's and may be anything.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = serde_json::Value::deserialize(deserializer)?;
        let stop = fields.get("stop_sequence").and_then(|stop| stop.as_str());
        Ok(Self {
            stop_sequence: stop.map(str::to_owned),
        })
    }
}

/// Reads an upstream's answer.
pub(in super::super) fn decode(body: &[u8]) -> Result<ChatResponse, TranslateError> {
    let response: WireResponse<'_> = serde_json::from_slice(body).map_err(|error| {
        TranslateError::invalid(format!(
            "the upstream's answer is no Converse answer: {error}"
        ))
    })?;
    let Some(message) = response.output.and_then(|output| output.message) else {
        let told = response.message.as_deref().map(error::in_answer);
        return Err(TranslateError::invalid(told.map_or_else(
            || "the upstream's answer has no `output.message`".to_owned(),
            |error| error.message,
        )));
    };
    let mut content = block::decode_answer(&message.content.unwrap_or_default());
    let answered = unwrap_answers(&mut content);
    let calls = content
        .iter()
        .any(|block| matches!(block.kind, BlockKind::ToolUse { .. }));
    let finish = response.stop_reason.as_deref().and_then(stop_reason);
    let extra = response
        .additional_model_response_fields
        .unwrap_or_default();
    let tier = response.service_tier.and_then(|tier| tier.r#type);
    Ok(ChatResponse {
        id: None,
        model: None,
        choices: vec![Choice {
            index: 0,
            content,
            finish: settle_finish(finish, calls, answered),
            stop_sequence: extra.stop_sequence,
            logprobs: None,
        }],
        usage: response
            .usage
            .map(|usage| usage.to_canonical().served_as(tier.as_deref())),
        service_tier: tier,
    })
}

/// Turns calls of the reserved tools back into the answers they are; tells whether there was one.
fn unwrap_answers(content: &mut [Block]) -> bool {
    let mut answered = false;
    for block in content {
        let BlockKind::ToolUse {
            name, arguments, ..
        } = &block.kind
        else {
            continue;
        };
        let answer = match name.as_str() {
            JSON_TOOL => arguments.clone(),
            JSON_VALUE_TOOL => unwrap_value(arguments),
            _ => continue,
        };
        *block = Block::text(answer);
        answered = true;
    }
    answered
}

/// The finish reason, where the API's own does not say it all.
///
/// `calls`: tools are called that the client knows; `answered`: the answer came through a
/// reserved tool, which is no tool call to the client.
pub(in super::super) fn settle_finish(
    finish: Option<FinishReason>,
    calls: bool,
    answered: bool,
) -> FinishReason {
    match finish {
        Some(FinishReason::ToolUse) if answered && !calls => FinishReason::Stop,
        Some(finish) => finish,
        None if calls => FinishReason::ToolUse,
        None => FinishReason::Stop,
    }
}

/// What a `stopReason` means; `None` for one that is not known.
pub(in super::super) fn stop_reason(name: &str) -> Option<FinishReason> {
    Some(match name {
        // A call that cannot be read is no call, and nobody filtered it.
        "end_turn" | "malformed_model_output" | "malformed_tool_use" => FinishReason::Stop,
        "stop_sequence" => FinishReason::StopSequence,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "tool_use" => FinishReason::ToolUse,
        "guardrail_intervened" | "content_filtered" => FinishReason::ContentFilter,
        "refusal" => FinishReason::Refusal,
        "pause_turn" => FinishReason::Pause,
        _ => return None,
    })
}
