//! Whether a token is valid now and was made for this gateway (RFC 7519, section 4.1).

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::claims::Claims;
use crate::error::IdentityError;

/// By how much the clocks of issuers may differ from ours.
pub(crate) const LEEWAY: Duration = Duration::from_secs(30);
/// The year 9999, in which clocks and arithmetic still work.
const LATEST: f64 = 253_402_300_799.0;

/// Returns when the token stops to be valid, leeway included.
pub(crate) fn times(claims: &Claims, now: SystemTime) -> Result<SystemTime, IdentityError> {
    let expires = claims
        .seconds("exp")?
        .ok_or_else(|| IdentityError::claim("exp", "is missing"))?;
    // A negative time is before 1970, and over.
    let until =
        SystemTime::UNIX_EPOCH + Duration::from_secs_f64(expires.clamp(0.0, LATEST)) + LEEWAY;
    if until <= now {
        return Err(IdentityError::Expired);
    }
    let latest = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |since| (since + LEEWAY).as_secs_f64());
    for name in ["nbf", "iat"] {
        if claims.seconds(name)?.is_some_and(|from| from > latest) {
            return Err(IdentityError::claim(name, "is in the future"));
        }
    }
    Ok(until)
}

/// Checks who made the token.
pub(crate) fn issuer(claims: &Claims, expected: Option<&str>) -> Result<(), IdentityError> {
    match (expected, claims.get("iss")) {
        (None, _) => Ok(()),
        (Some(expected), Some(Value::String(issuer))) if issuer == expected => Ok(()),
        (Some(_), None) => Err(IdentityError::claim("iss", "is missing")),
        (Some(_), Some(_)) => Err(IdentityError::UnknownIssuer),
    }
}

/// Checks for whom it was made; nobody in `expected` means anybody.
pub(crate) fn audience(claims: &Claims, expected: &[String]) -> Result<(), IdentityError> {
    const NAME: &str = "aud";
    if expected.is_empty() {
        return Ok(());
    }
    let is_expected = |value: &Value| {
        value
            .as_str()
            .is_some_and(|audience| expected.iter().any(|own| own == audience))
    };
    let fits = match claims.get(NAME) {
        None => return Err(IdentityError::claim(NAME, "is missing")),
        Some(Value::Array(all)) => all.iter().all(Value::is_string) && all.iter().any(is_expected),
        Some(one) => is_expected(one),
    };
    if fits {
        Ok(())
    } else {
        Err(IdentityError::claim(NAME, "does not name this gateway"))
    }
}
