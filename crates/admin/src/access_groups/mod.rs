//! `/v1/access_group...` and `/access_group/...`: named sets of models, which keys and teams may be given.

mod by_id;
mod by_name;

use lockgate_core::entity::{Entity, EntityKind};

use crate::ask::{Answer, Ask, texts};
use crate::refusal::Refusal;
use crate::table::AdminRoute;

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::AccessGroupCreate => by_id::create(ask).await,
        AdminRoute::AccessGroupAll => by_id::all(ask).await,
        AdminRoute::AccessGroupGet => by_id::get(ask).await,
        AdminRoute::AccessGroupPut => by_id::put(ask).await,
        AdminRoute::AccessGroupRemove => by_id::remove(ask).await,
        AdminRoute::ModelGroupsNew => by_name::new(ask).await,
        AdminRoute::ModelGroupsList => by_name::list(ask).await,
        AdminRoute::ModelGroupsInfo => by_name::info(ask).await,
        AdminRoute::ModelGroupsUpdate => by_name::update(ask).await,
        AdminRoute::ModelGroupsDelete => by_name::delete(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}

/// The setting that holds the models of a group.
const MODELS: &str = "access_model_names";

fn models(group: &Entity) -> Vec<String> {
    texts(&group.settings, MODELS)
}

/// Refuses a name that another group has.
async fn free_name(ask: &Ask<'_>, name: &str) -> Result<(), Refusal> {
    match ask.named(EntityKind::AccessGroup, name).await? {
        None => Ok(()),
        Some(_) => Err(Refusal::exists(format!(
            "Access group '{name}' already exists"
        ))),
    }
}
