//! An issuer's key: signs tokens, and publishes its public half.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) kid: Option<String>,
    pair: Arc<Pair>,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair, Kind),
    Ed(Ed25519KeyPair),
}

/// A part of a token.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token of this header, these claims and this signature.
pub(crate) fn in_parts(header: &Value, claims: &str, signature: &[u8]) -> String {
    format!(
        "{}.{}.{}",
        encode(header.to_string()),
        encode(claims),
        encode(signature)
    )
}

// === impl Signer ===

impl Signer {
    pub(crate) fn new(kind: Kind, kid: &str) -> Self {
        let pair = match kind {
            Kind::Rsa => Arc::clone(rsa()),
            Kind::P256 => ec(kind, &ECDSA_P256_SHA256_FIXED_SIGNING),
            Kind::P384 => ec(kind, &ECDSA_P384_SHA384_FIXED_SIGNING),
            Kind::P521 => ec(kind, &ECDSA_P521_SHA512_FIXED_SIGNING),
            Kind::Ed25519 => Arc::new(Pair::Ed(Ed25519KeyPair::generate().unwrap())),
        };
        let kid = Some(kid.to_owned());
        Self { kid, pair }
    }

    /// The algorithm it signs with unless told otherwise.
    pub(crate) fn algorithm(&self) -> &'static str {
        match &*self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_, Kind::P384) => "ES384",
            Pair::Ec(_, Kind::P521) => "ES512",
            Pair::Ec(..) => "ES256",
            Pair::Ed(_) => "EdDSA",
        }
    }

    pub(crate) fn header(&self) -> Value {
        let mut header = json!({"typ": "JWT", "alg": self.algorithm()});
        if let Some(kid) = &self.kid {
            header["kid"] = kid.as_str().into();
        }
        header
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_of(&self.header(), &claims.to_string())
    }

    /// With a header and claims that may be anything.
    pub(crate) fn token_of(&self, header: &Value, claims: &str) -> String {
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims));
        let algorithm = header["alg"].as_str().unwrap_or_default();
        let signature = self.sign(algorithm, signed.as_bytes());
        format!("{signed}.{}", encode(signature))
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Rsa(pair) => {
                let encoding: &'static dyn RsaEncoding = match algorithm {
                    "RS384" => &RSA_PKCS1_SHA384,
                    "RS512" => &RSA_PKCS1_SHA512,
                    "PS256" => &RSA_PSS_SHA256,
                    "PS384" => &RSA_PSS_SHA384,
                    "PS512" => &RSA_PSS_SHA512,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Pair::Ec(pair, _) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// The public key in the encodings that have none of JSON's: what an attacker would make a
    /// shared secret of.
    pub(crate) fn public_bytes(&self) -> Vec<u8> {
        match &*self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref().to_vec(),
            Pair::Ec(pair, _) => pair.public_key().as_ref().to_vec(),
            Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        let bytes = self.public_bytes();
        let mut jwk = match &*self.pair {
            // RFC 8017, appendix A.1.1: two numbers, of a length that 2048 bits fix.
            Pair::Rsa(_) => json!({
                "kty": "RSA", "n": encode(&bytes[9..265]), "e": encode(&bytes[267..]),
            }),
            Pair::Ec(_, kind) => {
                let (x, y) = bytes[1..].split_at(bytes.len() / 2);
                let curve = match kind {
                    Kind::P384 => "P-384",
                    Kind::P521 => "P-521",
                    _ => "P-256",
                };
                json!({"kty": "EC", "crv": curve, "x": encode(x), "y": encode(y)})
            }
            Pair::Ed(_) => json!({"kty": "OKP", "crv": "Ed25519", "x": encode(&bytes)}),
        };
        jwk["use"] = "sig".into();
        if let Some(kid) = &self.kid {
            jwk["kid"] = kid.as_str().into();
        }
        jwk
    }
}

fn ec(kind: Kind, algorithm: &'static EcdsaSigningAlgorithm) -> Arc<Pair> {
    Arc::new(Pair::Ec(EcdsaKeyPair::generate(algorithm).unwrap(), kind))
}

/// One for all tests: making one takes a while.
fn rsa() -> &'static Arc<Pair> {
    static PAIR: OnceLock<Arc<Pair>> = OnceLock::new();
    PAIR.get_or_init(|| Arc::new(Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())))
}
