//! The id by which a client may ask for a request later: the one in its answer.

use lockgate_wire::Operation;
use lockgate_wire::relay::answer_id;

use crate::record::RecordGuard;

/// Looks for the id in `written`, as the client gets it: a whole answer, or some of its first
/// pieces.
pub(crate) fn note(record: &mut RecordGuard, written: &[u8]) {
    let known = record.record();
    if known.response_id.is_some() || !has_one(known.operation) {
        return;
    }
    let found = answer_id(known.dialect, known.stream, written);
    record.record_mut().response_id = found;
}

/// Vectors, pictures and sound have none: all of them would be searched in vain.
fn has_one(operation: Operation) -> bool {
    operation.is_chat()
        || matches!(
            operation,
            Operation::Compact
                | Operation::Responses
                | Operation::Moderations
                | Operation::Rerank
                | Operation::PassThrough
        )
}
