//! Callers with tokens of an identity provider, from end to end.

use lockgate_testkit::{Gateway, GatewayBuilder, Reply};
use serde_json::{Value, json};

use super::{Database, Site, TOKENS, holder, manage, on_each_database, question};
use crate::support::{AUDIENCE, CHAT, Issuer, MASTER, Signer, eventually};

on_each_database! {
    users_and_teams_are_made_once_and_charged
    an_admin_token_manages_and_a_plain_one_does_not
}

/// A gateway that believes an issuer.
pub(super) struct Trust {
    pub(super) site: Site,
    pub(super) issuer: Issuer,
    pub(super) signer: Signer,
}

// === impl Trust ===

impl Trust {
    pub(super) async fn new(database: Database, price: f64) -> Self {
        let signer = Signer::new("first");
        Self {
            site: Site::new(database, price).await,
            issuer: Issuer::start(&[&signer]).await,
            signer,
        }
    }

    /// With these settings of `litellm_jwtauth`.
    pub(super) fn builder(&self, jwtauth: Value, litellm: Value) -> GatewayBuilder {
        let mut general = json!({ "enable_jwt_auth": true });
        general["litellm_jwtauth"] = jwtauth;
        let config = self.site.config().section("general_settings", general);
        let config = config.section("litellm_settings", litellm);
        self.site
            .built(&config)
            .env("JWT_PUBLIC_KEY_URL", self.issuer.url("/keys"))
            .env("JWT_AUDIENCE", AUDIENCE)
    }

    pub(super) async fn start(&self, jwtauth: Value) -> Gateway {
        self.builder(jwtauth, json!({})).start().await.unwrap()
    }
}

pub(super) async fn ask(gateway: &Gateway, token: &str) -> Reply {
    holder(gateway, token)
        .post(CHAT, &question())
        .await
        .unwrap()
}

