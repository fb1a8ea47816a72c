//! Prices of the operator's.

use lockgate_providers::catalog::{BadPriceMap, is_price};

use super::*;

fn own(members: &Value) -> Pricing {
    let own = members.as_object().unwrap();
    let wanted = Wanted {
        own: Some(own),
        ..wanted("openai", "gpt-4o")
    };
    Catalog::default().pricing(&wanted).unwrap()
}

#[test]
fn an_own_entry_stands_in_place_of_the_shipped_one() {
    let map = json!({
        "sample_spec": { "input_cost_per_token": "a price" },
        "gpt-4o": { "litellm_provider": "openai", "input_cost_per_token": "1e-6" },
        "openai/house-model": { "input_cost_per_token": 0.000002 },
    });
    let map = PriceMap::read(&map.to_string()).unwrap();
    assert_eq!(map.len(), 2);
    let catalog = Catalog::new(map, Default::default());
    let cost = |model| {
        let pricing = catalog.pricing(&wanted("openai", model)).unwrap();
        pricing.cost(&facts(tokens(1_000_000, 1_000_000))).amount
    };
    assert_eq!(cost("gpt-4o"), dollars("1"));
    assert_eq!(cost("house-model"), dollars("2"));
    assert_eq!(cost("gpt-4o-mini"), dollars("0.75"));
    assert_eq!(catalog.all()["gpt-4o"]["input_cost_per_token"], "1e-6");
}

#[test]
fn a_map_with_anything_unreadable_is_refused_whole() {
    let refused = |members: Value| {
        let map = json!({ "gpt-4o": { "input_cost_per_token": 1 }, "bad/one": members });
        PriceMap::read(&map.to_string()).unwrap_err().to_string()
    };
    for members in [
        json!({ "input_cost_per_token": -1 }),
        json!({ "input_cost_per_token": "free" }),
        json!({ "input_cost_per_token": true }),
        json!({ "output_cost_per_image_4K": [] }),
        json!({ "cache_read_input_token_cost_above_200k_tokens": {} }),
        json!({ "some_new_cost_per_thing": "much" }),
        json!({ "tiered_pricing": [{ "range": [0, 1] }] }),
        json!({ "tiered_pricing": "cheap" }),
        json!({ "off_peak_pricing": { "hours_utc": "late" } }),
        json!({ "off_peak_pricing": { "windows": [{ "hours_utc": "1:00-2:00", "weekdays": [8] }] } }),
        json!({ "search_context_cost_per_query": 1 }),
        json!({ "max_input_tokens": "many" }),
        json!({ "provider_specific_entry": { "fast": "twice" } }),
    ] {
        let field = members.as_object().unwrap().keys().next().unwrap().clone();
        let message = refused(members);
        assert!(message.starts_with("entry `bad/one`, `"), "{message}");
        let named = message.contains(&field) || message.contains("`fast`");
        assert!(named, "{message} names {field}");
    }
    assert_eq!(refused(json!(1)), "entry `bad/one`: expected an object");
    for text in ["", "[]", "{", "null"] {
        assert!(
            matches!(PriceMap::read(text), Err(BadPriceMap::Json(_))),
            "{text}"
        );
    }
}

#[test]
fn litellms_own_map_would_be_accepted() {
    let all = Value::from(Catalog::default().all()).to_string();
    assert!(PriceMap::read(&all).unwrap().len() > 4_400);
}

#[test]
fn a_deployments_own_price_makes_void_what_was_derived_from_the_listed_one() {
    let cached = Usage {
        cache_read: 1_000_000,
        ..tokens(1_000_000, 1_000_000)
    };
    // Input, caches, tiers and batches are new; the answer costs what it did.
    let pricing = own(&json!({ "input_cost_per_token": 0.000001 }));
    assert_eq!(pricing.cost(&facts(cached)).amount, dollars("11"));
    // A price of the list that is replaced alone.
    let pricing = own(&json!({ "cache_read_input_token_cost": 0 }));
    assert_eq!(pricing.cost(&facts(cached)).amount, dollars("10"));
    let free = own(&json!({ "input_cost_per_token": 0, "output_cost_per_token": 0.0 }));
    assert_eq!(free.cost(&facts(cached)).amount, dollars("0"));
    assert!(free.is_free());
    let mut timed = facts(cached);
    timed.quantities.elapsed_ms = 10_000;
    let pricing = own(&json!({ "input_cost_per_second": 0.01 }));
    assert_eq!(pricing.cost(&timed).amount, dollars("0.1"));
}

#[test]
fn own_prices_work_for_a_model_that_no_list_has() {
    let members = json!({ "input_cost_per_token": "3e-6", "id": "x" });
    let wanted = Wanted {
        own: members.as_object(),
        ..wanted("hosted_vllm", "house")
    };
    let pricing = Catalog::default().pricing(&wanted).unwrap();
    assert_eq!(
        pricing.cost(&facts(tokens(1000, 10))).amount,
        dollars("0.003")
    );
    let bad = json!({ "output_cost_per_token": "dear" });
    let wanted = Wanted {
        own: bad.as_object(),
        ..wanted
    };
    let error = Catalog::default().pricing(&wanted).unwrap_err();
    assert_eq!(error.field, "output_cost_per_token");
}

#[test]
fn names_of_prices_are_known() {
    for name in [
        "input_cost_per_token",
        "cache_read_input_token_cost_above_200k_tokens_priority",
        "cache_creation_input_token_cost_above_1hr",
        "tiered_pricing",
        "output_cost_per_image_4K",
        "regional_endpoint_uplift_multiplier",
    ] {
        assert!(is_price(name), "{name}");
    }
    for name in ["id", "max_tokens", "mode", "supports_vision", "temperature"] {
        assert!(!is_price(name), "{name}");
    }
}
