//! Who gets in.

mod headers;
mod management;
mod master_key;
mod routes;
mod sdk_headers;
