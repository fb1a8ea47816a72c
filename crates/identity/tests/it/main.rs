//! What tokens open the gateway, and what happens with those that should not.

mod attacks;
mod introspection;
mod issuers;
mod mapping;
mod properties;
mod rotation;
mod support;
mod teams;
