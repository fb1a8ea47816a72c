//! What a Claude model accepts, judged by its name.
//!
//! Sources: Anthropic's pages on adaptive thinking, effort, structured outputs and forced tool
//! use, and its migration guides. A name that is no Claude's (other vendors serve this dialect,
//! too) gets what every model of the first generations took.

use crate::canonical::Effort;

/// A Claude's family and version, or nothing when the name is no Claude's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Model(Option<Claude>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Claude {
    family: Family,
    version: (u16, u16),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Haiku,
    Sonnet,
    Opus,
    Fable,
    Mythos,
    Other,
}

/// How a model is told not to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThinkingOff {
    /// It does not think unless asked.
    Silence,
    /// `{"type": "disabled"}`.
    Disabled,
    /// `{"type": "between_tools"}`.
    BetweenTools,
    /// Not at all.
    Never,
}

// === impl Model ===

impl Model {
    /// Reads names as Anthropic, Bedrock, Vertex and resellers write them:
    /// `claude-opus-4-7`, `anthropic.claude-opus-4-7-v1:0`, `claude-sonnet-4-5@20250929`,
    /// `anthropic/claude-sonnet-4.5`, `claude-3-5-haiku-20241022`.
    pub(crate) fn of(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let Some((_, rest)) = name.split_once("claude") else {
            return Self(None);
        };
        let mut family = Family::Other;
        let mut version = [0u16; 2];
        let mut parts = 0;
        for word in rest.split(|c: char| !c.is_ascii_alphanumeric()) {
            match word {
                "" => {}
                "haiku" => family = Family::Haiku,
                "sonnet" => family = Family::Sonnet,
                "opus" => family = Family::Opus,
                "fable" => family = Family::Fable,
                "mythos" => family = Family::Mythos,
                // Mythos Preview has no number; it behaves as the 4.6 models do.
                "preview" if family == Family::Mythos && parts == 0 => version = [4, 6],
                _ => match word.parse::<u16>() {
                    Ok(number) if word.len() <= 2 && parts < 2 => {
                        version[parts] = number;
                        parts += 1;
                    }
                    // A date, a revision (`v1`) or a variant: the version is behind us.
                    _ => break,
                },
            }
        }
        Self(Some(Claude {
            family,
            version: (version[0], version[1]),
        }))
    }

    /// Of this version or a later one; no version is that of a model that is no Claude.
    pub(crate) fn at_least(self, major: u16, minor: u16) -> bool {
        self.0.is_some_and(|c| c.version >= (major, minor))
    }

    fn is(self, families: &[Family]) -> bool {
        self.0.is_some_and(|c| families.contains(&c.family))
    }

    /// Takes `output_config.format`.
    pub(crate) fn native_schema(self) -> bool {
        self.at_least(4, 5) || (self.is(&[Family::Opus]) && self.at_least(4, 1))
    }

    /// Took it as a beta first, so that the header does no harm and may be needed.
    pub(crate) fn schema_was_beta(self) -> bool {
        self.native_schema() && !self.at_least(4, 6)
    }

    /// Takes `thinking: {"type": "adaptive"}`.
    pub(crate) fn adaptive_thinking(self) -> bool {
        self.at_least(4, 6)
    }

    /// Takes `thinking: {"type": "enabled", "budget_tokens": n}`.
    pub(crate) fn budget_thinking(self) -> bool {
        !self.at_least(4, 7)
    }

    /// Takes `temperature`, `top_p` and `top_k`.
    pub(crate) fn sampling(self) -> bool {
        !self.at_least(4, 7)
    }

    /// Refuses `temperature` and `top_p` together.
    pub(crate) fn one_sampling_knob(self) -> bool {
        self.at_least(4, 5) || (self.is(&[Family::Opus]) && self.at_least(4, 1))
    }

    /// Takes `tool_choice` of type `any` or `tool`.
    pub(crate) fn forced_tool(self) -> bool {
        !(self.is(&[Family::Fable, Family::Mythos]) && self.at_least(5, 1)
            || self.is(&[Family::Opus, Family::Sonnet]) && self.at_least(5, 5))
    }

