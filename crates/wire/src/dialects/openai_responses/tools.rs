//! Tools and tool choice.

mod custom;
mod decode;
mod encode;
mod input;

pub(super) use custom::{custom_names, flat_names};
pub(super) use decode::{decode_choice, decode_tool};
pub(super) use encode::{ChoiceOut, Offer, ToolOut, offer};
pub(super) use input::{Input, whole as whole_input};
