//! `/model/...`: deployments that are kept in the database.
//!
//! Their parameters are sealed as a whole. Only proxy admins make them: a deployment names the server that
//! the gateway sends credentials to.

mod change;
mod form;
mod new;

use crate::ask::{Answer, Ask};
use crate::refusal::Refusal;
use crate::table::AdminRoute;

pub(crate) use self::form::{masked, opened, sealed};

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