    pub(crate) fn thinking_off(self) -> ThinkingOff {
        if !self.at_least(5, 0) {
            return ThinkingOff::Silence;
        }
        if self.is(&[Family::Fable, Family::Mythos])
            || (self.is(&[Family::Opus]) && self.at_least(5, 5))
        {
            return ThinkingOff::Never;
        }
        if self.is(&[Family::Sonnet]) && self.at_least(5, 5) {
            return ThinkingOff::BetweenTools;
        }
        ThinkingOff::Disabled
    }

    /// The `output_config.effort` closest to `effort`; only adaptive thinkers are asked.
    pub(crate) fn effort(self, effort: Effort) -> &'static str {
        match effort {
            Effort::None | Effort::Minimal | Effort::Low => "low",
            Effort::Medium => "medium",
            Effort::High => "high",
            Effort::XHigh if self.at_least(4, 7) => "xhigh",
            Effort::XHigh | Effort::Max => "max",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(name: &str) -> Option<(Family, (u16, u16))> {
        Model::of(name).0.map(|c| (c.family, c.version))
    }

    #[test]
    fn reads_names_of_every_vendor() {
        for (name, expected) in [
            ("claude-opus-4-7", Some((Family::Opus, (4, 7)))),
            ("claude-opus-4-20250514", Some((Family::Opus, (4, 0)))),
            (
                "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                Some((Family::Sonnet, (4, 5))),
            ),
            (
                "anthropic.claude-opus-4-7-v1:0",
                Some((Family::Opus, (4, 7))),
            ),
            ("claude-sonnet-4-5@20250929", Some((Family::Sonnet, (4, 5)))),
            (
                "anthropic/claude-sonnet-4.5",
                Some((Family::Sonnet, (4, 5))),
            ),
            ("claude-3-5-haiku-20241022", Some((Family::Haiku, (3, 5)))),
            ("claude-3-haiku-20240307", Some((Family::Haiku, (3, 0)))),
            ("Claude-Sonnet-5", Some((Family::Sonnet, (5, 0)))),
            ("claude-mythos-preview", Some((Family::Mythos, (4, 6)))),
            ("claude-2.1", Some((Family::Other, (2, 1)))),
            ("glm-4.7", None),
        ] {
            assert_eq!(version(name), expected, "{name}");
        }
    }

    #[test]
    fn the_generations_differ() {
        let old = Model::of("claude-3-5-sonnet-20241022");
        assert!(!old.native_schema() && !old.adaptive_thinking());
        assert!(old.sampling() && old.budget_thinking() && old.forced_tool());

        let beta = Model::of("claude-opus-4-1");
        assert!(beta.native_schema() && beta.schema_was_beta() && !beta.adaptive_thinking());

        let both = Model::of("claude-sonnet-4-6");
        assert!(both.adaptive_thinking() && both.budget_thinking() && both.sampling());
        assert_eq!(both.effort(Effort::XHigh), "max");

        let new = Model::of("claude-opus-5");
        assert!(!new.budget_thinking() && !new.sampling() && new.forced_tool());
        assert_eq!(new.effort(Effort::XHigh), "xhigh");
        assert_eq!(new.thinking_off(), ThinkingOff::Disabled);

        assert!(!Model::of("claude-opus-5-5").forced_tool());
        assert!(Model::of("claude-haiku-5-5").forced_tool());
        assert_eq!(
            Model::of("claude-sonnet-5-5").thinking_off(),
            ThinkingOff::BetweenTools
        );
        assert_eq!(
            Model::of("claude-fable-5").thinking_off(),
            ThinkingOff::Never
        );

        let foreign = Model::of("kimi-k2");
        assert!(foreign.sampling() && foreign.forced_tool() && foreign.budget_thinking());
        assert!(!foreign.native_schema());
    }
}
