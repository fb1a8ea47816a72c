//! A signed token in its three parts (RFC 7515, section 7.1), before anything in it is believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::claims::Claims;
use crate::error::IdentityError;
use crate::json;
use crate::jwk::Algorithm;

/// Longer tokens do not fit into the headers of most servers.
const LONGEST: usize = 16 * 1024;
/// Key ids are hashes and dates.
const LONGEST_KID: usize = 256;

/// A token that has the form of one.
pub(crate) struct Jws<'t> {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    pub(crate) claims: Claims,
    /// What is signed.
    pub(crate) signed: &'t [u8],
    pub(crate) signature: Vec<u8>,
}

/// Whether it is to be read as a JWT: three parts, and not a virtual key.
pub(crate) fn has_form(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').count() == 2 && !token.starts_with("sk-")
}

// === impl Jws ===

impl<'t> Jws<'t> {
    pub(crate) fn parse(token: &'t str) -> Result<Self, IdentityError> {
        if token.len() > LONGEST {
            return Err(IdentityError::Malformed("it is too long"));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(IdentityError::Malformed("it does not have three parts"));
        };
        let (algorithm, kid) = read_header(header)?;
        Ok(Self {
            algorithm,
            kid,
            claims: Claims::new(json::object(&decode(payload)?).map_err(IdentityError::Malformed)?),
            signed: &token.as_bytes()[..header.len() + 1 + payload.len()],
            signature: decode(signature)?,
        })
    }
}

/// What is needed of a header. A key, or where to find one (`jwk`, `jku`, `x5c`, `x5u`), is not:
/// keys come from issuers that the operator named.
fn read_header(encoded: &str) -> Result<(Algorithm, Option<String>), IdentityError> {
    let header = json::object(&decode(encoded)?).map_err(IdentityError::Malformed)?;
    // RFC 7515, section 4.1.11: whoever does not know an extension must refuse, and none is known.
    if header.contains_key("crit") {
        return Err(IdentityError::Header("`crit` asks for extensions"));
    }
    if let Some(typ) = header.get("typ") {
        let typ = typ
            .as_str()
            .ok_or(IdentityError::Header("`typ` is not a text"))?;
        is_for_access(typ)?;
    }
    let algorithm = header
        .get("alg")
        .and_then(Value::as_str)
        .and_then(Algorithm::named)
        .ok_or(IdentityError::Header("`alg` must be RS, PS, ES or EdDSA"))?;
    let kid = match header.get("kid") {
        None => None,
        Some(Value::String(kid)) if kid.len() <= LONGEST_KID => Some(kid.clone()),
        Some(_) => return Err(IdentityError::Header("`kid` is not a short text")),
    };
    Ok((algorithm, kid))
}

/// RFC 8725, section 3.11: what the same issuer signs for other purposes (`logout+jwt`, `dpop+jwt`,
/// `secevent+jwt`) opens nothing.
fn is_for_access(typ: &str) -> Result<(), IdentityError> {
    let typ = typ.to_ascii_lowercase();
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    if typ.ends_with("+jwt") && typ != "at+jwt" {
        return Err(IdentityError::Header(
            "`typ` says that it is for something else",
        ));
    }
    Ok(())
}

/// Takes what is encoded in the one right way only, so that no two tokens mean the same.
fn decode(part: &str) -> Result<Vec<u8>, IdentityError> {
    URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| IdentityError::Malformed("a part is not base64url"))
}
