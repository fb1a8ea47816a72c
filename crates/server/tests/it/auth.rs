//! Who gets in.

mod headers;
mod master_key;
mod routes;
mod sdk_headers;
