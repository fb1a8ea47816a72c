//! `encrypted_content`: OpenAI's own, or an envelope around another provider's proof of reasoning.
//!
//! A client of this dialect keeps reasoning items and returns them as they were. So another
//! provider's signature travels in the member that clients must not look into, marked as such,
//! lest it ever be taken for OpenAI's.

use std::borrow::Cow;

use crate::canonical::{BlockKind, signature_origin};
use crate::dialect::DialectId;

const SIGNATURE: &str = "lockgate-signature:";
const REDACTED: &str = "lockgate-redacted:";

/// What every envelope begins with.
pub(super) const MARK: &str = "lockgate-";

/// What `encrypted_content` holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opened<'a> {
    /// The proof of the reasoning beside it; OpenAI's is the reasoning, too.
    Signature(&'a str),
    /// Another provider's encrypted reasoning.
    Redacted(&'a str),
}

/// The `encrypted_content` for reasoning with this proof.
pub(super) fn seal_signature(signature: &str) -> Cow<'_, str> {
    if signature_origin(signature) == Some(DialectId::OpenAiResponses) {
        Cow::Borrowed(signature)
    } else {
        Cow::Owned(format!("{SIGNATURE}{signature}"))
    }
}

/// The `encrypted_content` for another provider's encrypted reasoning.
pub(super) fn seal_redacted(data: &str) -> String {
    format!("{REDACTED}{data}")
}

/// Looks into `encrypted_content`.
pub(super) fn open(content: &str) -> Opened<'_> {
    if let Some(data) = content.strip_prefix(REDACTED) {
        return Opened::Redacted(data);
    }
    Opened::Signature(content.strip_prefix(SIGNATURE).unwrap_or(content))
}

/// Whether it is an envelope, which only a gateway can open.
pub(super) fn is_sealed(content: &str) -> bool {
    content.starts_with(SIGNATURE) || content.starts_with(REDACTED)
}

/// The reasoning of an item, from its text and its `encrypted_content`; `None` when it says
/// nothing.
pub(super) fn reasoning(text: String, encrypted: Option<&str>) -> Option<BlockKind> {
    let signature = match encrypted.map(open) {
        Some(Opened::Redacted(data)) => {
            return Some(BlockKind::RedactedThinking {
                data: data.to_owned(),
            });
        }
        Some(Opened::Signature(signature)) if !signature.is_empty() => Some(signature.to_owned()),
        _ => None,
    };
    let says = !text.is_empty() || signature.is_some();
    says.then_some(BlockKind::Thinking { text, signature })
}
