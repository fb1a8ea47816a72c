//! Opaque tokens: the endpoint that knows them is asked, once for all who wait (RFC 7662).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, Response};
use lockgate_core::access::Role;
use lockgate_core::config::{CallerRole, OAuth2Auth};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::caller::{Caller, Limit, TokenKind, Wishes};
use crate::claims::Claims;
use crate::error::IdentityError;
use crate::json;
use crate::keeper::Keeper;
use crate::memory::{BAD, GOOD, Known, TokenHash};
use crate::question::{AWAY, Answer, Question, Reading};
use crate::teams::{Teams, UnknownTeam};
use crate::validity::LEEWAY;

/// Somewhat longer than the endpoint may take.
const PATIENCE: Duration = Duration::from_secs(12);
/// Longer tokens are not shown to anybody.
const LONGEST: usize = 16 * 1024;
/// Answers that are waited for; beyond, those that came are forgotten.
const MOST_WAITED_FOR: usize = 1024;
/// LiteLLM asks the endpoint on these only.
const ROUTES: [&str; 2] = ["llm_api_routes", "info_routes"];

pub(crate) struct Introspector {
    endpoint: Arc<Endpoint>,
    keeper: Arc<Keeper>,
    waited_for: Mutex<HashMap<TokenHash, watch::Sender<Answer<Known>>>>,
}

/// The endpoint, and how its answers are read.
struct Endpoint {
    settings: OAuth2Auth,
}

// === impl Introspector ===

impl Introspector {
    pub(crate) fn new(settings: &OAuth2Auth, keeper: &Arc<Keeper>) -> Self {
        Self {
            endpoint: Arc::new(Endpoint {
                settings: settings.clone(),
            }),
            keeper: Arc::clone(keeper),
            waited_for: Mutex::default(),
        }
    }

    /// Finds out about a token; an error when nobody could tell.
    pub(crate) async fn ask(&self, token: &str, hash: TokenHash) -> Result<Known, IdentityError> {
        if token.is_empty() || token.len() > LONGEST {
            return Err(IdentityError::Malformed("it is empty or too long"));
        }
        let mut answer = self.question(token, hash)?;
        let told = timeout(PATIENCE, answer.wait_for(Option::is_some)).await;
        match told {
            Ok(Ok(answer)) => (*answer).clone().unwrap_or(Err(AWAY)),
            _ => Err(AWAY),
        }
    }

    /// The question that is under way about this token, or a new one.
    fn question(
        &self,
        token: &str,
        hash: TokenHash,
    ) -> Result<watch::Receiver<Answer<Known>>, IdentityError> {
        let mut all = self
            .waited_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = all.get(&hash).filter(|own| own.borrow().is_none()) {
            return Ok(own.subscribe());
        }
        if all.len() >= MOST_WAITED_FOR {
            all.retain(|_, own| own.borrow().is_none() && own.receiver_count() > 0);
        }
        let (answer, receiver) = watch::channel(None);
        let asked = self.keeper.ask(Question {
            request: self.endpoint.request(token)?,
            reading: Arc::clone(&self.endpoint) as Arc<dyn Reading<Known>>,
            answer: answer.clone(),
        });
        if !asked {
            return Err(IdentityError::Unavailable(
                "too many tokens wait to be asked about",
            ));
        }
        all.insert(hash, answer);
        Ok(receiver)
    }
}

// === impl Endpoint ===

impl Endpoint {
    /// LiteLLM's rule: an address with `introspect` in it, and a client to show, mean RFC 7662.
    fn introspection(&self) -> Option<(&str, &str)> {
        let named = self
            .settings
            .endpoint
            .to_ascii_lowercase()
            .contains("introspect");
        let (id, secret) = self.settings.client.as_ref().filter(|_| named)?;
        Some((id, secret.expose()))
    }

