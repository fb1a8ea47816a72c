//! What a deployment costs.

use std::sync::Arc;

use lockgate_core::config::{PriceMapFile, load_str};
use lockgate_core::{Environment, Secret};
use lockgate_engine::auth::Keys;
use lockgate_engine::snapshot::{Rejected, Snapshot};
use lockgate_providers::catalog::{Facts, Pricing};
use lockgate_wire::canonical::Usage;

use crate::support::{KEY, rebuild, snapshot};

/// What a million tokens in and a million out cost, in dollars.
fn million(pricing: &Pricing) -> f64 {
    let usage = Usage {
        input_tokens: 1_000_000,
        output_tokens: 1_000_000,
        ..Usage::default()
    };
    let facts = Facts {
        usage: Some(usage),
        ..Facts::default()
    };
    pricing.cost(&facts).amount.dollars()
}

fn cost(snapshot: &Snapshot, group: &str) -> f64 {
    million(&snapshot.group(group).unwrap().deployments[0].pricing)
}

#[test]
fn a_deployments_price_is_known_before_its_first_request() {
    let snapshot = snapshot(
        "model_list:
- {model_name: listed, litellm_params: {model: openai/gpt-4o, api_key: k}}
- {model_name: own, litellm_params: {model: openai/gpt-4o, api_key: k, input_cost_per_token: 1e-6, output_cost_per_token: 2.0e-6}}
- {model_name: info, litellm_params: {model: openai/house, api_key: k}, model_info: {input_cost_per_token: 0.000003}}
- model_name: both
  litellm_params: {model: openai/house, api_key: k, input_cost_per_token: 0.000004}
  model_info: {input_cost_per_token: 0.000003}
- {model_name: base, litellm_params: {model: azure/ours, api_base: 'https://a', api_key: k}, model_info: {base_model: azure/gpt-4o-mini}}
- {model_name: nobody, litellm_params: {model: openai/house, api_key: k}}
- {model_name: regional, litellm_params: {model: openai/gpt-5.4, api_key: k, api_base: 'https://eu.api.openai.com/v1'}}
",
    );
    assert_eq!(cost(&snapshot, "listed"), 12.5);
    assert_eq!(cost(&snapshot, "own"), 3.0);
    assert_eq!(cost(&snapshot, "info"), 3.0);
    assert_eq!(cost(&snapshot, "both"), 4.0);
    assert_eq!(cost(&snapshot, "base"), 0.75);
    let nobody = &snapshot.group("nobody").unwrap().deployments[0];
    assert_eq!(nobody.pricing.price(), None);
    let regional = &snapshot.group("regional").unwrap().deployments[0];
    // A tenth more in the EU, for a question above 272,000 tokens.
    assert_eq!(million(&regional.pricing), 30.25);
    // What the answer names is looked up where nothing is known, and only there.
    let answered = |name| {
        let deployment = &snapshot.group(name).unwrap().deployments[0];
        million(&deployment.pricing_as(&snapshot.catalog, &deployment.model, Some("gpt-4o")))
    };
    assert_eq!(answered("nobody"), 12.5);
    assert_eq!(answered("base"), 0.75);
    assert_eq!(answered("own"), 3.0);
}

#[test]
fn a_wildcards_price_is_that_of_the_model() {
    let snapshot = snapshot(
        "model_list:\n- {model_name: 'oai/*', litellm_params: {model: openai/*, api_key: k}}\n",
    );
    let deployment = &snapshot.group("oai/*").unwrap().deployments[0];
    assert_eq!(deployment.pricing.price(), None);
    let pricing = deployment.pricing_as(&snapshot.catalog, "gpt-4o-mini", None);
    assert_eq!(million(&pricing), 0.75);
    // A request is charged by the deployment that it is routed to.
    let routed = |model| snapshot.route(model).unwrap().group.deployments[0].clone();
    assert_eq!(million(&routed("oai/gpt-4o-mini").pricing), 0.75);
    assert_eq!(million(&routed("oai/gpt-4o").pricing), 12.5);
    assert_eq!(routed("oai/nobody").pricing.price(), None);
    assert!(Arc::ptr_eq(
        &routed("oai/gpt-4o").health,
        &deployment.health
    ));
}

#[test]
fn a_price_that_is_none_leaves_the_deployment_out() {
    let (snapshot, rejected) = rebuild(
        "model_list:\n\
         - {model_name: a, litellm_params: {model: openai/a, api_key: k, input_cost_per_token: cheap}}\n\
         - {model_name: b, litellm_params: {model: openai/b, api_key: k}}\n",
        None,
    );
    assert!(snapshot.group("a").is_none() && snapshot.group("b").is_some());
    let said = &rejected[0].message;
    assert!(
        said.contains("`input_cost_per_token`: expected a price"),
        "{said}"
    );
    assert!(said.contains("config.yaml:2:"), "{said}");
}

fn with_map(map: &str) -> (Snapshot, Vec<Rejected>) {
    let yaml = "model_list:\n- {model_name: m, litellm_params: {model: openai/gpt-4o, api_key: k}}\n\
                litellm_settings: {cost_margin_config: {openai: 1.0}}\n";
    let mut loaded = load_str(yaml, "config.yaml", &Environment::default()).unwrap();
    loaded.config.litellm.prices.map = Some(PriceMapFile {
        path: "prices.json".into(),
        text: map.to_owned(),
    });
    Snapshot::build(loaded.config, Keys::new(&Secret::new(KEY), None), None)
}

#[test]
fn the_operators_map_and_margin_apply() {
    let map = r#"{"gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 0.000001}}"#;
    let (snapshot, rejected) = with_map(map);
    assert!(rejected.is_empty(), "{rejected:?}");
    assert_eq!(cost(&snapshot, "m"), 2.0);
}

#[test]
fn a_broken_map_is_left_out_as_a_whole() {
    let map = r#"{"gpt-4o": {"litellm_provider": "openai", "input_cost_per_token": 0.000001},
                  "other": {"output_cost_per_token": "a lot"}}"#;
    let (snapshot, rejected) = with_map(map);
    assert_eq!(cost(&snapshot, "m"), 25.0);
    let said = &rejected[0].message;
    assert!(
        said.contains("entry `other`, `output_cost_per_token`"),
        "{said}"
    );
    assert!(said.contains("none of its prices are used"), "{said}");
}
