//! All entities of this process: keys, teams, users and the like, by id.
//!
//! Requests only read, and never wait. Changes come from the control plane, one after the other:
//! from the management API, which has changed the database before, and from other replicas.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;
use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ledger::LedgerEntry;
use lockgate_core::ports::Spend;

use super::account::{Account, Links, Seat, renewed_from};
use super::relations::Relations;
use super::shelf::Shelf;

/// The entities in memory.
#[derive(Debug, Default)]
pub struct Directory {
    keys: Shelf<[u8; 32]>,
    retired: Shelf<[u8; 32]>,
    others: Others,
    /// For callers whose tokens name teams and organizations.
    pub(super) relations: Relations,
    /// The keys that are charged as the key they were first, by that one. Held while something is
    /// changed.
    changing: Mutex<Renewed>,
}

type Renewed = HashMap<[u8; 32], [u8; 32]>;

/// The kinds that are found by their ids as they are written.
#[derive(Debug, Default)]
struct Others {
    users: Shelf<Box<str>>,
    teams: Shelf<Box<str>>,
    members: Shelf<Box<str>>,
    organizations: Shelf<Box<str>>,
    organization_members: Shelf<Box<str>>,
    customers: Shelf<Box<str>>,
    budgets: Shelf<Box<str>>,
    tags: Shelf<Box<str>>,
    projects: Shelf<Box<str>>,
    access_groups: Shelf<Box<str>>,
    jwt_mappings: Shelf<Box<str>>,
}

// === impl Directory ===

impl Directory {
    /// Adds `entity`, or replaces the one of its id; counters go on. Kinds that no request is
    /// decided by are left out.
    pub fn put(&self, entity: &Entity) {
        self.load(std::slice::from_ref(entity));
    }

    /// Puts many at once, in any order.
    pub fn load(&self, entities: &[Entity]) {
        let mut renewed = self.lock();
        self.make_seats(entities);
        self.relations.put(entities);
        let mut budgets = HashSet::new();
        for entity in entities {
            let Some(seat) = self.seat(entity.kind, &entity.id) else {
                continue;
            };
            let links = self.links(entity);
            let before = seat.account().or_else(|| self.renew(entity, &mut renewed));
            let account = Account::new(entity, links, before.as_deref());
            seat.put(Some(Arc::new(account)));
            if entity.kind == EntityKind::Budget {
                budgets.insert(entity.id.as_str());
            }
        }
        if !budgets.is_empty() {
            self.rebind(&budgets);
        }
    }

    /// The account that a regenerated key goes on with.
    fn renew(&self, entity: &Entity, renewed: &mut Renewed) -> Option<Arc<Account>> {
        let first = hash(renewed_from(entity)?)?;
        let before = renewed.insert(first, hash(&entity.id)?).unwrap_or(first);
        self.keys.account(&before)
    }

    /// The account that is charged as `id`.
    pub(super) fn charged(&self, id: &EntityId) -> Option<Arc<Account>> {
        let found = self.account(id);
        if found.is_some() || id.kind != EntityKind::Key {
            return found;
        }
        let now = *self.lock().get(&hash(&id.id)?)?;
        self.keys.account(&now)
    }

    /// Removes an entity and its counters. Requests in flight end as if it were there.
    pub fn remove(&self, id: &EntityId) {
        let _changing = self.lock();
        self.relations.remove(id);
        let Some(seat) = self.seat(id.kind, &id.id) else {
            return;
        };
        seat.put(None);
        // Ours and the map's: nobody else holds on to it.
        if Arc::strong_count(&seat) <= 2 {
            self.take_away(id);
        }
        if id.kind == EntityKind::Budget {
            self.rebind(&HashSet::from([id.id.as_str()]));
        }
    }

    /// The entity `id`, if it is here.
    #[must_use]
    pub fn account(&self, id: &EntityId) -> Option<Arc<Account>> {
        self.find(id.kind, &id.id)
    }

    /// Sets what an entity spent: at the start, from the database, and after a reset. Windows that
    /// have passed, and entities that are not here, are left out.
    pub fn spend(&self, spend: &Spend, zone: &TimeZone) {
        if let Some(account) = self.charged(&spend.of) {
            let amount = spend.amount.get();
            let counters = &account.counters;
            counters.set_spent(&spend.window, spend.start, amount, zone);
        }
    }

