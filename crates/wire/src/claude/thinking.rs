//! `thinking` and `output_config.effort`.
//!
//! Source: messages API reference, `ThinkingConfigParam`; the pages on extended and adaptive
//! thinking.

use serde::{Deserialize, Serialize};

use super::model::{Model, ThinkingOff};
use crate::canonical::{
    Block, BlockKind, Effort, Loss, Message, Reasoning, Role, signature_origin,
};
use crate::dialect::{DialectId, TranslateError};
use crate::read;

/// The smallest budget the API accepts, in tokens.
const MIN_BUDGET: u64 = 1024;

/// `thinking`, as a client sends it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct WireThinking {
    r#type: Option<String>,
    budget_tokens: Option<u64>,
    display: Option<String>,
}

/// `thinking`, as it is written for an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct OutThinking {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'static str>,
}

/// What a request asks of the model's thinking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) thinking: Option<OutThinking>,
    pub(crate) effort: Option<&'static str>,
    pub(crate) max_tokens: u64,
}

// === impl Plan ===

impl Plan {
    /// The model thinks in this request.
    pub(crate) fn is_on(&self) -> bool {
        self.thinking
            .is_some_and(|t| matches!(t.r#type, "enabled" | "adaptive"))
    }

    /// It thinks within a budget, which rules out forced tools and sampling parameters.
    pub(crate) fn is_budgeted(&self) -> bool {
        self.thinking.is_some_and(|t| t.r#type == "enabled")
    }
}

// === impl OutThinking ===

impl OutThinking {
    fn of(r#type: &'static str) -> Self {
        Self {
            r#type,
            budget_tokens: None,
            display: None,
        }
    }
}

/// Reads `thinking` and the effort.
pub(crate) fn decode(
    thinking: Option<WireThinking>,
    effort: Option<&str>,
) -> Result<Option<Reasoning>, TranslateError> {
    let effort = match effort {
        None => None,
        Some(name) => Some(
            Effort::parse(name)
                .filter(|effort| *effort != Effort::None)
                .ok_or_else(|| {
                    read::invalid(
                        "output_config.effort",
                        format_args!("`{name}` is not an effort level"),
                    )
                })?,
        ),
    };
    let Some(thinking) = thinking else {
        return Ok(effort.map(|effort| Reasoning {
            effort: Some(effort),
            ..Reasoning::default()
        }));
    };
    let include = thinking.display.as_deref().map(|d| d != "omitted");
    let mut reasoning = Reasoning {
        effort,
        include,
        ..Reasoning::default()
    };
    match thinking.r#type.as_deref() {
        Some("enabled") => {
            let budget = thinking.budget_tokens;
            reasoning.budget_tokens =
                Some(budget.ok_or_else(|| read::required("thinking.budget_tokens"))?);
        }
        Some("adaptive") => reasoning.enabled = Some(true),
        Some("disabled" | "between_tools") => reasoning.enabled = Some(false),
        Some(other) => {
            return Err(read::invalid(
                "thinking.type",
                format_args!("`{other}` is not a kind of thinking"),
            ));
        }
        None => return Err(read::required("thinking.type")),
    }
    Ok(Some(reasoning))
}

/// Decides on thinking and on `max_tokens`, which must leave room for it.
///
/// `max_tokens` is the request's, else the model's limit, else 4096 above the budget. A budget
/// that does not fit below it is cut to half of it.
pub(crate) fn plan(
    reasoning: Option<&Reasoning>,
    asked: Option<u64>,
    limit: Option<u64>,
    model: Model,
    messages: &[Message],
    losses: &mut Vec<Loss>,
) -> Plan {
    const DEFAULT_MAX_TOKENS: u64 = 4096;
    let without = Plan {
        max_tokens: asked.or(limit).unwrap_or(DEFAULT_MAX_TOKENS),
        ..Plan::default()
    };
    let Some(reasoning) = reasoning else {
        return without;
    };
    if reasoning.wanted() != Some(true) {
        return match reasoning.wanted() {
            Some(false) => off(model, without, losses),
            _ => without,
        };
    }
    let exact = reasoning.budget_tokens.is_some() && model.budget_thinking();
    if model.adaptive_thinking() && !exact {
        return adaptive(reasoning, model, without);
    }
    if lacks_signed_thinking(messages) {
        // The client could not keep the signed thinking that the API wants back in the middle
        // of a tool loop; to answer without thinking is better than to fail.
        losses.push(Loss::hint("reasoning_effort"));
        return without;
    }
    let mut budget = reasoning.to_budget().unwrap_or(MIN_BUDGET).max(MIN_BUDGET);
    let max_tokens = asked.or(limit).unwrap_or(budget + DEFAULT_MAX_TOKENS);
    if budget >= max_tokens {
        budget = (max_tokens / 2).max(MIN_BUDGET);
    }
    if budget >= max_tokens {
        losses.push(Loss::hint("reasoning_effort"));
        return without;
    }
    Plan {
        thinking: Some(OutThinking {
            budget_tokens: Some(budget),
            display: (reasoning.include == Some(false)).then_some("omitted"),
            ..OutThinking::of("enabled")
        }),
        effort: None,
        max_tokens,
    }
}

fn off(model: Model, without: Plan, losses: &mut Vec<Loss>) -> Plan {
    let thinking = match model.thinking_off() {
        ThinkingOff::Silence => None,
        ThinkingOff::Disabled => Some(OutThinking::of("disabled")),
        ThinkingOff::BetweenTools => Some(OutThinking::of("between_tools")),
        ThinkingOff::Never => {
            losses.push(Loss::hint("reasoning_effort"));
            return Plan {
                effort: Some(model.effort(Effort::Low)),
                ..without
            };
        }
    };
    Plan {
        thinking,
        ..without
    }
}

fn adaptive(reasoning: &Reasoning, model: Model, without: Plan) -> Plan {
    let effort = reasoning
        .effort
        .or_else(|| reasoning.budget_tokens.map(Effort::from_budget));
    // Without `display` newer models keep their thoughts to themselves, and clients that asked
    // for reasoning expect to read it.
    let display = if reasoning.include == Some(false) {
        "omitted"
    } else {
        "summarized"
    };
    Plan {
        thinking: Some(OutThinking {
            display: Some(display),
            ..OutThinking::of("adaptive")
        }),
        effort: effort.map(|effort| model.effort(effort)),
        ..without
    }
}

/// Whether the conversation stands in a tool loop whose assistant turn lacks its signed thinking.
fn lacks_signed_thinking(messages: &[Message]) -> bool {
    let is_result = |block: &Block| matches!(block.kind, BlockKind::ToolResult { .. });
    let from_user = messages.iter().rev().take_while(|m| m.role == Role::User);
    let users = from_user.count();
    let (before, trailing) = messages.split_at(messages.len() - users);
    if !trailing.iter().any(|m| m.content.iter().any(is_result)) {
        return false;
    }
    let Some(turn) = before.last().filter(|m| m.role == Role::Assistant) else {
        return false;
    };
    !turn.content.iter().any(|b| match &b.kind {
        BlockKind::Thinking { signature, .. } => {
            signature.as_deref().is_some_and(|proof| !is_foreign(proof))
        }
        BlockKind::RedactedThinking { .. } => true,
        _ => false,
    })
}

/// Whether another provider wrote this proof, which Claude would refuse.
pub(crate) fn is_foreign(signature: &str) -> bool {
    signature_origin(signature).is_some_and(|origin| origin != DialectId::Anthropic)
}
