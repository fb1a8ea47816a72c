//! Opaque tokens, which an endpoint knows.

use lockgate_testkit::Gateway;
use serde_json::json;

use super::jwt::ask;
use super::{Database, Site, TOKENS, key, manage};
use crate::support::{Issuer, MASTER, eventually};

async fn start(site: &Site, issuer: &Issuer) -> Gateway {
    let general = json!({ "enable_oauth2_auth": true });
    let config = site.config().section("general_settings", general);
    let builder = site.built(&config);
    let builder = builder.env("OAUTH_TOKEN_INFO_ENDPOINT", issuer.url("/introspect"));
    let builder = builder.env("OAUTH_CLIENT_ID", "gateway");
    let builder = builder.env("OAUTH_CLIENT_SECRET", "s3cret");
    builder.start().await.unwrap()
}

#[tokio::test]
async fn the_endpoint_says_who_it_is() {
    let site = Site::new(Database::Sqlite, 0.001).await;
    let issuer = Issuer::start(&[]).await;
    issuer.know(
        "opaque1",
        json!({ "active": true, "sub": "ann", "team_id": "red" }),
    );
    issuer.know("revoked", json!({ "active": false }));
    let gateway = start(&site, &issuer).await;
    manage(
        &gateway,
        "/team/new",
        json!({ "team_id": "red", "models": ["mock"] }),
    )
    .await;

    for _ in 0..3 {
        let reply = ask(&gateway, "opaque1").await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    for token in ["revoked", "unheard"] {
        let reply = ask(&gateway, token).await;
        assert_eq!(reply.status, 401, "{}", reply.text());
        assert_eq!(reply.json()["error"]["type"], "auth_error");
    }
    // Neither the master key nor keys of ours, known or not, are shown to anybody.
    let own = key(&gateway, json!({})).await;
    assert_eq!(ask(&gateway, &own).await.status, 200);
    assert_eq!(ask(&gateway, MASTER).await.status, 200);
    assert_eq!(ask(&gateway, "sk-unknown-0123456789").await.status, 401);
    assert_eq!(issuer.shown(), ["opaque1", "revoked", "unheard"]);

    let client = gateway.client().bearer("opaque1");
    let reply = client.post("/team/new", &json!({})).await.unwrap();
    assert_eq!(reply.status, 403, "{}", reply.text());

    let spent = 3.0 * TOKENS * 0.001;
    let master = gateway.client().bearer(MASTER);
    eventually("the team is charged", || async {
        let team = master.get("/team/info?team_id=red").await.unwrap().json();
        (team["team_info"]["spend"].as_f64().unwrap_or(-1.0) - spent).abs() < 1e-9
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_is_away_is_not_a_bad_token() {
    let site = Site::new(Database::Sqlite, 0.0).await;
    let issuer = Issuer::start(&[]).await;
    issuer.know("opaque1", json!({ "active": true, "sub": "ann" }));
    issuer.is_away(true);
    let gateway = start(&site, &issuer).await;
    let reply = ask(&gateway, "opaque1").await;
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert_eq!(reply.json()["error"]["type"], "auth_provider_unavailable");
    assert_eq!(ask(&gateway, MASTER).await.status, 200);
    issuer.is_away(false);
    let reply = ask(&gateway, "opaque1").await;
    assert_eq!(
        reply.status,
        200,
        "nobody remembers that it was away: {}",
        reply.text()
    );
}
