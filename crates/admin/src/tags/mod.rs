use crate::ask::{Answer, Ask};
use crate::refusal::Refusal;

pub(crate) async fn answer(_ask: &Ask<'_>) -> Answer {
    Err(Refusal::missing("Not Found"))
}
