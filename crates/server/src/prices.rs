//! What requests cost by the prices in force: before they are made, and long after.

use std::sync::Arc;

use bytes::Bytes;
use lockgate_admin::{Priced, Prices, Quote, Unpriced};
use lockgate_core::ledger::{CostSource, LedgerEntry};
use lockgate_core::money::Nanodollars;
use lockgate_engine::snapshot::Snapshot;
use lockgate_engine::{Shared, off_core, usage_of};
use lockgate_providers::catalog::{Facts, Pricing, Wanted, shipped};
use lockgate_providers::tokens;
use lockgate_wire::canonical::{ChatRequest, Usage};
use lockgate_wire::dialect::RequestHead;
use lockgate_wire::json::JsonObject;
use lockgate_wire::{DialectId, Operation};
use serde_json::{Map, Value, json};

/// The prices of the snapshot in force.
pub(crate) struct InForce(pub(crate) Arc<Shared>);

/// Deeper than any conversation.
const DEPTH: usize = 96;
const MICROS: i64 = 1_000_000;

// === impl InForce ===

impl Prices for InForce {
    fn cost<'a>(&'a self, quote: &'a Quote<'a>) -> Priced<'a> {
        Box::pin(async move {
            let snapshot = self.0.snapshot.load_full();
            match *quote {
                Quote::Question { model, messages } => {
                    let chat = question(model, messages)?;
                    let counted = off_core(move || tokens::estimate(&chat)).await;
                    let usage = Usage {
                        input_tokens: counted.map_err(|error| unreadable(&error, "messages"))?,
                        ..Usage::default()
                    };
                    priced(&snapshot, model, usage)
                }
                Quote::Answer { model, answer } => {
                    let named = answer.get("model").and_then(Value::as_str);
                    let model = model.or(named).unwrap_or_default();
                    priced(&snapshot, model, used(answer)?)
                }
            }
        })
    }
}

fn unreadable(why: &impl ToString, param: &'static str) -> Unpriced {
    Unpriced::Unreadable {
        why: why.to_string(),
        param,
    }
}

/// The conversation in `messages`, as OpenAI's clients write it.
fn question(model: &str, messages: &[Value]) -> Result<ChatRequest, Unpriced> {
    let body = json!({ "model": model, "messages": messages }).to_string();
    let body = JsonObject::parse(Bytes::from(body), DEPTH)
        .map_err(|error| unreadable(&error, "messages"))?;
    let head = RequestHead {
        operation: Operation::Chat,
        model: Some(model),
        stream: Some(false),
    };
    let dialect = DialectId::OpenAiChat.dialect();
    dialect
        .decode_request(&head, &body)
        .map_err(|error| unreadable(&error, "messages"))
}

/// The counts that an answer tells.
fn used(answer: &Map<String, Value>) -> Result<Usage, Unpriced> {
    let param = "completion_response";
    let text = Value::Object(answer.clone()).to_string();
    let read = DialectId::OpenAiChat
        .dialect()
        .decode_response(text.as_bytes());
    let usage = read.map_err(|error| unreadable(&error, param))?.usage;
    usage.ok_or_else(|| unreadable(&"the answer has no usage", param))
}

fn priced(snapshot: &Snapshot, model: &str, usage: Usage) -> Result<Nanodollars, Unpriced> {
    let pricing = pricing_of(snapshot, model).filter(|pricing| pricing.price().is_some());
    let Some(pricing) = pricing else {
        return Err(Unpriced::Unknown {
            model: model.to_owned(),
        });
    };
    let now = jiff::Timestamp::now().as_second();
    Ok(pricing.cost(&facts(usage, false, now)).amount)
}

fn facts(usage: Usage, estimated: bool, at: i64) -> Facts<'static> {
    Facts {
        usage: Some(usage),
        estimated,
        at,
        ..Facts::default()
    }
}

/// The price of a model group, which is that of its first deployment, or of a provider's model.
fn pricing_of(snapshot: &Snapshot, model: &str) -> Option<Pricing> {
    let catalog = &snapshot.catalog;
    if let Some(route) = snapshot.route(model)
        && let Some(deployment) = route.group.deployments.first()
    {
        return Some(deployment.pricing.clone());
    }
    let table = shipped();
    let listed = table.find(model).and_then(|place| table.row(place));
    let wanted = match (listed, model.split_once('/')) {
        (Some(row), _) => Wanted::new(row.provider, model),
        (None, Some((provider, model))) => Wanted::new(provider, model),
        (None, None) => return None,
    };
    catalog.pricing(&wanted).ok()
}

/// What a finished request costs by these prices, and where that comes from; `None`: nobody knows,
/// or nothing was used.
pub(crate) fn of_entry(
    snapshot: &Snapshot,
    entry: &LedgerEntry,
) -> Option<(Nanodollars, CostSource)> {
    let pricing = pricing_of_entry(snapshot, entry)?;
    let estimated = entry.cost_source == CostSource::Estimated;
    let facts = facts(usage_of(entry), estimated, entry.ended_at / MICROS);
    let cost = pricing.cost(&facts);
    let most = entry.details.as_ref().and_then(|details| details.at_most);
    let amount = most.map_or(cost.amount, |most| cost.amount.min(Nanodollars::new(most)));
    (cost.source != CostSource::None).then_some((amount, cost.source))
}

/// The price of the deployment that answered; when that is written otherwise by now, which gives it
/// another id, of one like it in the same group; when there is none, of the provider's model.
fn pricing_of_entry(snapshot: &Snapshot, entry: &LedgerEntry) -> Option<Pricing> {
    let catalog = &snapshot.catalog;
    let (model, provider) = (entry.model.as_deref()?, entry.provider.as_deref()?);
    let by_id = entry.deployment_id.as_deref();
    if let Some(deployment) = by_id.and_then(|id| snapshot.deployment_by_id(id)) {
        return Some(deployment.pricing_as(catalog, model, None));
    }
    if let Some(route) = snapshot.route(&entry.model_group) {
        let mut deployments = route.group.deployments.iter();
        let alike = deployments
            .find(|deployment| deployment.provider.id == provider && deployment.model == model);
        if let Some(deployment) = alike {
            return Some(deployment.pricing.clone());
        }
    }
    catalog.pricing(&Wanted::new(provider, model)).ok()
}
