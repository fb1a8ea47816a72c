//! The process: connections, protocols, listings, numbers, its end.

mod backpressure;
mod connections;
mod credentials;
mod drain;
mod embeddings;
mod health;
mod http2;
mod listings;
mod metrics;
mod proxies;
mod tls;
