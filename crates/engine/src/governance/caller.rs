//! Who is calling, with every account that its requests concern.

use std::fmt;
use std::sync::Arc;

use lockgate_core::access::Role;
use lockgate_core::entity::EntityKind;

use super::account::{Account, Seat};
use super::directory::Directory;
use super::stranger::Stranger;

/// What tells one caller from another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Identity {
    /// The holder of the master key.
    Master,
    /// The holder of the virtual key with this SHA-256.
    Key([u8; 32]),
    /// Whoever a token names that somebody else issued: a hash of that, the same for all its tokens.
    Bearer([u8; 32]),
}

/// Whom a token names that somebody else issued.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bearer {
    /// The role that the token itself gives; `None`: what the user has.
    pub role: Option<Role>,
    /// The user.
    pub user: Option<String>,
    /// The team that the request counts for.
    pub team: Option<String>,
    /// The organization.
    pub organization: Option<String>,
    /// Each of these must name the route: paths, patterns and groups.
    pub routes: Vec<Vec<String>>,
}

/// An authenticated caller.
#[derive(Debug, Clone)]
pub struct Caller {
    identity: Identity,
    role: Role,
    /// What a token says, where it is one and no key.
    stranger: Option<Box<Stranger>>,
    accounts: [Option<Arc<Account>>; PLACES],
    /// The customer that a request is made for, whether there is an account of it or not.
    pub(super) customer: Option<Box<str>>,
    /// What a request is marked with, whether there is an account of it or not.
    pub(super) tags: Vec<Box<str>>,
    pub(super) tag_accounts: Vec<Arc<Account>>,
}

/// Which account of a caller; the order in which budgets are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Member,
    Key,
    Team,
    Project,
    Organization,
    User,
    Customer,
    /// All requests together.
    Gateway,
}

pub(super) const PLACES: usize = 8;

// === impl Identity ===

impl Identity {
    /// Bytes that no other caller has.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Master => b"master",
            Self::Key(hash) | Self::Bearer(hash) => hash,
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Master => f.write_str("Master"),
            Self::Key(hash) => write!(f, "Key({:02x}{:02x}..)", hash[0], hash[1]),
            Self::Bearer(hash) => write!(f, "Bearer({:02x}{:02x}..)", hash[0], hash[1]),
        }
    }
}

// === impl Caller ===

impl Caller {
    /// The holder of the master key.
    #[must_use]
    pub fn master() -> Self {
        Self {
            identity: Identity::Master,
            role: Role::ProxyAdmin,
            stranger: None,
            accounts: Default::default(),
            customer: None,
            tags: Vec::new(),
            tag_accounts: Vec::new(),
        }
    }

    /// The holder of `key`.
    pub(super) fn of_key(hash: [u8; 32], key: Arc<Account>) -> Self {
        let sits = |seat: Option<&Arc<Seat>>| seat.and_then(|seat| seat.account());
        let links = &key.links;
        let (team, member) = (sits(links.team.as_ref()), sits(links.member.as_ref()));
        let (user, project) = (sits(links.user.as_ref()), sits(links.project.as_ref()));
        let of_team = || sits(team.as_ref()?.links.organization.as_ref());
        let organization = sits(links.organization.as_ref()).or_else(of_team);
        let mut caller = Self {
            identity: Identity::Key(hash),
            role: role(user.as_deref()).unwrap_or(Role::InternalUser),
            tags: key.terms().tags().to_vec(),
            ..Self::master()
        };
        for (place, account) in [
            (Place::Member, member),
            (Place::Team, team),
            (Place::Project, project),
            (Place::Organization, organization),
            (Place::User, user),
            (Place::Key, Some(key)),
        ] {
            caller.put(place, account);
        }
        caller
    }

    /// Whoever shows a token that names `user`.
    pub(super) fn of_stranger(
        hash: [u8; 32],
        stranger: Stranger,
        user: Option<Arc<Account>>,
    ) -> Self {
        let mut caller = Self {
            identity: Identity::Bearer(hash),
            role: stranger.role(role(user.as_deref())),
            stranger: Some(Box::new(stranger)),
            ..Self::master()
        };
        caller.put(Place::User, user);
        caller
    }

    pub(super) fn stranger(&self) -> Option<&Stranger> {
        self.stranger.as_deref()
    }

    /// Whether its token, and not what the gateway knows of its user, makes it an administrator.
    pub(super) fn is_admin_by_token(&self) -> bool {
        let token = self.stranger().map(|stranger| &stranger.token);
        token.is_some_and(|token| token.user_role == Some(Role::ProxyAdmin))
    }

