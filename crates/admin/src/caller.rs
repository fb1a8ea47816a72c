//! Who asks, as far as the management API has to know.

use std::collections::BTreeMap;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The holder of the master key, who may do everything.
    Master,
    /// The holder of a virtual key.
    Key(KeyCaller),
}

/// The holder of a virtual key: what the key, its user and their memberships say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCaller {
    /// The key's id: its SHA-256.
    pub key_id: String,
    /// The role of the key's user; [`Role::InternalUser`] when it has none.
    pub role: Role,
    /// The user the key belongs to.
    pub user_id: Option<String>,
    /// The team the key belongs to.
    pub team_id: Option<String>,
    /// The teams the user is in.
    pub teams: BTreeMap<String, TeamRole>,
    /// The organizations the user is in.
    pub organizations: BTreeMap<String, OrganizationRole>,
    /// `allowed_routes` of the key; empty: no limit.
    pub allowed_routes: Vec<String>,
}

/// What a user is in the gateway (reference section 3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// May do everything.
    ProxyAdmin,
    /// May see everything.
    ProxyAdminViewer,
    /// Manages the organizations in which he is an admin.
    OrgAdmin,
    /// Manages his own keys, and the teams in which he is an admin.
    InternalUser,
    /// Sees his own keys and spend.
    InternalUserViewer,
    /// A team that came with a token of its own.
    Team,
    /// An end user of an application.
    Customer,
}

/// What a user is in a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TeamRole {
    /// Manages it.
    Admin,
    /// Is in it.
    User,
}

/// What a user is in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OrganizationRole {
    /// Manages it.
    Admin,
    /// Is in it.
    Member,
}

/// Who the audit log says that the master key was.
const MASTER_USER: &str = "default_user_id";

// === impl Role ===

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::ProxyAdmin,
        Self::ProxyAdminViewer,
        Self::OrgAdmin,
        Self::InternalUser,
        Self::InternalUserViewer,
        Self::Team,
        Self::Customer,
    ];

    /// LiteLLM's name for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ProxyAdmin => "proxy_admin",
            Self::ProxyAdminViewer => "proxy_admin_viewer",
            Self::OrgAdmin => "org_admin",
            Self::InternalUser => "internal_user",
            Self::InternalUserViewer => "internal_user_viewer",
            Self::Team => "team",
            Self::Customer => "customer",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

// === impl Caller ===

impl Caller {
    /// His role.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::Master => Role::ProxyAdmin,
            Self::Key(key) => key.role,
        }
    }

    /// His id, for what he makes and for the audit log.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        match self {
            Self::Master => Some(MASTER_USER),
            Self::Key(key) => key.user_id.as_deref(),
        }
    }

    /// The id of his key; the master key has none.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        match self {
            Self::Master => None,
            Self::Key(key) => Some(&key.key_id),
        }
    }

    /// Whether he may do everything.
    pub(crate) fn is_admin(&self) -> bool {
        self.role() == Role::ProxyAdmin
    }

    /// Whether he may see everything.
    pub(crate) fn sees_all(&self) -> bool {
        matches!(self.role(), Role::ProxyAdmin | Role::ProxyAdminViewer)
    }

    /// Whether he may change what is his: viewers and customers may not.
    pub(crate) fn may_change(&self) -> bool {
        matches!(
            self.role(),
            Role::ProxyAdmin | Role::OrgAdmin | Role::InternalUser
        )
    }

    /// Whether this is him. A key without a user is nobody.
    pub(crate) fn is(&self, user_id: Option<&str>) -> bool {
        match self {
            Self::Master => false,
            Self::Key(key) => user_id.is_some() && key.user_id.as_deref() == user_id,
        }
    }

    /// What he is in a team.
    pub(crate) fn team_role(&self, team_id: &str) -> Option<TeamRole> {
        match self {
            Self::Master => None,
            Self::Key(key) => key.teams.get(team_id).copied(),
        }
    }

    /// Whether he is in a team, or his key is.
    pub(crate) fn is_in_team(&self, team_id: &str) -> bool {
        match self {
            Self::Master => false,
            Self::Key(key) => {
                key.teams.contains_key(team_id) || key.team_id.as_deref() == Some(team_id)
            }
        }
    }

    /// Whether he is an admin of an organization.
    pub(crate) fn administers(&self, organization_id: Option<&str>) -> bool {
        match (self, organization_id) {
            (Self::Key(key), Some(id)) => {
                key.organizations.get(id) == Some(&OrganizationRole::Admin)
            }
            _ => false,
        }
    }

    /// The organizations that he is in.
    pub(crate) fn organizations(&self) -> Vec<String> {
        match self {
            Self::Master => Vec::new(),
            Self::Key(key) => key.organizations.keys().cloned().collect(),
        }
    }

    /// Those of which he is an admin.
    pub(crate) fn administered_organizations(&self) -> Vec<String> {
        let organizations = self.organizations();
        organizations
            .into_iter()
            .filter(|id| self.administers(Some(id)))
            .collect()
    }

    /// The teams that he is in.
    pub(crate) fn teams(&self) -> Vec<String> {
        match self {
            Self::Master => Vec::new(),
            Self::Key(key) => key.teams.keys().cloned().collect(),
        }
    }

    /// Those of which he is an admin.
    pub(crate) fn administered_teams(&self) -> Vec<String> {
        let teams = self.teams();
        teams
            .into_iter()
            .filter(|id| self.team_role(id) == Some(TeamRole::Admin))
            .collect()
    }
}
