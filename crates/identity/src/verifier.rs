//! JWTs: which issuer vouches for one, with which key, and whether it is valid now.

use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::join_all;
use lockgate_core::config::{ClaimPaths, JwtAuth, UnregisteredClient};
use serde_json::Value;

use crate::claims::Claims;
use crate::error::IdentityError;
use crate::jws::Jws;
use crate::keeper::Keeper;
use crate::source::{KeySource, Place};
use crate::validity;

/// Checks JWTs.
pub(crate) struct Verifier {
    /// Issuers by the exact value of `iss`.
    issuers: Vec<Issuer>,
    /// Who vouches for all others, if anybody does.
    others: Option<Issuer>,
    keeper: Arc<Keeper>,
}

/// Who vouches for tokens, and what they must say.
pub(crate) struct Issuer {
    /// The value of `iss`; `None`: any.
    name: Option<String>,
    /// Those for whom tokens may be; empty: for anybody.
    audience: Vec<String>,
    sources: Vec<Arc<KeySource>>,
    /// Where in its tokens is what.
    pub(crate) claims: ClaimPaths,
    pub(crate) unregistered: UnregisteredClient,
    /// Its entry in `issuers` is what virtual keys of its clients are filed under.
    pub(crate) is_configured: bool,
}

/// A token that its issuer signed for this gateway and that is valid.
pub(crate) struct Verified<'v> {
    pub(crate) claims: Claims,
    pub(crate) issuer: &'v Issuer,
    /// When it stops to be valid.
    pub(crate) until: SystemTime,
}

/// Why there is no answer.
enum Missed {
    /// No key of the issuer is it; a new one may be.
    Key(IdentityError),
    /// Nothing can change it.
    Refused(IdentityError),
}

const NO_KEYS: IdentityError =
    IdentityError::Unavailable("the keys of its issuer could not be fetched");

// === impl Verifier ===

impl Verifier {
    pub(crate) fn new(settings: &JwtAuth, keeper: &Arc<Keeper>) -> Self {
        let source = |url: &str, issuer: Option<&str>| {
            keeper.source(Place {
                url: url.to_owned(),
                issuer: issuer.map(str::to_owned),
                fresh: settings.public_key_ttl,
                stale: settings.public_key_stale_ttl,
            })
        };
        let issuers = settings.issuers.iter().map(|own| {
            let url = own.jwks_url.clone();
            let url = url.unwrap_or_else(|| Place::discovery_of(&own.issuer));
            Issuer {
                name: Some(own.issuer.clone()),
                audience: own.audience.clone(),
                sources: vec![source(&url, Some(&own.issuer))],
                claims: own.claims.or(&settings.claims),
                unregistered: own
                    .unregistered_client
                    .unwrap_or(settings.unregistered_client),
                is_configured: true,
            }
        });
        let others = || Issuer {
            name: settings.issuer.clone(),
            audience: settings.audience.iter().cloned().collect(),
            sources: settings
                .public_key_urls
                .iter()
                .map(|url| source(url, None))
                .collect(),
            claims: settings.claims.clone(),
            unregistered: settings.unregistered_client,
            is_configured: false,
        };
        Self {
            issuers: issuers.collect(),
            others: (!settings.public_key_urls.is_empty()).then(others),
            keeper: Arc::clone(keeper),
        }
    }

    /// Checks a token with the keys that are there. When its key is not, waits for the issuer to be
    /// asked, once and for a few seconds at most.
    pub(crate) async fn verify(
        &self,
        token: &str,
        now: SystemTime,
    ) -> Result<Verified<'_>, IdentityError> {
        let jws = Jws::parse(token)?;
        let issuer = self.issuer_of(&jws.claims)?;
        match issuer.check(&jws, now) {
            Ok(until) => return Ok(jws.verified(issuer, until)),
            Err(Missed::Refused(why)) => return Err(why),
            Err(Missed::Key(_)) => {}
        }
        let renewals = issuer.sources.iter();
        join_all(renewals.map(|source| source.renewed(|| self.keeper.wake()))).await;
        match issuer.check(&jws, now) {
            Ok(until) => Ok(jws.verified(issuer, until)),
            Err(Missed::Refused(why) | Missed::Key(why)) => Err(why),
        }
    }

    /// Who vouches for a token that says this. It is not believed yet; it only decides whose keys
    /// and whose audience are looked at.
    fn issuer_of(&self, claims: &Claims) -> Result<&Issuer, IdentityError> {
        let named = claims.get("iss").and_then(Value::as_str);
        self.issuers
            .iter()
            .find(|issuer| issuer.name.as_deref() == named && named.is_some())
            .or(self.others.as_ref())
            .ok_or(IdentityError::UnknownIssuer)
    }
}

// === impl Issuer ===

impl Issuer {
    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn check(&self, jws: &Jws<'_>, now: SystemTime) -> Result<SystemTime, Missed> {
        self.check_signature(jws)?;
        validity::issuer(&jws.claims, self.name())
            .and_then(|()| validity::audience(&jws.claims, &self.audience))
            .and_then(|()| validity::times(&jws.claims, now))
            .map_err(Missed::Refused)
    }

    fn check_signature(&self, jws: &Jws<'_>) -> Result<(), Missed> {
        let held: Vec<_> = self.sources.iter().map(|source| source.held()).collect();
        let all = || held.iter().flatten().flat_map(|held| &held.keys);
        let candidates: Vec<_> = match &jws.kid {
            Some(kid) => all().filter(|key| key.kid() == Some(kid)).collect(),
            None => all().filter(|key| key.is_for(jws.algorithm)).collect(),
        };
        if candidates.is_empty() {
            let no_keys = held.iter().any(Option::is_none);
            return Err(Missed::Key(if no_keys {
                NO_KEYS
            } else {
                IdentityError::UnknownKey
            }));
        }
        if jws.kid.is_none() && candidates.len() > 1 {
            let why = IdentityError::Header("`kid` is missing, and the issuer has several keys");
            return Err(Missed::Refused(why));
        }
        // Several issuers behind one setting may call their keys the same.
        let verifies = candidates
            .iter()
            .any(|key| key.verifies(jws.algorithm, jws.signed, &jws.signature));
        if verifies {
            Ok(())
        } else if candidates.iter().any(|key| key.is_for(jws.algorithm)) {
            Err(Missed::Refused(IdentityError::Signature))
        } else {
            let why = IdentityError::Header("`alg` is not one that the key is for");
            Err(Missed::Refused(why))
        }
    }
}

// === impl Jws ===

impl Jws<'_> {
    fn verified(self, issuer: &Issuer, until: SystemTime) -> Verified<'_> {
        Verified {
            claims: self.claims,
            issuer,
            until,
        }
    }
}
