//! Tokens that must not be let in, each beside one that is.

use aws_lc_rs::hmac;
use lockgate_identity::IdentityError;
use serde_json::{Value, json};

use crate::support::{
    AUDIENCE, Gateway, ISSUER, Kind, Signer, claims, encode, in_parts, now, published, seconds,
    settings,
};

async fn refusal(gateway: &Gateway, token: &str) -> IdentityError {
    match gateway.show(token).await {
        Err(why) => {
            assert!(!why.to_string().contains(token), "the token is repeated");
            why
        }
        Ok(caller) => panic!("let in: {caller:?}"),
    }
}

fn header(why: &'static str) -> IdentityError {
    IdentityError::Header(why)
}

fn claim(name: &str, wrong: &'static str) -> IdentityError {
    IdentityError::Claim {
        claim: name.to_owned(),
        wrong,
    }
}

const UNSIGNED: &str = "`alg` must be RS, PS, ES or EdDSA";
const NOT_OF_THE_KEY: &str = "`alg` is not one that the key is for";

#[tokio::test(start_paused = true)]
async fn every_kind_of_key_lets_in() {
    for kind in [Kind::Rsa, Kind::P256, Kind::P384, Kind::P521, Kind::Ed25519] {
        let signer = Signer::new(kind, "k");
        let gateway = Gateway::new(settings(), &[&signer]);
        let caller = gateway.show(&signer.token(&claims(json!({})))).await;
        assert_eq!(caller.unwrap().user_id.as_deref(), Some("ada"), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_rsa_key_is_for_six_algorithms_unless_it_says_one() {
    let signer = Signer::new(Kind::Rsa, "k");
    let token = |algorithm: &str| {
        let header = json!({"alg": algorithm, "kid": "k"});
        signer.token_of(&header, &claims(json!({})).to_string())
    };
    let gateway = Gateway::new(settings(), &[&signer]);
    for algorithm in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        assert!(gateway.show(&token(algorithm)).await.is_ok(), "{algorithm}");
    }
    let mut keys = published(&[&signer]);
    keys["keys"][0]["alg"] = "PS256".into();
    let gateway = Gateway::new(settings(), &[&signer]);
    gateway
        .fetch
        .answer(crate::support::KEYS, crate::support::Answer::json(&keys));
    assert!(gateway.show(&token("PS256")).await.is_ok());
    assert_eq!(
        refusal(&gateway, &token("RS256")).await,
        header(NOT_OF_THE_KEY)
    );
}

#[tokio::test(start_paused = true)]
async fn no_signature_and_borrowed_signatures() {
    let signer = Signer::new(Kind::Rsa, "k");
    let other = Signer::new(Kind::P256, "e");
    let gateway = Gateway::new(settings(), &[&signer, &other]);
    let good = claims(json!({})).to_string();
    let with = |alg: &str| json!({"alg": alg, "kid": "k"});

    for none in ["none", "None", "NONE", "nOnE", ""] {
        let token = in_parts(&with(none), &good, b"");
        assert_eq!(refusal(&gateway, &token).await, header(UNSIGNED), "{none}");
    }
    // The public key as the shared secret, in whatever form.
    let jwk = signer.jwk();
    let secrets = [
        signer.public_bytes(),
        jwk.to_string().into_bytes(),
        jwk["n"].as_str().unwrap().into(),
    ];
    for (name, algorithm) in [("HS256", hmac::HMAC_SHA256), ("HS512", hmac::HMAC_SHA512)] {
        for secret in &secrets {
            let signed = format!("{}.{}", encode(with(name).to_string()), encode(&good));
            let tag = hmac::sign(&hmac::Key::new(algorithm, secret), signed.as_bytes());
            let token = format!("{signed}.{}", encode(tag));
            assert_eq!(refusal(&gateway, &token).await, header(UNSIGNED));
        }
    }
    // A good signature by another key of the same issuer.
    let token = other.token_of(&json!({"alg": "ES256", "kid": "k"}), &good);
    assert_eq!(refusal(&gateway, &token).await, header(NOT_OF_THE_KEY));
    // The signature of another token.
    let (one, two) = (
        signer.token(&claims(json!({}))),
        signer.token(&claims(json!({"sub": "eve"}))),
    );
    let (claims_of_two, _) = two.rsplit_once('.').unwrap();
    let (_, signature_of_one) = one.rsplit_once('.').unwrap();
    let token = format!("{claims_of_two}.{signature_of_one}");
    assert_eq!(refusal(&gateway, &token).await, IdentityError::Signature);
    // An ECDSA signature of zeros (CVE-2022-21449).
    let token = in_parts(&json!({"alg": "ES256", "kid": "e"}), &good, &[0; 64]);
    assert_eq!(refusal(&gateway, &token).await, IdentityError::Signature);
}

#[tokio::test(start_paused = true)]
async fn keys_and_addresses_that_the_token_brings_along_are_not_looked_at() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let eve = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[&signer]);
    let url = "https://eve.example.com/keys";
    let header = json!({
        "alg": "EdDSA", "kid": "k", "jku": url, "x5u": url, "jwk": eve.jwk(), "x5c": ["MIIB"],
    });
    let good = claims(json!({})).to_string();
    assert_eq!(
        refusal(&gateway, &eve.token_of(&header, &good)).await,
        IdentityError::Signature
    );
    assert!(gateway.show(&signer.token_of(&header, &good)).await.is_ok());
    assert!(
        gateway
            .fetch
            .urls()
            .iter()
            .all(|asked| asked == crate::support::KEYS)
    );
}

