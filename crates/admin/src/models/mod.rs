//! `/model/...`: deployments that are kept in the database.
//!
//! Their parameters are sealed as a whole. Only proxy admins make them: a deployment names the server that
//! the gateway sends credentials to.

mod change;
mod form;
mod new;

use lockgate_core::entity::{Entity, EntityKind};

use crate::ask::{Answer, Ask};
use crate::refusal::Refusal;
use crate::table::AdminRoute;

pub(crate) use self::form::{masked, opened, sealed};

/// The deployments that are a team's own. They go with it: another team may get its id one day.
pub(crate) async fn of_team(ask: &Ask<'_>, team: &str) -> Result<Vec<Entity>, Refusal> {
    let mut models = ask.every(EntityKind::Model).await?;
    // Those that were copied from LiteLLM say it there only.
    models.retain(|model| {
        let info = model.settings.get("model_info");
        info.and_then(|info| info["team_id"].as_str()) == Some(team)
    });
    Ok(models)
}

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::ModelNew => new::new(ask).await,
        AdminRoute::ModelUpdate => change::update(ask).await,
        AdminRoute::ModelDelete => change::delete(ask).await,
        AdminRoute::ModelBlock => change::block(ask, true).await,
        AdminRoute::ModelUnblock => change::block(ask, false).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}
