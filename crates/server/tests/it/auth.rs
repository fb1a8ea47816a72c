//! Who gets in.

mod addresses;
mod headers;
mod management;
mod master_key;
mod matrix;
mod routes;
mod sdk_headers;
