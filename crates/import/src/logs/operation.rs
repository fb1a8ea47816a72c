//! LiteLLM's call types as dialect and operation.

use lockgate_wire::{DialectId, Operation};

/// The dialect and the operation of a call type (source: LiteLLM's `CallTypes`, where `a` in front
/// means the same, awaited). What has no counterpart keeps its name.
pub(super) fn of(call_type: &str) -> (&'static str, String) {
    let openai = DialectId::OpenAiChat;
    let plain = call_type.trim_start_matches('_');
    let plain = match plain.strip_prefix('a') {
        Some(rest) if !plain.starts_with("anthropic") => rest,
        _ => plain,
    };
    let (dialect, operation) = match plain {
        "completion" => (openai, Operation::Chat),
        "text_completion" => (openai, Operation::Completions),
        "embedding" => (openai, Operation::Embeddings),
        "moderation" => (openai, Operation::Moderations),
        "image_generation" => (openai, Operation::ImageGeneration),
        "image_edit" => (openai, Operation::ImageEdit),
        "speech" => (openai, Operation::Speech),
        "transcription" => (openai, Operation::Transcription),
        "rerank" => (openai, Operation::Rerank),
        "ocr" => (openai, Operation::Ocr),
        "realtime" => (openai, Operation::Realtime),
        "responses" => (DialectId::OpenAiResponses, Operation::Responses),
        "compact_responses" => (DialectId::OpenAiResponses, Operation::Compact),
        "anthropic_messages" => (DialectId::Anthropic, Operation::Chat),
        "generate_content" | "generate_content_stream" => (DialectId::Gemini, Operation::Chat),
        "pass_through_endpoint" | "llm_passthrough_route" => (openai, Operation::PassThrough),
        _ => return (openai.as_str(), call_type.to_owned()),
    };
    (dialect.as_str(), operation.as_str().to_owned())
}
