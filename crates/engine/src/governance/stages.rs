//! The stages of a request that governance has: who calls, what for, and what it cost.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use http::HeaderMap;
use lockgate_core::access::MatchedRoute;
use lockgate_core::error::GatewayError;
use lockgate_core::ledger::{Charge, CostSource};
use lockgate_core::money::Nanodollars;
use lockgate_wire::canonical::{ErrorKind, Usage};

use super::access::usable;
use super::admission::{Entrant, Refused, Worst};
use super::asked::{asked, customer, tags};
use super::caller::Place;
use super::leasing::Attempt;
use super::pricing::{Asked, Pricing};
use super::refusal::Refusal;
use super::reservation::{Outcome, Reservation};
use super::stranger::not_read_yet;
use super::waiting::{Door, top_up};
use super::{Caller, Governance, now, now_micros};
use crate::auth::Shown;
use crate::call::Call;
use crate::engine::Engine;
use crate::record::{RecordGuard, RequestRecord};
use crate::snapshot::{Group, Route, Snapshot};

/// What a request came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bill {
    /// The cost.
    pub cost: Nanodollars,
    /// Where that comes from.
    pub source: CostSource,
    /// Whom it was charged to.
    pub charges: Vec<Charge>,
    /// What it was calculated from, where the provider gave no counts.
    pub estimate: Option<Estimate>,
}

/// Counts of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// The counts.
    pub usage: Usage,
    /// More was not charged, as it had not been set aside.
    pub at_most: Option<Nanodollars>,
}

/// What a request cost, where that comes from, its tokens, and whether those are a guess.
type Costs = (Nanodollars, CostSource, Option<u64>, Option<Estimate>);

/// Tokens of a text are about a quarter of its bytes (OpenAI, "What are tokens").
const BYTES_PER_TOKEN: u64 = 4;
/// Bytes of a streamed answer per token, in frames as small as providers send them: a guess that is
/// only made where no upstream told.
const STREAMED_BYTES_PER_TOKEN: u64 = 160;

// === impl Engine ===

impl Engine {
    /// Sets more aside for a fallback that may cost more than what was asked for, if that can be.
    pub(crate) async fn can_pay(
        &self,
        snapshot: &Snapshot,
        call: &Call,
        to: &Route,
        record: &mut RecordGuard,
    ) -> bool {
        let record = record.record_mut();
        let governance = &self.shared.governance;
        governance
            .can_top_up(snapshot, call, &to.group, record)
            .await
    }
}

// === impl Governance ===

impl Governance {
    /// Says who calls, and whether the route is for them. `query_key` is the `?key=` of a request.
    ///
    /// The master key and virtual keys are looked at first, and wait for nothing.
    pub async fn authenticate(
        &self,
        snapshot: &Snapshot,
        headers: &HeaderMap,
        query_key: Option<&str>,
    ) -> Result<Caller, GatewayError> {
        let mut caller = match snapshot.keys.shown(headers, query_key)? {
            Shown::Master => Caller::master(),
            Shown::Key(hash, text) => match self.directory.caller(hash, now_micros())? {
                // What it spent is read last.
                Some(_) if self.is_waiting.load(Relaxed) => return Err(not_read_yet()),
                Some(caller) => caller,
                None => Box::pin(self.stranger(headers, text)).await?,
            },
        };
        caller.put(Place::Gateway, self.gateway.load_full());
        Ok(caller)
    }

    /// Who calls a route of the pipeline.
    pub(crate) async fn identify(
        &self,
        snapshot: &Snapshot,
        headers: &HeaderMap,
        query_key: Option<&str>,
        route: MatchedRoute<'_>,
    ) -> Result<Caller, GatewayError> {
        let caller = self.authenticate(snapshot, headers, query_key).await?;
        caller.check_route(route)?;
        Ok(caller)
    }

    /// Says for whom `call` is made and what it is marked with.
    pub(crate) fn mark(
        &self,
        snapshot: &Snapshot,
        headers: &HeaderMap,
        call: &Call,
        caller: &mut Caller,
    ) -> Result<(), GatewayError> {
        let settings = &snapshot.config.governance;
        let by_token = caller.customer_of_token();
        let customer = by_token.or_else(|| customer(settings, headers, call));
        if customer.is_none() && settings.enforce_user_param && !caller.is_master() {
            let why = "`user` is missing: this gateway wants to know for whom a request is made";
            let error = GatewayError::client(ErrorKind::InvalidRequest, why);
            return Err(error.with_param("user"));
        }
        let tags = tags(settings, headers, call);
        caller.mark(&self.directory, customer, tags);
        for (_, account) in caller
            .accounts()
            .filter(|(number, _)| *number > Place::User as usize)
        {
            usable(account, now_micros())?;
        }
        Ok(())
    }

