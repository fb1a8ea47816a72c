//! From what a token says to whom it names, by the operator's settings (reference section 3.7).

use lockgate_core::access::Role;
use lockgate_core::config::{
    CallerRole, ClaimPaths, JwtAuth, RolePermission, ScopeMapping, UnregisteredClient,
};
use serde_json::Value;

use crate::caller::{Caller, Limit, TokenKind, UserSync, VirtualKeyClaim, Wishes};
use crate::claims::Claims;
use crate::error::IdentityError;
use crate::glob;
use crate::teams::{Teams, UnknownTeam};
use crate::verifier::{Issuer, Verified};

/// Reads one token.
struct Mapping<'m> {
    settings: &'m JwtAuth,
    claims: &'m Claims,
    issuer: &'m Issuer,
    scopes: Vec<&'m str>,
    admin: bool,
}

/// Whom `verified` names.
pub(crate) fn caller(verified: &Verified<'_>, settings: &JwtAuth) -> Result<Caller, IdentityError> {
    let scopes = verified.claims.scopes()?;
    let admin = scopes.contains(&settings.admin_jwt_scope.as_str());
    let mapping = Mapping {
        settings,
        claims: &verified.claims,
        issuer: verified.issuer,
        scopes,
        admin,
    };
    mapping.caller()
}

// === impl Mapping ===

