//! Answers on their way back to the client.

mod body;
mod channel;
mod envelope;
mod json_array;
mod merge_reasoning;
mod outlet;
mod replay;
pub(crate) mod response_id;

pub use self::body::{AnswerBody, Slot, StreamParts};
pub use self::channel::Channel;
pub use self::json_array::JsonArray;
pub use self::merge_reasoning::merge_reasoning;
pub use self::outlet::Outlet;
pub use self::replay::events_of;
