//! `/spend/calculate`: what a question or an answer costs.

use std::pin::Pin;

use lockgate_core::money::Nanodollars;
use serde_json::{Map, Value, json};

use crate::ask::{Answer, Ask};
use crate::fields::{Field, Type, field};
use crate::refusal::Refusal;

/// Knows what requests cost.
pub trait Prices: Send + Sync {
    /// The cost of `quote` by the prices in force.
    ///
    /// # Errors
    /// When nobody knows a price, or what was asked about cannot be read.
    fn cost<'a>(&'a self, quote: &'a Quote<'a>) -> Priced<'a>;
}

/// What one who knows prices promises.
pub type Priced<'a> = Pin<Box<dyn Future<Output = Result<Nanodollars, Unpriced>> + Send + 'a>>;

/// What the cost is asked of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quote<'a> {
    /// Of sending these messages (OpenAI chat completions) to a model, whatever it answers.
    Question {
        /// The model group, or a provider's model.
        model: &'a str,
        /// The messages.
        messages: &'a [Value],
    },
    /// Of a request with this answer (OpenAI chat completions).
    Answer {
        /// The model group, or a provider's model, where it is not the one that the answer names.
        model: Option<&'a str>,
        /// The answer.
        answer: &'a Map<String, Value>,
    },
}

/// Why nobody knows what something costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unpriced {
    /// There is no price for that model.
    Unknown {
        /// The model.
        model: String,
    },
    /// What was sent cannot be read.
    Unreadable {
        /// What is wrong with it.
        why: String,
        /// Which field.
        param: &'static str,
    },
}

const FIELDS: &[Field] = &[
    field("model", Type::Text),
    field("messages", Type::List),
    field("completion_response", Type::Object),
];

pub(super) async fn calculate(ask: &Ask<'_>) -> Answer {
    let sent = ask.body()?.fields(&[FIELDS], &[])?;
    let model = sent.text("model");
    let messages = sent.get("messages").and_then(Value::as_array);
    let answer = sent.get("completion_response").and_then(Value::as_object);
    let quote = match (model, messages, answer) {
        (Some(model), Some(messages), _) => Quote::Question { model, messages },
        (model, None, Some(answer)) => Quote::Answer { model, answer },
        (Some(_), None, None) => {
            return Err(Refusal::bad(
                "Bad Request - messages must be provided if 'model' is provided",
            ));
        }
        (None, ..) => {
            return Err(Refusal::bad(
                "Bad Request - Either 'model' or 'completion_response' must be provided",
            ));
        }
    };
    let Some(prices) = &ask.admin.prices else {
        return Err(Refusal::broken("this process knows no prices"));
    };
    match prices.cost(&quote).await {
        Ok(cost) => Ok(json!({"cost": cost})),
        Err(Unpriced::Unknown { model }) => Err(Refusal::bad(format!(
            "there is no price for the model {model}; give its deployment input_cost_per_token \
             and output_cost_per_token"
        ))
        .of_type("invalid_request_error")
        .at("model")),
        Err(Unpriced::Unreadable { why, param }) => {
            Err(Refusal::bad(why).of_type("invalid_request_error").at(param))
        }
    }
}