    /// Refuses models that the caller may not call: the one asked for, and the fallbacks that the
    /// client names.
    pub(crate) fn check_models(
        &self,
        snapshot: &Snapshot,
        caller: &Caller,
        call: &Call,
        route: &Route,
    ) -> Result<(), GatewayError> {
        caller.check_model(&self.directory, &call.model, &route.group)?;
        for fallback in &call.options.fallbacks {
            if let Some(route) = snapshot.route(&fallback.model) {
                caller.check_model(&self.directory, &fallback.model, &route.group)?;
            }
        }
        Ok(())
    }

    /// Lets a request in: it is counted in every limit, and its worst case is set aside in every
    /// budget.
    pub(crate) fn admit(
        &self,
        snapshot: &Snapshot,
        caller: Caller,
        call: &Call,
        group: &Arc<Group>,
        record: &mut RequestRecord,
    ) -> Result<Door, GatewayError> {
        let asked = asked(call);
        record.input_bytes = asked.bytes;
        let (worst, least) = if caller.has_budgets() {
            (self.worst(group, &asked), self.least(group, &asked))
        } else {
            (Worst::Nothing, Nanodollars::ZERO)
        };
        let entrant = Entrant {
            model: &call.model,
            group: Some(group),
            tokens: expected_tokens(&asked, &caller),
            worst,
            least,
            user_pays_for_team: snapshot.config.governance.apply_user_budget_to_team_keys,
            zone: &snapshot.config.governance.timezone,
            now: now(),
        };
        self.enter(snapshot, caller, &entrant, record)
    }

    /// Lets a request in whose cost nobody can tell beforehand.
    pub(crate) async fn admit_unseen(
        &self,
        snapshot: &Snapshot,
        caller: Caller,
        record: &mut RequestRecord,
    ) -> Result<(), GatewayError> {
        let entrant = Entrant {
            model: "",
            group: None,
            tokens: 0,
            worst: Worst::Unknown,
            least: Nanodollars::ZERO,
            user_pays_for_team: snapshot.config.governance.apply_user_budget_to_team_keys,
            zone: &snapshot.config.governance.timezone,
            now: now(),
        };
        let door = self.enter(snapshot, caller, &entrant, record)?;
        door.pass(self, snapshot, record).await
    }

    fn enter(
        &self,
        snapshot: &Snapshot,
        caller: Caller,
        entrant: &Entrant<'_>,
        record: &mut RequestRecord,
    ) -> Result<Door, GatewayError> {
        let mut attempt = Attempt::first(self.sharing.get());
        match Reservation::make(caller, entrant, &mut attempt) {
            Ok(reservation) => {
                self.let_in(reservation, record);
                Ok(Door::open())
            }
            Err(Refused::Short(caller)) => Ok(Door::closed(*caller, entrant, attempt)),
            Err(Refused::For(refusal)) => Err(self.refuse(snapshot, refusal, record)),
        }
    }

    pub(super) fn let_in(&self, reservation: Reservation, record: &mut RequestRecord) {
        record.pricing = Some(self.pricing.load_full());
        record.reservation = Some(Box::new(reservation));
    }

    pub(super) fn refuse(
        &self,
        snapshot: &Snapshot,
        refusal: Refusal,
        record: &mut RequestRecord,
    ) -> GatewayError {
        let error = refusal.error(snapshot.config.governance.budget_exceeded_status);
        if let Refusal::Limit(exceeded) = refusal {
            record.exceeded = Some(Box::new(exceeded));
        }
        error
    }

    /// Sets more aside for a fallback that may cost more than what was asked for, if that can be.
    async fn can_top_up(
        &self,
        snapshot: &Snapshot,
        call: &Call,
        group: &Arc<Group>,
        record: &mut RequestRecord,
    ) -> bool {
        let settings = &snapshot.config.governance;
        let Some(reservation) = record.reservation.as_deref_mut() else {
            return true;
        };
        let worst = if reservation.has_budgets() {
            self.worst(group, &asked(call))
        } else {
            Worst::Nothing
        };
        let entrant = Entrant {
            model: &group.name,
            group: Some(group),
            tokens: 0,
            worst,
            least: Nanodollars::ZERO,
            user_pays_for_team: settings.apply_user_budget_to_team_keys,
            zone: &settings.timezone,
            now: now(),
        };
        let topped = top_up(self.sharing.get(), reservation, &entrant).await;
        let refusal = topped.err();
        if let Some(refusal) = &refusal {
            let why = refusal.error(settings.budget_exceeded_status);
            tracing::debug!("the fallback to `{}` is passed by: {why}", group.name);
        }
        refusal.is_none()
    }

