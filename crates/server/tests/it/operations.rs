//! Operations besides chat and embeddings.

mod completions;
mod declared;
mod json_bodies;
mod metered;
mod pass_through;
mod realtime;
mod rerank;
mod resources;
mod responses;
mod uploads;