    /// Whom its token names, if it is no key that it shows.
    #[must_use]
    pub fn bearer(&self) -> Option<Bearer> {
        let token = &self.stranger()?.token;
        let id = |account: Option<&Arc<Account>>| account.map(|found| found.id().to_owned());
        Some(Bearer {
            role: token
                .user_role
                .or_else(|| (self.role == Role::Team).then_some(Role::Team)),
            user: token.user_id.clone(),
            team: id(self.team()).or_else(|| token.team_ids.first().cloned()),
            organization: id(self.organization()),
            routes: token
                .routes
                .iter()
                .map(|limit| limit.names.clone())
                .collect(),
        })
    }

    pub(super) fn put(&mut self, place: Place, account: Option<Arc<Account>>) {
        self.accounts[place as usize] = account;
    }

    pub(super) fn at(&self, place: Place) -> Option<&Arc<Account>> {
        self.accounts[place as usize].as_ref()
    }

    /// All accounts that its requests concern, each with its number.
    pub(super) fn accounts(&self) -> impl Iterator<Item = (usize, &Arc<Account>)> {
        let fixed = self.accounts.iter().enumerate();
        let fixed = fixed.filter_map(|(place, account)| Some((place, account.as_ref()?)));
        let tags = self.tag_accounts.iter().enumerate();
        fixed.chain(tags.map(|(place, account)| (PLACES + place, account)))
    }

    /// Whether its requests concern any budget.
    pub(super) fn has_budgets(&self) -> bool {
        self.accounts()
            .any(|(_, account)| !account.terms().budgets.is_empty())
    }

    /// The account of that number.
    pub(super) fn account(&self, number: usize) -> Option<&Arc<Account>> {
        match number.checked_sub(PLACES) {
            None => self.accounts[number].as_ref(),
            Some(tag) => self.tag_accounts.get(tag),
        }
    }

    /// The customer that its token names.
    pub(super) fn customer_of_token(&self) -> Option<String> {
        self.stranger()?.token.customer_id.clone()
    }

    /// Says for whom a request is made and what it is marked with.
    pub(super) fn mark(
        &mut self,
        directory: &Directory,
        customer: Option<String>,
        tags: Vec<String>,
    ) {
        if let Some(id) = customer {
            self.put(Place::Customer, directory.find(EntityKind::Customer, &id));
            self.customer = Some(id.into());
        }
        for tag in tags {
            if !self.tags.iter().any(|other| **other == *tag) {
                self.tags.push(tag.into());
            }
        }
        let accounts = self.tags.iter();
        let accounts = accounts.filter_map(|tag| directory.find(EntityKind::Tag, tag));
        self.tag_accounts = accounts.collect();
    }

    /// What tells it from others.
    #[must_use]
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// What it may do besides calling models.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether it holds the master key.
    #[must_use]
    pub fn is_master(&self) -> bool {
        self.identity == Identity::Master
    }

    /// Its virtual key.
    #[must_use]
    pub fn key(&self) -> Option<&Arc<Account>> {
        self.at(Place::Key)
    }

    /// The user that its key belongs to.
    #[must_use]
    pub fn user(&self) -> Option<&Arc<Account>> {
        self.at(Place::User)
    }

    /// The team that its key belongs to.
    #[must_use]
    pub fn team(&self) -> Option<&Arc<Account>> {
        self.at(Place::Team)
    }

    /// The id of that team.
    #[must_use]
    pub fn team_id(&self) -> Option<&str> {
        self.team().map(|team| team.id())
    }

    /// The organization of its key or its team.
    #[must_use]
    pub fn organization(&self) -> Option<&Arc<Account>> {
        self.at(Place::Organization)
    }

    /// The project of its key.
    #[must_use]
    pub fn project(&self) -> Option<&Arc<Account>> {
        self.at(Place::Project)
    }

    /// Whether its user administrates its team.
    #[must_use]
    pub fn is_team_admin(&self) -> bool {
        let member = self.at(Place::Member).and_then(|member| member.rare());
        member.and_then(|rare| rare.role.as_deref()) == Some("admin")
    }

    /// The customer of its request.
    #[must_use]
    pub fn customer(&self) -> Option<&str> {
        self.customer.as_deref()
    }

    /// The tags of its request and of its key.
    #[must_use]
    pub fn tags(&self) -> &[Box<str>] {
        &self.tags
    }

    /// The model that is meant by `name`: keys and teams have names of their own.
    pub(crate) fn meant(&self, name: &str) -> Option<&str> {
        let alias = |place| {
            self.at(place)
                .and_then(|account| account.terms().alias(name))
        };
        alias(Place::Key).or_else(|| alias(Place::Team))
    }
}

fn role(user: Option<&Account>) -> Option<Role> {
    let name = user?.rare()?.role.as_deref()?;
    // A role that nobody knows must not open more than the lowest.
    Some(Role::named(name).unwrap_or(Role::Customer))
}
