//! The tables of LiteLLM that are copied, with the columns they have in 1.105 (source: the schema in
//! `litellm-proxy-extras` 0.4.105).

use lockgate_core::entity::EntityKind;

/// A table of LiteLLM, one row of which becomes one entity.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its name in the database.
    pub name: &'static str,
    /// What its rows are, for people.
    pub what: &'static str,
    /// What they become.
    pub kind: EntityKind,
    /// The columns that identify a row, which is also the order of reading.
    pub id: &'static [&'static str],
    /// Which rows are read.
    pub rows: Rows,
    /// All columns in LiteLLM 1.105, separated by spaces.
    pub columns: &'static str,
}

/// Which rows of a table are read, and what of other tables with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Its own, all of them.
    Own,
    /// Of rows with the same id that with the highest value in this column.
    Newest(&'static str),
    /// One for each member that the list of a team names, with his role; and those who have a
    /// membership without being on the list, who have none.
    Members,
    /// With the budget of the group.
    Groups,
    /// Those of groups that have no row of their own.
    OtherGroups,
}

/// The table that others refer to by `object_permission_id`.
pub(crate) const OBJECT_PERMISSIONS: &str = "LiteLLM_ObjectPermissionTable";
/// The table that others refer to by `budget_id`.
pub(crate) const BUDGETS: &str = "LiteLLM_BudgetTable";
/// The table that holds the model aliases of teams, by `model_id`.
pub(crate) const MODEL_ALIASES: &str = "LiteLLM_ModelTable";
/// Teams, with lists of their members.
pub(crate) const TEAMS: &str = "LiteLLM_TeamTable";
/// Users, with their e-mail addresses.
pub(crate) const USERS: &str = "LiteLLM_UserTable";
/// Access groups, by id.
pub(crate) const GROUPS: &str = "LiteLLM_AccessGroupTable";
/// Budgets of access groups, by name.
pub(crate) const GROUP_BUDGETS: &str = "LiteLLM_ModelAccessGroupBudgetTable";
/// One row for each request.
pub(crate) const SPEND_LOGS: &str = "LiteLLM_SpendLogs";
/// What keys and teams spent in the windows of their `budget_limits`.
pub(crate) const WINDOW_SPEND: &str = "LiteLLM_BudgetWindowSpend";

