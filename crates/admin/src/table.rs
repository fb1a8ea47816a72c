//! All routes: their paths, who may call them, and the form of their errors.

use crate::access::Who;
use crate::refusal::ErrorForm;
use crate::route::Verb;

macro_rules! routes {
    ($(
        $resource:ident {
            $($name:ident: $who:ident, $form:ident, [$($verb:ident $path:literal),+];)+
        }
    )+) => {
        /// What a route is about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Resource {
            $($resource,)+
        }

        /// A route of the management API (reference section 2.1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AdminRoute {
            $($($(#[doc = concat!("`", $path, "`")])+ $name,)+)+
        }

        impl AdminRoute {
            /// All of them.
            pub const ALL: &[Self] = &[$($(Self::$name),+),+];

            /// Where it is; the first one names it. `{name}` stands for one part of a path.
            #[must_use]
            pub const fn paths(self) -> &'static [(Verb, &'static str)] {
                match self {
                    $($(Self::$name => &[$((Verb::$verb, $path)),+],)+)+
                }
            }

            /// Who may call it; what of it they may see or change is decided by what they own.
            #[must_use]
            pub const fn who(self) -> Who {
                match self {
                    $($(Self::$name => Who::$who,)+)+
                }
            }

            pub(crate) const fn error_form(self) -> ErrorForm {
                match self {
                    $($(Self::$name => ErrorForm::$form,)+)+
                }
            }

            pub(crate) const fn resource(self) -> Resource {
                match self {
                    $($(Self::$name => Resource::$resource,)+)+
                }
            }
        }
    };
}

