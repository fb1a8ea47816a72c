//! What a LiteLLM user's client may rely on.

mod call_id;
mod cors;
mod headers;
mod hostile;
mod limits;
mod params;
mod routes;
mod schemas;
