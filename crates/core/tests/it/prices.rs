//! What the configuration says about prices.

use std::fs;

use lockgate_core::config::{CostMargin, PriceSettings};
use lockgate_core::fingerprint::Fingerprint;
use serde_json::json;

use crate::{environment, load, load_in, report};

#[test]
fn a_deployment_has_its_own_prices() {
    let loaded = load(
        "\
model_list:
  - model_name: m
    litellm_params:
      model: openai/m
      input_cost_per_token: 3e-7
      output_cost_per_token: 0.000001
      cache_read_input_token_cost: null
      search_context_cost_per_query: {search_context_size_low: 0.01}
      tiered_pricing: [{range: [0, 32000], input_cost_per_token: 1}]
      temperature: 0.5
",
    );
    assert_eq!(report(&loaded), "");
    let params = &loaded.config.models[0].litellm_params;
    assert_eq!(
        json!(params.prices.as_map()),
        json!({
            // YAML takes this for a text, as LiteLLM does.
            "input_cost_per_token": "3e-7",
            "output_cost_per_token": 0.000_001,
            "search_context_cost_per_query": { "search_context_size_low": 0.01 },
            "tiered_pricing": [{ "range": [0, 32_000], "input_cost_per_token": 1 }],
        })
    );
    assert_eq!(json!(params.params.as_map()), json!({ "temperature": 0.5 }));
}

#[test]
fn discounts_and_margins_are_read() {
    let loaded = load(
        "\
litellm_settings:
  cost_discount_config: {vertex_ai: 0.05, gemini: 2, openai: lots}
  cost_margin_config:
    global: 0.1
    openai: {percentage: 0.08, fixed_amount: 0.0005}
    anthropic: {fixed_amount: 0.001}
    bedrock: -1
    xai: {percentage: x}
",
    );
    let terms = loaded.config.litellm.prices.terms.clone();
    assert_eq!(json!(terms.discounts), json!({ "vertex_ai": 0.05 }));
    let margin = |percentage, fixed_amount| CostMargin {
        percentage,
        fixed_amount,
    };
    let expected = [
        ("anthropic".to_owned(), margin(0.0, 0.001)),
        ("global".to_owned(), margin(0.1, 0.0)),
        ("openai".to_owned(), margin(0.08, 0.0005)),
    ];
    assert_eq!(terms.margins, expected.into());
    insta::assert_snapshot!(report(&loaded));
}

#[test]
fn a_price_map_is_a_file_and_watched() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("prices.json");
    fs::write(&file, "{}").unwrap();
    let path = file.display();
    let config = format!("litellm_settings:\n  model_cost_map_url: {path}\n");
    let by_url = [("LITELLM_MODEL_COST_MAP_URL", format!("file://{path}"))];
    let by_url = by_url.iter().map(|(name, value)| (*name, value.as_str()));
    for loaded in [load(&config), load_in("{}", &by_url.collect())] {
        assert_eq!(report(&loaded), "");
        let map = loaded.config.litellm.prices.map.as_ref().unwrap();
        assert_eq!((&map.path, map.text.as_str()), (&file, "{}"));
        assert!(loaded.files.contains(&file));
    }
    let before = load(&config);
    let watched = Fingerprint::take(std::slice::from_ref(&file));
    fs::write(&file, "{ }").unwrap();
    assert_ne!(watched, Fingerprint::take(std::slice::from_ref(&file)));
    assert_ne!(before.fingerprint, load(&config).fingerprint);
}

#[test]
fn a_price_map_that_is_not_there_is_said_so_and_nothing_is_fetched() {
    for place in ["/no/such/prices.json", "file:///no/such/prices.json"] {
        let loaded = load_in("{}", &environment([("LITELLM_MODEL_COST_MAP_URL", place)]));
        assert_eq!(loaded.config.litellm.prices, PriceSettings::default());
        let said = report(&loaded);
        assert!(
            said.contains("cannot read `/no/such/prices.json`"),
            "{said}"
        );
    }
    let loaded = load("litellm_settings: {model_cost_map_url: 'https://example.com/prices.json'}");
    assert_eq!(loaded.config.litellm.prices, PriceSettings::default());
    let said = report(&loaded);
    assert!(said.contains("prices are not fetched"), "{said}");
}
