//! A response that its provider keeps: its id says where.

use crate::auth::Identity;
use crate::seal::{Purpose, Seal};

/// What all ids begin with (OpenAI API reference, response object).
const PREFIX: &str = "resp_";

/// Where a provider keeps a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// The id of the deployment that made it.
    pub deployment: String,
    /// The model, as the client named it.
    pub model: String,
    /// The provider's id.
    pub id: String,
}

// === impl Remote ===

impl Remote {
    /// The id that clients get. Whoever has the master key can tell from it where the response is,
    /// also after a restart.
    pub(super) fn seal(&self, seal: &Seal, owner: Identity) -> Option<String> {
        let text = [&self.deployment, &self.model, &self.id].map(String::as_str);
        let sealed = seal.seal(Purpose::ResponseId, owner, &text.join("\n"))?;
        Some(format!("{PREFIX}{sealed}"))
    }

    /// What the id of a client says, if it is one that was given to `owner`.
    pub(super) fn open(id: &str, seal: &Seal, owner: Identity) -> Option<Self> {
        let sealed = id.strip_prefix(PREFIX)?;
        let text = seal.open(Purpose::ResponseId, owner, sealed)?;
        let mut lines = text.splitn(3, '\n').map(str::to_owned);
        Some(Self {
            deployment: lines.next()?,
            model: lines.next()?,
            id: lines.next()?,
        })
    }
}
