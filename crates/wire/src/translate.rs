//! A chat request on its way from one dialect to another.

use crate::canonical::{
    Block, BlockKind, ChatRequest, Loss, Message, Params, RawJson, split_thought_id,
};
use crate::dialect::{DialectId, EncodedRequest, Target, TranslateError};
use crate::dialects::openai::takes_custom_tools;
use crate::dialects::openai_chat::own_param_loss;

mod custom;

pub(crate) use custom::INPUT;

/// Writes `chat`, which came in the dialect `from`, for an upstream that speaks `to`, with
/// `defaults` for what it leaves open.
///
/// # Errors
/// When the dialect has no way to say it at all.
pub fn translate_request(
    (from, to): (DialectId, DialectId),
    mut chat: ChatRequest,
    defaults: &Params,
    target: &Target<'_>,
) -> Result<EncodedRequest, TranslateError> {
    let mut losses = sort_extra(from, to, &mut chat);
    // Only clients of this dialect are told of calls of such tools.
    if from == DialectId::OpenAiResponses && !(of_openai(to) && takes_custom_tools(target.model)) {
        losses.extend(custom::to_functions(&mut chat));
    }
    losses.extend(history_losses(from, to, &chat.messages));
    chat.params.fill_from(defaults);
    if !of_openai(to) {
        // Agents send it with every request, and it is how everyone answers unasked.
        chat.params
            .verbosity
            .take_if(|verbosity| verbosity == "medium");
    }
    let mut encoded = to.dialect().encode_request(&chat, target)?;
    for loss in encoded.losses.drain(..).chain(losses).collect::<Vec<_>>() {
        if !encoded.losses.contains(&loss) {
            encoded.losses.push(loss);
        }
    }
    Ok(encoded)
}

fn of_openai(dialect: DialectId) -> bool {
    matches!(dialect, DialectId::OpenAiChat | DialectId::OpenAiResponses)
}

/// Keeps of the extra members what may be a parameter of the provider; returns what is lost.
///
/// An OpenAI client may send any provider's parameters along (reference section 1.6). What is
/// OpenAI's own, or says something in yet another dialect, means nothing to this provider.
fn sort_extra(from: DialectId, to: DialectId, chat: &mut ChatRequest) -> Vec<Loss> {
    let extra = std::mem::take(&mut chat.params.extra);
    if !of_openai(from) {
        chat.unmapped
            .extend(extra.into_iter().map(|(name, _)| name));
        return Vec::new();
    }
    let mut losses = Vec::new();
    for (name, value) in extra {
        if of_openai(to) {
            chat.params.extra.push((name, value));
        } else if name == SAFETY_IDENTIFIER && chat.params.user.is_none() {
            chat.params.user = text(&value);
        } else if let Some(loss) = own_param_loss(&name) {
            losses.push(loss);
        } else {
            chat.params.extra.push((name, value));
        }
    }
    losses
}

/// OpenAI's newer name for what others know as the id of the customer (API reference, `user`).
const SAFETY_IDENTIFIER: &str = "safety_identifier";

fn text(value: &RawJson) -> Option<String> {
    serde_json::from_str(value.get()).ok()
}

/// What no dialect but the one that wrote it takes back of the model's own turns.
fn history_losses(from: DialectId, to: DialectId, messages: &[Message]) -> Vec<Loss> {
    let blocks = || messages.iter().flat_map(|message| &message.content);
    let mut losses = Vec::new();
    if blocks().any(|block| loses_proof(to, block)) {
        losses.push(Loss::hint("messages[].thinking_blocks"));
    }
    // Citations have a format of their own in every dialect.
    if from != to && blocks().any(is_cited) {
        losses.push(Loss::hint("messages[].annotations"));
    }
    losses
}

/// Whether a proof of reasoning does not reach `to`: what is lost without one keeps its text.
fn loses_proof(to: DialectId, block: &Block) -> bool {
    match &block.kind {
        BlockKind::ToolUse { id, .. } => {
            to != DialectId::Gemini && split_thought_id(id).1.is_some()
        }
        BlockKind::Thinking { signature, .. } => {
            signature.is_some() && matches!(to, DialectId::Ollama | DialectId::Cohere)
        }
        _ => false,
    }
}

fn is_cited(block: &Block) -> bool {
    matches!(
        block.kind,
        BlockKind::Text {
            citations: Some(_),
            ..
        }
    )
}
