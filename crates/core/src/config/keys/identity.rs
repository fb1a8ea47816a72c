//! Names in `litellm_jwtauth` and below, and in `role_permissions`.

use super::KeyTable;

pub(in crate::config) const JWT_AUTH: KeyTable = KeyTable {
    section: "litellm_jwtauth",
    effective: &[
        "admin_allowed_routes",
        "admin_jwt_scope",
        // Refused, because it would check what nothing here does.
        "custom_validate",
        "end_user_id_jwt_field",
        "enforce_rbac",
        "enforce_scope_based_access",
        "enforce_team_based_model_access",
        "fallback_to_db_teams",
        "issuers",
        "jwt_client_id_field",
        "jwt_litellm_role_map",
        "object_id_jwt_field",
        "org_alias_jwt_field",
        "org_id_jwt_field",
        "public_key_stale_ttl",
        "public_key_ttl",
        "role_mappings",
        "roles_jwt_field",
        "routing_overrides",
        "scope_mappings",
        "sync_user_role_and_teams",
        "team_alias_jwt_field",
        "team_allowed_routes",
        "team_claim_fallback",
        "team_id_default",
        "team_id_jwt_field",
        "team_id_upsert",
        "team_ids_jwt_field",
        "unregistered_jwt_client_behavior",
        "user_allowed_email_domain",
        "user_allowed_roles",
        "user_email_jwt_field",
        "user_id_jwt_field",
        "user_id_upsert",
        "user_roles_jwt_field",
        "virtual_key_claim_field",
    ],
    known: &[
        "agent_id_jwt_field",
        "mcp_client_id_jwt_field",
        "oidc_userinfo_cache_ttl",
        "oidc_userinfo_enabled",
        "oidc_userinfo_endpoint",
        "public_allowed_routes",
        "upsert_sso_user_to_team",
        // What is mapped is in memory, and nothing is cached.
        "virtual_key_mapping_cache_ttl",
    ],
};

pub(in crate::config) const JWT_ISSUER: KeyTable = KeyTable {
    section: "issuers",
    effective: &[
        "audience",
        "disable_audience_validation",
        "end_user_id_jwt_field",
        "issuer",
        "jwks_url",
        "org_id_jwt_field",
        "team_id_jwt_field",
        "team_ids_jwt_field",
        "unregistered_jwt_client_behavior",
        "user_email_jwt_field",
        "user_id_jwt_field",
        "virtual_key_claim_field",
    ],
    known: &[],
};

pub(in crate::config) const ROLE_MAPPING: KeyTable = KeyTable {
    section: "role_mappings",
    effective: &["internal_role", "role"],
    known: &[],
};

pub(in crate::config) const USER_ROLE_MAPPING: KeyTable = KeyTable {
    section: "jwt_litellm_role_map",
    effective: &["jwt_role", "litellm_role"],
    known: &[],
};

pub(in crate::config) const SCOPE_MAPPING: KeyTable = KeyTable {
    section: "scope_mappings",
    effective: &["models", "routes", "scope"],
    known: &[],
};

pub(in crate::config) const ROLE_PERMISSION: KeyTable = KeyTable {
    section: "role_permissions",
    effective: &["models", "role", "routes"],
    known: &[],
};

pub(in crate::config) const ROUTING_OVERRIDE: KeyTable = KeyTable {
    section: "routing_overrides",
    effective: &["aud", "client_id", "iss", "path", "scope"],
    known: &[],
};
