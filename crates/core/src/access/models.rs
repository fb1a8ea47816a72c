//! Which models an entity may call (reference section 3.2).

use super::fits;

/// The `models` of an entity. An empty list holds all models.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelList(Box<[Box<str>]>);

/// A model that somebody wants to call.
#[derive(Clone, Copy)]
pub struct AskedModel<'a> {
    /// What it is called: the name that was sent, the model group behind an alias.
    pub names: &'a [&'a str],
    /// The provider in front of the name (`openai/gpt-5`), where all deployments are of one.
    pub with_provider: Option<&'a str>,
    /// Whether it belongs to the access group of that name.
    pub in_group: &'a dyn Fn(&str) -> bool,
}

/// What a list says about a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is on the list.
    Allowed,
    /// The team decides.
    AskTeam,
    /// It is not on the list.
    Denied,
}

/// All there are.
const ALL: [&str; 2] = ["all-proxy-models", "*"];
/// Those of the team.
const TEAM: &str = "all-team-models";
/// None: what stands beside it counts. A list with a name that nothing has says the same, so the
/// rules need not know this one.
#[cfg(test)]
const NONE: &str = "no-default-models";

// === impl ModelList ===

impl ModelList {
    /// The list of these names, patterns and access groups.
    #[must_use]
    pub fn new(rules: Box<[Box<str>]>) -> Self {
        Self(rules)
    }

    /// Whether nothing is restricted.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.is_empty() || self.0.iter().any(|rule| ALL.contains(&&**rule))
    }

    /// Whether a rule of the list is about `asked`; an empty list holds nothing here.
    #[must_use]
    pub fn holds(&self, asked: AskedModel<'_>) -> bool {
        self.0.iter().any(|rule| asked.is(rule))
    }

    /// What the list says about `asked`.
    #[must_use]
    pub fn verdict(&self, asked: AskedModel<'_>) -> Verdict {
        if self.is_open() || self.holds(asked) {
            Verdict::Allowed
        } else if self.0.iter().any(|rule| **rule == *TEAM) {
            Verdict::AskTeam
        } else {
            Verdict::Denied
        }
    }
}

// === impl AskedModel ===

impl AskedModel<'_> {
    /// Whether it is what a rule names: itself, a pattern, or an access group.
    fn is(&self, rule: &str) -> bool {
        let mut names = self.names.iter().chain(&self.with_provider);
        let named = if rule.contains('*') {
            names.any(|name| fits(rule, name))
        } else {
            self.names.contains(&rule)
        };
        named || (self.in_group)(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rules: &[&str]) -> ModelList {
        ModelList::new(rules.iter().map(|&rule| rule.into()).collect())
    }

    fn verdict(rules: &[&str], names: &[&str], with_provider: Option<&str>) -> Verdict {
        let in_group = |group: &str| group == "cheap" && names.contains(&"small");
        list(rules).verdict(AskedModel {
            names,
            with_provider,
            in_group: &in_group,
        })
    }

    #[test]
    fn lists_say_who_may_call_what() {
        let gpt = &["gpt-5"][..];
        for (rules, names, provider, expected) in [
            (&[][..], gpt, None, Verdict::Allowed),
            (&["all-proxy-models"], gpt, None, Verdict::Allowed),
            (&["*"], gpt, None, Verdict::Allowed),
            (&["gpt-5"], gpt, None, Verdict::Allowed),
            (&["gpt-5-mini"], gpt, None, Verdict::Denied),
            (&["gpt"], gpt, None, Verdict::Denied),
            (&["gpt-*"], gpt, None, Verdict::Allowed),
            (&["openai/*"], gpt, None, Verdict::Denied),
            (&["openai/*"], gpt, Some("openai/gpt-5"), Verdict::Allowed),
            (&["anthropic/*"], gpt, Some("openai/gpt-5"), Verdict::Denied),
            (
                &["openai/gpt-5"],
                gpt,
                Some("openai/gpt-5"),
                Verdict::Denied,
            ),
            (&["openai/*"], &["openai/gpt-5"], None, Verdict::Allowed),
            (&["openai/*"], &["openai-fake/x"], None, Verdict::Denied),
            (&["cheap"], &["small"], None, Verdict::Allowed),
            (&["cheap"], gpt, None, Verdict::Denied),
            (&["gpt-5"], &["alias", "gpt-5"], None, Verdict::Allowed),
            (&[TEAM], gpt, None, Verdict::AskTeam),
            (&[TEAM, "gpt-5"], gpt, None, Verdict::Allowed),
            (&[NONE], gpt, None, Verdict::Denied),
            (&[NONE, "gpt-5"], gpt, None, Verdict::Allowed),
            (&[""], gpt, None, Verdict::Denied),
        ] {
            assert_eq!(
                verdict(rules, names, provider),
                expected,
                "{rules:?} {names:?}"
            );
        }
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, text, expected) in [
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "acd", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
