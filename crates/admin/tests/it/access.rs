//! Every route, every kind of caller, about what is theirs and what is not.
//!
//! The golden table is the contract: a cell that changes is somebody who may do more, or less.

use std::fmt::Write as _;

use lockgate_admin::{AdminRoute as R, Caller, OrganizationRole, Role, TeamRole};
use serde_json::{Value, json};

use crate::support::{Api, Membership as _, user};

/// What a request is about.
#[derive(Debug, Clone, Copy)]
struct World {
    organization: &'static str,
    team: &'static str,
    user: &'static str,
    member: &'static str,
    key: &'static str,
    project: &'static str,
}

/// What is the caller's: he is `u1`, in team `t1` of organization `o1`.
const OWN: World = World {
    organization: "o1",
    team: "t1",
    user: "u1",
    member: "m1",
    key: "sk-key-of-u1-0123456",
    project: "p1",
};
/// A colleague's, in the same team and organization.
const COLLEAGUE: World = World {
    user: "m1",
    key: "sk-key-of-t1-0123456",
    ..OWN
};
/// A stranger's.
const FOREIGN: World = World {
    organization: "o2",
    team: "t2",
    user: "u2",
    member: "m2",
    key: "sk-key-of-u2-0123456",
    project: "p2",
};

async fn seeded() -> Api {
    let api = Api::new();
    for world in [OWN, FOREIGN] {
        let (organization, team) = (world.organization, world.team);
        for (path, body) in [
            (
                "/organization/new",
                json!({"organization_id": organization, "organization_alias": "x"}),
            ),
            (
                "/team/new",
                json!({"team_id": team, "organization_id": organization, "models": ["a", "b"]}),
            ),
            (
                "/user/new",
                json!({
                    "user_id": world.user, "teams": [team], "organizations": [organization], "auto_create_key": false,
                }),
            ),
            (
                "/user/new",
                json!({
                    "user_id": world.member, "teams": [team], "organizations": [organization], "auto_create_key": false,
                }),
            ),
            (
                "/project/new",
                json!({"project_id": world.project, "team_id": team}),
            ),
        ] {
            api.must("POST", path, body).await;
        }
    }
    for (path, body) in shared() {
        api.must("POST", path, body).await;
    }
    api
}

/// What is there besides the two worlds, and their keys.
fn shared() -> Vec<(&'static str, Value)> {
    vec![
        ("/key/generate", json!({"key": OWN.key, "user_id": "u1"})),
        (
            "/key/generate",
            json!({"key": COLLEAGUE.key, "user_id": "m1", "team_id": "t1"}),
        ),
        (
            "/key/generate",
            json!({"key": FOREIGN.key, "user_id": "u2", "team_id": "t2"}),
        ),
        (
            "/user/new",
            json!({"user_id": "nobody", "auto_create_key": false}),
        ),
        ("/budget/new", json!({"budget_id": "b"})),
        ("/customer/new", json!({"user_id": "c"})),
        ("/tag/new", json!({"name": "tag"})),
        (
            "/access_group/new",
            json!({"access_group": "group", "model_names": ["a"]}),
        ),
        (
            "/model/new",
            json!({"model_name": "a", "litellm_params": {"model": "openai/a"}, "model_info": {"id": "m"}}),
        ),
        (
            "/jwt/key/mapping/new",
            json!({"jwt_claim_name": "client_id", "jwt_claim_value": "build", "key": OWN.key}),
        ),
        (
            "/credentials",
            json!({"credential_name": "cred", "credential_values": {"api_key": "x"}}),
        ),
    ]
}

/// A request to `route` that works for a proxy admin: its query or the rest of its path, and its body.
fn sample(route: R, about: &World) -> (String, Value) {
    let body = about_keys(route, about)
        .or_else(|| about_teams(route, about))
        .or_else(|| about_others(route, about))
        .unwrap_or_else(|| json!({}));
    let World {
        organization,
        team,
        user,
        key,
        project,
        ..
    } = *about;
    let query = match route {
        R::KeyInfo => format!("?key={key}"),
        R::KeyList | R::KeyAliases | R::UserInfo | R::UserInfoV2 => format!("?user_id={user}"),
        R::TeamInfo | R::TeamPermissions => format!("?team_id={team}"),
        R::TeamList | R::TeamListV2 => format!("?user_id={user}"),
        R::OrganizationInfo => format!("?organization_id={organization}"),
        R::CustomerInfo => "?end_user_id=c".to_owned(),
        R::BudgetSettings => "?budget_id=b".to_owned(),
        R::ProjectInfo => format!("?project_id={project}"),
        R::JwtMappingInfo => "?id={mapping}".to_owned(),
        R::ConfigFieldInfo => "?field_name=default_team_params".to_owned(),
        _ => about_spend(route, about),
    };
    (query, body)
}

