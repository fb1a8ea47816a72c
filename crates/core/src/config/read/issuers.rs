//! `litellm_jwtauth.issuers`, `routing_overrides`, and what issuers may say for themselves.

use super::super::keys;
use super::super::{ClaimPaths, JwtIssuer, RoutingOverride, UnregisteredClient};
use super::fields::Fields;
use super::identity::{choice, entries};
use super::model::required;

pub(super) fn list(fields: &mut Fields<'_, '_>) -> Vec<JwtIssuer> {
    let mut known = Vec::new();
    entries(fields, "issuers", keys::JWT_ISSUER, |inner, mark| {
        let issuer = required(inner, "issuer", mark)?;
        if known.contains(&issuer) {
            let path = inner.path.clone();
            inner.error(mark, &path, "another entry is for this issuer");
        }
        known.push(issuer.clone());
        let audience = inner.texts("audience");
        let any_audience = inner.is_on("disable_audience_validation");
        if audience.is_empty() != any_audience {
            let path = inner.path.clone();
            let message = "expected either an `audience` or `disable_audience_validation: true`";
            inner.error(mark, &path, message);
        }
        Some(JwtIssuer {
            issuer,
            jwks_url: inner.word("jwks_url"),
            audience,
            claims: claims(inner),
            unregistered_client: unregistered(inner),
        })
    })
}

/// The paths that an issuer may have of its own.
pub(super) fn claims(fields: &mut Fields<'_, '_>) -> ClaimPaths {
    ClaimPaths {
        user_id: fields.word("user_id_jwt_field"),
        user_email: fields.word("user_email_jwt_field"),
        team_id: fields.word("team_id_jwt_field"),
        team_ids: fields.word("team_ids_jwt_field"),
        organization_id: fields.word("org_id_jwt_field"),
        customer_id: fields.word("end_user_id_jwt_field"),
        virtual_key: fields.word("virtual_key_claim_field"),
        ..ClaimPaths::default()
    }
}

pub(super) fn unregistered(fields: &mut Fields<'_, '_>) -> Option<UnregisteredClient> {
    const EXPECTED: &str = "fallback_team_mapping, reject or auto_register";
    const NAME: &str = "unregistered_jwt_client_behavior";
    choice(fields, NAME, EXPECTED, |written| match written {
        "fallback_team_mapping" => Some(UnregisteredClient::TeamMapping),
        "reject" => Some(UnregisteredClient::Reject),
        "auto_register" => Some(UnregisteredClient::Register),
        _ => None,
    })
}

pub(super) fn routing_overrides(fields: &mut Fields<'_, '_>) -> Vec<RoutingOverride> {
    const NAME: &str = "routing_overrides";
    entries(fields, NAME, keys::ROUTING_OVERRIDE, |inner, mark| {
        let iss = inner.texts("iss");
        if iss.is_empty() {
            let path = inner.path.clone();
            inner.error(mark, &path, "`iss` is missing");
        }
        choice(inner, "path", "oauth2", |path| {
            (path == "oauth2").then_some(())
        });
        Some(RoutingOverride {
            iss,
            client_id: inner.texts("client_id"),
            scope: inner.texts("scope"),
            aud: inner.texts("aud"),
        })
    })
}
