//! What the roles may do (reference section 3.5), as a table.

use super::RouteClass;

/// What a caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything but what the master key alone may.
    ProxyAdmin,
    /// Sees everything, changes nothing.
    ProxyAdminViewer,
    /// Manages the teams, keys and users of an organization.
    OrgAdmin,
    /// Manages the keys and members of a team.
    TeamAdmin,
    /// Has keys and sees what they spent.
    InternalUser,
    /// Sees its own, changes nothing.
    InternalUserViewer,
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
        Self::TeamAdmin,
        Self::InternalUser,
        Self::InternalUserViewer,
        Self::Customer,
    ];

    /// The role of that name: `user_role` of a user, `role` of a member.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "proxy_admin" => Self::ProxyAdmin,
            "proxy_admin_viewer" | "proxy_admin_view_only" => Self::ProxyAdminViewer,
            "org_admin" => Self::OrgAdmin,
            "team" | "admin" => Self::TeamAdmin,
            "internal_user" | "user" => Self::InternalUser,
            "internal_user_viewer" | "internal_user_view_only" => Self::InternalUserViewer,
            "customer" => Self::Customer,
            _ => return None,
        })
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProxyAdmin => "proxy_admin",
            Self::ProxyAdminViewer => "proxy_admin_viewer",
            Self::OrgAdmin => "org_admin",
            Self::TeamAdmin => "team",
            Self::InternalUser => "internal_user",
            Self::InternalUserViewer => "internal_user_viewer",
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
            RouteClass::Info => [All, Read, Own, Own, ReadOwn, ReadOwn, No],
            RouteClass::Spend => [All, Read, ReadOwn, ReadOwn, ReadOwn, ReadOwn, No],
            RouteClass::Keys => [All, Read, Own, Own, Own, ReadOwn, No],
            RouteClass::Users => [All, Read, Own, No, ReadOwn, ReadOwn, No],
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
