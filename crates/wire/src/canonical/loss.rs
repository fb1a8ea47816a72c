//! What a target dialect cannot express.

/// How much it matters that something was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// Advice to the provider (cache markers, end-user ids, service tiers): the answer stays the
    /// same without it. Always left out, always named.
    Hint,
    /// A parameter that changes the answer (penalties, `n`, `logprobs`). Refused with 400 unless
    /// parameters may be dropped.
    Param,
    /// Part of the conversation itself (an audio clip for a text model). Refused with 400 unless
    /// parameters may be dropped.
    Content,
}

/// One thing that was left out of an upstream request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// How much it matters.
    pub kind: LossKind,
    /// The field as the OpenAI chat dialect names it (`logit_bias`, `messages[].input_audio`).
    pub what: String,
}

// === impl Loss ===

impl Loss {
    /// Advice that was left out.
    pub fn hint(what: impl Into<String>) -> Self {
        Self {
            kind: LossKind::Hint,
            what: what.into(),
        }
    }

    /// A parameter that was left out.
    pub fn param(what: impl Into<String>) -> Self {
        Self {
            kind: LossKind::Param,
            what: what.into(),
        }
    }

    /// A part of the conversation that was left out.
    pub fn content(what: impl Into<String>) -> Self {
        Self {
            kind: LossKind::Content,
            what: what.into(),
        }
    }
}