    fn request(&self, token: &str) -> Result<Request<Bytes>, IdentityError> {
        let (request, authorization, body) = match self.introspection() {
            Some((id, secret)) => {
                let body = format!("token={}", utf8_percent_encode(token, NON_ALPHANUMERIC));
                let basic = STANDARD.encode(format!("{id}:{secret}"));
                let request = Request::post(&self.settings.endpoint)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                (request, format!("Basic {basic}"), body)
            }
            None => (
                Request::get(&self.settings.endpoint),
                format!("Bearer {token}"),
                String::new(),
            ),
        };
        let mut authorization = HeaderValue::from_str(&authorization)
            .map_err(|_| IdentityError::Malformed("it has characters that no token has"))?;
        authorization.set_sensitive(true);
        request
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, "application/json")
            .body(Bytes::from(body))
            .map_err(|_| IdentityError::Unavailable("OAUTH_TOKEN_INFO_ENDPOINT is no address"))
    }

    /// Whether a status speaks of the token; any other speaks of the endpoint.
    fn check_status(&self, status: u16) -> Result<(), IdentityError> {
        match status {
            200..=299 => Ok(()),
            // Of an introspection endpoint they are about the client's credentials.
            401 | 403 if self.introspection().is_some() => {
                tracing::warn!(status, "the token endpoint refuses OAUTH_CLIENT_ID");
                Err(AWAY)
            }
            400 | 401 | 403 => Err(IdentityError::Inactive),
            _ => {
                tracing::warn!(status, "the token endpoint does not answer as it should");
                Err(AWAY)
            }
        }
    }

    fn known(&self, body: &[u8], now: SystemTime) -> Result<Known, IdentityError> {
        let Ok(members) = json::object(body) else {
            tracing::warn!("the token endpoint's answer is not what it should be");
            return Err(AWAY);
        };
        let claims = Claims::new(members);
        // RFC 7662, section 2.2: `active` is required there, and never anything but true or false.
        let active = match claims.get("active") {
            Some(active) => *active == Value::Bool(true),
            None => self.introspection().is_none(),
        };
        if !active {
            return Err(IdentityError::Inactive);
        }
        let mut until = now + GOOD;
        if let Some(seconds) = claims.seconds("exp")? {
            let left = seconds + LEEWAY.as_secs_f64() - since_1970(now);
            if left <= 0.0 {
                return Err(IdentityError::Expired);
            }
            until = now + Duration::from_secs_f64(left.min(GOOD.as_secs_f64()));
        }
        let caller = self.caller(&claims)?;
        Ok(Known {
            caller: Ok(Arc::new(caller)),
            until,
        })
    }

    fn caller(&self, claims: &Claims) -> Result<Caller, IdentityError> {
        let settings = &self.settings;
        let user_id = claims.text(Some(&settings.user_id_field))?;
        let team_id = claims.text(Some(&settings.team_id_field))?;
        let user_role = claims
            .text(Some(&settings.user_role_field))?
            .map(|name| {
                let unknown = || IdentityError::claim(&settings.user_role_field, "is no role");
                Role::named(&name).ok_or_else(unknown)
            })
            .transpose()?;
        let admin = user_role == Some(Role::ProxyAdmin);
        let named = user_id.is_some() || team_id.is_some() || admin;
        let nobody = || {
            let setting = "OAUTH_USER_ID_FIELD_NAME, OAUTH_USER_TEAM_ID_FIELD_NAME";
            IdentityError::forbidden(setting, "the token names neither a user nor a team")
        };
        let role = match (admin, &user_id) {
            (true, _) => CallerRole::ProxyAdmin,
            (false, Some(_)) => CallerRole::InternalUser,
            (false, None) => CallerRole::Team,
        };
        let teams = Teams {
            admin,
            object: None,
            single: team_id.into_iter().collect(),
            several: Vec::new(),
            alias: None,
            default: None,
            required: None,
            enforced: false,
            by_membership: false,
            unknown: UnknownTeam::Refuse,
        };
        Ok(Caller {
            kind: TokenKind::OAuth2,
            issuer: None,
            role,
            user_role,
            user_id,
            user_email: None,
            team_ids: teams.claimed(),
            organization_id: None,
            organization_alias: None,
            customer_id: None,
            models: Vec::new(),
            routes: vec![Limit {
                setting: "enable_oauth2_auth",
                names: ROUTES.map(str::to_owned).into(),
            }],
            wishes: Wishes::default(),
            virtual_key: None,
            teams,
            refused: (!named).then(nobody),
        })
    }
}

impl Reading<Known> for Endpoint {
    fn read(&self, response: &Response<Bytes>) -> Result<Known, IdentityError> {
        let now = SystemTime::now();
        let known = self
            .check_status(response.status().as_u16())
            .and_then(|()| self.known(response.body(), now));
        match known {
            // That nobody could tell is nothing to remember.
            Err(why @ IdentityError::Unavailable(_)) => Err(why),
            Err(why) => Ok(Known {
                caller: Err(why),
                until: now + BAD,
            }),
            Ok(known) => Ok(known),
        }
    }
}

fn since_1970(now: SystemTime) -> f64 {
    now.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}
