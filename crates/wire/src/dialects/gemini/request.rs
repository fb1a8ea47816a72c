//! Chat requests: `generateContent`, `streamGenerateContent`, `countTokens`.

mod decode;
mod encode;
mod splice;

pub(super) use decode::decode;
pub(super) use encode::encode;
pub(super) use splice::splice;