    /// The most that a request may cost at any deployment of `group`.
    fn worst(&self, group: &Group, asked: &Asked<'_>) -> Worst {
        let pricing = self.pricing.load();
        let costs = group
            .deployments
            .iter()
            .filter_map(|d| pricing.worst_case(d, asked));
        match costs.max() {
            Some(worst) if worst.is_positive() => Worst::AtMost(worst),
            _ => Worst::Nothing,
        }
    }

    /// What it would cost with the shortest of answers.
    fn least(&self, group: &Group, asked: &Asked<'_>) -> Nanodollars {
        let shortest = Asked {
            output_tokens: Some(1),
            ..asked.clone()
        };
        match self.worst(group, &shortest) {
            Worst::AtMost(least) => least,
            Worst::Nothing | Worst::Unknown => Nanodollars::ZERO,
        }
    }
}

fn expected_tokens(asked: &Asked<'_>, caller: &Caller) -> u64 {
    let key = caller.key().and_then(|key| key.rare());
    let expected = || key.and_then(|rare| rare.default_estimated_output_tokens);
    let output = asked.output_tokens.or_else(expected).unwrap_or(0);
    (asked.bytes / BYTES_PER_TOKEN).saturating_add(output)
}

/// Ends the reservation of a request: what it cost, and whom that was charged to.
pub(crate) fn settle(record: &mut RequestRecord) -> Option<Bill> {
    let mut reservation = record.reservation.take()?;
    let pricing = record.pricing.take();
    let (cost, source, tokens, estimate) =
        cost(record, pricing.as_deref().map(AsRef::as_ref), &reservation);
    let charges = reservation.settle(Outcome {
        cost,
        tokens,
        now: now(),
    });
    record.settled = Some(reservation);
    Some(Bill {
        cost,
        source,
        charges,
        estimate,
    })
}

fn cost(record: &RequestRecord, pricing: Option<&dyn Pricing>, reservation: &Reservation) -> Costs {
    let Some(deployment) = record.deployment.as_deref() else {
        let tokens = record
            .usage
            .map(|usage| usage.input_tokens.saturating_add(usage.output_tokens));
        return (
            Nanodollars::ZERO,
            CostSource::None,
            tokens.or(Some(0)),
            None,
        );
    };
    let priced = |usage, estimated| {
        pricing.map_or_else(Default::default, |pricing| {
            pricing.cost(deployment, &usage, estimated)
        })
    };
    // What a stream had told before it was cut off is not all.
    let cut_off = record.streamed_bytes > 0 && (record.status >= 400 || record.error.is_some());
    if let Some(usage) = record.usage.filter(|_| !cut_off) {
        let tokens = usage.input_tokens.saturating_add(usage.output_tokens);
        let (cost, source) = priced(usage, false);
        return (cost, source, Some(tokens), None);
    }
    if record.streamed_bytes == 0 {
        // Nothing came; what was answered without counts is as much as was expected.
        let tokens = if record.status < 400 { None } else { Some(0) };
        return (Nanodollars::ZERO, CostSource::None, tokens, None);
    }
    let told = record.usage.unwrap_or_else(|| Usage {
        input_tokens: record.input_bytes / BYTES_PER_TOKEN,
        ..Usage::default()
    });
    let guessed = record.streamed_bytes.div_ceil(STREAMED_BYTES_PER_TOKEN);
    let usage = Usage {
        output_tokens: told.output_tokens.max(guessed),
        ..told
    };
    let (mut cost, source) = priced(usage, true);
    // Who asks for no more than fits is not charged more for a guess.
    let at_most = reservation
        .has_budgets()
        .then(|| reservation.reserved())
        .filter(|most| *most < cost);
    cost = at_most.unwrap_or(cost);
    let tokens = usage.input_tokens + usage.output_tokens;
    (
        cost,
        source,
        Some(tokens),
        Some(Estimate { usage, at_most }),
    )
}
