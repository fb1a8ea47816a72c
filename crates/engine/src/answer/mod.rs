//! Answers on their way back to the client.

mod body;
mod channel;
mod merge_reasoning;
mod replay;

pub use self::body::{AnswerBody, Slot, StreamParts};
pub use self::channel::Channel;
pub use self::merge_reasoning::merge_reasoning;
pub use self::replay::events_of;