/// The query of a request about spend.
fn about_spend(route: R, about: &World) -> String {
    let World {
        organization,
        team,
        user,
        key,
        ..
    } = *about;
    let whose = match route {
        R::SpendLogsV2 | R::SpendLogsUi | R::TeamSpendReport => format!("team_id={team}"),
        R::SpendLogsSession => "session_id=s".to_owned(),
        R::SpendUsers | R::UserSpendReport | R::UserDaily | R::UserDailySum => {
            format!("user_id={user}")
        }
        R::KeySpendReport => format!("api_key={key}"),
        R::OrganizationSpendReport => format!("organization_id={organization}"),
        R::TeamDaily | R::TeamDailySum => format!("team_ids={team}"),
        R::OrganizationDaily | R::OrganizationDailySum => {
            format!("organization_ids={organization}")
        }
        R::GlobalActivityExceptions | R::GlobalActivityDeployments => "model_group=a".to_owned(),
        _ => String::new(),
    };
    match route.paths()[0].1 {
        path if path.contains("spend") || path.contains("activity") => {
            format!("?start_date=2026-11-01&end_date=2026-11-23&{whose}")
        }
        _ => String::new(),
    }
}

/// The body of a request about keys and users.
fn about_keys(route: R, about: &World) -> Option<Value> {
    let World {
        organization,
        team,
        user,
        key,
        ..
    } = *about;
    Some(match route {
        R::KeyGenerate if about.key == COLLEAGUE.key => json!({"team_id": team}),
        R::KeyGenerate => json!({"user_id": user}),
        R::KeyServiceAccount => json!({"team_id": team}),
        R::KeyInfoMany | R::KeyDelete => json!({"keys": [key]}),
        R::KeyUpdate => json!({"key": key, "rpm_limit": 1}),
        R::KeyBulkUpdate => json!({"keys": [{"key": key, "tags": []}]}),
        R::KeyBlock | R::KeyUnblock | R::KeyRegenerate => json!({"key": key}),
        R::KeyResetSpend => json!({"reset_to": 0}),
        R::UserNew => json!({"user_id": "new", "organizations": [organization]}),
        R::UserUpdate => json!({"user_id": user, "user_alias": "x"}),
        R::UserBulkUpdate => json!({"users": [{"user_id": user, "user_alias": "x"}]}),
        R::UserDelete => json!({"user_ids": [user]}),
        _ => return None,
    })
}

/// The body of a request about teams and organizations.
fn about_teams(route: R, about: &World) -> Option<Value> {
    let World {
        organization,
        team,
        member,
        ..
    } = *about;
    Some(match route {
        R::TeamNew => json!({"team_id": "new", "organization_id": organization}),
        R::TeamUpdate => json!({"team_id": team, "team_alias": "x"}),
        R::TeamDelete => json!({"team_ids": [team]}),
        R::TeamMemberAdd => {
            json!({"team_id": team, "member": {"role": "user", "user_id": "nobody"}})
        }
        R::TeamMemberBulkAdd => {
            json!({"team_id": team, "members": [{"role": "user", "user_id": "nobody"}]})
        }
        R::TeamMemberUpdate => json!({"team_id": team, "user_id": member, "max_budget_in_team": 1}),
        R::TeamMemberDelete => json!({"team_id": team, "user_id": member}),
        R::TeamBlock | R::TeamUnblock => json!({"team_id": team}),
        R::TeamModelAdd | R::TeamModelDelete => json!({"team_id": team, "models": ["b"]}),
        R::TeamPermissionsUpdate => json!({"team_id": team, "team_member_permissions": []}),
        R::TeamPermissionsBulk => json!({"team_ids": [team], "permissions": ["/key/list"]}),
        R::OrganizationNew => json!({"organization_alias": "new"}),
        R::OrganizationInfoMany => json!({"organizations": [organization]}),
        R::OrganizationUpdate => {
            json!({"organization_id": organization, "organization_alias": "y"})
        }
        R::OrganizationDelete => json!({"organization_ids": [organization]}),
        R::OrganizationMemberAdd => {
            json!({"organization_id": organization, "member": {"role": "internal_user", "user_id": "fresh"}})
        }
        R::OrganizationMemberUpdate => {
            json!({"organization_id": organization, "user_id": member, "role": "internal_user"})
        }
        R::OrganizationMemberDelete => json!({"organization_id": organization, "user_id": member}),
        _ => return None,
    })
}