    /// Takes off what was forgiven, in the window that `taken` names or of all time.
    pub(super) fn forgive(&self, taken: &Spend, zone: &TimeZone) {
        if let Some(account) = self.charged(&taken.of) {
            let less = taken.amount.get().saturating_neg();
            let counters = &account.counters;
            counters.add_spent(&taken.window, taken.start, less, zone);
        }
    }

    /// Adds what an entity had spent before this process counted anything, or elsewhere. What it
    /// spent here since stays counted, however late the database tells of the rest. Windows that
    /// have passed, and entities that are not here, are left out.
    pub fn had_spent(&self, spend: &Spend, zone: &TimeZone) {
        if let Some(account) = self.charged(&spend.of) {
            let amount = spend.amount.get();
            let counters = &account.counters;
            counters.add_spent(&spend.window, spend.start, amount, zone);
        }
    }

    /// Removes all entities but those that `is_kept`, and forgets what all spent: for a database
    /// that is another one than before, out of which they are read anew.
    pub fn forget(&self, is_kept: impl Fn(&EntityId) -> bool) {
        let others = self.others.all().into_iter().flat_map(Shelf::seats);
        let seats = self.keys.seats().chain(self.retired.seats()).chain(others);
        for account in seats.filter_map(|seat| seat.account()) {
            let id = EntityId::new(account.kind(), account.id());
            if !is_kept(&id) {
                self.remove(&id);
            }
            account.counters.forget_spent();
        }
    }

    /// Adds what a request cost that the database does not know of yet: at the start, from the
    /// journal.
    pub fn undrained(&self, entry: &LedgerEntry, zone: &TimeZone) {
        let cost = entry.cost.get();
        for charge in &entry.charges {
            let of = EntityId::new(charge.kind, charge.id.as_str());
            let Some(account) = self.charged(&of) else {
                continue;
            };
            account.counters.add_spent("", 0, cost, zone);
            for window in &charge.windows {
                account
                    .counters
                    .add_spent(&window.name, window.start, cost, zone);
            }
        }
    }

    /// The key whose SHA-256 is `hash`.
    pub(super) fn key(&self, hash: &[u8; 32]) -> Option<Arc<Account>> {
        self.keys.account(hash)
    }

    /// The key whose SHA-256 was `hash` before it was regenerated.
    pub(super) fn retired(&self, hash: &[u8; 32]) -> Option<Arc<Account>> {
        self.retired.account(hash)
    }

    pub(super) fn find(&self, kind: EntityKind, id: &str) -> Option<Arc<Account>> {
        match kind {
            EntityKind::Key => self.keys.account(&hash(id)?),
            EntityKind::RetiredKey => self.retired.account(&hash(id)?),
            _ => self.others.shelf(kind)?.account(id),
        }
    }

    fn seat(&self, kind: EntityKind, id: &str) -> Option<Arc<Seat>> {
        match kind {
            EntityKind::Key => self.keys.seat(&hash(id)?),
            EntityKind::RetiredKey => self.retired.seat(&hash(id)?),
            _ => self.others.shelf(kind)?.seat(id),
        }
    }

    /// Makes the seats that `entities` will sit on, and those that they refer to.
    fn make_seats(&self, entities: &[Entity]) {
        let mut wanted: HashSet<EntityId> = HashSet::new();
        for entity in entities {
            wanted.insert(entity.id());
            wanted.extend(references(entity).into_iter().flatten());
        }
        wanted.retain(|id| self.seat(id.kind, &id.id).is_none());
        let mut by_kind: Vec<EntityId> = wanted.into_iter().collect();
        by_kind.sort_unstable();
        for ids in by_kind.chunk_by(|a, b| a.kind == b.kind) {
            let seats = ids.iter().map(|id| (id, Arc::new(Seat::new(&id.id))));
            match ids.first().map(|id| id.kind) {
                Some(EntityKind::Key) => self.keys.add(hashed(seats)),
                Some(EntityKind::RetiredKey) => self.retired.add(hashed(seats)),
                Some(kind) => {
                    if let Some(shelf) = self.others.shelf(kind) {
                        shelf.add(seats.map(|(id, seat)| (id.id.as_str().into(), seat)));
                    }
                }
                None => {}
            }
        }
    }

