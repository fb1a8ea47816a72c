//! A row of LiteLLM as one of our entities.

mod members;
mod secrets;
mod spend;
mod time;

use jiff::tz::TimeZone;
use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::period::Period;
use serde_json::Value;

use self::members::Members;
pub(crate) use self::secrets::ToSeal;
pub(crate) use self::spend::{RowSpend, account};
pub(crate) use self::time::micros;
use crate::cipher::Keychain;
use crate::source::{Columns, Row};
use crate::tables::{Rows, Table};

/// What it takes to convert the rows of a table.
pub(crate) struct Context<'a> {
    pub table: &'static Table,
    pub columns: &'a Columns,
    pub keys: &'a Keychain,
    /// In microseconds since 1970.
    pub now: i64,
    pub zone: &'a TimeZone,
}

/// What became of a row.
pub(crate) enum Converted {
    /// An entity.
    Entity(Box<Draft>),
    /// Nothing, on purpose.
    LeftOut(&'static str),
    /// Nothing, because it cannot be.
    Failed(String),
}

/// An entity that is to be written.
pub(crate) struct Draft {
    pub entity: Entity,
    /// What is still to be put into its settings, encrypted.
    pub to_seal: Vec<ToSeal>,
    /// What could not be taken from the row.
    pub losses: Vec<String>,
    /// What was not to be taken from it.
    pub left_out: Vec<&'static str>,
    pub spend: Option<RowSpend>,
}

const NO_MEMBERS: &str = "memberships of users whom their team does not list";
const PASSWORDS: &str = "passwords of users, which have to be set anew";
/// Keys of people who are logged in to LiteLLM's admin UI belong to this team.
const UI_TEAM: &str = "litellm-dashboard";

// === impl Context ===

impl Context<'_> {
    /// Converts a row.
    pub(crate) fn convert(&self, row: Row) -> Converted {
        let kind = self.table.kind;
        let parts: Vec<&str> = row.id.iter().map(String::as_str).collect();
        let Some(id) = entity_id(kind, &parts) else {
            return Converted::Failed("its id is empty or holds control characters".to_owned());
        };
        if let Err(outcome) = self.admissible(&row, &id) {
            return outcome;
        }
        let mut members = Members::new(row.values, self.columns);
        let spend = RowSpend::take(&id, &mut members, row.budget.as_ref(), self);
        if let Some(duration) = members.text("budget_duration")
            && let Err(error) = duration.parse::<Period>()
        {
            members.losses.push(format!("budget_duration: {error}"));
        }
        let mut entity = Entity::new(id, 0);
        self.fill(&mut entity, &mut members);
        rename(&mut members, kind, row.model_aliases);
        if let Some(mut permission) = row.object_permission {
            permission.retain(|_, value| !value.is_null());
            members
                .values
                .insert("object_permission".to_owned(), permission.into());
        }
        let to_seal = match secrets::take(&entity.id(), &mut members, self.keys) {
            Ok(to_seal) => to_seal,
            Err(why) => return Converted::Failed(why),
        };
        entity.settings = members.values;
        Converted::Entity(Box::new(Draft {
            entity,
            to_seal,
            losses: members.losses,
            left_out: members.left_out,
            spend,
        }))
    }

    /// Whether an id must not be shown: that of a key which is no hash may be the key.
    pub(crate) fn is_secret(&self, id: &[String]) -> bool {
        is_key(self.table.kind) && !id.iter().all(|part| is_hash(part))
    }

    fn admissible(&self, row: &Row, id: &EntityId) -> Result<(), Converted> {
        let is_key = is_key(id.kind);
        if is_key && !is_hash(&id.id) {
            let why = "it is no SHA-256 hash, so no key opens with it in LiteLLM either";
            return Err(Converted::Failed(why.to_owned()));
        }
        let team = row.values.get("team_id").and_then(Value::as_str);
        if is_key && team == Some(UI_TEAM) {
            return Err(Converted::LeftOut("sessions of LiteLLM's admin UI"));
        }
        let role = row.values.get("role").is_some_and(|role| !role.is_null());
        if id.kind == EntityKind::TeamMember && !role {
            return Err(Converted::LeftOut(NO_MEMBERS));
        }
        if id.kind == EntityKind::RetiredKey {
            let until = row.values.get("revoke_at").and_then(micros);
            if until.is_none_or(|until| until <= self.now) {
                return Err(Converted::LeftOut("retired keys whose grace is over"));
            }
        }
        Ok(())
    }

