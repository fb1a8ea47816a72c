//! What tokens of other issuers name and is not there yet: made as the management API makes it, with
//! its defaults and a line in the audit log.

use lockgate_core::access::Role;
use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ports::StoreError;
use serde_json::{Value, json};

use crate::admin::{Admin, AdminRequest, AdminResponse};
use crate::ask::Ask;
use crate::body::Body;
use crate::caller::Caller;
use crate::jwt_mappings::{self, Claim};
use crate::keys;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::table::AdminRoute;

/// What is to be there because a token names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// A user.
    User {
        /// Its id.
        id: String,
        /// Its address, unless somebody else has that.
        email: Option<String>,
    },
    /// A team.
    Team {
        /// Its id.
        id: String,
    },
    /// A user's role and teams.
    Place {
        /// Whose.
        user: String,
        /// His role; `None`: as it is.
        role: Option<Role>,
        /// Teams that he is to become a member of.
        joins: Vec<String>,
        /// Teams that he is to leave.
        leaves: Vec<String>,
    },
    /// A virtual key that stands for the tokens with a claim.
    Client {
        /// Of whose tokens; `None`: of anybody's.
        issuer: Option<String>,
        /// The claim.
        claim: String,
        /// Its value.
        value: String,
        /// Whose key it is.
        user: Option<String>,
        /// Which team's it is.
        team: Option<String>,
    },
}

/// It could not be made, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotRegistered(String);

/// On whose behalf.
const TOKENS: Caller = Caller::Gateway("jwt");

// === impl Admin ===

impl Admin {
    /// Sees to it that `registration` is there, and that this process knows. Another replica, or
    /// another request, may have made it already.
    pub async fn register(&self, registration: &Registration) -> Result<(), NotRegistered> {
        match registration {
            Registration::User { id, email } => self.register_user(id, email.as_deref()).await,
            Registration::Team { id } => {
                let wanted = EntityId::new(EntityKind::Team, id);
                let body = json!({ "team_id": id });
                self.unless_there(&wanted, AdminRoute::TeamNew, body).await
            }
            Registration::Place { .. } => self.register_place(registration).await,
            Registration::Client {
                issuer,
                claim,
                value,
                user,
                team,
            } => {
                let claim = Claim {
                    issuer: issuer.clone(),
                    name: claim.clone(),
                    value: value.clone(),
                };
                self.register_client(&claim, user.as_deref(), team.as_deref())
                    .await
            }
        }
    }

    async fn register_user(&self, id: &str, email: Option<&str>) -> Result<(), NotRegistered> {
        let wanted = EntityId::new(EntityKind::User, id);
        let body = |email: Option<&str>| json!({ "user_id": id, "user_email": email, "auto_create_key": false });
        let made = self
            .unless_there(&wanted, AdminRoute::UserNew, body(email))
            .await;
        match made {
            // Somebody else may have the address: whoever vouches for this one vouches for an id.
            Err(_) if email.is_some() => {
                self.unless_there(&wanted, AdminRoute::UserNew, body(None))
                    .await
            }
            made => made,
        }
    }

    async fn register_place(&self, wanted: &Registration) -> Result<(), NotRegistered> {
        let Registration::Place {
            user,
            role,
            joins,
            leaves,
        } = wanted
        else {
            return Ok(());
        };
        if let Some(role) = role {
            let body = json!({ "user_id": user, "user_role": role.as_str() });
            done(&self.ask(AdminRoute::UserUpdate, &body).await)?;
        }
        for team in joins {
            let member = EntityId::pair(EntityKind::TeamMember, team, user);
            let body = json!({ "team_id": team, "member": { "role": "user", "user_id": user } });
            self.unless_there(&member, AdminRoute::TeamMemberAdd, body)
                .await?;
        }
        for team in leaves {
            let body = json!({ "team_id": team, "user_id": user });
            let left = done(&self.ask(AdminRoute::TeamMemberDelete, &body).await);
            let member = EntityId::pair(EntityKind::TeamMember, team, user);
            if self.told(&member).await?.is_some() {
                left?;
            }
        }
        Ok(())
    }

    /// Makes a key and files it under `claim`, both or neither.
    async fn register_client(
        &self,
        claim: &Claim,
        user: Option<&str>,
        team: Option<&str>,
    ) -> Result<(), NotRegistered> {
        let request = request(AdminRoute::JwtMappingNew, &Value::Null);
        let ask = &Ask {
            admin: self,
            request: &request,
            query: Query::read(""),
            now: (self.clock)(),
        };
        let made = async {
            let settings = json!({
                "user_id": user,
                "team_id": team,
                "metadata": { "jwt_claim_name": claim.name, "jwt_issuer": claim.issuer },
            });
            let settings = settings.as_object().cloned().unwrap_or_default();
            let sent = Body::of(settings).fields(&[keys::FIELDS, keys::ASKED], &[])?;
            let mut edit = ask.edit();
            let made = keys::draft(ask, &mut edit, sent).await?;
            let mapping = jwt_mappings::draft(&edit, claim, &made.entity.id);
            edit.insert(made.entity);
            edit.insert(mapping);
            edit.save().await
        };
        let made: Result<(), Refusal> = made.await;
        let id = EntityId::claim(claim.issuer.as_deref(), &claim.name, &claim.value);
        if made.is_err()
            && let Some(there) = self.told(&id).await?
        {
            let key = crate::ask::text(&there.settings, "active_token_id").unwrap_or_default();
            self.told(&EntityId::new(EntityKind::Key, key)).await?;
            return Ok(());
        }
        made.map_err(|refusal| NotRegistered(refusal.into_message()))
    }

    /// Asks for what makes `wanted`, unless it is there.
    async fn unless_there(
        &self,
        wanted: &EntityId,
        route: AdminRoute,
        body: Value,
    ) -> Result<(), NotRegistered> {
        if self.told(wanted).await?.is_some() {
            return Ok(());
        }
        let made = done(&self.ask(route, &body).await);
        // Somebody was faster.
        if made.is_err() && self.told(wanted).await?.is_some() {
            return Ok(());
        }
        made
    }

    /// The entity, if it is there, which this process is told of.
    async fn told(&self, id: &EntityId) -> Result<Option<Entity>, NotRegistered> {
        let away = |error: StoreError| NotRegistered(error.to_string());
        let found = self.store.entity(id).await.map_err(away)?;
        if let Some(found) = &found {
            self.directory.changed(std::slice::from_ref(found), &[]);
        }
        Ok(found)
    }

    async fn ask(&self, route: AdminRoute, body: &Value) -> AdminResponse {
        self.answer(request(route, body)).await
    }
}

fn request(route: AdminRoute, body: &Value) -> AdminRequest {
    AdminRequest {
        route,
        params: Vec::new(),
        query: String::new(),
        body: body.to_string().into_bytes(),
        caller: TOKENS,
        address: None,
        accepts_csv: false,
    }
}

fn done(response: &AdminResponse) -> Result<(), NotRegistered> {
    match response.status {
        200 => Ok(()),
        _ => Err(NotRegistered(response.body.clone())),
    }
}
