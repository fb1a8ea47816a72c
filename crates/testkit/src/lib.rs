//! Development only: a scripted upstream, the gateway as a child process, and a small HTTP client to drive it.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use lockgate_testkit::{Gateway, MockUpstream};
//! use serde_json::json;
//!
//! let mock = MockUpstream::start().await?;
//! let gateway = Gateway::builder()
//!     .config(format!(
//!         "general_settings: {{master_key: sk-test-master}}\n\
//!          model_list:\n\
//!          - model_name: public\n  \
//!            litellm_params: {{model: openai/mock, api_base: '{}', api_key: sk-up}}\n",
//!         mock.url("/v1"),
//!     ))
//!     .start()
//!     .await?;
//! let reply = gateway
//!     .client()
//!     .bearer("sk-test-master")
//!     .post("/v1/chat/completions", &json!({"model": "public", "messages": []}))
//!     .await?;
//! assert_eq!(reply.status, 200);
//! # Ok(())
//! # }
//! ```

mod client;
mod frames;
mod gateway;
mod memory_spend;
mod memory_store;
mod mock;
mod postgres;
mod process;
mod redis;
#[cfg(feature = "schemas")]
pub mod schema;

pub use client::{Client, ClientError, Reply, StreamReply};
pub use frames::{SseEvent, lines, sse_events};
pub use gateway::{Exited, Gateway, GatewayBuilder, GatewayError};
pub use memory_spend::MemorySpend;
pub use memory_store::MemoryStore;
pub use mock::{Fault, Flavour, MockOptions, MockUpstream, Recorded, Script};
pub use postgres::{Postgres, PostgresError};
pub use process::{Signal, free_port, send_signal, sibling_binary};
pub use redis::Redis;
