//! Several issuers, each with its own keys, audience and claims.

use lockgate_core::config::{ClaimPaths, JwtAuth, JwtIssuer};
use lockgate_identity::IdentityError;
use serde_json::{Value, json};

use crate::support::{
    Answer, Gateway, ISSUER, KEYS, Kind, Scripted, Signer, claims, published, settings,
};

const ONE: &str = "https://one.example.com/realm";
const TWO: &str = "https://two.example.com/";

fn issuer(name: &str, user: &str) -> JwtIssuer {
    JwtIssuer {
        issuer: name.to_owned(),
        jwks_url: Some(format!("{name}keys")),
        audience: vec![format!("for {name}")],
        claims: ClaimPaths {
            user_id: Some(user.to_owned()),
            ..ClaimPaths::default()
        },
        unregistered_client: None,
    }
}

fn said(name: &str) -> Value {
    claims(json!({"iss": name, "aud": format!("for {name}"), "email": "ada@example.com"}))
}

#[tokio::test(start_paused = true)]
async fn an_issuer_vouches_for_its_own_tokens_only() {
    let (one, two, other) = (
        Signer::new(Kind::Ed25519, "k"),
        Signer::new(Kind::P256, "k"),
        Signer::new(Kind::Rsa, "k"),
    );
    let settings = JwtAuth {
        issuers: vec![issuer(ONE, "email"), issuer(TWO, "sub")],
        ..settings()
    };
    let gateway = Gateway::new(settings, &[&other]);
    gateway
        .fetch
        .answer(&format!("{ONE}keys"), Answer::json(&published(&[&one])));
    gateway
        .fetch
        .answer(&format!("{TWO}keys"), Answer::json(&published(&[&two])));

    let caller = gateway.show(&one.token(&said(ONE))).await.unwrap();
    assert_eq!(caller.user_id.as_deref(), Some("ada@example.com"));
    assert_eq!(caller.issuer.as_deref(), Some(ONE));
    let caller = gateway.show(&two.token(&said(TWO))).await.unwrap();
    assert_eq!(caller.user_id.as_deref(), Some("ada"));
    let caller = gateway
        .show(&other.token(&claims(json!({}))))
        .await
        .unwrap();
    assert_eq!(caller.issuer.as_deref(), Some(ISSUER));

    // In another's name, with another's audience, by nobody.
    for (signer, said) in [
        (&one, said(TWO)),
        (&two, said(ONE)),
        (&other, said(ONE)),
        (&one, claims(json!({}))),
    ] {
        let outcome = gateway.show(&signer.token(&said)).await;
        assert!(outcome.is_err(), "{said} {outcome:?}");
    }
    let mut swapped = said(ONE);
    swapped["aud"] = said(TWO)["aud"].clone();
    let outcome = gateway.show(&one.token(&swapped)).await;
    assert!(matches!(outcome, Err(IdentityError::Claim { ref claim, .. }) if claim == "aud"));
    let mut nobody = said(ONE);
    nobody["iss"] = "https://three.example.com".into();
    let outcome = gateway.show(&other.token(&nobody)).await;
    assert!(outcome.is_err());
}

#[tokio::test(start_paused = true)]
async fn without_a_general_setting_unknown_issuers_are_refused() {
    let one = Signer::new(Kind::Ed25519, "k");
    let settings = JwtAuth {
        issuers: vec![issuer(ONE, "sub")],
        ..JwtAuth::default()
    };
    let fetch = Scripted::default();
    fetch.answer(&format!("{ONE}keys"), Answer::json(&published(&[&one])));
    let gateway = Gateway::with(settings, fetch);
    assert!(gateway.show(&one.token(&said(ONE))).await.is_ok());
    for said in [said(TWO), claims(json!({"iss": null}))] {
        let outcome = gateway.show(&one.token(&said)).await;
        assert_eq!(outcome, Err(IdentityError::UnknownIssuer));
    }
}

#[tokio::test(start_paused = true)]
async fn two_addresses_may_call_their_keys_the_same() {
    let (one, two) = (
        Signer::new(Kind::Ed25519, "k"),
        Signer::new(Kind::Ed25519, "k"),
    );
    let other = "https://other.example.com/keys";
    let mut settings = settings();
    settings.public_key_urls.push(other.to_owned());
    let gateway = Gateway::new(settings, &[&one]);
    gateway
        .fetch
        .answer(other, Answer::json(&published(&[&two])));
    for signer in [&one, &two] {
        assert!(
            gateway
                .show(&signer.token(&claims(json!({}))))
                .await
                .is_ok()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_found_by_discovery() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let document = |more: Value| {
        let mut document = json!({"issuer": ONE, "jwks_uri": KEYS});
        for (name, value) in more.as_object().unwrap() {
            document[name] = value.clone();
        }
        document
    };
    let of = |document: &Value| {
        let mut one = issuer(ONE, "sub");
        one.jwks_url = None;
        let settings = JwtAuth {
            issuers: vec![one],
            ..JwtAuth::default()
        };
        let fetch = Scripted::default();
        fetch.answer(KEYS, Answer::json(&published(&[&signer])));
        fetch.answer(
            &format!("{ONE}/.well-known/openid-configuration"),
            Answer::json(document),
        );
        Gateway::with(settings, fetch)
    };
    let token = signer.token(&said(ONE));
    let gateway = of(&document(json!({})));
    assert!(gateway.show(&token).await.is_ok());
    assert_eq!(
        gateway.fetch.urls(),
        [&format!("{ONE}/.well-known/openid-configuration"), KEYS]
    );
    for wrong in [
        json!({"issuer": TWO}),
        json!({"issuer": null}),
        json!({"jwks_uri": null}),
        json!({"jwks_uri": "http://issuer.example.com/keys"}),
        json!({"jwks_uri": "not an address"}),
    ] {
        let outcome = of(&document(wrong.clone())).show(&token).await;
        assert!(
            matches!(outcome, Err(IdentityError::Unavailable(_))),
            "{wrong} {outcome:?}"
        );
    }
}
