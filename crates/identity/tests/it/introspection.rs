//! Tokens that only their endpoint knows.

use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use lockgate_core::Secret;
use lockgate_core::access::Role;
use lockgate_core::config::{CallerRole, IdentitySettings, OAuth2Auth, RoutingOverride};
use lockgate_identity::{IdentityError, TeamChoice, TokenKind, UnknownTeam};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::support::{
    Answer, Gateway, ISSUER, Kind, Outcome, Scripted, Signer, claims, seconds, settings,
};

const TOKEN_INFO: &str = "https://issuer.example.com/userinfo";
const INTROSPECT: &str = "https://issuer.example.com/oauth/introspect";

fn oauth2(endpoint: &str) -> OAuth2Auth {
    OAuth2Auth {
        endpoint: endpoint.to_owned(),
        client: None,
        user_id_field: "sub".to_owned(),
        user_role_field: "role".to_owned(),
        team_id_field: "team_id".to_owned(),
    }
}

fn with_client(endpoint: &str) -> OAuth2Auth {
    OAuth2Auth {
        client: Some(("gateway".to_owned(), Secret::new("hush"))),
        ..oauth2(endpoint)
    }
}

fn gateway(settings: OAuth2Auth, answer: Answer) -> Gateway {
    let fetch = Scripted::default();
    fetch.answer(&settings.endpoint, answer);
    let settings = IdentitySettings {
        jwt: None,
        oauth2: Some(settings),
    };
    Gateway::of(&settings, fetch)
}

async fn show(gateway: &Gateway, token: &str) -> Outcome {
    gateway
        .beside(gateway.identity.authenticate(token, SystemTime::now()))
        .await
}

#[tokio::test(start_paused = true)]
async fn a_token_info_endpoint_is_shown_the_token() {
    let answer = Answer::json(&json!({"sub": "ada", "role": "internal_user", "team_id": "t"}));
    let gateway = gateway(oauth2(TOKEN_INFO), answer);
    let caller = show(&gateway, "opaque").await.unwrap();
    assert_eq!(
        (caller.kind, caller.role),
        (TokenKind::OAuth2, CallerRole::InternalUser)
    );
    assert_eq!(caller.user_role, Some(Role::InternalUser));
    assert_eq!(caller.user_id.as_deref(), Some("ada"));
    let id = "t".to_owned();
    let unknown = UnknownTeam::Refuse;
    assert_eq!(caller.admit(None), Ok(TeamChoice::Id { id, unknown }));
    assert_eq!(caller.routes[0].names, ["llm_api_routes", "info_routes"]);
    let asked = gateway.fetch.last();
    assert_eq!((asked.method().as_str(), asked.body().len()), ("GET", 0));
    assert_eq!(asked.headers()["authorization"], "Bearer opaque");
    assert!(asked.headers()["authorization"].is_sensitive());
}

#[tokio::test(start_paused = true)]
async fn an_introspection_endpoint_is_shown_the_client_and_the_token() {
    let answer = Answer::json(&json!({"active": true, "sub": "ada"}));
    let gateway = gateway(with_client(INTROSPECT), answer);
    assert!(show(&gateway, "a+b&c").await.is_ok());
    let asked = gateway.fetch.last();
    assert_eq!(asked.method(), "POST");
    assert_eq!(asked.body(), "token=a%2Bb%26c");
    assert_eq!(
        asked.headers()["content-type"],
        "application/x-www-form-urlencoded"
    );
    // gateway:hush
    assert_eq!(asked.headers()["authorization"], "Basic Z2F0ZXdheTpodXNo");
}

