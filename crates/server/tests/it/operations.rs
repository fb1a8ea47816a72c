//! Operations besides chat and embeddings.

mod json_bodies;
