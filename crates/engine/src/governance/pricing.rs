//! What requests cost, behind a port: who knows prices implements [`Pricing`].

use std::cell::OnceCell;
use std::fmt::Debug;

use lockgate_core::ledger::CostSource;
use lockgate_core::money::Nanodollars;
use lockgate_providers::catalog::{Bounds, Facts, InputBound, Without, input_bound};
use lockgate_wire::canonical::Usage;
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation};

use super::now;
use crate::deployment::Deployment;

/// Knows what requests cost.
pub trait Pricing: Debug + Send + Sync {
    /// The most that a request may cost at `deployment`; `None` when it costs nothing, or nobody
    /// knows a price: budgets do not concern it then.
    fn worst_case(&self, deployment: &Deployment, request: &Asked<'_>) -> Option<Nanodollars>;

    /// What a request has cost there, and who says so. `estimated`: the counts are ours.
    fn cost(
        &self,
        deployment: &Deployment,
        usage: &Usage,
        estimated: bool,
    ) -> (Nanodollars, CostSource);
}

/// What is known about a request before it is sent.
#[derive(Debug, Clone)]
pub struct Asked<'a> {
    /// What is asked for.
    pub operation: Operation,
    /// The body, in the client's dialect.
    pub body: &'a JsonObject,
    /// How long the body is, in bytes. No text has more tokens than bytes.
    pub bytes: u64,
    /// The most output tokens that the client wants, of all answers together.
    pub output_tokens: Option<u64>,
    /// How many answers it wants.
    pub answers: u64,
    /// What the body says about the size of the question, once somebody wanted to know.
    pub(super) input: OnceCell<InputBound>,
}

/// The prices of the catalogue, with the operator's over them.
#[derive(Debug, Clone, Copy, Default)]
pub struct CatalogPrices;

/// How long an answer may get when neither the client nor anybody who knows the model says.
const OUTPUT_TOKENS: u64 = 16_384;
/// What nobody says how often it is done, and costs little each time.
const WEB_SEARCHES: u64 = 10;

// === impl Asked ===

impl Asked<'_> {
    /// How many input tokens it can have. The body is looked through once.
    fn input(&self) -> InputBound {
        *self
            .input
            .get_or_init(|| input_bound(&self.body.to_bytes()))
    }

    /// The most output tokens of an answer by `deployment`, of all answers together.
    #[must_use]
    pub fn most_output(&self, deployment: &Deployment) -> u64 {
        if !self.operation.is_chat() && self.operation != Operation::Realtime {
            return 0;
        }
        let by_default = || {
            let of_model = deployment.max_output_tokens.unwrap_or(OUTPUT_TOKENS);
            deployment
                .defaults
                .max_tokens
                .unwrap_or(of_model)
                .saturating_mul(self.answers)
        };
        self.output_tokens.unwrap_or_else(by_default)
    }
}

// === impl CatalogPrices ===

impl Pricing for CatalogPrices {
    fn worst_case(&self, deployment: &Deployment, request: &Asked<'_>) -> Option<Nanodollars> {
        let pricing = &deployment.pricing;
        let price = pricing.price().filter(|_| !pricing.is_free())?;
        let bound = request.input().or(deployment.added);
        let bounds = Bounds {
            input_tokens: bound.tokens(price.max_input_tokens()).max(request.bytes),
            output_tokens: request.most_output(deployment),
            web_searches: if bound.is_open() { WEB_SEARCHES } else { 0 },
            without: without(deployment, request, bound),
            ..Bounds::default()
        };
        pricing.worst_case(&bounds)
    }

    fn cost(
        &self,
        deployment: &Deployment,
        usage: &Usage,
        estimated: bool,
    ) -> (Nanodollars, CostSource) {
        let cost = deployment.pricing.cost(&Facts {
            usage: Some(*usage),
            estimated,
            at: now(),
            ..Facts::default()
        });
        (cost.amount, cost.source)
    }
}

/// What `request` cannot do there that would cost more. A form and a session are not seen.
fn without(deployment: &Deployment, request: &Asked<'_>, bound: InputBound) -> Without {
    if !request.operation.is_chat() {
        return Without::default();
    }
    match deployment.dialect() {
        // Who wants a cache or another speed has to say so.
        DialectId::Anthropic | DialectId::Bedrock => bound.without(),
        _ => Without {
            media: bound.is_text(),
            ..Without::default()
        },
    }
}