#[tokio::test(start_paused = true)]
async fn what_the_answers_mean() {
    const AWAY: IdentityError = IdentityError::Unavailable("the token endpoint is away");
    let past = seconds(SystemTime::now()) - 3600;
    let is_no_role = IdentityError::Claim {
        claim: "role".to_owned(),
        wrong: "is no role",
    };
    let introspect = || with_client(INTROSPECT);
    let info = || oauth2(TOKEN_INFO);
    let table = [
        (
            introspect(),
            Answer::json(&json!({"active": false})),
            IdentityError::Inactive,
        ),
        (
            introspect(),
            Answer::json(&json!({"sub": "ada"})),
            IdentityError::Inactive,
        ),
        (
            introspect(),
            Answer::json(&json!({"active": "true", "sub": "ada"})),
            IdentityError::Inactive,
        ),
        (introspect(), Answer::status(401), AWAY),
        (introspect(), Answer::status(400), IdentityError::Inactive),
        (
            info(),
            Answer::json(&json!({"active": false, "sub": "ada"})),
            IdentityError::Inactive,
        ),
        (info(), Answer::status(401), IdentityError::Inactive),
        (info(), Answer::status(404), AWAY),
        (info(), Answer::status(429), AWAY),
        (info(), Answer::status(500), AWAY),
        (info(), Answer::status(302), AWAY),
        (info(), Answer::json(&json!(["ada"])), AWAY),
        (
            info(),
            Answer::json(&json!({"sub": "ada", "exp": past})),
            IdentityError::Expired,
        ),
        (
            info(),
            Answer::json(&json!({"sub": "ada", "role": "emperor"})),
            is_no_role,
        ),
    ];
    for (settings, answer, expected) in table {
        let (status, body) = (answer.status, answer.body.clone());
        let gateway = gateway(settings, answer);
        assert_eq!(
            show(&gateway, "opaque").await,
            Err(expected.clone()),
            "{status} {body:?}"
        );
        let status = if matches!(expected, IdentityError::Unavailable(_)) {
            503
        } else {
            401
        };
        assert_eq!(expected.status(), status);
    }
    let nobody = gateway(info(), Answer::json(&json!({"scope": "openid"})));
    let caller = show(&nobody, "opaque").await.unwrap();
    assert_eq!(caller.admit(None).unwrap_err().status(), 403);
}

