//! Costs of requests to models of all providers beside those that LiteLLM 1.105.0 calculates.

use lockgate_core::ledger::CostSource;
use lockgate_core::money::Nanodollars;
use lockgate_providers::catalog::{Catalog, Facts, Wanted};
use lockgate_wire::canonical::{Billing, ServiceTier, Usage};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    provider: String,
    model: String,
    tier: Option<String>,
    region: Option<String>,
    usage: Counts,
    /// What LiteLLM says, in dollars.
    litellm: f64,
    /// What we say, where that is something else.
    ours: Option<f64>,
    /// Why.
    why: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Counts {
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
    cache_write_1h: u64,
    reasoning: u64,
    audio_input: u64,
    audio_output: u64,
    image_input: u64,
    image_output: u64,
}

impl From<Counts> for Usage {
    fn from(counts: Counts) -> Self {
        Self {
            input_tokens: counts.input,
            output_tokens: counts.output,
            cache_read: counts.cache_read,
            cache_write: counts.cache_write,
            cache_write_1h: counts.cache_write_1h,
            reasoning: counts.reasoning,
            audio_input: counts.audio_input,
            audio_output: counts.audio_output,
            image_input: counts.image_input,
            image_output: counts.image_output,
            billing: Billing::default(),
            ..Self::default()
        }
    }
}

/// A Monday at noon, when everybody pays the full price.
const NOON: i64 = 1_790_596_800;

#[test]
fn costs_are_those_of_litellm_unless_it_is_wrong() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden.json")).unwrap();
    assert!(cases.len() > 150);
    let catalog = Catalog::default();
    let mut wrong = String::new();
    for case in &cases {
        let pricing = catalog
            .pricing(&Wanted {
                provider: &case.provider,
                model: &case.model,
                region: case.region.as_deref(),
                ..Wanted::default()
            })
            .unwrap();
        let cost = pricing.cost(&Facts {
            usage: Some(case.usage.into()),
            tier: case.tier.as_deref().and_then(ServiceTier::named),
            at: NOON,
            ..Facts::default()
        });
        assert_eq!(
            case.ours.is_some(),
            case.why.is_some(),
            "a difference has a reason"
        );
        let expected = case.ours.unwrap_or(case.litellm);
        let expected = Nanodollars::from_dollars(expected).unwrap();
        // LiteLLM's sums are floats of prices that are floats.
        let off = (cost.amount - expected).get().abs();
        let nameless = cost.source != CostSource::Computed && expected > Nanodollars::ZERO;
        if off > 1 || nameless {
            wrong.push_str(&format!(
                "{}/{} {:?}: {} ({:?}), expected {expected}\n",
                case.provider, case.model, case.tier, cost.amount, cost.source
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
