//! What entities are called and who is in which team, for callers whose tokens name them that way.
//!
//! A virtual key knows its team by where it sits and never looks here.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lockgate_core::entity::{Entity, EntityId, EntityKind};

/// Aliases and memberships.
#[derive(Debug, Default)]
pub(super) struct Relations(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    teams: Aliases,
    organizations: Aliases,
    /// The teams of a user.
    memberships: HashMap<Box<str>, BTreeSet<Box<str>>>,
    /// The team and the user of a membership, by its id.
    members: HashMap<Box<str>, (Box<str>, Box<str>)>,
}

/// Ids by alias, of which there may be several, and back.
#[derive(Debug, Default)]
struct Aliases {
    ids: HashMap<Box<str>, BTreeSet<Box<str>>>,
    of: HashMap<Box<str>, Box<str>>,
}

// === impl Relations ===

impl Relations {
    /// Takes over what `entities` say.
    pub(super) fn put(&self, entities: &[Entity]) {
        let concerns = |entity: &Entity| {
            matches!(
                entity.kind,
                EntityKind::Team | EntityKind::Organization | EntityKind::TeamMember
            )
        };
        if !entities.iter().any(concerns) {
            return;
        }
        let mut tables = self.lock();
        for entity in entities {
            match entity.kind {
                EntityKind::Team => tables.teams.put(&entity.id, said(entity, "team_alias")),
                EntityKind::Organization => {
                    let alias = said(entity, "organization_alias");
                    tables.organizations.put(&entity.id, alias);
                }
                EntityKind::TeamMember => tables.join(entity),
                _ => {}
            }
        }
    }

    /// Forgets what is gone.
    pub(super) fn remove(&self, id: &EntityId) {
        match id.kind {
            EntityKind::Team => self.lock().teams.put(&id.id, None),
            EntityKind::Organization => self.lock().organizations.put(&id.id, None),
            EntityKind::TeamMember => self.lock().leave(&id.id),
            _ => {}
        }
    }

    /// The only team or organization of this alias.
    pub(super) fn named(&self, kind: EntityKind, alias: &str) -> Option<Box<str>> {
        let tables = self.lock();
        match kind {
            EntityKind::Team => tables.teams.only(alias),
            EntityKind::Organization => tables.organizations.only(alias),
            _ => None,
        }
    }

    /// The teams that a user is a member of, by their ids.
    pub(super) fn teams_of(&self, user: &str) -> Vec<Box<str>> {
        let tables = self.lock();
        let teams = tables.memberships.get(user);
        teams.into_iter().flatten().cloned().collect()
    }

    /// Held for one look or one change: requests with tokens that name things this way wait for no
    /// more than that.
    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Tables ===

impl Tables {
    fn join(&mut self, member: &Entity) {
        let (Some(team), Some(user)) = (&member.team_id, &member.user_id) else {
            return;
        };
        let (team, user): (Box<str>, Box<str>) = (team.as_str().into(), user.as_str().into());
        let teams = self.memberships.entry(user.clone()).or_default();
        teams.insert(team.clone());
        self.members.insert(member.id.as_str().into(), (team, user));
    }

    fn leave(&mut self, id: &str) {
        let Some((team, user)) = self.members.remove(id) else {
            return;
        };
        if let Some(teams) = self.memberships.get_mut(&user) {
            teams.remove(&team);
            if teams.is_empty() {
                self.memberships.remove(&user);
            }
        }
    }
}

// === impl Aliases ===

impl Aliases {
    /// Calls `id` by this alias, or by none.
    fn put(&mut self, id: &str, alias: Option<&str>) {
        let before = match alias {
            Some(alias) => self.of.insert(id.into(), alias.into()),
            None => self.of.remove(id),
        };
        if before.as_deref() == alias {
            return;
        }
        if let Some(before) = before
            && let Some(ids) = self.ids.get_mut(&before)
        {
            ids.remove(id);
            if ids.is_empty() {
                self.ids.remove(&before);
            }
        }
        if let Some(alias) = alias {
            self.ids.entry(alias.into()).or_default().insert(id.into());
        }
    }

    fn only(&self, alias: &str) -> Option<Box<str>> {
        let ids = self.ids.get(alias)?;
        ids.first().filter(|_| ids.len() == 1).cloned()
    }
}

fn said<'e>(entity: &'e Entity, name: &str) -> Option<&'e str> {
    let alias = entity.settings.get(name)?.as_str()?;
    Some(alias).filter(|alias| !alias.is_empty())
}
