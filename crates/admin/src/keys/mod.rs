//! `/key/...`: virtual keys (reference sections 2.3 and 3.2).

mod bounds;
mod change;
mod delete;
mod form;
mod generate;
mod read;
mod regenerate;
mod rights;
mod secret;

use crate::ask::{Answer, Ask};
use crate::refusal::Refusal;
use crate::table::AdminRoute;

pub(crate) use self::delete::remove;
pub(crate) use self::form::{ASKED, FIELDS, shown_with_token};
pub(crate) use self::generate::{Made, draft};
pub(crate) use self::regenerate::rotation_at;
pub(crate) use self::secret::id_of;

pub(crate) async fn answer(ask: &Ask<'_>) -> Answer {
    match ask.request.route {
        AdminRoute::KeyGenerate => generate::generate(ask).await,
        AdminRoute::KeyServiceAccount => generate::service_account(ask).await,
        AdminRoute::KeyInfo => read::info(ask).await,
        AdminRoute::KeyInfoMany => read::info_many(ask).await,
        AdminRoute::KeyList => read::list(ask).await,
        AdminRoute::KeyAliases => read::aliases(ask).await,
        AdminRoute::KeyHealth => Ok(read::health()),
        AdminRoute::KeyUpdate => change::update(ask).await,
        AdminRoute::KeyBulkUpdate => change::bulk(ask).await,
        AdminRoute::KeyBlock => change::block(ask, true).await,
        AdminRoute::KeyUnblock => change::block(ask, false).await,
        AdminRoute::KeyDelete => delete::delete(ask).await,
        AdminRoute::KeyRegenerate => regenerate::regenerate(ask).await,
        AdminRoute::KeyResetSpend => change::reset_spend(ask).await,
        _ => Err(Refusal::missing("Not Found")),
    }
}
