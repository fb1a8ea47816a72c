//! Public names and the model groups behind them: of everybody, or of one team.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::pattern::Pattern;
use super::resolved::ResolvedNames;
use crate::deployment::Deployment;
use crate::snapshot::Group;

/// Model groups by their public names.
#[derive(Debug, Default)]
pub(crate) struct Names {
    groups: BTreeMap<String, Arc<Group>>,
    patterns: Vec<(Pattern, Arc<Group>)>,
    /// What wildcards turned out to stand for.
    resolved: ResolvedNames,
}

// === impl Names ===

impl Names {
    /// The groups of these deployments, which are `team`'s own if one is named.
    pub(crate) fn new(
        groups: BTreeMap<String, Vec<Arc<Deployment>>>,
        team: Option<&String>,
    ) -> Self {
        let mut names = Self::default();
        for (name, deployments) in groups {
            let pattern = Pattern::parse(&name);
            let group = Arc::new(Group {
                name: name.clone(),
                team: team.cloned(),
                deployments,
            });
            match pattern {
                Some(pattern) => names.patterns.push((pattern, group)),
                None => {
                    names.groups.insert(name, group);
                }
            }
        }
        names
            .patterns
            .sort_by_key(|(pattern, _)| pattern.specificity());
        names
    }

    /// The group of exactly this name.
    pub(crate) fn exact(&self, name: &str) -> Option<&Arc<Group>> {
        self.groups.get(name)
    }

    /// The group that is written with this name, which may be a pattern.
    pub(crate) fn written(&self, name: &str) -> Option<&Arc<Group>> {
        self.exact(name)
            .or_else(|| self.wildcards().find(|group| group.name == name))
    }

    /// The group of a wildcard that `model` matches, as `fill` makes it for that model: its
    /// provider, its price and its limits are known only then.
    pub(crate) fn matching(
        &self,
        model: &str,
        fill: impl FnOnce(&Group, &[&str]) -> Option<Arc<Group>>,
    ) -> Option<Arc<Group>> {
        if self.patterns.is_empty() {
            return None;
        }
        if let Some(group) = self.resolved.get(model) {
            return Some(group);
        }
        let mut patterns = self.patterns.iter();
        let (group, captures) =
            patterns.find_map(|(pattern, group)| Some((group, pattern.captures(model)?)))?;
        let group = fill(group, &captures)?;
        self.resolved.put(model, &group);
        Some(group)
    }

    /// All groups.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Group>> {
        self.groups.values().chain(self.wildcards())
    }

    fn wildcards(&self) -> impl Iterator<Item = &Arc<Group>> {
        self.patterns.iter().map(|(_, group)| group)
    }
}