    /// Moves what an entity has fields for out of the columns.
    fn fill(&self, entity: &mut Entity, members: &mut Members) {
        for column in self.table.id {
            members.values.shift_remove(*column);
        }
        if let [of, user] = self.table.id {
            let parts = entity.id.split_once(|c: char| c.is_control());
            if let Some((left, right)) = parts {
                let place = if *of == "team_id" {
                    &mut entity.team_id
                } else {
                    &mut entity.organization_id
                };
                *place = Some(left.to_owned());
                debug_assert_eq!(*user, "user_id");
                entity.user_id = Some(right.to_owned());
            }
        }
        for (column, field) in [
            ("team_id", &mut entity.team_id),
            ("user_id", &mut entity.user_id),
            ("organization_id", &mut entity.organization_id),
            ("created_by", &mut entity.created_by),
            ("updated_by", &mut entity.updated_by),
        ] {
            if let Some(value) = members.take_text(column) {
                *field = Some(value);
            }
        }
        let expires = if entity.kind == EntityKind::RetiredKey {
            "revoke_at"
        } else {
            "expires"
        };
        entity.expires_at = members.take_time(expires);
        entity.created_at = members.take_time("created_at").unwrap_or(0);
        entity.updated_at = members.take_time("updated_at").unwrap_or(entity.created_at);
        if self.table.rows == Rows::OtherGroups {
            entity.unique_name = Some(entity.id.clone());
        } else if let Some(column) = unique_name(entity.kind) {
            entity.unique_name = members.take_text(column).filter(|name| !name.is_empty());
        }
    }
}

/// The column that holds a name which no other of its kind has.
pub(crate) fn unique_name(kind: EntityKind) -> Option<&'static str> {
    match kind {
        EntityKind::Key => Some("key_alias"),
        EntityKind::User => Some("user_email"),
        EntityKind::AccessGroup => Some("access_group_name"),
        _ => None,
    }
}

fn entity_id(kind: EntityKind, parts: &[&str]) -> Option<EntityId> {
    if !parts.iter().all(|part| EntityId::is_choosable(part)) {
        return None;
    }
    match parts {
        [id] => Some(EntityId::new(kind, *id)),
        [of, user] => Some(EntityId::pair(kind, of, user)),
        _ => None,
    }
}

fn is_key(kind: EntityKind) -> bool {
    matches!(
        kind,
        EntityKind::Key | EntityKind::RetiredKey | EntityKind::DeletedKey
    )
}

fn is_hash(id: &str) -> bool {
    id.len() == 64
        && id
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Gives members the names that the management API has for them.
fn rename(members: &mut Members, kind: EntityKind, model_aliases: Option<Value>) {
    match kind {
        EntityKind::Team => {
            members.values.shift_remove("model_id");
            if let Some(aliases) = model_aliases.map(members::parsed)
                && !aliases.is_null()
            {
                members.values.insert("model_aliases".to_owned(), aliases);
            }
            members.take_member_lists();
        }
        EntityKind::TeamMember => {
            // Whoever is on the list without being an admin is a user.
            let role = members.take_text("role").filter(|role| role == "admin");
            let role = role.as_deref().unwrap_or("user");
            members.values.insert("role".to_owned(), role.into());
        }
        EntityKind::User => {
            // The teams that list him say the same.
            members.values.shift_remove("teams");
            if members.take_text("password").is_some() {
                members.left_out.push(PASSWORDS);
            }
        }
        _ => {}
    }
    members.lift_from_metadata();
}
