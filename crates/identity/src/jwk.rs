//! Keys as issuers publish them (RFC 7517), made ready to check signatures with.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A key set of that many keys is none.
const MOST_KEYS: usize = 256;
/// 2048 bits (RFC 7518, section 3.3).
const SHORTEST_MODULUS: usize = 256;

/// How a token may be signed (RFC 7518, section 3.1; RFC 8037; RFC 9864). `none` and the algorithms
/// with shared secrets are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    Ed25519,
}

/// A public key and the algorithms it is for.
pub(crate) struct VerificationKey {
    kid: Option<String>,
    forms: Vec<(Algorithm, ParsedPublicKey)>,
}

/// Why a document is no key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeySetError {
    #[error("the answer is no set of keys")]
    NotASet,
    #[error("there are too many keys")]
    TooMany,
    #[error("none of the keys can be used")]
    NoneUsable,
}

/// RFC 7517 section 4, RFC 7518 section 6.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

const RSA: [(Algorithm, &RsaParameters); 6] = [
    (Algorithm::Rs256, &RSA_PKCS1_2048_8192_SHA256),
    (Algorithm::Rs384, &RSA_PKCS1_2048_8192_SHA384),
    (Algorithm::Rs512, &RSA_PKCS1_2048_8192_SHA512),
    (Algorithm::Ps256, &RSA_PSS_2048_8192_SHA256),
    (Algorithm::Ps384, &RSA_PSS_2048_8192_SHA384),
    (Algorithm::Ps512, &RSA_PSS_2048_8192_SHA512),
];

/// Reads `{"keys": [...]}`, or the list alone. What cannot be used is left out: a set may hold keys
/// for other purposes and of kinds yet to be invented (RFC 7517, section 5).
pub(crate) fn key_set(body: &[u8]) -> Result<Vec<VerificationKey>, KeySetError> {
    let bare = body.trim_ascii_start().first() == Some(&b'[');
    let keys = if bare {
        serde_json::from_slice(body)
    } else {
        serde_json::from_slice::<Wrapped<'_>>(body).map(|set| set.keys)
    };
    let keys: Vec<&RawValue> = keys.map_err(|_| KeySetError::NotASet)?;
    if keys.len() > MOST_KEYS {
        return Err(KeySetError::TooMany);
    }
    let usable: Vec<VerificationKey> = keys
        .into_iter()
        .filter_map(|key| serde_json::from_str::<Jwk>(key.get()).ok()?.ready())
        .collect();
    if usable.is_empty() {
        return Err(KeySetError::NoneUsable);
    }
    Ok(usable)
}

// === impl Algorithm ===

impl Algorithm {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::Rs256,
            "RS384" => Self::Rs384,
            "RS512" => Self::Rs512,
            "PS256" => Self::Ps256,
            "PS384" => Self::Ps384,
            "PS512" => Self::Ps512,
            "ES256" => Self::Es256,
            "ES384" => Self::Es384,
            "ES512" => Self::Es512,
            "EdDSA" | "Ed25519" => Self::Ed25519,
            _ => return None,
        })
    }
}

// === impl VerificationKey ===

impl VerificationKey {
    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether it is for `algorithm`.
    pub(crate) fn is_for(&self, algorithm: Algorithm) -> bool {
        self.forms.iter().any(|(own, _)| *own == algorithm)
    }

    /// Whether `signature` is this key's for `signed`. One by an algorithm the key is not for never is.
    pub(crate) fn verifies(&self, algorithm: Algorithm, signed: &[u8], signature: &[u8]) -> bool {
        self.forms
            .iter()
            .find(|(own, _)| *own == algorithm)
            .is_some_and(|(_, key)| key.verify_sig(signed, signature).is_ok())
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<Algorithm> = self.forms.iter().map(|(own, _)| *own).collect();
        f.debug_struct("VerificationKey")
            .field("kid", &self.kid)
            .field("algorithms", &algorithms)
            .finish()
    }
}

// === impl Jwk ===

impl Jwk {
    fn ready(self) -> Option<VerificationKey> {
        let signs = self
            .purpose
            .as_deref()
            .is_none_or(|purpose| purpose == "sig")
            && self
                .key_ops
                .as_ref()
                .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !signs {
            return None;
        }
        // A key that says what it is for is for nothing else.
        let only = match self.alg.as_deref() {
            Some(name) => Some(Algorithm::named(name)?),
            None => None,
        };
        let mut forms = self.forms()?;
        forms.retain(|(own, _)| only.is_none_or(|only| only == *own));
        let kid = self.kid;
        (!forms.is_empty()).then_some(VerificationKey { kid, forms })
    }

    fn forms(&self) -> Option<Vec<(Algorithm, ParsedPublicKey)>> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => self.rsa(),
            ("EC", Some("P-256")) => self.ec(Algorithm::Es256, &ECDSA_P256_SHA256_FIXED, 32),
            ("EC", Some("P-384")) => self.ec(Algorithm::Es384, &ECDSA_P384_SHA384_FIXED, 48),
            ("EC", Some("P-521")) => self.ec(Algorithm::Es512, &ECDSA_P521_SHA512_FIXED, 66),
            ("OKP", Some("Ed25519")) => {
                let x = part(self.x.as_deref()?)?;
                (x.len() == 32).then_some(())?;
                form(Algorithm::Ed25519, &ED25519, &x)
            }
            _ => None,
        }
    }

    fn rsa(&self) -> Option<Vec<(Algorithm, ParsedPublicKey)>> {
        let (n, e) = (part(self.n.as_deref()?)?, part(self.e.as_deref()?)?);
        // Some write the sign bit that DER has.
        let n = n.strip_prefix(&[0]).unwrap_or(&n);
        if n.len() < SHORTEST_MODULUS {
            return None;
        }
        let components = RsaPublicKeyComponents { n, e: e.as_slice() };
        let ready = |(algorithm, parameters): (Algorithm, &'static RsaParameters)| {
            Some((algorithm, components.to_parsed_public_key(parameters).ok()?))
        };
        RSA.into_iter().map(ready).collect()
    }

    fn ec(
        &self,
        algorithm: Algorithm,
        curve: &'static dyn VerificationAlgorithm,
        size: usize,
    ) -> Option<Vec<(Algorithm, ParsedPublicKey)>> {
        let (x, y) = (part(self.x.as_deref()?)?, part(self.y.as_deref()?)?);
        if x.len() != size || y.len() != size {
            return None;
        }
        // SEC 1, section 2.3.3: an uncompressed point. That it is on the curve is checked below.
        let mut point = vec![4];
        point.extend_from_slice(&x);
        point.extend_from_slice(&y);
        form(algorithm, curve, &point)
    }
}

fn form(
    algorithm: Algorithm,
    check: &'static dyn VerificationAlgorithm,
    bytes: &[u8],
) -> Option<Vec<(Algorithm, ParsedPublicKey)>> {
    let key = ParsedPublicKey::new(check, bytes).ok()?;
    Some(vec![(algorithm, key)])
}

fn part(encoded: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(encoded.trim_end_matches('=')).ok()
}