#[tokio::test(start_paused = true)]
async fn key_ids_are_compared_and_nothing_else() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[&signer]);
    let good = claims(json!({})).to_string();
    for kid in [
        "../../../../dev/null",
        "k\u{0}",
        "K",
        "k ",
        "' UNION SELECT 'x",
        "file:///k",
        "*",
        "",
    ] {
        let token = signer.token_of(&json!({"alg": "EdDSA", "kid": kid}), &good);
        assert_eq!(
            refusal(&gateway, &token).await,
            IdentityError::UnknownKey,
            "{kid:?}"
        );
    }
    for kid in [json!(1), json!(["k"]), json!(null), json!("k".repeat(257))] {
        let token = signer.token_of(&json!({"alg": "EdDSA", "kid": kid}), &good);
        assert_eq!(
            refusal(&gateway, &token).await,
            header("`kid` is not a short text")
        );
    }
    let without = signer.token_of(&json!({"alg": "EdDSA"}), &good);
    assert!(
        gateway.show(&without).await.is_ok(),
        "the only key needs no name"
    );
    let two = Gateway::new(settings(), &[&signer, &Signer::new(Kind::Ed25519, "l")]);
    let why = header("`kid` is missing, and the issuer has several keys");
    assert_eq!(refusal(&two, &without).await, why);
}

#[tokio::test(start_paused = true)]
async fn headers_that_are_not_for_access() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[&signer]);
    let good = claims(json!({})).to_string();
    let with = |name: &str, value: Value| {
        let mut header = signer.header();
        header[name] = value;
        signer.token_of(&header, &good)
    };
    for typ in ["at+jwt", "application/at+JWT", "JWT", "jwt"] {
        assert!(
            gateway.show(&with("typ", typ.into())).await.is_ok(),
            "{typ}"
        );
    }
    for typ in ["logout+jwt", "application/dpop+jwt", "secevent+JWT"] {
        let why = header("`typ` says that it is for something else");
        assert_eq!(refusal(&gateway, &with("typ", typ.into())).await, why);
    }
    let why = header("`crit` asks for extensions");
    assert_eq!(refusal(&gateway, &with("crit", json!(["b64"]))).await, why);
    assert_eq!(
        refusal(&gateway, &with("alg", json!(["EdDSA"]))).await,
        header(UNSIGNED)
    );
}