/// The body of a request about anything else.
fn about_others(route: R, about: &World) -> Option<Value> {
    let World { team, project, .. } = *about;
    Some(match route {
        R::SpendCalculate => json!({"model": "gpt", "messages": []}),
        R::CustomerNew => json!({"user_id": "new"}),
        R::CustomerUpdate => json!({"user_id": "c"}),
        R::CustomerDelete | R::CustomerBlock | R::CustomerUnblock => json!({"user_ids": ["c"]}),
        R::BudgetInfo => json!({"budgets": ["b"]}),
        R::BudgetUpdate => json!({"budget_id": "b"}),
        R::BudgetDelete => json!({"id": "b"}),
        R::TagNew => json!({"name": "new"}),
        R::TagInfo => json!({"names": ["tag"]}),
        R::TagUpdate | R::TagDelete => json!({"name": "tag"}),
        R::ProjectNew => json!({"team_id": team}),
        R::ProjectUpdate => json!({"project_id": project}),
        R::ProjectDelete => json!({"project_ids": [project]}),
        R::AccessGroupCreate => json!({"access_group_name": "new"}),
        R::ModelGroupsNew => json!({"access_group": "new", "model_names": ["a"]}),
        R::ModelGroupsUpdate => json!({"model_names": ["b"]}),
        R::ModelNew => json!({"model_name": "a", "litellm_params": {"model": "openai/a"}}),
        R::ModelUpdate | R::ModelDelete | R::ModelBlock | R::ModelUnblock => json!({"id": "m"}),
        R::CredentialCreate => json!({"credential_name": "new", "credential_values": {}}),
        R::ConfigFieldUpdate => json!({"field_name": "default_team_params", "field_value": {}}),
        R::JwtMappingNew => {
            json!({"jwt_claim_name": "client_id", "jwt_claim_value": "new", "key": OWN.key})
        }
        R::JwtMappingUpdate => json!({"id": "{mapping}", "description": "x"}),
        R::JwtMappingDelete => json!({"id": "{mapping}"}),
        R::ConfigFieldDelete => json!({"field_name": "default_team_params"}),
        _ => return None,
    })
}

async fn asked(api: &Api, caller: &Caller, route: R, about: &World) -> u16 {
    let (verb, template) = route.paths()[0];
    let (query, body) = sample(route, about);
    let groups = api.must("GET", "/v1/access_group", None).await;
    let group = groups[0]["access_group_id"].as_str().unwrap();
    let mappings = api.must("GET", "/jwt/key/mapping/list", None).await;
    let mapping = mappings["mappings"][0]["id"].as_str().unwrap();
    let query = query.replace("{mapping}", mapping);
    let body = body.to_string().replace("{mapping}", mapping);
    let body: Value = serde_json::from_str(&body).unwrap();
    let path = template
        .replace("{key}", about.key)
        .replace("{team_id}", about.team)
        .replace("{organization_id}", about.organization)
        .replace("{access_group_id}", group)
        .replace("{access_group}", "group")
        .replace("{model_id}", "m")
        .replace("{credential_name*}", "cred")
        .replace("{request_id}", "chatcmpl-1")
        .replace("{id}", "1");
    let body = (verb.as_str() != "GET").then_some(body);
    api.ask_as(caller, verb.as_str(), &format!("{path}{query}"), body)
        .await
        .status
}

fn callers() -> Vec<(&'static str, Caller)> {
    let admin_of = |role| user(role, "u1").in_organization("o1", OrganizationRole::Admin);
    let plain = || user(Role::InternalUser, "u1");
    let mut keyless = plain();
    keyless.user_id = None;
    keyless.team_id = Some("t1".to_owned());
    vec![
        ("proxy_admin", user(Role::ProxyAdmin, "u1").caller()),
        ("viewer", user(Role::ProxyAdminViewer, "u1").caller()),
        ("org_admin", admin_of(Role::OrgAdmin).caller()),
        ("org_admin_user", admin_of(Role::InternalUser).caller()),
        (
            "team_admin",
            plain().in_team("t1", TeamRole::Admin).caller(),
        ),
        ("member", plain().in_team("t1", TeamRole::User).caller()),
        ("user", plain().caller()),
        ("user_viewer", user(Role::InternalUserViewer, "u1").caller()),
        (
            "viewing_team_admin",
            user(Role::InternalUserViewer, "u1")
                .in_team("t1", TeamRole::Admin)
                .caller(),
        ),
        ("team_key", keyless.caller()),
        ("team", user(Role::Team, "u1").caller()),
        ("customer", user(Role::Customer, "u1").caller()),
    ]
}

