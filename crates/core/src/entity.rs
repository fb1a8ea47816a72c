//! Who and what can be managed: keys, users, teams and the like, as they are stored.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What kind of entity something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityKind {
    /// A virtual key; its id is the SHA-256 of the key in lower-case hex.
    Key,
    /// A key that was deleted, kept for reports.
    DeletedKey,
    /// A key that was regenerated and still opens the gateway for a while.
    RetiredKey,
    /// An internal user.
    User,
    /// A team.
    Team,
    /// A user in a team; see [`EntityId::pair`].
    TeamMember,
    /// An organization.
    Organization,
    /// A user in an organization; see [`EntityId::pair`].
    OrganizationMember,
    /// A customer: an end user of an application.
    Customer,
    /// A budget that several entities refer to.
    Budget,
    /// A tag of requests.
    Tag,
    /// A project of a team.
    Project,
    /// A named set of models.
    AccessGroup,
    /// A deployment kept in the database.
    Model,
    /// A named set of provider credentials; its values are encrypted.
    Credential,
    /// A part of the configuration that was changed at run time.
    Config,
    /// A claim of tokens and the virtual key that stands for who shows one; its id is
    /// [`EntityId::claim`].
    JwtMapping,
    /// A job that one replica does at a time, and until when it is at it.
    Lease,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntityId {
    /// What it is.
    pub kind: EntityKind,
    /// Its id within the kind.
    pub id: String,
}

/// An entity as it is stored.
///
/// What is looked for has a field; everything else is in `settings`, under the names that
/// LiteLLM's management API has for it, and members that nobody here knows are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// Its id within the kind.
    pub id: String,
    /// A name that no other of its kind has: the alias of a key, the e-mail address of a user.
    pub unique_name: Option<String>,
    /// The team it belongs to.
    pub team_id: Option<String>,
    /// The user it belongs to.
    pub user_id: Option<String>,
    /// The organization it belongs to.
    pub organization_id: Option<String>,
    /// When it stops to be valid, in microseconds since 1970.
    pub expires_at: Option<i64>,
    /// When it was made, in microseconds since 1970.
    pub created_at: i64,
    /// Who made it.
    pub created_by: Option<String>,
    /// When it was last changed, in microseconds since 1970.
    pub updated_at: i64,
    /// Who changed it.
    pub updated_by: Option<String>,
    /// Everything else.
    pub settings: Map<String, Value>,
}

/// Parts of an id that consists of two; no id that a client chooses may hold it.
const SEPARATOR: char = '\u{1f}';

// === impl EntityKind ===

impl EntityKind {
    /// All kinds.
    pub const ALL: [Self; 18] = [
        Self::Key,
        Self::DeletedKey,
        Self::RetiredKey,
        Self::User,
        Self::Team,
        Self::TeamMember,
        Self::Organization,
        Self::OrganizationMember,
        Self::Customer,
        Self::Budget,
        Self::Tag,
        Self::Project,
        Self::AccessGroup,
        Self::Model,
        Self::Credential,
        Self::Config,
        Self::JwtMapping,
        Self::Lease,
    ];

    /// Its name in the database and in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::DeletedKey => "deleted_key",
            Self::RetiredKey => "retired_key",
            Self::User => "user",
            Self::Team => "team",
            Self::TeamMember => "team_member",
            Self::Organization => "organization",
            Self::OrganizationMember => "organization_member",
            Self::Customer => "customer",
            Self::Budget => "budget",
            Self::Tag => "tag",
            Self::Project => "project",
            Self::AccessGroup => "access_group",
            Self::Model => "model",
            Self::Credential => "credential",
            Self::Config => "config",
            Self::JwtMapping => "jwt_mapping",
            Self::Lease => "lease",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl EntityId ===

impl EntityId {
    /// The entity of that kind and id.
    pub fn new(kind: EntityKind, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }

    /// The id of what is between two entities, such as a user's membership in a team.
    pub fn pair(kind: EntityKind, of: &str, user: &str) -> Self {
        Self::new(kind, format!("{of}{SEPARATOR}{user}"))
    }

    /// The id of the mapping of a claim of `issuer`'s tokens, or of any issuer's, to a virtual key.
    pub fn claim(issuer: Option<&str>, claim: &str, value: &str) -> Self {
        let issuer = issuer.unwrap_or_default();
        let id = format!("{issuer}{SEPARATOR}{claim}{SEPARATOR}{value}");
        Self::new(EntityKind::JwtMapping, id)
    }

    /// Whether a client may choose `id`.
    #[must_use]
    pub fn is_choosable(id: &str) -> bool {
        !id.is_empty() && !id.contains(char::is_control)
    }
}

// === impl Entity ===

impl Entity {
    /// An entity that was just made, with nothing in it.
    #[must_use]
    pub fn new(id: EntityId, now: i64) -> Self {
        Self {
            kind: id.kind,
            id: id.id,
            unique_name: None,
            team_id: None,
            user_id: None,
            organization_id: None,
            expires_at: None,
            created_at: now,
            created_by: None,
            updated_at: now,
            updated_by: None,
            settings: Map::new(),
        }
    }

    /// Which it is.
    #[must_use]
    pub fn id(&self) -> EntityId {
        EntityId::new(self.kind, self.id.clone())
    }
}