/// What is wrong with these claims, all of them signed as they should be.
#[tokio::test(start_paused = true)]
async fn claims_that_do_not_hold() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[&signer]);
    let at = seconds(now());
    let future = "is in the future";
    let not_a_time = "is not a time in seconds";
    let not_here = "does not name this gateway";
    let table = [
        (json!({"exp": at - 31}), IdentityError::Expired),
        (json!({"exp": -1}), IdentityError::Expired),
        (json!({"exp": null}), claim("exp", "is missing")),
        (
            json!({"exp": (at + 600).to_string()}),
            claim("exp", not_a_time),
        ),
        (json!({"exp": [at + 600]}), claim("exp", not_a_time)),
        (json!({"nbf": at + 31}), claim("nbf", future)),
        (
            json!({"nbf": (at + 600).to_string()}),
            claim("nbf", not_a_time),
        ),
        (json!({"iat": at + 31}), claim("iat", future)),
        (json!({"iat": {}}), claim("iat", not_a_time)),
        (json!({"aud": "another"}), claim("aud", not_here)),
        (json!({"aud": ["another"]}), claim("aud", not_here)),
        (json!({"aud": [AUDIENCE, 1]}), claim("aud", not_here)),
        (json!({"aud": []}), claim("aud", not_here)),
        (json!({"aud": {AUDIENCE: true}}), claim("aud", not_here)),
        (
            json!({"aud": format!("{AUDIENCE}x")}),
            claim("aud", not_here),
        ),
        (json!({"aud": null}), claim("aud", "is missing")),
        (
            json!({"iss": "https://eve.example.com"}),
            IdentityError::UnknownIssuer,
        ),
        (
            json!({"iss": format!("{ISSUER}/")}),
            IdentityError::UnknownIssuer,
        ),
        (json!({"iss": [ISSUER]}), IdentityError::UnknownIssuer),
        (json!({"iss": null}), claim("iss", "is missing")),
    ];
    for (more, expected) in table {
        let token = signer.token(&claims(more.clone()));
        assert_eq!(refusal(&gateway, &token).await, expected, "{more}");
    }
    let table = [
        json!({"exp": at - 29}),
        json!({"exp": f64::MAX}),
        json!({"nbf": at + 30, "iat": at + 30}),
        json!({"aud": ["another", AUDIENCE]}),
        json!({"exp": seconds_and_a_half(at)}),
    ];
    for more in table {
        let token = signer.token(&claims(more.clone()));
        assert!(gateway.show(&token).await.is_ok(), "{more}");
    }
}

fn seconds_and_a_half(at: u64) -> Value {
    format!("{}.5", at + 1).parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn documents_that_are_none() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[&signer]);
    let good = claims(json!({})).to_string();
    let twice = good.replacen('{', "{\"sub\":\"eve\",", 1);
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    for (claims, why) in [
        (twice.as_str(), "a member is there twice"),
        (deep.as_str(), "it is nested too deeply"),
        ("[]", "it is not an object"),
        ("{", "it is not JSON"),
        ("", "it is not JSON"),
    ] {
        let token = signer.token_of(&signer.header(), claims);
        assert_eq!(
            refusal(&gateway, &token).await,
            IdentityError::Malformed(why)
        );
    }
    let large = claims(json!({"x": "y".repeat(16 * 1024)}));
    let why = IdentityError::Malformed("it is too long");
    assert_eq!(refusal(&gateway, &signer.token(&large)).await, why);
    let header_twice = encode(r#"{"alg":"none","alg":"EdDSA","kid":"k"}"#);
    let (_, rest) = signer
        .token(&claims(json!({})))
        .split_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let why = IdentityError::Malformed("a member is there twice");
    assert_eq!(
        refusal(&gateway, &format!("{header_twice}.{rest}")).await,
        why
    );
}

/// Whoever adds bits that a decoder would overlook has another token, which is none.
#[tokio::test(start_paused = true)]
async fn a_token_has_one_spelling() {
    let signer = Signer::new(Kind::Ed25519, "k");
    let gateway = Gateway::new(settings(), &[&signer]);
    let token = signer.token(&claims(json!({})));
    assert!(gateway.show(&token).await.is_ok());
    for other in [
        format!("{token}="),
        format!("{token}=="),
        format!("{token}\n"),
        format!(" {token}"),
        token.replacen('.', "..", 1),
    ] {
        let why = refusal(&gateway, &other).await;
        assert!(matches!(why, IdentityError::Malformed(_)), "{why:?}");
    }
}