#[tokio::test(start_paused = true)]
async fn the_endpoint_is_asked_once_for_all_who_wait() {
    let answer = Answer::json(&json!({"sub": "ada"})).after(Duration::from_secs(1));
    let gateway = gateway(oauth2(TOKEN_INFO), answer);
    let now = SystemTime::now();
    let all = (0..100).map(|_| gateway.identity.authenticate("opaque", now));
    for outcome in gateway.beside(join_all(all)).await {
        assert!(outcome.is_ok());
    }
    assert_eq!(gateway.fetch.count(), 1);
    let again = gateway.identity.authenticate("opaque", now).now_or_never();
    assert!(matches!(again, Some(Ok(_))), "remembered");
    assert!(show(&gateway, "another").await.is_ok());
    assert_eq!(gateway.fetch.count(), 2);
    // What is remembered is believed for a minute.
    let later = now + Duration::from_secs(62);
    assert!(
        gateway
            .beside(gateway.identity.authenticate("opaque", later))
            .await
            .is_ok()
    );
    assert_eq!(gateway.fetch.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_remembered_and_an_outage_is_not() {
    let refusing = gateway(oauth2(TOKEN_INFO), Answer::status(401));
    for _ in 0..3 {
        assert_eq!(
            show(&refusing, "opaque").await,
            Err(IdentityError::Inactive)
        );
    }
    assert_eq!(refusing.fetch.count(), 1);

    let away = gateway(oauth2(TOKEN_INFO), Answer::status(503));
    assert!(show(&away, "opaque").await.is_err());
    away.fetch
        .answer(TOKEN_INFO, Answer::json(&json!({"sub": "ada"})));
    assert!(show(&away, "opaque").await.is_ok());
    away.fetch.away(TOKEN_INFO);
    assert_eq!(
        show(&away, "another").await.unwrap_err().error_type(),
        "auth_provider_unavailable"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let gateway = gateway(
        oauth2(TOKEN_INFO),
        Answer::status(200).after(Duration::from_secs(3600)),
    );
    let start = Instant::now();
    assert_eq!(show(&gateway, "opaque").await.unwrap_err().status(), 503);
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    // Nor when nobody asks at all.
    let start = Instant::now();
    let alone = gateway
        .identity
        .authenticate("another", SystemTime::now())
        .await;
    assert_eq!(alone.unwrap_err().status(), 503);
    assert_eq!(start.elapsed(), Duration::from_secs(12));
}

/// Sixty-four at a time are asked about, a thousand wait, and whoever comes then is told at once.
#[tokio::test(start_paused = true)]
async fn a_flood_of_tokens_is_bounded() {
    let answer = Answer::json(&json!({"sub": "ada"})).after(Duration::from_secs(1));
    let gateway = gateway(oauth2(TOKEN_INFO), answer);
    let now = SystemTime::now();
    let tokens: Vec<String> = (0..3000).map(|number| format!("token-{number}")).collect();
    let all = tokens
        .iter()
        .map(|token| gateway.identity.authenticate(token, now));
    let outcomes = gateway.beside(join_all(all)).await;
    let good = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!((64..=1024 + 64).contains(&good), "{good}");
    assert!(
        outcomes
            .iter()
            .flatten()
            .all(|caller| caller.user_id.is_some())
    );
    gateway.beside(sleep(Duration::from_secs(60))).await;
    assert!(show(&gateway, "one more").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn keys_of_ours_are_never_shown_to_anybody() {
    let gateway = gateway(oauth2(TOKEN_INFO), Answer::json(&json!({"sub": "ada"})));
    assert_eq!(gateway.identity.kind("sk-abc"), None);
    assert!(show(&gateway, "sk-abc").await.is_err());
    assert!(show(&gateway, "").await.is_err());
    assert!(show(&gateway, "line\nbreak").await.is_err());
    assert_eq!(gateway.fetch.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn some_jwts_are_for_the_endpoint() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let rule = |iss: &str, client: &str| RoutingOverride {
        iss: vec![iss.to_owned()],
        client_id: if client.is_empty() {
            Vec::new()
        } else {
            vec![client.to_owned()]
        },
        ..RoutingOverride::default()
    };
    let of = |rule: RoutingOverride| {
        let mut jwt = settings();
        jwt.routing_overrides = vec![rule];
        let settings = IdentitySettings {
            jwt: Some(jwt),
            oauth2: Some(oauth2(TOKEN_INFO)),
        };
        Gateway::of(&settings, Scripted::default()).identity
    };
    let token = signer.token(&claims(
        json!({"client_id": "svc-1", "scope": "openid api"}),
    ));
    for (rule, kind) in [
        (rule(ISSUER, ""), TokenKind::OAuth2),
        (rule("https://*.example.com", ""), TokenKind::OAuth2),
        (rule(ISSUER, "svc-?"), TokenKind::OAuth2),
        (rule(ISSUER, "other"), TokenKind::Jwt),
        (rule("https://eve.example.com", ""), TokenKind::Jwt),
        (
            RoutingOverride {
                scope: vec!["api".to_owned()],
                ..rule(ISSUER, "")
            },
            TokenKind::OAuth2,
        ),
        (
            RoutingOverride {
                scope: vec!["open api".to_owned()],
                ..rule(ISSUER, "")
            },
            TokenKind::Jwt,
        ),
        (
            RoutingOverride {
                aud: vec!["x".to_owned()],
                ..rule(ISSUER, "")
            },
            TokenKind::Jwt,
        ),
        (RoutingOverride::default(), TokenKind::Jwt),
    ] {
        assert_eq!(of(rule.clone()).kind(&token), Some(kind), "{rule:?}");
    }
    assert_eq!(of(rule(ISSUER, "")).kind("opaque"), Some(TokenKind::OAuth2));
    let spaced = signer.token(&claims(
        json!({"iss": "https://a.example.com https://b.example.com"}),
    ));
    assert_eq!(
        of(rule("https://*.example.com", "")).kind(&spaced),
        Some(TokenKind::Jwt)
    );
}
