//! What a model's name tells about what it accepts.

use serde::Serialize;

use crate::canonical::{Effort, Loss, Reasoning};

use super::losses::Losses;

/// Generations of Gemini that differ in what they accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Generation {
    /// Gemma, tuned endpoints, names of one's own: only what every model accepts.
    Unknown,
    /// Gemini 1.0 and 1.5.
    One,
    /// Gemini 2.0: JSON Schema, no thinking.
    Two,
    /// Gemini 2.5: thinking budgets.
    TwoFive,
    /// Gemini 3 and later: thinking levels, signed function calls.
    Three,
}

/// The upstream's model.
#[derive(Debug, Clone)]
pub(super) struct Model {
    name: String,
    version: (u32, u32),
    pub(super) generation: Generation,
}

/// `generationConfig.thinkingConfig`; a budget and a level exclude each other.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ThinkingConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    include_thoughts: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_level: Option<&'static str>,
}

/// The budget by which a model decides itself.
const DYNAMIC: i64 = -1;

// === impl Model ===

impl Model {
    /// Reads the name, with or without the resource path before it.
    pub(super) fn parse(path: &str) -> Self {
        let name = bare(path).to_ascii_lowercase();
        let version = name.split('-').find_map(version).unwrap_or_default();
        let generation = if !name.contains("gemini") {
            Generation::Unknown
        } else if name.contains("nano-banana") {
            Generation::Three
        } else if name.contains("robotics-er-1") {
            Generation::TwoFive
        } else {
            match version {
                // The first models had no version in their names; the aliases for the newest
                // (`gemini-flash-latest`) have none either.
                (0, _) if matches!(&*name, "gemini-pro" | "gemini-pro-vision" | "gemini-ultra") => {
                    Generation::One
                }
                (0, _) | (3..=99, _) => Generation::Three,
                (1, _) => Generation::One,
                (2, 5..) => Generation::TwoFive,
                // Experiments are dated: `gemini-exp-1206`.
                (2 | 100.., _) => Generation::Two,
            }
        };
        Self {
            name,
            version,
            generation,
        }
    }

    /// How to ask this model for `reasoning` (reference section 11.4). What cannot be asked for is
    /// a loss; where thinking cannot be turned off the least of it is asked for.
    pub(super) fn thinking(
        &self,
        reasoning: &Reasoning,
        losses: &mut Losses,
    ) -> Option<ThinkingConfig> {
        let wanted = reasoning.wanted();
        if matches!(self.generation, Generation::One | Generation::Two) || self.is_old_gemma() {
            if wanted == Some(true) {
                losses.add(Loss::param("reasoning_effort"));
            }
            return None;
        }
        let include_thoughts = match (wanted, reasoning.include) {
            (Some(false), _) => Some(false),
            (wanted, include) => include.or(wanted),
        };
        let mut config = ThinkingConfig {
            include_thoughts,
            ..ThinkingConfig::default()
        };
        if self.generation == Generation::Three {
            config.thinking_level = self.level(reasoning);
        } else {
            config.thinking_budget = self.budget(reasoning);
        }
        (config != ThinkingConfig::default()).then_some(config)
    }

    /// Whether the system instruction has a field of its own: not for Gemma before 4, which is
    /// told its instructions by the user.
    pub(super) fn has_system_instruction(&self) -> bool {
        !self.is_old_gemma()
    }

    fn is_old_gemma(&self) -> bool {
        self.name.starts_with("gemma") && self.version < (4, 0)
    }

    fn level(&self, reasoning: &Reasoning) -> Option<&'static str> {
        // The bare switch leaves the amount to the model, whose default is to think.
        let effort = match reasoning.enabled {
            Some(true) => reasoning
                .effort
                .or_else(|| reasoning.budget_tokens.map(Effort::from_budget)),
            _ => reasoning.to_effort(),
        }?;
        Some(match effort {
            Effort::None | Effort::Minimal if self.has_minimal_level() => "MINIMAL",
            Effort::None | Effort::Minimal | Effort::Low => "LOW",
            Effort::Medium if self.version == (3, 0) && self.name.contains("pro") => "HIGH",
            Effort::Medium => "MEDIUM",
            Effort::High | Effort::XHigh | Effort::Max => "HIGH",
        })
    }

    /// Whether `MINIMAL` is accepted: by Flash-Lite, and by Flash before 3.7 (model pages).
    fn has_minimal_level(&self) -> bool {
        let flash = self.name.contains("flash");
        flash && (self.name.contains("lite") || (self.version > (0, 0) && self.version < (3, 7)))
    }

    fn budget(&self, reasoning: &Reasoning) -> Option<i64> {
        let (least, most) = self.budget_range();
        let clamp = |tokens: u64| i64::try_from(tokens.clamp(least, most)).unwrap_or(DYNAMIC);
        if reasoning.wanted() == Some(false) {
            // Pro cannot be kept from thinking.
            return Some(if self.name.contains("pro") {
                clamp(0)
            } else {
                0
            });
        }
        match (reasoning.budget_tokens, reasoning.effort) {
            (Some(tokens), _) => Some(clamp(tokens)),
            (None, Some(Effort::Minimal)) => Some(clamp(0)),
            (None, Some(effort)) => Some(clamp(effort.to_budget())),
            (None, None) => reasoning.enabled.map(|_| DYNAMIC),
        }
    }

    /// The least and the most thinking tokens ("Gemini thinking", table of budgets).
    fn budget_range(&self) -> (u64, u64) {
        if self.generation == Generation::Unknown {
            (1, u64::from(u32::MAX))
        } else if self.name.contains("lite") {
            (512, 24_576)
        } else if self.name.contains("pro") {
            (128, 32_768)
        } else {
            (1, 24_576)
        }
    }
}

/// The name behind a resource path (`models/x`, `publishers/google/models/x`).
pub(super) fn bare(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// `name` as a resource of the Gemini API.
pub(super) fn resource(name: &str) -> String {
    if name.contains('/') {
        name.to_owned()
    } else {
        format!("models/{name}")
    }
}

fn version(token: &str) -> Option<(u32, u32)> {
    let (major, minor) = token.split_once('.').unwrap_or((token, "0"));
    Some((major.parse().ok()?, minor.parse().unwrap_or(0)))
}
