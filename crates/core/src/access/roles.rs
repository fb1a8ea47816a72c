//! What the roles may do (reference section 3.5), as a table.

use super::RouteClass;

/// What a user, or whoever calls without one, is in the gateway. What he is in a team or in an
/// organization besides is said by his membership there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything but what the master key alone may.
    ProxyAdmin,
    /// Sees everything, changes nothing.
    ProxyAdminViewer,
    /// Manages the teams, keys and users of the organizations in which he is an admin.
    OrgAdmin,
    /// Has keys and sees what they spent; manages the teams in which he is an admin.
    InternalUser,
    /// Sees its own, changes nothing.
    InternalUserViewer,
    /// A team that came with a token of its own, and no user: calls models and sees what is the
    /// team's.
    Team,
    /// An end user of an application: calls models, nothing else.
    Customer,
}

/// How far a role goes on a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Not at all.
    No,
    /// Reads what is its own.
    ReadOwn,
    /// Reads everything.
    Read,
    /// Reads and changes what is its own: the handler checks whose it is.
    Own,
    /// Everything.
    All,
}

// === impl Role ===

impl Role {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::ProxyAdmin,
        Self::ProxyAdminViewer,
        Self::OrgAdmin,
        Self::InternalUser,
        Self::InternalUserViewer,
        Self::Team,
        Self::Customer,
    ];

    /// The role of that name: `user_role` of a user.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "proxy_admin" => Self::ProxyAdmin,
            "proxy_admin_viewer" | "proxy_admin_view_only" => Self::ProxyAdminViewer,
            "org_admin" => Self::OrgAdmin,
            "team" => Self::Team,
            "internal_user" => Self::InternalUser,
            "internal_user_viewer" | "internal_user_view_only" => Self::InternalUserViewer,
            "customer" => Self::Customer,
            _ => return None,
        })
    }

    /// Its name.
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

    /// How far it goes on routes of `class`.
    #[must_use]
    pub fn permission(self, class: RouteClass) -> Permission {
        use Permission::{All, No, Own, Read, ReadOwn};
        if class == RouteClass::Public || class.is_llm() {
            return All;
        }
        // The columns are in the order of `Role::ALL`.
        let row = match class {
            RouteClass::Info => [All, Read, Own, ReadOwn, ReadOwn, ReadOwn, No],
            RouteClass::Spend => [All, Read, ReadOwn, ReadOwn, ReadOwn, ReadOwn, No],
            RouteClass::Keys => [All, Read, Own, Own, ReadOwn, ReadOwn, No],
            RouteClass::Users => [All, Read, Own, ReadOwn, ReadOwn, No, No],
            RouteClass::Teams => [All, Read, Own, Own, ReadOwn, ReadOwn, No],
            RouteClass::Organizations => [All, Read, Own, No, No, No, No],
            RouteClass::GlobalSpend
            | RouteClass::Accounts
            | RouteClass::Deployments
            | RouteClass::Gateway => [All, Read, No, No, No, No, No],
            _ => [No; 7],
        };
        let place = Self::ALL.iter().position(|role| *role == self);
        place.map_or(No, |place| row[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_calls_models_and_nobody_but_the_master_key_its_own_routes() {
        for role in Role::ALL {
            for class in RouteClass::ALL {
                let permission = role.permission(class);
                if class.is_llm() || class == RouteClass::Public {
                    assert_eq!(permission, Permission::All, "{role:?} {class:?}");
                }
                if class == RouteClass::Master {
                    assert_eq!(permission, Permission::No, "{role:?}");
                }
            }
            assert_eq!(Role::named(role.as_str()), Some(role));
        }
    }

    #[test]
    fn viewers_and_customers_change_nothing() {
        let management = RouteClass::ALL.into_iter().filter(|class| !class.is_llm());
        for class in management.filter(|class| *class != RouteClass::Public) {
            for role in [Role::ProxyAdminViewer, Role::InternalUserViewer] {
                assert!(
                    role.permission(class) <= Permission::Read,
                    "{role:?} {class:?}"
                );
            }
            assert_eq!(
                Role::Customer.permission(class),
                Permission::No,
                "{class:?}"
            );
        }
    }
}
