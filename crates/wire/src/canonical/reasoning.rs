//! How much a model shall think before it answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::dialect::DialectId;

/// What the client asked for; the dialects say it as an effort, a token budget or a switch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// An effort level.
    pub effort: Option<Effort>,
    /// At most so many reasoning tokens.
    pub budget_tokens: Option<u64>,
    /// The bare switch (`think: true`, `thinking: {type: "disabled"}`); the model decides how much.
    pub enabled: Option<bool>,
    /// The reasoning shall be part of the answer (Gemini `includeThoughts`).
    pub include: Option<bool>,
}

/// Effort levels, as OpenAI names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// Do not think.
    None,
    /// Hardly.
    Minimal,
    /// A little.
    Low,
    /// The usual amount.
    Medium,
    /// A lot.
    High,
    /// More than a lot.
    XHigh,
    /// As much as possible.
    Max,
}

// === impl Reasoning ===

impl Reasoning {
    /// Whether reasoning is wanted at all; `None` when nothing says so either way.
    pub fn wanted(&self) -> Option<bool> {
        if let Some(enabled) = self.enabled {
            return Some(enabled);
        }
        if let Some(effort) = self.effort {
            return Some(effort != Effort::None);
        }
        self.budget_tokens.map(|budget| budget > 0)
    }

    /// The effort to ask for: as given, or the level a budget or switch comes closest to.
    pub fn to_effort(&self) -> Option<Effort> {
        if self.enabled == Some(false) {
            return Some(Effort::None);
        }
        self.effort
            .or_else(|| self.budget_tokens.map(Effort::from_budget))
            .or(match self.enabled {
                Some(true) => Some(Effort::Medium),
                _ => None,
            })
    }

    /// The budget in tokens: as given, or what the effort stands for; `Some(0)` means off.
    pub fn to_budget(&self) -> Option<u64> {
        if self.enabled == Some(false) {
            return Some(0);
        }
        self.budget_tokens
            .or_else(|| self.to_effort().map(Effort::to_budget))
    }
}

// === impl Effort ===

impl Effort {
    /// The level that `name` names.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "minimal" => Self::Minimal,
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            "xhigh" => Self::XHigh,
            "max" => Self::Max,
            _ => return None,
        })
    }

    /// The level's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// The token budget that stands for this level (reference section 11.3).
    pub fn to_budget(self) -> u64 {
        match self {
            Self::None => 0,
            Self::Minimal | Self::Low => 1024,
            Self::Medium => 2048,
            Self::High => 4096,
            Self::XHigh => 8192,
            Self::Max => 16384,
        }
    }

    /// The level whose budget comes closest from above to what a client set in tokens.
    pub fn from_budget(tokens: u64) -> Self {
        match tokens {
            0 => Self::None,
            1..=1024 => Self::Low,
            1025..=2048 => Self::Medium,
            _ => Self::High,
        }
    }
}

/// Whose proof of reasoning `signature` is, as far as its form tells; a history may have been
/// written by several providers, and each refuses another's proofs.
///
/// Both Anthropic's and Google's are protocol buffers in base64, a field of bytes or two around a
/// payload. Anthropic's payload is a message again; Google's is encrypted and begins with a
/// version byte of 1, which no field of a message has for a tag. OpenAI's are Fernet tokens: a
/// version byte of 128 and a time, whose upper half is zeros.
pub fn signature_origin(signature: &str) -> Option<DialectId> {
    const HEAD: usize = 32;
    let head: String = signature.chars().take(HEAD).collect();
    let head = head
        .trim_end_matches('=')
        .replace('-', "+")
        .replace('_', "/");
    let whole = head.len() / 4 * 4;
    let mut payload = &*STANDARD.decode(head.get(..whole)?).ok()?;
    let mut wrapped = false;
    while let [0x0a | 0x12, rest @ ..] = payload {
        let length = rest.iter().take_while(|&byte| byte & 0x80 != 0).count() + 1;
        payload = rest.get(length..)?;
        wrapped = true;
    }
    match payload.first()? {
        0x80 if !wrapped && payload.get(1..5) == Some(&[0; 4]) => Some(DialectId::OpenAiResponses),
        1 if wrapped => Some(DialectId::Gemini),
        0x08 | 0x10 | 0x18 if wrapped => Some(DialectId::Anthropic),
        _ => None,
    }
}