impl Mapping<'_> {
    fn caller(&self) -> Result<Caller, IdentityError> {
        let paths = self.paths();
        let email = self.text(&paths.user_email)?;
        let own_id = self.text(&paths.user_id)?;
        let roles = self.claims.texts(paths.roles.as_deref())?;
        let mut teams = self.teams()?;
        let kind = self.kind(&teams, own_id.is_some(), &roles)?;
        let mut user_id = own_id.or_else(|| email.clone());
        if let Some(object) = self.text(&paths.object_id)? {
            match kind {
                Some(CallerRole::Team) => teams.object = Some(object),
                Some(CallerRole::InternalUser) => user_id = Some(object),
                Some(CallerRole::ProxyAdmin) | None => {}
            }
        }
        let role = if self.admin {
            CallerRole::ProxyAdmin
        } else if user_id.is_none() {
            CallerRole::Team
        } else {
            CallerRole::InternalUser
        };
        let refused = self.refusal(kind, email.as_deref(), user_id.is_some(), &teams)?;
        Ok(Caller {
            kind: TokenKind::Jwt,
            issuer: self.issuer.name().map(str::to_owned),
            role,
            user_role: self.admin.then_some(Role::ProxyAdmin),
            wishes: Wishes {
                create_user: self.settings.user_id_upsert && user_id.is_some() && !self.admin,
                sync: self.sync(&roles, &teams, user_id.is_some()),
            },
            user_id,
            user_email: email,
            team_ids: teams.claimed(),
            organization_id: self.text(&paths.organization_id)?,
            organization_alias: self.text(&paths.organization_alias)?,
            customer_id: self.text(&paths.customer_id)?,
            models: self.models(kind),
            routes: self.routes(kind, role, &teams),
            virtual_key: self.virtual_key()?,
            teams,
            refused,
        })
    }

    fn paths(&self) -> &ClaimPaths {
        &self.issuer.claims
    }

    fn text(&self, path: &Option<String>) -> Result<Option<String>, IdentityError> {
        self.claims.text(path.as_deref())
    }

    fn teams(&self) -> Result<Teams, IdentityError> {
        let (paths, settings) = (self.paths(), self.settings);
        Ok(Teams {
            admin: self.admin,
            object: None,
            single: self.claims.texts(paths.team_id.as_deref())?,
            several: self.claims.texts(paths.team_ids.as_deref())?,
            alias: self.text(&paths.team_alias)?,
            default: settings.team_id_default.clone(),
            required: paths
                .team_id
                .as_ref()
                .or(paths.team_alias.as_ref())
                .cloned(),
            enforced: settings.enforce_team_based_model_access,
            by_membership: settings.fallback_to_db_teams,
            unknown: if settings.team_id_upsert {
                UnknownTeam::Create
            } else if settings.team_claim_fallback {
                UnknownTeam::FallBack
            } else {
                UnknownTeam::Refuse
            },
        })
    }

    /// What kind of caller it is for `enforce_rbac` and `object_id_jwt_field`, in LiteLLM's order: a
    /// team wins over a user, and mappings are for tokens that name neither.
    fn kind(
        &self,
        teams: &Teams,
        names_user: bool,
        roles: &[String],
    ) -> Result<Option<CallerRole>, IdentityError> {
        if self.admin {
            return Ok(Some(CallerRole::ProxyAdmin));
        }
        if !teams.single.is_empty() || teams.default.is_some() {
            return Ok(Some(CallerRole::Team));
        }
        if names_user || self.has_allowed_role()?.unwrap_or(false) {
            return Ok(Some(CallerRole::InternalUser));
        }
        let mappings = &self.settings.role_mappings;
        let mapped = mappings
            .iter()
            .find(|mapping| roles.contains(&mapping.role));
        Ok(mapped.map(|mapping| mapping.internal_role))
    }

    /// Whether one of the roles at `user_roles_jwt_field` is one of `user_allowed_roles`; `None` when
    /// the operator does not ask.
    fn has_allowed_role(&self) -> Result<Option<bool>, IdentityError> {
        let allowed = &self.settings.user_allowed_roles;
        let Some(path) = self
            .paths()
            .user_roles
            .as_deref()
            .filter(|_| !allowed.is_empty())
        else {
            return Ok(None);
        };
        let roles = self.claims.texts(Some(path))?;
        Ok(Some(roles.iter().any(|role| allowed.contains(role))))
    }

    fn refusal(
        &self,
        kind: Option<CallerRole>,
        email: Option<&str>,
        names_user: bool,
        teams: &Teams,
    ) -> Result<Option<IdentityError>, IdentityError> {
        if self.admin {
            return Ok(None);
        }
        let refuse = |setting, why: &str| Ok(Some(IdentityError::forbidden(setting, why)));
        if self.settings.enforce_rbac && kind.is_none() {
            return refuse(
                "enforce_rbac",
                "the token belongs to no administrator, team or user",
            );
        }
        if !names_user && !teams.names_any() {
            let why = "the token names neither a user nor a team";
            return refuse("user_id_jwt_field, team_id_jwt_field", why);
        }
        if names_user && self.has_allowed_role()? == Some(false) {
            return refuse(
                "user_allowed_roles",
                "the token has none of the roles that are let in",
            );
        }
        if let Some(domain) = &self.settings.user_allowed_email_domain
            && !(email.is_some_and(|email| is_of(email, domain)) && self.is_email_verified())
        {
            let why = "the token has no e-mail address of the domain that is let in";
            return refuse("user_allowed_email_domain", why);
        }
        Ok(None)
    }

    /// An address that its issuer says is not verified is anybody's (`OpenID` Connect Core 1.0,
    /// section 5.1).
    fn is_email_verified(&self) -> bool {
        match self.claims.get("email_verified") {
            None | Some(Value::Bool(true)) => true,
            // Cognito writes it as a text.
            Some(Value::String(text)) => text == "true",
            Some(_) => false,
        }
    }

    fn models(&self, kind: Option<CallerRole>) -> Vec<Limit> {
        let mut limits = Vec::new();
        if let Some(names) = self
            .role_permission(kind)
            .and_then(|own| own.models.clone())
        {
            limits.push(limit("role_permissions", names));
        }
        if self.is_scoped() {
            let names = self
                .open_scopes()
                .flat_map(|own| own.models.iter().cloned());
            limits.push(limit("scope_mappings", names.collect()));
        }
        limits
    }

    fn routes(&self, kind: Option<CallerRole>, role: CallerRole, teams: &Teams) -> Vec<Limit> {
        let mut limits = Vec::new();
        if self.admin {
            let names = self.settings.admin_allowed_routes.clone();
            limits.push(limit("admin_allowed_routes", names));
        } else if role == CallerRole::Team || teams.is_picked() {
            let names = self.settings.team_allowed_routes.clone();
            limits.push(limit("team_allowed_routes", names));
        }
        if let Some(names) = self
            .role_permission(kind)
            .and_then(|own| own.routes.clone())
        {
            limits.push(limit("role_permissions", names));
        }
        if self.is_scoped() {
            let names: Vec<_> = self
                .open_scopes()
                .flat_map(|own| own.routes.iter().cloned())
                .collect();
            if !names.is_empty() {
                limits.push(limit("scope_mappings", names));
            }
        }
        limits
    }

    fn role_permission(&self, kind: Option<CallerRole>) -> Option<&RolePermission> {
        let kind = kind.filter(|_| self.settings.enforce_rbac)?;
        self.settings
            .role_permissions
            .iter()
            .find(|own| own.role == kind)
    }

    fn is_scoped(&self) -> bool {
        self.settings.enforce_scope_based_access && !self.settings.scope_mappings.is_empty()
    }

    fn open_scopes(&self) -> impl Iterator<Item = &ScopeMapping> {
        let mappings = self.settings.scope_mappings.iter();
        mappings.filter(|own| self.scopes.contains(&own.scope.as_str()))
    }

    fn sync(&self, roles: &[String], teams: &Teams, names_user: bool) -> Option<UserSync> {
        let settings = self.settings;
        if !settings.sync_user_role_and_teams || !names_user || self.admin {
            return None;
        }
        let mut map = settings.user_role_map.iter();
        let role = map.find(|own| roles.iter().any(|role| glob::fits(&own.jwt_role, role)));
        let named = if settings.fallback_to_db_teams {
            teams.claimed()
        } else {
            teams.several.clone()
        };
        let keep = settings.fallback_to_db_teams && named.is_empty();
        Some(UserSync {
            role: role.map(|own| own.litellm_role),
            teams: (!keep).then_some(named),
        })
    }

    fn virtual_key(&self) -> Result<Option<VirtualKeyClaim>, IdentityError> {
        let Some(claim) = &self.paths().virtual_key else {
            return Ok(None);
        };
        let unregistered = self.issuer.unregistered;
        let Some(value) = self.claims.text(Some(claim))? else {
            // Or a client could choose not to be one by having a token without the claim.
            return match unregistered {
                UnregisteredClient::TeamMapping => Ok(None),
                UnregisteredClient::Reject | UnregisteredClient::Register => {
                    let why = format!("the claim `{claim}` is missing");
                    Err(IdentityError::forbidden("virtual_key_claim_field", why))
                }
            };
        };
        let issuer = self.issuer.name().filter(|_| self.issuer.is_configured);
        Ok(Some(VirtualKeyClaim {
            issuer: issuer.map(str::to_owned),
            claim: claim.clone(),
            value,
            unregistered,
        }))
    }
}

fn limit(setting: &'static str, names: Vec<String>) -> Limit {
    Limit { setting, names }
}

/// Domains have no case.
fn is_of(email: &str, domain: &str) -> bool {
    email.rsplit_once('@').is_some_and(|(local, own)| {
        !local.is_empty() && own.eq_ignore_ascii_case(domain.trim_start_matches('@'))
    })
}
