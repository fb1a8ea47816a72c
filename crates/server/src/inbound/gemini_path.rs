//! Gemini's paths: model and method in one segment, `models/{model}:{method}`.

use lockgate_engine::Endpoint;
use lockgate_wire::{DialectId, Operation};

use super::route::decode;

/// What a path such as `/v1beta/models/gemini-pro:streamGenerateContent` asks for.
///
/// The official SDK asks under `/v1` as well, and LiteLLM without a version.
pub(super) fn operation(path: &str) -> Option<Endpoint> {
    let rest = path
        .strip_prefix("/v1beta")
        .or_else(|| path.strip_prefix("/v1"))
        .unwrap_or(path)
        .strip_prefix("/models/")?;
    let (model, method) = rest.rsplit_once(':')?;
    let (operation, stream) = match method {
        "generateContent" => (Operation::Chat, Some(false)),
        "streamGenerateContent" => (Operation::Chat, Some(true)),
        "countTokens" => (Operation::CountTokens, None),
        "embedContent" => (Operation::EmbeddingsSingle, None),
        "batchEmbedContents" => (Operation::Embeddings, None),
        _ => return None,
    };
    Some(Endpoint {
        dialect: DialectId::Gemini,
        operation,
        model: Some(decode(model)),
        stream,
        json_array: false,
        key: None,
    })
}
