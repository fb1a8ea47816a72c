//! What the name of an upstream's model tells about what its server accepts.

use crate::canonical::Effort;

/// Traits of a model, from its name alone: the only thing known about an upstream here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dialects) struct Model {
    family: Family,
    /// A gateway in front of a model that takes prompt cache breakpoints and thinking blocks.
    claude_behind: bool,
    gemini_behind: bool,
    searches: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// OpenAI's chat models without reasoning.
    OpenAiChat,
    /// o1, o3, o4 and their kin.
    OpenAiO,
    /// gpt-5, with the minor version (`gpt-5.2` has 2).
    OpenAi5(u32),
    /// Anyone else's: most compatible servers take more than OpenAI does, and ignore the rest.
    Other,
}

// === impl Model ===

impl Model {
    /// Reads `name`, with or without a route before it (`openai/gpt-4o`, `ft:gpt-4o:org::id`).
    pub(in crate::dialects) fn from_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let base = name.rsplit('/').next().unwrap_or_default();
        let base = base.strip_prefix("ft:").unwrap_or(base);
        Self {
            family: Family::from_base(base),
            claude_behind: base.contains("claude"),
            gemini_behind: base.contains("gemini"),
            searches: base.contains("-search"),
        }
    }

    /// Whether OpenAI itself serves it: then nothing may be sent that its API does not document.
    pub(in crate::dialects) fn is_own(self) -> bool {
        self.family != Family::Other
    }

    /// Whether it is made to search the web (`gpt-4o-search-preview`, `gpt-5-search-api`).
    pub(in crate::dialects) fn searches(self) -> bool {
        self.searches
    }

    /// Whether it is known to reason, or not to; `None` for a model of someone else.
    pub(in crate::dialects) fn reasons(self) -> Option<bool> {
        match self.family {
            Family::OpenAiO | Family::OpenAi5(_) => Some(true),
            Family::OpenAiChat => Some(false),
            Family::Other => None,
        }
    }

    /// Whether the output limit is called `max_completion_tokens` (`max_tokens` is refused).
    pub(in crate::dialects) fn wants_max_completion_tokens(self) -> bool {
        matches!(self.family, Family::OpenAiO | Family::OpenAi5(_))
    }

    /// Whether the server keeps `cache_control` markers apart from text.
    pub(in crate::dialects) fn takes_cache_control(self) -> bool {
        self.claude_behind || self.gemini_behind
    }

    /// Whether the server takes signed `thinking_blocks` back.
    pub(in crate::dialects) fn takes_thinking_blocks(self) -> bool {
        self.claude_behind
    }

    /// Whether temperature, nucleus mass, penalties and log probabilities are refused
    /// (reference section 11.0). From gpt-5.1 on they are allowed while the model does not reason.
    pub(in crate::dialects) fn refuses_sampling(self, effort: Option<Effort>) -> bool {
        match self.family {
            Family::OpenAiO => true,
            Family::OpenAi5(0) => true,
            Family::OpenAi5(_) => effort.is_some_and(|effort| effort != Effort::None),
            Family::OpenAiChat | Family::Other => false,
        }
    }

    /// Whether `parallel_tool_calls` is refused.
    pub(in crate::dialects) fn refuses_parallel_tool_calls(self) -> bool {
        self.family == Family::OpenAiO
    }

    /// Whether `verbosity` is known; it came with gpt-5.
    pub(in crate::dialects) fn takes_verbosity(self) -> bool {
        matches!(self.family, Family::OpenAi5(_) | Family::Other)
    }

    /// Whether `stop` is refused.
    pub(in crate::dialects) fn refuses_stop(self) -> bool {
        matches!(self.family, Family::OpenAiO | Family::OpenAi5(_))
    }

    /// The nearest effort level that the model knows; `None` when it does not reason at all.
    pub(in crate::dialects) fn nearest_effort(self, effort: Effort) -> Option<Effort> {
        use Effort::{High, Low, Max, Minimal, None as Off, XHigh};
        Some(match (self.family, effort) {
            (Family::OpenAiChat, _) => return None,
            (Family::OpenAiO, Off | Minimal) => Low,
            (Family::OpenAiO | Family::OpenAi5(0 | 1), XHigh | Max) => High,
            (Family::OpenAi5(0), Off) => Minimal,
            (Family::OpenAi5(1..), Minimal) => Low,
            (_, effort) => effort,
        })
    }
}

// === impl Family ===

impl Family {
    fn from_base(base: &str) -> Self {
        if let Some(rest) = base.strip_prefix("gpt-5") {
            let minor = rest
                .strip_prefix('.')
                .map(|minor| minor.split(|c: char| !c.is_ascii_digit()).next());
            return match minor {
                _ if rest.starts_with("-chat") => Self::OpenAiChat,
                Some(digits) => Self::OpenAi5(digits.and_then(|d| d.parse().ok()).unwrap_or(1)),
                None => Self::OpenAi5(0),
            };
        }
        // gpt-oss is open weights: other servers run it.
        if (base.starts_with("gpt-") && !base.starts_with("gpt-oss"))
            || base.starts_with("chatgpt-")
        {
            return Self::OpenAiChat;
        }
        let is_o = base.strip_prefix('o').is_some_and(|rest| {
            let version = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            version.len() < rest.len() && (version.is_empty() || version.starts_with('-'))
        });
        if is_o { Self::OpenAiO } else { Self::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_into_families() {
        let family = |name| Model::from_name(name).family;
        for name in [
            "gpt-4o",
            "openai/gpt-4.1-mini",
            "chatgpt-4o-latest",
            "ft:gpt-4o:acme::1",
        ] {
            assert_eq!(family(name), Family::OpenAiChat, "{name}");
        }
        for name in ["o1", "o3-mini", "openai/o4-mini-2025-04-16"] {
            assert_eq!(family(name), Family::OpenAiO, "{name}");
        }
        assert_eq!(family("gpt-5-mini"), Family::OpenAi5(0));
        assert_eq!(family("gpt-5.2-pro"), Family::OpenAi5(2));
        assert_eq!(family("gpt-5-chat-latest"), Family::OpenAiChat);
        for name in [
            "gpt-oss-120b",
            "openai/gpt-oss:20b",
            "olmo-2",
            "o",
            "omni-1",
            "qwen3",
        ] {
            assert_eq!(family(name), Family::Other, "{name}");
        }
    }

    #[test]
    fn efforts_are_brought_to_what_a_model_knows() {
        let nearest = |name, effort| Model::from_name(name).nearest_effort(effort);
        assert_eq!(nearest("gpt-4o", Effort::High), None);
        assert_eq!(nearest("o3", Effort::None), Some(Effort::Low));
        assert_eq!(nearest("o3", Effort::Max), Some(Effort::High));
        assert_eq!(nearest("gpt-5", Effort::None), Some(Effort::Minimal));
        assert_eq!(nearest("gpt-5.1", Effort::None), Some(Effort::None));
        assert_eq!(nearest("gpt-5.2", Effort::XHigh), Some(Effort::XHigh));
        assert_eq!(nearest("qwen3", Effort::Max), Some(Effort::Max));
    }
}
