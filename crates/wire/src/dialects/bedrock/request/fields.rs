//! `additionalModelRequestFields`: what only some models take, in their vendors' own words.

use serde_json::{Map, Value, json};

use super::super::family::{Family, Thinking};
use super::super::report::{Report, Unmapped};
use super::super::tools::Beside;
use crate::canonical::{Effort, Params, Reasoning};
use crate::claude::thinking::{self, WireThinking};
use crate::dialect::TranslateError;
use crate::read;

/// What the fields say in canonical terms.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) top_k: Option<u64>,
    pub(super) reasoning: Option<Reasoning>,
    pub(super) parallel_tool_calls: Option<bool>,
}

/// Reads the fields of a client's request; `effort` is `outputConfig.effort`.
pub(super) fn decode(
    fields: &Map<String, Value>,
    effort: Option<&str>,
    unmapped: &mut Unmapped,
) -> Result<Said, TranslateError> {
    let mut said = Said::default();
    let mut thinking = None;
    for (name, value) in fields {
        match name.as_str() {
            "thinking" => {
                let raw = value.to_string();
                let at = "additionalModelRequestFields.thinking";
                thinking = Some(read::part::<WireThinking>(raw.as_bytes(), &at)?);
            }
            "top_k" | "topK" | "k" => said.top_k = value.as_u64(),
            "inferenceConfig" => {
                said.top_k = value.get("topK").and_then(Value::as_u64);
                let others = value.as_object().into_iter().flat_map(Map::keys);
                for other in others.filter(|key| *key != "topK") {
                    unmapped.add(format!(
                        "additionalModelRequestFields.inferenceConfig.{other}"
                    ));
                }
            }
            "reasoning_effort" => said.reasoning = value.as_str().and_then(of_effort),
            "reasoningConfig" => {
                let effort = value.get("maxReasoningEffort").and_then(Value::as_str);
                said.reasoning = effort.and_then(of_effort);
                let on = value.get("type").and_then(Value::as_str) == Some("enabled");
                said.reasoning.get_or_insert_default().enabled = Some(on);
            }
            "tool_choice" => {
                let one = value.get("disable_parallel_tool_use");
                said.parallel_tool_calls = one.and_then(Value::as_bool).map(|one| !one);
            }
            other => unmapped.add(format!("additionalModelRequestFields.{other}")),
        }
    }
    if thinking.is_some() || effort.is_some() {
        said.reasoning = thinking::decode(thinking, effort)?;
    }
    Ok(said)
}

fn of_effort(name: &str) -> Option<Reasoning> {
    Effort::parse(name).map(|effort| Reasoning {
        effort: Some(effort),
        ..Reasoning::default()
    })
}

/// Writes `top_k` where the family has it.
pub(super) fn put_top_k(fields: &mut Map<String, Value>, top_k: Option<u64>, family: Family) {
    let Some(top_k) = top_k else { return };
    match family.top_k() {
        [outer, inner] => {
            let mut nested = Map::new();
            nested.insert((*inner).to_owned(), json!(top_k));
            fields.insert((*outer).to_owned(), Value::Object(nested));
        }
        path => fields.extend(path.iter().map(|name| ((*name).to_owned(), json!(top_k)))),
    }
}

/// Writes what the model shall think, in the family's words.
pub(super) fn put_thinking(
    fields: &mut Map<String, Value>,
    reasoning: Option<&Reasoning>,
    plan: &thinking::Plan,
    params: &Params,
    family: Family,
    report: &mut Report,
) {
    if let Some(thinking) = plan.thinking {
        fields.insert("thinking".to_owned(), json!(thinking));
    }
    let effort = reasoning.and_then(Reasoning::to_effort);
    let off = matches!(effort, None | Some(Effort::None));
    match family.thinking() {
        Thinking::Claude => {}
        // Neither thinks unless asked, or it thinks always.
        Thinking::Nova if off => {}
        Thinking::Nova => {
            let mut level = level(effort);
            // Nova thinks hard only where nothing limits or steers its answer.
            let bound = params.max_tokens.is_some()
                || params.temperature.is_some()
                || params.top_p.is_some();
            if level == "high" && bound {
                report.hint("reasoning_effort");
                level = "medium";
            }
            let config = json!({"type": "enabled", "maxReasoningEffort": level});
            fields.insert("reasoningConfig".to_owned(), config);
        }
        Thinking::Effort if effort.is_some() => {
            if off {
                report.hint("reasoning_effort");
            }
            fields.insert("reasoning_effort".to_owned(), json!(level(effort)));
        }
        Thinking::Untold if !off => report.hint("reasoning_effort"),
        Thinking::Effort | Thinking::Untold => {}
    }
}

/// The three levels that Nova and OpenAI's open models know.
fn level(effort: Option<Effort>) -> &'static str {
    match effort {
        None | Some(Effort::None | Effort::Minimal | Effort::Low) => "low",
        Some(Effort::Medium) => "medium",
        Some(Effort::High | Effort::XHigh | Effort::Max) => "high",
    }
}

/// Writes that tools be called one at a time; only Claude can be told. `chosen`: the choice
/// stands in `toolConfig`, and the service refuses to be told it twice.
pub(super) fn put_one_call(
    fields: &mut Map<String, Value>,
    chosen: bool,
    family: Family,
    report: &mut Report,
) {
    if !family.is_claude() {
        report.param("parallel_tool_calls");
        return;
    }
    let choice = if chosen {
        json!({"disable_parallel_tool_use": true})
    } else {
        json!({"type": "auto", "disable_parallel_tool_use": true})
    };
    fields.insert("tool_choice".to_owned(), choice);
}

/// Writes Anthropic's own tools.
pub(super) fn put_beside(fields: &mut Map<String, Value>, beside: &Beside<'_>) {
    if beside.tools.is_empty() {
        return;
    }
    let tools = beside.tools.iter();
    let tools: Vec<Value> = tools
        .filter_map(|raw| serde_json::from_str(raw.get()).ok())
        .collect();
    fields.insert("tools".to_owned(), Value::Array(tools));
    if !beside.betas.is_empty() {
        fields.insert("anthropic_beta".to_owned(), json!(beside.betas));
    }
}