routes! {
    Keys {
        KeyGenerate: Members, Error, [Post "/key/generate"];
        KeyServiceAccount: Members, Error, [Post "/key/service-account/generate"];
        KeyInfo: Everyone, Error, [Get "/key/info"];
        KeyInfoMany: Everyone, Error, [Post "/v2/key/info"];
        KeyList: Everyone, Error, [Get "/key/list"];
        KeyAliases: Everyone, Error, [Get "/key/aliases"];
        KeyUpdate: Members, Error, [Post "/key/update"];
        KeyBulkUpdate: Admins, Detail, [Post "/key/bulk_update"];
        KeyDelete: Members, Error, [Post "/key/delete", Delete "/key/delete"];
        KeyBlock: Members, Error, [Post "/key/block"];
        KeyUnblock: Members, Error, [Post "/key/unblock"];
        KeyRegenerate: Members, Error, [Post "/key/regenerate", Post "/key/{key}/regenerate"];
        KeyResetSpend: TeamAdmins, Error, [Post "/key/{key}/reset_spend"];
        KeyHealth: Everyone, Error, [Post "/key/health"];
    }
    Users {
        UserNew: OrganizationAdmins, Error, [Post "/user/new"];
        UserInfo: Everyone, Error, [Get "/user/info"];
        UserInfoV2: Everyone, Error, [Get "/v2/user/info"];
        UserList: OrganizationViewers, Detail, [Get "/user/list"];
        UserUpdate: Members, Error, [Post "/user/update"];
        UserBulkUpdate: Admins, Detail, [Post "/user/bulk_update"];
        UserDelete: OrganizationAdmins, Detail, [Post "/user/delete", Delete "/user/delete"];
        UserAvailableRoles: Viewers, Detail, [Get "/user/available_roles"];
    }
    Teams {
        TeamNew: OrganizationAdmins, Error, [Post "/team/new"];
        TeamInfo: Everyone, Detail, [Get "/team/info"];
        TeamList: Everyone, Detail, [Get "/team/list"];
        TeamListV2: Everyone, Detail, [Get "/v2/team/list"];
        TeamAvailable: Everyone, Detail, [Get "/team/available"];
        TeamUpdate: TeamAdmins, Error, [Post "/team/update", Patch "/team/{team_id}"];
        TeamDelete: OrganizationAdmins, Detail, [Post "/team/delete", Delete "/team/delete"];
        TeamMemberAdd: TeamAdmins, Detail, [Post "/team/member_add"];
        TeamMemberBulkAdd: TeamAdmins, Detail, [Post "/team/bulk_member_add"];
        TeamMemberUpdate: TeamAdmins, Detail, [Post "/team/member_update"];
        TeamMemberDelete: TeamAdmins, Detail, [Post "/team/member_delete", Delete "/team/member_delete"];
        TeamMe: Everyone, Detail, [Get "/team/{team_id}/members/me"];
        TeamBlock: OrganizationAdmins, Detail, [Post "/team/block"];
        TeamUnblock: OrganizationAdmins, Detail, [Post "/team/unblock"];
        TeamModelAdd: TeamAdmins, Detail, [Post "/team/model/add"];
        TeamModelDelete: TeamAdmins, Detail, [Post "/team/model/delete", Delete "/team/model/delete"];
        TeamPermissions: Everyone, Detail, [Get "/team/permissions_list"];
        TeamPermissionsUpdate: TeamAdmins, Detail, [Post "/team/permissions_update"];
        TeamPermissionsBulk: Admins, Detail, [Post "/team/permissions_bulk_update"];
    }
    Organizations {
        OrganizationNew: Admins, Detail, [Post "/organization/new"];
        OrganizationInfo: Everyone, Detail, [Get "/organization/info"];
        OrganizationInfoMany: Everyone, Detail, [Post "/organization/info"];
        OrganizationList: Everyone, Detail, [Get "/organization/list"];
        OrganizationUpdate: OrganizationAdmins, Detail,
            [Patch "/organization/update", Patch "/v2/organization/{organization_id}"];
        OrganizationDelete: Admins, Detail,
            [Delete "/organization/delete", Post "/organization/delete"];
        OrganizationMemberAdd: OrganizationAdmins, Detail, [Post "/organization/member_add"];
        OrganizationMemberUpdate: OrganizationAdmins, Detail, [Patch "/organization/member_update"];
        OrganizationMemberDelete: OrganizationAdmins, Detail, [Delete "/organization/member_delete"];
    }
    Customers {
        CustomerNew: Admins, Error, [Post "/customer/new", Post "/end_user/new"];
        CustomerInfo: Viewers, Error, [Get "/customer/info", Get "/end_user/info"];
        CustomerList: Viewers, Error, [Get "/customer/list", Get "/end_user/list"];
        CustomerUpdate: Admins, Error, [Post "/customer/update", Post "/end_user/update"];
        CustomerDelete: Admins, Error, [
            Post "/customer/delete", Post "/end_user/delete",
            Delete "/customer/delete", Delete "/end_user/delete"
        ];
        CustomerBlock: Admins, Error, [Post "/customer/block", Post "/end_user/block"];
        CustomerUnblock: Admins, Error, [Post "/customer/unblock", Post "/end_user/unblock"];
    }
    Budgets {
        BudgetNew: Admins, Detail, [Post "/budget/new"];
        BudgetInfo: Viewers, Detail, [Post "/budget/info"];
        BudgetList: Viewers, Detail, [Get "/budget/list"];
        BudgetSettings: Viewers, Detail, [Get "/budget/settings"];
        BudgetUpdate: Admins, Detail, [Post "/budget/update"];
        BudgetDelete: Admins, Detail, [Post "/budget/delete", Delete "/budget/delete"];
    }
    Tags {
        TagNew: Admins, Detail, [Post "/tag/new"];
        TagInfo: Viewers, Detail, [Post "/tag/info"];
        TagList: Everyone, Detail, [Get "/tag/list"];
        TagUpdate: Admins, Detail, [Post "/tag/update"];
        TagDelete: Admins, Detail, [Post "/tag/delete", Delete "/tag/delete"];
    }
    Projects {
        ProjectNew: TeamAdmins, Detail, [Post "/project/new"];
        ProjectInfo: Everyone, Detail, [Get "/project/info"];
        ProjectList: Everyone, Detail, [Get "/project/list"];
        ProjectUpdate: TeamAdmins, Detail, [Post "/project/update"];
        ProjectDelete: Admins, Detail, [Delete "/project/delete", Post "/project/delete"];
    }
    AccessGroups {
        AccessGroupCreate: Admins, Detail, [Post "/v1/access_group", Post "/v1/unified_access_group"];
        AccessGroupAll: Viewers, Detail, [Get "/v1/access_group", Get "/v1/unified_access_group"];
        AccessGroupGet: Viewers, Detail, [
            Get "/v1/access_group/{access_group_id}", Get "/v1/unified_access_group/{access_group_id}"
        ];
        AccessGroupPut: Admins, Detail, [
            Put "/v1/access_group/{access_group_id}", Put "/v1/unified_access_group/{access_group_id}"
        ];
        AccessGroupRemove: Admins, Detail, [
            Delete "/v1/access_group/{access_group_id}",
            Delete "/v1/unified_access_group/{access_group_id}"
        ];
        ModelGroupsNew: Admins, Detail, [Post "/access_group/new"];
        ModelGroupsList: Viewers, Detail, [Get "/access_group/list"];
        ModelGroupsInfo: Viewers, Detail, [Get "/access_group/{access_group}/info"];
        ModelGroupsUpdate: Admins, Detail, [Put "/access_group/{access_group}/update"];
        ModelGroupsDelete: Admins, Detail, [Delete "/access_group/{access_group}/delete"];
    }
    Models {
        ModelNew: Admins, Error, [Post "/model/new"];
        ModelUpdate: Admins, Error, [Post "/model/update", Patch "/model/{model_id}/update"];
        ModelDelete: Admins, Error, [Post "/model/delete", Delete "/model/delete"];
        ModelBlock: Admins, Error, [Post "/model/block"];
        ModelUnblock: Admins, Error, [Post "/model/unblock"];
    }
    Credentials {
        CredentialCreate: Admins, Error, [Post "/credentials"];
        CredentialList: Viewers, Error, [Get "/credentials"];
        CredentialByName: Viewers, Error, [Get "/credentials/by_name/{credential_name*}"];
        CredentialByModel: Viewers, Error, [Get "/credentials/by_model/{model_id}"];
        CredentialUpdate: Admins, Error, [Patch "/credentials/{credential_name*}"];
        CredentialDelete: Admins, Error, [Delete "/credentials/{credential_name*}"];
    }
    Config {
        ConfigUpdate: Admins, Error, [Post "/config/update"];
        ConfigFieldUpdate: Admins, Detail, [Post "/config/field/update"];
        ConfigFieldInfo: Admins, Detail, [Get "/config/field/info"];
        ConfigFieldDelete: Admins, Detail, [Post "/config/field/delete", Delete "/config/field/delete"];
        ConfigList: Admins, Detail, [Get "/config/list"];
    }
    Spend {
        SpendLogs: Everyone, Error, [Get "/spend/logs"];
        SpendLogsV2: Everyone, Error, [Get "/spend/logs/v2"];
        SpendLogsUi: Everyone, Error, [Get "/spend/logs/ui"];
        SpendLogsOne: Everyone, Detail, [Get "/spend/logs/ui/{request_id}"];
        SpendLogsSession: Everyone, Detail, [Get "/spend/logs/session/ui"];
        SpendKeys: Everyone, Detail, [Get "/spend/keys"];
        SpendUsers: Everyone, Detail, [Get "/spend/users"];
        SpendTags: Everyone, Error, [Get "/spend/tags"];
        SpendCalculate: Everyone, Error, [Post "/spend/calculate"];
        KeySpendReport: Everyone, Detail, [Get "/key/spend/report"];
        UserSpendReport: Everyone, Detail, [Get "/user/spend/report"];
        TeamSpendReport: Everyone, Detail, [Get "/team/spend/report"];
        OrganizationSpendReport: Everyone, Detail, [Get "/organization/spend/report"];
        GlobalSpend: Viewers, Error, [Get "/global/spend"];
        GlobalSpendLogs: Viewers, Error, [Get "/global/spend/logs"];
        GlobalSpendKeys: Viewers, Detail, [Get "/global/spend/keys"];
        GlobalSpendTeams: Viewers, Detail, [Get "/global/spend/teams"];
        GlobalSpendCustomers: Viewers, Detail,
            [Post "/global/spend/end_users", Get "/global/spend/end_users"];
        GlobalCustomers: Viewers, Detail, [Get "/global/all_end_users"];
        GlobalSpendModels: Viewers, Detail, [Get "/global/spend/models"];
        GlobalSpendProvider: Viewers, Detail, [Get "/global/spend/provider"];
        GlobalSpendTags: Viewers, Error, [Get "/global/spend/tags"];
        GlobalTagNames: Viewers, Error, [Get "/global/spend/all_tag_names"];
        GlobalSpendReport: Viewers, Detail, [Get "/global/spend/report"];
        GlobalSpendReset: Master, Error, [Post "/global/spend/reset"];
        GlobalActivity: Everyone, Detail, [Get "/global/activity"];
        GlobalActivityModel: Everyone, Detail, [Get "/global/activity/model"];
        GlobalActivityCache: Everyone, Detail, [Get "/global/activity/cache_hits"];
        GlobalActivityExceptions: Viewers, Detail, [Get "/global/activity/exceptions"];
        GlobalActivityDeployments: Viewers, Detail, [Get "/global/activity/exceptions/deployment"];
        UserDaily: Everyone, Detail, [Get "/user/daily/activity"];
        UserDailySum: Everyone, Detail, [Get "/user/daily/activity/aggregated"];
        TeamDaily: Everyone, Detail, [Get "/team/daily/activity"];
        TeamDailySum: Everyone, Detail, [Get "/team/daily/activity/aggregated"];
        TagDaily: Everyone, Detail, [Get "/tag/daily/activity"];
        TagDailySum: Everyone, Detail, [Get "/tag/daily/activity/aggregated"];
        OrganizationDaily: Everyone, Detail, [Get "/organization/daily/activity"];
        OrganizationDailySum: Everyone, Detail, [Get "/organization/daily/activity/aggregated"];
        CustomerDaily: Viewers, Detail,
            [Get "/customer/daily/activity", Get "/end_user/daily/activity"];
        CustomerDailySum: Viewers, Detail, [
            Get "/customer/daily/activity/aggregated", Get "/end_user/daily/activity/aggregated"
        ];
    }
    JwtMappings {
        JwtMappingNew: Admins, Plain, [Post "/jwt/key/mapping/new"];
        JwtMappingUpdate: Admins, Plain, [Post "/jwt/key/mapping/update"];
        JwtMappingDelete: Admins, Plain, [Post "/jwt/key/mapping/delete"];
        JwtMappingList: Viewers, Plain, [Get "/jwt/key/mapping/list"];
        JwtMappingInfo: Viewers, Plain, [Get "/jwt/key/mapping/info"];
    }
    Audit {
        Audit: Viewers, Detail, [Get "/audit"];
        AuditEntry: Viewers, Detail, [Get "/audit/{id}"];
    }
}
