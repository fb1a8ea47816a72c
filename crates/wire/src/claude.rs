//! What Claude models accept, whichever API serves them.

pub(crate) mod model;
pub(crate) mod schema;
pub(crate) mod thinking;