    fn links(&self, entity: &Entity) -> Links {
        let [team, member, user, organization, project, budget] =
            references(entity).map(|id| id.and_then(|id| self.seat(id.kind, &id.id)));
        Links {
            team,
            member,
            user,
            organization,
            project,
            budget,
        }
    }

    /// Makes whoever refers to one of these budgets hear that it changed.
    fn rebind(&self, budgets: &HashSet<&str>) {
        let others = self.others.all().into_iter().flat_map(Shelf::seats);
        for seat in self.keys.seats().chain(others) {
            let Some(account) = seat.account() else {
                continue;
            };
            let budget = account.links.budget.as_ref();
            if budget.is_some_and(|budget| budgets.contains(budget.id())) {
                seat.put(Some(Arc::new(account.rebound())));
            }
        }
    }

    fn take_away(&self, id: &EntityId) {
        match (id.kind, hash(&id.id)) {
            (EntityKind::Key, Some(hash)) => self.keys.remove(&hash),
            (EntityKind::RetiredKey, Some(hash)) => self.retired.remove(&hash),
            _ => {
                if let Some(shelf) = self.others.shelf(id.kind) {
                    shelf.remove(&id.id.as_str().into());
                }
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Renewed> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Others ===

impl Others {
    fn shelf(&self, kind: EntityKind) -> Option<&Shelf<Box<str>>> {
        Some(match kind {
            EntityKind::User => &self.users,
            EntityKind::Team => &self.teams,
            EntityKind::TeamMember => &self.members,
            EntityKind::Organization => &self.organizations,
            EntityKind::OrganizationMember => &self.organization_members,
            EntityKind::Customer => &self.customers,
            EntityKind::Budget => &self.budgets,
            EntityKind::Tag => &self.tags,
            EntityKind::Project => &self.projects,
            EntityKind::AccessGroup => &self.access_groups,
            EntityKind::JwtMapping => &self.jwt_mappings,
            EntityKind::Key
            | EntityKind::DeletedKey
            | EntityKind::RetiredKey
            | EntityKind::Model
            | EntityKind::Credential
            | EntityKind::Config
            | EntityKind::Lease => return None,
        })
    }

    fn all(&self) -> [&Shelf<Box<str>>; 11] {
        [
            &self.users,
            &self.teams,
            &self.members,
            &self.organizations,
            &self.organization_members,
            &self.customers,
            &self.budgets,
            &self.tags,
            &self.projects,
            &self.access_groups,
            &self.jwt_mappings,
        ]
    }
}

/// Whom an entity belongs to, in the order of the fields of [`Links`].
fn references(entity: &Entity) -> [Option<EntityId>; 6] {
    let said = |name: &str| entity.settings.get(name).and_then(|value| value.as_str());
    let of = |kind, id: Option<&str>| {
        let id = id.filter(|id| !id.is_empty());
        id.map(|id| EntityId::new(kind, id))
    };
    let team = entity
        .team_id
        .as_deref()
        .filter(|_| entity.kind != EntityKind::Team);
    let user = entity
        .user_id
        .as_deref()
        .filter(|_| entity.kind != EntityKind::User);
    let member = team.zip(user).filter(|_| entity.kind == EntityKind::Key);
    let organization = entity.organization_id.as_deref();
    let organization = organization.filter(|_| entity.kind != EntityKind::Organization);
    [
        of(EntityKind::Team, team),
        member.map(|(team, user)| EntityId::pair(EntityKind::TeamMember, team, user)),
        of(EntityKind::User, user),
        of(EntityKind::Organization, organization),
        of(EntityKind::Project, said("project_id")).filter(|_| entity.kind == EntityKind::Key),
        of(EntityKind::Budget, said("budget_id")).filter(|_| entity.kind != EntityKind::Budget),
    ]
}

fn hashed<'a>(
    seats: impl Iterator<Item = (&'a EntityId, Arc<Seat>)>,
) -> impl Iterator<Item = ([u8; 32], Arc<Seat>)> {
    seats.filter_map(|(id, seat)| Some((hash(&id.id)?, seat)))
}

/// The hash that a key's id spells.
pub(super) fn hash(id: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    let digits = id.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |place: usize| char::from(pair[place]).to_digit(16);
        *byte = u8::try_from(digit(0)? << 4 | digit(1)?).ok()?;
    }
    Some(hash)
}
