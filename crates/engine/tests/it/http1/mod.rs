//! HTTP/1.1 towards upstreams: the codec by itself, then the client over real streams.

mod body;
mod exchange;
mod head;
mod hyper_server;
mod scripted;
mod stale;
mod tls;
mod upload;
