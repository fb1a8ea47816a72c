//! Operations besides chat and embeddings.

mod json_bodies;
mod own_formats;
mod pass_through;
mod rerank;
mod responses;
mod uploads;
