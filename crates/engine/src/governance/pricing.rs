//! What requests cost, behind a port: who knows prices implements [`Pricing`].

use std::fmt::Debug;

use lockgate_core::config::ModelEntry;
use lockgate_core::money::Nanodollars;
use lockgate_wire::Operation;
use lockgate_wire::canonical::Usage;
use lockgate_wire::json::JsonObject;
use serde_json::Value;

use crate::deployment::Deployment;

/// Knows what requests cost.
pub trait Pricing: Debug + Send + Sync {
    /// The most that a request may cost at `deployment`; `None` when it costs nothing, or nobody
    /// knows a price: budgets do not concern it then.
    fn worst_case(&self, deployment: &Deployment, request: &Asked<'_>) -> Option<Nanodollars>;

    /// What a request has cost there.
    fn cost(&self, deployment: &Deployment, usage: &Usage) -> Nanodollars;
}

/// What is known about a request before it is sent.
#[derive(Debug, Clone, Copy)]
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
}

/// The prices that a deployment's entry says itself, per token.
#[derive(Debug, Clone, Copy, Default)]
pub struct EntryPrices;

/// Prices of tokens in trillionths of a dollar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TokenPrices {
    input: u64,
    output: u64,
}

/// How long an answer may get when neither the client nor anybody who knows the model says.
const OUTPUT_TOKENS: u64 = 16_384;
const PICO_PER_NANO: u128 = 1_000;

// === impl Asked ===

impl Asked<'_> {
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

// === impl EntryPrices ===

impl Pricing for EntryPrices {
    fn worst_case(&self, deployment: &Deployment, request: &Asked<'_>) -> Option<Nanodollars> {
        let prices = deployment.token_prices;
        if prices == TokenPrices::default() {
            return None;
        }
        Some(prices.of(request.bytes, request.most_output(deployment)))
    }

    fn cost(&self, deployment: &Deployment, usage: &Usage) -> Nanodollars {
        deployment
            .token_prices
            .of(usage.input_tokens, usage.output_tokens)
    }
}

// === impl TokenPrices ===

impl TokenPrices {
    /// What `entry` says, in its `model_info` or in its parameters.
    pub(crate) fn read(entry: &ModelEntry) -> Self {
        let price = |name: &str| {
            let params = &entry.litellm_params.params;
            let said = params
                .get(name)
                .or_else(|| entry.model_info.members.get(name));
            said.and_then(picodollars).unwrap_or(0)
        };
        Self {
            input: price("input_cost_per_token"),
            output: price("output_cost_per_token"),
        }
    }

    /// The price of so many tokens, rounded up.
    fn of(self, input: u64, output: u64) -> Nanodollars {
        let part = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let sum = part(input, self.input) + part(output, self.output);
        Nanodollars::new(i64::try_from(sum.div_ceil(PICO_PER_NANO)).unwrap_or(i64::MAX))
    }
}

fn picodollars(value: &Value) -> Option<u64> {
    let dollars = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }?;
    let pico = (dollars * 1e12).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float to integer cast saturates, and negative prices are none"
    )]
    (pico >= 0.0).then_some(pico as u64)
}