async fn expect(gateway: &Gateway, token: &str, status: u16, kind: &str) {
    let reply = ask(gateway, token).await;
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(reply.json()["error"]["type"], kind, "{}", reply.text());
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a story is as long as it is")]
async fn only_good_tokens_open() {
    let trust = Trust::new(Database::Sqlite, 0.0).await;
    let gateway = trust.start(json!({ "user_id_jwt_field": "sub" })).await;
    manage(
        &gateway,
        "/user/new",
        json!({ "user_id": "ann", "auto_create_key": false }),
    )
    .await;
    let signer = &trust.signer;
    let ann = json!({ "sub": "ann" });

    let good = signer.token(ann.clone());
    let reply = ask(&gateway, &good).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let listed = holder(&gateway, &good).get("/v1/models").await.unwrap();
    assert_eq!(listed.status, 200, "{}", listed.text());

    let with = |more: Value| {
        let mut claims = ann.clone();
        claims
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        signer.token(claims)
    };
    expect(
        &gateway,
        &with(json!({ "exp": 1_000_000 })),
        401,
        "expired_key",
    )
    .await;
    expect(&gateway, &with(json!({ "exp": null })), 401, "auth_error").await;
    expect(
        &gateway,
        &with(json!({ "aud": "billing" })),
        401,
        "auth_error",
    )
    .await;
    // Nobody vouches for these: they are signed by nobody, by the public key, by somebody else.
    expect(&gateway, &signer.none(ann.clone()), 401, "auth_error").await;
    expect(&gateway, &signer.confused(ann.clone()), 401, "auth_error").await;
    let eve = Signer::new("first");
    expect(&gateway, &eve.token(ann.clone()), 401, "auth_error").await;
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = head.split_once('.').unwrap();
    let other = with(json!({ "sub": "bob" }));
    let claims = other.split('.').nth(1).unwrap();
    expect(
        &gateway,
        &format!("{header}.{claims}.{signature}"),
        401,
        "auth_error",
    )
    .await;
    // A good token of somebody who is not known.
    expect(
        &gateway,
        &signer.token(json!({ "sub": "bob" })),
        401,
        "auth_error",
    )
    .await;
    // What is no token at all stays what it was.
    expect(
        &gateway,
        "sk-unknown-0123456789",
        401,
        "token_not_found_in_db",
    )
    .await;
    // Nothing of that closed the gateway to those who may enter.
    assert_eq!(ask(&gateway, &good).await.status, 200);
    assert_eq!(ask(&gateway, MASTER).await.status, 200);
}

#[tokio::test]
async fn rotated_keys_are_found_and_an_issuer_may_be_away() {
    let trust = Trust::new(Database::Sqlite, 0.0).await;
    trust.issuer.is_away(true);
    let settings = json!({ "user_id_jwt_field": "sub", "user_id_upsert": true });
    let gateway = trust.start(settings).await;
    let old = trust.signer.token(json!({ "sub": "ann" }));
    expect(&gateway, &old, 503, "auth_provider_unavailable").await;
    // Others are served meanwhile.
    assert_eq!(ask(&gateway, MASTER).await.status, 200);

    trust.issuer.is_away(false);
    eventually("the keys are there", || async {
        ask(&gateway, &old).await.status == 200
    })
    .await;

    let next = Signer::new("second");
    trust.issuer.publish(&[&trust.signer, &next]);
    let new = next.token(json!({ "sub": "ann" }));
    eventually("the new key is found", || async {
        ask(&gateway, &new).await.status == 200
    })
    .await;

    // What is known goes on without the issuer.
    trust.issuer.is_away(true);
    let fresh = next.token(json!({ "sub": "ann", "jti": "another" }));
    assert_eq!(ask(&gateway, &fresh).await.status, 200);
}

#[tokio::test]
async fn teams_and_scopes_say_which_models() {
    let trust = Trust::new(Database::Sqlite, 0.0).await;
    let settings = json!({
        "user_id_jwt_field": "sub",
        "user_id_upsert": true,
        "team_ids_jwt_field": "groups",
        "team_alias_jwt_field": "team_name",
        "enforce_scope_based_access": true,
        "scope_mappings": [{ "scope": "chat", "models": ["mock"] }],
    });
    let gateway = trust.start(settings).await;
    for team in [
        json!({ "team_id": "closed", "models": ["other"] }),
        json!({ "team_id": "open", "team_alias": "The open one", "models": ["mock"] }),
        json!({ "team_id": "foreign", "models": ["mock"] }),
    ] {
        manage(&gateway, "/team/new", team).await;
    }
    let token = |claims: Value| {
        let mut all = json!({ "sub": "ann", "scope": "chat" });
        all.as_object_mut()
            .unwrap()
            .extend(claims.as_object().unwrap().clone());
        trust.signer.token(all)
    };
    let both = token(json!({ "groups": ["missing", "closed", "open"] }));
    let reply = ask(&gateway, &both).await;
    assert_eq!(reply.status, 200, "the second team may: {}", reply.text());
    let closed = token(json!({ "groups": ["closed"] }));
    expect(&gateway, &closed, 403, "team_model_access_denied").await;
    let none = token(json!({ "groups": ["missing", "absent"] }));
    expect(&gateway, &none, 403, "team_model_access_denied").await;
    let named = token(json!({ "team_name": "The open one" }));
    assert_eq!(ask(&gateway, &named).await.status, 200);
    let nowhere = token(json!({ "team_name": "No such team" }));
    assert_eq!(ask(&gateway, &nowhere).await.status, 404);

    let pick = async |team: &str| {
        let client = holder(&gateway, &both).header("x-litellm-team-id", team);
        client.post(CHAT, &question()).await.unwrap().status
    };
    assert_eq!(pick("open").await, 200);
    assert_eq!(pick("The open one").await, 200);
    assert_eq!(pick("closed").await, 403);
    // One that is not the token's is refused, whether it is there or not.
    assert_eq!(pick("foreign").await, 403);
    assert_eq!(pick("nowhere").await, 403);

    let no_scope = token(json!({ "groups": ["open"], "scope": "other" }));
    let reply = ask(&gateway, &no_scope).await;
    assert_eq!(reply.status, 403, "{}", reply.text());
    let listed = holder(&gateway, &no_scope).get("/v1/models").await.unwrap();
    assert_eq!(
        listed.json()["data"],
        json!([]),
        "what is closed is not shown"
    );

    manage(&gateway, "/team/block", json!({ "team_id": "open" })).await;
    let open = token(json!({ "groups": ["open"] }));
    assert_eq!(
        ask(&gateway, &open).await.status,
        401,
        "a team that is blocked"
    );
}

async fn users_and_teams_are_made_once_and_charged(database: Database) {
    let trust = Trust::new(database, 0.001).await;
    let settings = json!({
        "user_id_jwt_field": "sub",
        "user_email_jwt_field": "email",
        "user_id_upsert": true,
        "team_id_jwt_field": "team",
        "team_id_upsert": true,
    });
    let defaults = json!({
        "default_internal_user_params": { "max_budget": 50.0 },
        "default_team_params": { "max_budget": 5.0 },
    });
    let gateway = trust.builder(settings, defaults).start().await.unwrap();
    let claims = json!({ "sub": "ann", "email": "ann@example.com", "team": "red" });
    let token = trust.signer.token(claims);

    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let client = holder(&gateway, &token);
        asking.spawn(async move { client.post(CHAT, &question()).await.unwrap() });
    }
    for reply in asking.join_all().await {
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    // The team's money is used up, whoever of it asks.
    let less = json!({ "team_id": "red", "max_budget": 0.01 });
    manage(&gateway, "/team/update", less).await;
    let reply = ask(&gateway, &token).await;
    assert_eq!(reply.status, 422, "{}", reply.text());
    assert_eq!(reply.json()["error"]["type"], "budget_exceeded");

    let master = gateway.client().bearer(MASTER);
    let user = master.get("/user/info?user_id=ann").await.unwrap().json();
    let info = &user["user_info"];
    assert_eq!(info["user_email"], "ann@example.com");
    assert_eq!(info["max_budget"], 50.0);
    let spent = 3.0 * TOKENS * 0.001;
    let close = |value: &Value| (value.as_f64().unwrap_or(-1.0) - spent).abs() < 1e-9;
    eventually("the ledger knows what the team spent", || async {
        let team = master.get("/team/info?team_id=red").await.unwrap().json();
        close(&team["team_info"]["spend"])
    })
    .await;
    eventually("the user is a member of the team", || async {
        let team = master.get("/team/info?team_id=red").await.unwrap().text();
        team.contains("\"ann\"")
    })
    .await;
}

async fn an_admin_token_manages_and_a_plain_one_does_not(database: Database) {
    let trust = Trust::new(database, 0.0).await;
    let settings = json!({ "user_id_jwt_field": "sub", "user_id_upsert": true });
    let gateway = trust.start(settings).await;
    let root = trust
        .signer
        .token(json!({ "sub": "root", "scope": "openid litellm_proxy_admin" }));
    let ann = trust.signer.token(json!({ "sub": "ann" }));
    let team = json!({ "team_id": "blue" });

    let reply = holder(&gateway, &ann)
        .post("/team/new", &team)
        .await
        .unwrap();
    assert_eq!(reply.status, 403, "{}", reply.text());
    let reply = holder(&gateway, &root)
        .post("/team/new", &team)
        .await
        .unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    // By default such a token opens what an administrator needs, and no model.
    let reply = ask(&gateway, &root).await;
    assert_eq!(reply.status, 403, "{}", reply.text());

    // A plain one has keys of its own, which open what it may, and nobody else's.
    let own = holder(&gateway, &ann)
        .post("/key/generate", &json!({}))
        .await
        .unwrap();
    assert_eq!(own.status, 200, "{}", own.text());
    assert_eq!(own.json()["user_id"], "ann");
    let key = own.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(ask(&gateway, &key).await.status, 200);
    let foreign = json!({ "user_id": "root" });
    let reply = holder(&gateway, &ann)
        .post("/key/generate", &foreign)
        .await
        .unwrap();
    assert_eq!(reply.status, 403, "{}", reply.text());
    for path in ["/config/list", "/audit", "/user/list"] {
        let reply = holder(&gateway, &ann).get(path).await.unwrap();
        assert_eq!(reply.status, 403, "{path}: {}", reply.text());
    }
    let metrics = holder(&gateway, &ann).get("/health").await.unwrap();
    assert_eq!(metrics.status, 403, "{}", metrics.text());
}

#[tokio::test]
async fn a_reload_takes_over_who_vouches() {
    let trust = Trust::new(Database::Sqlite, 0.0).await;
    let settings = json!({ "user_id_jwt_field": "sub", "user_id_upsert": true });
    let gateway = trust.start(settings).await;
    let token = trust.signer.token(json!({ "sub": "ann" }));
    assert_eq!(ask(&gateway, &token).await.status, 200);
    let with = std::fs::read_to_string(gateway.config_path()).unwrap();
    gateway.write_config(&trust.site.config().yaml()).unwrap();
    eventually("tokens open nothing any more", || async {
        ask(&gateway, &token).await.status == 401
    })
    .await;
    gateway.write_config(&with).unwrap();
    eventually("and open again", || async {
        ask(&gateway, &token).await.status == 200
    })
    .await;
}