#[tokio::test]
async fn who_may_do_what() {
    let callers = callers();
    let seeded = seeded().await;
    let mut table = String::from("own, a colleague's, a stranger's: + done, - refused\n\n");
    let _written = write!(table, "{:26}", "");
    for (name, _) in &callers {
        let _written = write!(table, " {name:>18}");
    }
    table.push('\n');
    for &route in R::ALL {
        let _written = write!(table, "{:26}", format!("{route:?}"));
        for world in [OWN, COLLEAGUE, FOREIGN] {
            // What is not there for anybody is no question of rights: nobody is asked about it.
            let status = asked(&seeded.copy(), &Caller::Master, route, &world).await;
            let is_me = route == R::TeamMe;
            assert!(
                status == 200 || is_me,
                "{route:?} with the master key: {status}"
            );
        }
        for (name, caller) in &callers {
            let mut cell = String::new();
            for world in [OWN, COLLEAGUE, FOREIGN] {
                let status = asked(&seeded.copy(), caller, route, &world).await;
                let mark = match status {
                    200 => '+',
                    403 => '-',
                    404 if [R::KeyInfoMany, R::TeamDaily, R::TeamDailySum].contains(&route) => '-',
                    other => panic!("{route:?} by {name} about {world:?}: {other}"),
                };
                cell.push(mark);
            }
            let _written = write!(table, " {cell:>18}");
        }
        table.push('\n');
    }
    insta::assert_snapshot!(table);
}

/// A key of a team can come into the hands of the team's admins: it must not be worth more than the team.
#[tokio::test]
async fn a_key_of_a_team_speaks_for_the_team_only() {
    let api = seeded().await;
    let mut admin = user(Role::ProxyAdmin, "u1").in_organization("o1", OrganizationRole::Admin);
    admin.team_id = Some("t1".to_owned());
    let admin = admin.caller();
    for (method, path, body) in [
        ("POST", "/budget/new", json!({})),
        (
            "POST",
            "/organization/update",
            json!({"organization_id": "o1"}),
        ),
        ("POST", "/key/regenerate", json!({"key": OWN.key})),
        ("POST", "/key/generate", json!({})),
        (
            "POST",
            "/user/update",
            json!({"user_id": "u1", "user_alias": "x"}),
        ),
    ] {
        let method = if path == "/organization/update" {
            "PATCH"
        } else {
            method
        };
        let reply = api.ask_as(&admin, method, path, body).await;
        assert_eq!(reply.status, 403, "{path}: {}", reply.body);
    }
}

#[tokio::test]
async fn admins_of_teams_and_organizations_give_keys_to_nobody_else_than_their_members() {
    let api = seeded().await;
    api.must(
        "POST",
        "/user/new",
        json!({"user_id": "boss", "user_role": "proxy_admin"}),
    )
    .await;
    let team = user(Role::InternalUser, "u1")
        .in_team("t1", TeamRole::Admin)
        .caller();
    let organization = user(Role::OrgAdmin, "u1")
        .in_organization("o1", OrganizationRole::Admin)
        .caller();
    for (caller, body) in [
        (&team, json!({"team_id": "t1", "user_id": "boss"})),
        (&organization, json!({"team_id": "t1", "user_id": "boss"})),
        (
            &organization,
            json!({"organization_id": "o1", "user_id": "boss"}),
        ),
    ] {
        let reply = api
            .ask_as(caller, "POST", "/key/generate", body.clone())
            .await;
        assert_eq!(reply.status, 403, "{body}");
        let update = json!({"key": COLLEAGUE.key, "user_id": "boss"});
        assert_eq!(
            api.ask_as(caller, "POST", "/key/update", update)
                .await
                .status,
            403
        );
    }
    let taken =
        json!({"organization_id": "o1", "member": {"role": "internal_user", "user_id": "boss"}});
    let reply = api
        .ask_as(&organization, "POST", "/organization/member_add", taken)
        .await;
    assert_eq!(reply.status, 403);
    for body in [
        json!({"models": []}),
        json!({"max_budget": null}),
        json!({"guardrails": []}),
    ] {
        let mut body = body;
        body["team_id"] = "t1".into();
        let reply = api
            .ask_as(&team, "POST", "/team/update", body.clone())
            .await;
        assert_eq!(reply.status, 403, "{body}");
    }
}
