//! A request whose replica has too little of a limit or budget: it waits until it is told more.

use std::sync::Arc;

use lockgate_core::error::GatewayError;
use lockgate_core::money::Nanodollars;

use super::admission::{Entrant, Refused, Worst};
use super::leasing::Attempt;
use super::refusal::Refusal;
use super::reservation::Reservation;
use super::sharing::{Answer, ROUNDS, Sharing, Shortage};
use super::{Caller, Governance, now};
use crate::record::RequestRecord;
use crate::snapshot::{Group, Snapshot};

/// The way in: open, or a wait.
#[must_use]
pub(crate) struct Door(Option<Box<Waiting>>);

/// A request before the door.
pub(super) struct Waiting {
    caller: Caller,
    wanted: Vec<Shortage>,
    model: String,
    group: Option<Arc<Group>>,
    tokens: u64,
    worst: Worst,
    least: Nanodollars,
    user_pays_for_team: bool,
}

// === impl Door ===

impl Door {
    pub(super) fn open() -> Self {
        Self(None)
    }

    pub(super) fn closed(caller: Caller, entrant: &Entrant<'_>, attempt: Attempt) -> Self {
        Self(Some(Box::new(Waiting {
            caller,
            wanted: attempt.into_short(),
            model: entrant.model.to_owned(),
            group: entrant.group.cloned(),
            tokens: entrant.tokens,
            worst: entrant.worst,
            least: entrant.least,
            user_pays_for_team: entrant.user_pays_for_team,
        })))
    }

    /// Goes in, or hears why not.
    pub(crate) async fn pass(
        self,
        governance: &Governance,
        snapshot: &Snapshot,
        record: &mut RequestRecord,
    ) -> Result<(), GatewayError> {
        match self.0 {
            None => Ok(()),
            // Boxed: few requests wait, and all would carry its size.
            Some(waiting) => Box::pin(waiting.pass(governance, snapshot, record)).await,
        }
    }
}

// === impl Waiting ===

impl Waiting {
    async fn pass(
        self,
        governance: &Governance,
        snapshot: &Snapshot,
        record: &mut RequestRecord,
    ) -> Result<(), GatewayError> {
        let Some(sharing) = governance.sharing.get() else {
            return Ok(());
        };
        let mut entrant = Entrant {
            model: &self.model,
            group: self.group.as_ref(),
            tokens: self.tokens,
            worst: self.worst,
            least: self.least,
            user_pays_for_team: self.user_pays_for_team,
            zone: &snapshot.config.governance.timezone,
            now: 0,
        };
        let (mut caller, mut wanted) = (self.caller, self.wanted);
        let mut round = 0;
        loop {
            let mut attempt = asked(sharing, wanted, round).await;
            round += 1;
            entrant.now = now();
            match Reservation::make(caller, &entrant, &mut attempt) {
                Ok(reservation) => {
                    governance.let_in(reservation, record);
                    return Ok(());
                }
                Err(Refused::For(refusal)) => {
                    return Err(governance.refuse(snapshot, refusal, record));
                }
                Err(Refused::Short(back)) => {
                    caller = *back;
                    wanted = attempt.into_short();
                }
            }
        }
    }
}

/// Tops `reservation` up, and waits where this replica has too little.
pub(super) async fn top_up(
    sharing: Option<&Arc<Sharing>>,
    reservation: &mut Reservation,
    entrant: &Entrant<'_>,
) -> Result<(), Refusal> {
    let mut attempt = Attempt::first(sharing);
    let mut round = 0;
    loop {
        let is_done = reservation.top_up(entrant, &mut attempt)?;
        let Some(sharing) = sharing.filter(|_| !is_done) else {
            return Ok(());
        };
        attempt = asked(sharing, attempt.into_short(), round).await;
        round += 1;
    }
}

/// The next attempt, after the store was asked for what is lacking.
async fn asked(sharing: &Arc<Sharing>, wanted: Vec<Shortage>, round: u32) -> Attempt {
    match sharing.ask(wanted, round).await {
        Answer::Alone => Attempt::alone(sharing),
        Answer::Granted { purse, is_final } => {
            let attempt = Attempt::with(sharing, purse);
            if is_final || round + 1 >= ROUNDS {
                attempt.last()
            } else {
                attempt
            }
        }
    }
}
