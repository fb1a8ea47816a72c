//! The request pipeline. [`Engine::serve`] takes a request and gives an answer; `pipeline.rs`
//! reads like the list of its stages.

pub mod answer;
mod attempt;
pub mod auth;
mod call;
mod canned;
pub mod capabilities;
pub mod contract;
mod count;
pub mod credentials;
pub mod deployment;
mod engine;
mod entry;
pub mod governance;
mod json_path;
mod local;
pub mod metrics;
mod off_core;
mod options;
pub mod pass_through;
mod pipeline;
mod prepare;
mod prices;
mod probe;
mod read_body;
pub mod realtime;
mod receive;
pub mod record;
mod redact;
mod rehearsal;
pub mod responses;
mod retry_after;
pub mod router;
mod seal;
pub mod snapshot;
mod travel;
mod upload;
pub mod upstream;

pub use self::answer::AnswerBody;
pub use self::count::Counted;
pub use self::engine::{CONNECT_TIMEOUT, Engine, Shared};
pub use self::off_core::off_core;
pub use self::pipeline::{Endpoint, body_limit, error_response};
pub use self::probe::Probe;
pub use self::read_body::read_body;
pub use self::rehearsal::Outgoing;
