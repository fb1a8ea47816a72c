//! One request, with everything that answering it takes.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ports::{EntityQuery, Page, Paging, Sort};
use serde_json::{Map, Value};

use crate::admin::{Admin, AdminRequest};
use crate::body::Body;
use crate::caller::Caller;
use crate::edit::Edit;
use crate::facts::Facts;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::vault::Vault;

/// What a route answers with: JSON, or a refusal.
pub(crate) type Answer = Result<Value, Refusal>;

/// One request.
pub(crate) struct Ask<'a> {
    pub(crate) admin: &'a Admin,
    pub(crate) request: &'a AdminRequest,
    pub(crate) query: Query,
    /// In microseconds since 1970.
    pub(crate) now: i64,
}

/// How many rows are fetched at once where all are wanted.
const BATCH: u32 = 500;
/// How many rows are looked at in all: what has more is no list that anybody reads.
const MOST: usize = 200_000;

// === impl Ask ===

impl<'a> Ask<'a> {
    pub(crate) fn caller(&self) -> &'a Caller {
        &self.request.caller
    }

    /// What stands for a `{...}` of the path.
    pub(crate) fn param(&self, place: usize) -> &'a str {
        self.request.params.get(place).map_or("", String::as_str)
    }

    /// Whether the answer is to be CSV.
    pub(crate) fn wants_csv(&self) -> bool {
        self.request.wants_csv()
    }

    pub(crate) fn body(&self) -> Result<Body, Refusal> {
        Body::read(&self.request.body)
    }

    pub(crate) fn edit(&self) -> Edit<'_> {
        Edit::new(self)
    }

    pub(crate) fn vault(&self) -> Vault {
        Vault::new(&self.admin.settings.salt)
    }

    /// The entity, if there is one.
    pub(crate) async fn find(&self, kind: EntityKind, id: &str) -> Result<Option<Entity>, Refusal> {
        let id = EntityId::new(kind, id);
        Ok(self.admin.store.entity(&id).await?)
    }

    /// What is between two entities, if there is something.
    pub(crate) async fn find_pair(
        &self,
        kind: EntityKind,
        of: &str,
        user: &str,
    ) -> Result<Option<Entity>, Refusal> {
        let id = EntityId::pair(kind, of, user);
        Ok(self.admin.store.entity(&id).await?)
    }

    /// Those of these ids that there are, in the order of the ids.
    pub(crate) async fn those(
        &self,
        kind: EntityKind,
        ids: &[String],
    ) -> Result<Vec<Entity>, Refusal> {
        let wanted: Vec<EntityId> = ids.iter().map(|id| EntityId::new(kind, id)).collect();
        let mut found = self.admin.store.those(&wanted).await?;
        found.sort_by_key(|entity| ids.iter().position(|id| *id == entity.id));
        Ok(found)
    }

    /// The only one with this unique name.
    pub(crate) async fn named(
        &self,
        kind: EntityKind,
        name: &str,
    ) -> Result<Option<Entity>, Refusal> {
        let query = EntityQuery {
            unique_name: Some(name.to_owned()),
            ..EntityQuery::new(kind)
        };
        Ok(self.page(&query).await?.rows.pop())
    }

    pub(crate) async fn page(&self, query: &EntityQuery) -> Result<Page<Entity>, Refusal> {
        Ok(self.admin.store.entities(query).await?)
    }

    /// All rows of a query, whatever page it names.
    pub(crate) async fn all(&self, mut query: EntityQuery) -> Result<Vec<Entity>, Refusal> {
        let mut all = Vec::new();
        loop {
            query.paging = Paging {
                offset: u64::try_from(all.len()).unwrap_or(u64::MAX),
                size: BATCH,
            };
            let page = self.page(&query).await?;
            let last = page.rows.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
            all.extend(page.rows);
            if last || all.len() >= MOST {
                return Ok(all);
            }
        }
    }

    /// All of a kind.
    pub(crate) async fn every(&self, kind: EntityKind) -> Result<Vec<Entity>, Refusal> {
        self.all(EntityQuery::new(kind)).await
    }

    /// What rows of these tell besides what is in them.
    pub(crate) async fn facts(&self, of: &[Entity]) -> Result<Facts, Refusal> {
        Facts::gather(self, of).await
    }

    /// The order that `sort_by` and `sort_order` name.
    pub(crate) fn order(
        &self,
        names: &[(&str, Sort)],
    ) -> Result<lockgate_core::ports::Order, Refusal> {
        let by = match self.query.get("sort_by") {
            None => Sort::Created,
            Some(wanted) => {
                let found = names.iter().find(|(name, _)| *name == wanted);
                found.map(|(_, sort)| *sort).ok_or_else(|| {
                    let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
                    let names = names.join(", ");
                    Refusal::bad(format!("Invalid sort column. Must be one of: {names}"))
                })?
            }
        };
        let descending = match self.query.get("sort_order") {
            None | Some("desc") => true,
            Some("asc") => false,
            Some(_) => {
                return Err(Refusal::bad("Invalid sort order. Must be 'asc' or 'desc'"));
            }
        };
        Ok(lockgate_core::ports::Order { by, descending })
    }
}

/// The text in a member of a map.
pub(crate) fn text<'m>(map: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    map.get(name).and_then(Value::as_str)
}

/// The texts in a member of a map that is a list.
pub(crate) fn texts(map: &Map<String, Value>, name: &str) -> Vec<String> {
    let list = map.get(name).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