/// In the order of copying: what others refer to comes first.
pub(crate) const TABLES: [Table; 17] = [
    Table {
        name: "LiteLLM_BudgetTable",
        what: "budgets",
        kind: EntityKind::Budget,
        id: &["budget_id"],
        rows: Rows::Own,
        columns: "budget_id max_budget soft_budget max_parallel_requests tpm_limit rpm_limit \
                  tpd_limit model_max_budget budget_duration budget_reset_at allowed_models \
                  temp_budget_increase temp_budget_expiry created_at created_by updated_at \
                  updated_by",
    },
    Table {
        name: "LiteLLM_OrganizationTable",
        what: "organizations",
        kind: EntityKind::Organization,
        id: &["organization_id"],
        rows: Rows::Own,
        columns: "organization_id organization_alias budget_id metadata models spend model_spend \
                  object_permission_id created_at created_by updated_at updated_by",
    },
    Table {
        name: "LiteLLM_UserTable",
        what: "users",
        kind: EntityKind::User,
        id: &["user_id"],
        rows: Rows::Own,
        columns: "user_id user_alias team_id sso_user_id organization_id object_permission_id \
                  password password_reset_required last_breach_check_at teams user_role max_budget \
                  spend user_email models metadata max_parallel_requests tpm_limit rpm_limit \
                  budget_duration budget_reset_at allowed_cache_controls policies model_spend \
                  model_max_budget created_at updated_at",
    },
    Table {
        name: "LiteLLM_TeamTable",
        what: "teams",
        kind: EntityKind::Team,
        id: &["team_id"],
        rows: Rows::Own,
        columns: "team_id team_alias organization_id object_permission_id admins members \
                  members_with_roles metadata max_budget soft_budget spend models \
                  max_parallel_requests tpm_limit rpm_limit tpd_limit budget_duration \
                  budget_reset_at blocked created_at updated_at model_spend model_max_budget \
                  router_settings team_member_permissions access_group_ids policies \
                  default_team_member_models budget_limits model_id allow_team_guardrail_config",
    },
    Table {
        name: "LiteLLM_TeamMembership",
        what: "team members",
        kind: EntityKind::TeamMember,
        id: &["team_id", "user_id"],
        rows: Rows::Members,
        columns: "user_id team_id spend total_spend budget_id",
    },
    Table {
        name: "LiteLLM_OrganizationMembership",
        what: "organization members",
        kind: EntityKind::OrganizationMember,
        id: &["organization_id", "user_id"],
        rows: Rows::Own,
        columns: "user_id organization_id user_role spend budget_id created_at updated_at",
    },
    Table {
        name: "LiteLLM_ProjectTable",
        what: "projects",
        kind: EntityKind::Project,
        id: &["project_id"],
        rows: Rows::Own,
        columns: "project_id project_alias description team_id budget_id metadata models spend \
                  model_spend model_rpm_limit model_tpm_limit blocked object_permission_id \
                  created_at created_by updated_at updated_by",
    },
    Table {
        name: "LiteLLM_AccessGroupTable",
        what: "access groups",
        kind: EntityKind::AccessGroup,
        id: &["access_group_id"],
        rows: Rows::Groups,
        columns: "access_group_id access_group_name description access_model_names \
                  access_mcp_server_ids access_agent_ids assigned_team_ids assigned_key_ids \
                  created_at created_by updated_at updated_by",
    },
    Table {
        name: "LiteLLM_ModelAccessGroupBudgetTable",
        what: "other access groups",
        kind: EntityKind::AccessGroup,
        id: &["access_group_name"],
        rows: Rows::OtherGroups,
        columns: "access_group_name spend budget_id created_at created_by updated_at updated_by",
    },
    Table {
        name: "LiteLLM_TagTable",
        what: "tags",
        kind: EntityKind::Tag,
        id: &["tag_name"],
        rows: Rows::Own,
        columns: "tag_name description models model_info spend budget_id created_at created_by \
                  updated_at",
    },
    Table {
        name: "LiteLLM_EndUserTable",
        what: "customers",
        kind: EntityKind::Customer,
        id: &["user_id"],
        rows: Rows::Own,
        columns: "user_id alias spend allowed_model_region default_model budget_id \
                  object_permission_id blocked",
    },
    Table {
        name: "LiteLLM_VerificationToken",
        what: "keys",
        kind: EntityKind::Key,
        id: &["token"],
        rows: Rows::Own,
        columns: "token key_name key_alias soft_budget_cooldown spend total_spend expires models \
                  aliases config router_settings user_id team_id agent_id project_id permissions \
                  max_parallel_requests metadata blocked tpm_limit rpm_limit tpd_limit max_budget \
                  budget_duration budget_reset_at allowed_cache_controls allowed_routes key_type \
                  policies access_group_ids model_spend model_max_budget budget_fallbacks \
                  budget_id organization_id object_permission_id created_at created_by updated_at \
                  updated_by settings_updated_at last_active rotation_count auto_rotate \
                  rotation_interval last_rotation_at key_rotation_at budget_limits",
    },
    Table {
        name: "LiteLLM_DeprecatedVerificationToken",
        what: "retired keys",
        kind: EntityKind::RetiredKey,
        id: &["token"],
        rows: Rows::Own,
        columns: "id token active_token_id revoke_at created_at",
    },
    Table {
        name: "LiteLLM_DeletedVerificationToken",
        what: "deleted keys",
        kind: EntityKind::DeletedKey,
        id: &["token"],
        rows: Rows::Newest("deleted_at"),
        columns: "id token key_name key_alias soft_budget_cooldown spend total_spend expires \
                  models aliases config user_id team_id agent_id project_id permissions \
                  max_parallel_requests metadata blocked tpm_limit rpm_limit tpd_limit max_budget \
                  budget_duration budget_reset_at allowed_cache_controls allowed_routes key_type \
                  policies access_group_ids model_spend model_max_budget budget_fallbacks \
                  router_settings budget_id organization_id object_permission_id created_at \
                  created_by updated_at updated_by settings_updated_at last_active rotation_count \
                  auto_rotate rotation_interval last_rotation_at key_rotation_at deleted_at \
                  deleted_by deleted_by_api_key litellm_changed_by",
    },
    Table {
        name: "LiteLLM_CredentialsTable",
        what: "credentials",
        kind: EntityKind::Credential,
        id: &["credential_name"],
        rows: Rows::Own,
        columns: "credential_id credential_name credential_values credential_info created_at \
                  created_by updated_at updated_by",
    },
    Table {
        name: "LiteLLM_ProxyModelTable",
        what: "models",
        kind: EntityKind::Model,
        id: &["model_id"],
        rows: Rows::Own,
        columns: "model_id model_name litellm_params model_info blocked created_at created_by \
                  updated_at updated_by",
    },
    Table {
        name: "LiteLLM_Config",
        what: "settings",
        kind: EntityKind::Config,
        id: &["param_name"],
        rows: Rows::Own,
        columns: "param_name param_value last_run_at reload_revision",
    },
];
