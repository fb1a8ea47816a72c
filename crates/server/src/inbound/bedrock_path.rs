//! Bedrock's paths: the model and what it is asked for, `/model/{model}/{operation}`.

use lockgate_engine::Endpoint;
use lockgate_wire::{DialectId, Operation};

use super::route::decode;

/// What a path such as `/model/anthropic.claude-3/converse-stream` asks for (Amazon Bedrock
/// Runtime API reference).
pub(super) fn operation(path: &str) -> Option<Endpoint> {
    let (model, operation) = path.strip_prefix("/model/")?.rsplit_once('/')?;
    let (operation, stream) = match operation {
        "converse" => (Operation::Chat, Some(false)),
        "converse-stream" => (Operation::Chat, Some(true)),
        "count-tokens" => (Operation::CountTokens, None),
        "invoke" => (Operation::Embeddings, None),
        _ => return None,
    };
    Some(Endpoint {
        dialect: DialectId::Bedrock,
        operation,
        model: Some(decode(model)),
        stream,
        json_array: false,
        key: None,
    })
}
