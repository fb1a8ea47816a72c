//! YAML text to a tree that still knows where everything was written.
//!
//! The syntax is `saphyr-parser`'s (YAML 1.2); what a plain scalar means is PyYAML's SafeLoader
//! (YAML 1.1), because that is what the files were written for.

mod compose;
mod node;
mod scalar;
mod tag;
mod timestamp;

pub(super) use self::compose::parse;
pub(super) use self::node::{Entry, Mapping, Mark, Node, NodeValue, Scalar, ScalarValue};
