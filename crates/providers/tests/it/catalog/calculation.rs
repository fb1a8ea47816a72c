//! How a cost comes about.

use lockgate_core::config::{CostMargin, CostTerms};
use lockgate_core::ledger::CostSource;
use lockgate_providers::catalog::SearchContext;
use lockgate_wire::canonical::{Billing, ServiceTier};

use super::*;

/// A price that no sum of others is equal to, for each kind of token.
fn primes() -> Value {
    json!({
        "mode": "chat",
        "input_cost_per_token": 0.000002,
        "cache_read_input_token_cost": 0.000003,
        "cache_read_input_audio_token_cost": 0.000005,
        "cache_creation_input_token_cost": 0.000007,
        "cache_creation_input_token_cost_above_1hr": 0.000011,
        "input_cost_per_audio_token": 0.000013,
        "input_cost_per_image_token": 0.000017,
        "input_cost_per_video_token": 0.000019,
        "output_cost_per_token": 0.000023,
        "output_cost_per_reasoning_token": 0.000029,
        "output_cost_per_audio_token": 0.000031,
        "output_cost_per_image_token": 0.000037,
    })
}

#[test]
fn every_token_is_priced_as_what_it_is_and_once() {
    let usage = Usage {
        input_tokens: 1_111_111,
        cache_read: 11_000,
        cache_read_audio: 1_000,
        cache_write: 1_100,
        cache_write_1h: 100,
        audio_input: 10,
        image_input: 5,
        video_input: 3,
        output_tokens: 10_000,
        reasoning: 1_000,
        audio_output: 100,
        image_output: 10,
        billing: Billing::default(),
    };
    let cost = pricing_of(primes()).cost(&facts(usage));
    let input = 10_000 * 3 + 1_000 * 5 + 1_000 * 7 + 100 * 11 + 10 * 13 + 5 * 17 + 3 * 19;
    let rest = 1_111_111 - 11_000 - 1_100 - 10 - 5 - 3;
    let output = 1_000 * 29 + 100 * 31 + 10 * 37 + (10_000 - 1_110) * 23;
    let millionths = input + rest * 2 + output;
    assert_eq!(cost.amount, Nanodollars::new(millionths * 1000));
    assert_eq!(
        cost.breakdown.input,
        Nanodollars::new((input + rest * 2) * 1000)
    );
    assert_eq!(cost.breakdown.output, Nanodollars::new(output * 1000));
    assert_eq!(cost.breakdown.original, cost.amount);
    assert_eq!(cost.source, CostSource::Computed);
}

#[test]
fn a_kind_without_a_price_costs_what_it_is_a_part_of() {
    let plain = pricing_of(json!({
        "input_cost_per_token": 0.000002, "output_cost_per_token": 0.000003,
    }));
    let parts = Usage {
        cache_read: 10,
        cache_read_audio: 3,
        cache_write: 10,
        cache_write_1h: 4,
        audio_input: 10,
        image_input: 10,
        reasoning: 20,
        audio_output: 20,
        image_output: 20,
        ..tokens(100, 100)
    };
    let whole = plain.cost(&facts(tokens(100, 100)));
    assert_eq!(plain.cost(&facts(parts)), whole);
    assert_eq!(whole.amount, dollars("0.0005"));
}

#[test]
fn free_is_a_price() {
    let pricing = pricing_of(json!({
        "input_cost_per_token": 0.000002, "cache_read_input_token_cost": 0.0,
        "output_cost_per_token": 0,
    }));
    let usage = Usage {
        cache_read: 60,
        ..tokens(100, 1000)
    };
    assert_eq!(pricing.cost(&facts(usage)).amount, dollars("0.00008"));
    assert!(!pricing.is_free());
    let free = pricing_of(json!({ "input_cost_per_token": 0, "output_cost_per_token": 0 }));
    assert!(free.is_free());
    assert_eq!(free.cost(&facts(tokens(9, 9))).source, CostSource::Computed);
}

#[test]
fn a_long_question_has_another_price_as_a_whole() {
    let members = json!({
        "input_cost_per_token": 0.000001, "input_cost_per_token_above_200k_tokens": 0.000002,
        "output_cost_per_token": 0.00001, "output_cost_per_token_above_200k_tokens": 0.00002,
        "output_cost_per_reasoning_token": 0.00001,
    });
    let cost = |members: Value, input| {
        let usage = Usage {
            reasoning: 50,
            ..tokens(input, 100)
        };
        pricing_of(members).cost(&facts(usage)).amount
    };
    assert_eq!(cost(members.clone(), 200_000), dollars("0.201"));
    // Thoughts as well, although their price is only named for short questions.
    assert_eq!(cost(members.clone(), 200_001), dollars("0.402002"));
    let mut inclusive = members;
    inclusive["litellm_provider"] = json!("xai");
    assert_eq!(cost(inclusive, 200_000), dollars("0.402"));
}

#[test]
fn the_tier_that_served_counts_and_not_the_one_that_was_asked_for() {
    let pricing = pricing_of(json!({
        "input_cost_per_token": 0.000002, "input_cost_per_token_priority": 0.000004,
        "input_cost_per_token_flex": 0.000001, "input_cost_per_token_batches": 0.0000005,
    }));
    let cost = |asked, served| {
        let mut usage = tokens(1_000_000, 0);
        usage.billing.service_tier = served;
        let facts = Facts {
            tier: asked,
            ..facts(usage)
        };
        pricing.cost(&facts).amount
    };
    let (flex, priority) = (Some(ServiceTier::Flex), Some(ServiceTier::Priority));
    let standard = Some(ServiceTier::Standard);
    assert_eq!(cost(None, None), dollars("2"));
    assert_eq!(cost(flex, None), dollars("1"));
    assert_eq!(cost(priority, standard), dollars("2"));
    assert_eq!(cost(None, priority), dollars("4"));
    assert_eq!(cost(Some(ServiceTier::Ultrafast), None), dollars("2"));
    assert_eq!(cost(Some(ServiceTier::Batch), None), dollars("0.5"));
}

#[test]
fn some_hours_are_cheaper() {
    let pricing = pricing_of(json!({
        "input_cost_per_token": 0.000003,
        "off_peak_pricing": {
            "input_cost_per_token": 0.000001,
            "windows": [
                { "hours_utc": ["22:00-02:00"], "weekdays": ["monday"] },
                { "hours_utc": "00:00-00:00", "weekdays": [7] },
            ],
        },
    }));
    let cost = |at| {
        let facts = Facts {
            at,
            ..facts(tokens(1_000_000, 0))
        };
        pricing.cost(&facts).amount
    };
    // The fifth of January 1970 was a Monday.
    let monday = 4 * 86_400;
    let hour = 3_600;
    assert_eq!(cost(monday + 12 * hour), dollars("3"));
    assert_eq!(cost(monday + 22 * hour), dollars("1"));
    assert_eq!(cost(monday + hour), dollars("1"));
    assert_eq!(cost(monday + 24 * hour + hour), dollars("3"));
    assert_eq!(cost(monday - hour), dollars("1"));
    assert_eq!(cost(monday - 30 * hour), dollars("3"));
}

#[test]
fn what_the_provider_says_wins_where_it_is_known_to_say_it() {
    let catalog = Catalog::default();
    let mut usage = tokens(1000, 1000);
    usage.billing.reported_cost = Some(12_345_678_500);
    let model = "anthropic/claude-sonnet-4.5";
    let pricing = catalog.pricing(&wanted("openrouter", model)).unwrap();
    let cost = pricing.cost(&facts(usage));
    assert_eq!(
        (cost.amount, cost.source),
        (dollars("0.012345679"), CostSource::Reported)
    );
    // A model that no list has.
    let pricing = catalog.pricing(&wanted("openrouter", "brand/new")).unwrap();
    assert_eq!(pricing.cost(&facts(usage)).source, CostSource::Reported);
    // Anybody can write `cost` into an answer, in any currency.
    let pricing = catalog.pricing(&wanted("openai", "gpt-4o")).unwrap();
    let cost = pricing.cost(&facts(usage));
    assert_eq!(
        (cost.amount, cost.source),
        (dollars("0.0125"), CostSource::Computed)
    );
}

#[test]
fn tools_are_charged_by_use() {
    let searches = json!({
        "search_context_size_low": 0.01, "search_context_size_medium": 0.02,
        "search_context_size_high": 0.03,
    });
    let members = json!({
        "input_cost_per_token": 0, "search_context_cost_per_query": searches,
    });
    let cost = |members: &Value, search_context| {
        let mut usage = tokens(1, 0);
        usage.billing.web_searches = 3;
        let facts = Facts {
            search_context,
            ..facts(usage)
        };
        let cost = pricing_of(members.clone()).cost(&facts);
        assert_eq!(cost.breakdown.tools, cost.amount);
        cost.amount
    };
    assert_eq!(cost(&members, SearchContext::Medium), dollars("0.06"));
    assert_eq!(cost(&members, SearchContext::Low), dollars("0.03"));
    let mut once = members;
    once["web_search_billing_unit"] = json!("per_prompt");
    assert_eq!(cost(&once, SearchContext::High), dollars("0.03"));
}

#[test]
fn things_other_than_tokens_have_prices() {
    let cost = |members: Value, used: &dyn Fn(&mut Facts<'static>)| {
        let mut facts = Facts::default();
        used(&mut facts);
        pricing_of(members).cost(&facts).amount
    };
    let second = json!({ "mode": "audio_transcription", "input_cost_per_second": 0.0001 });
    let heard = cost(second, &|facts| facts.quantities.audio_input_ms = 90_500);
    assert_eq!(heard, dollars("0.00905"));
    let speech = json!({ "mode": "audio_speech", "input_cost_per_character": 0.000015,
        "output_cost_per_second": 1 });
    let said = cost(speech, &|facts| {
        facts.quantities.input_characters = 1000;
        facts.quantities.output_ms = 60_000;
    });
    assert_eq!(said, dollars("0.015"));
    let video = json!({ "mode": "video_generation", "output_cost_per_second": 0.1,
        "output_cost_per_second_1080p": 0.5 });
    let shown = cost(video, &|facts| {
        facts.quantities.output_ms = 8_000;
        facts.size = Some("1080P");
    });
    assert_eq!(shown, dollars("4"));
    let pages =
        json!({ "mode": "ocr", "ocr_cost_per_page": 0.001, "annotation_cost_per_page": 0.003 });
    let read = cost(pages, &|facts| {
        facts.quantities.pages = 10;
        facts.quantities.annotated_pages = 2;
    });
    assert_eq!(read, dollars("0.016"));
    let rank =
        json!({ "mode": "rerank", "input_cost_per_query": 0.002, "input_cost_per_token": 0 });
    assert_eq!(
        cost(rank, &|facts| facts.quantities.queries = 3),
        dollars("0.006")
    );
    let search = json!({ "mode": "search", "tiered_pricing": [
        { "max_results_range": [0, 25], "input_cost_per_query": 0.005 },
        { "max_results_range": [26, 100], "input_cost_per_query": 0.025 },
    ] });
    let found = |results| {
        cost(search.clone(), &|facts| {
            facts.quantities.queries = 1;
            facts.quantities.results = results;
        })
    };
    assert_eq!(found(25), dollars("0.005"));
    assert_eq!(found(26), dollars("0.025"));
    assert_eq!(found(1000), dollars("0.025"));
    let timed = json!({ "mode": "chat", "cost_per_second": 0.001 });
    let asked = cost(timed, &|facts| {
        facts.usage = Some(tokens(1000, 1000));
        facts.quantities.elapsed_ms = 2_500;
    });
    assert_eq!(asked, dollars("0.0025"));
}

#[test]
fn where_and_how_fast_it_was_served_multiplies_the_price() {
    let catalog = Catalog::default();
    let claude = catalog
        .pricing(&wanted("anthropic", "claude-opus-5"))
        .unwrap();
    let mut usage = tokens(1_000_000, 0);
    assert_eq!(claude.cost(&facts(usage)).amount, dollars("5"));
    usage.billing.fast = true;
    assert_eq!(claude.cost(&facts(usage)).amount, dollars("10"));
    usage.billing.us_only = true;
    assert_eq!(claude.cost(&facts(usage)).amount, dollars("11"));
    let located = |region| {
        let wanted = Wanted {
            region: Some(region),
            ..wanted("vertex_ai", "gemini-3.5-flash")
        };
        let pricing = catalog.pricing(&wanted).unwrap();
        pricing.cost(&facts(tokens(1_000_000, 0))).amount
    };
    let global = located("global");
    assert_eq!(located("europe-west4").get() * 10, global.get() * 11);
}

#[test]
fn discounts_come_off_and_margins_go_on() {
    let margin = |percentage, fixed_amount| CostMargin {
        percentage,
        fixed_amount,
    };
    let terms = CostTerms {
        discounts: [("openai".to_owned(), 0.05)].into(),
        margins: [
            ("openai".to_owned(), margin(0.10, 0.001)),
            ("global".to_owned(), margin(0.5, 0.0)),
        ]
        .into(),
    };
    let catalog = Catalog::new(PriceMap::default(), terms);
    let cost = |provider, model| {
        let pricing = catalog.pricing(&wanted(provider, model)).unwrap();
        pricing.cost(&facts(tokens(1_000_000, 0)))
    };
    let openai = cost("openai", "gpt-4o");
    assert_eq!(openai.breakdown.original, dollars("2.5"));
    assert_eq!(openai.breakdown.discount, dollars("0.125"));
    assert_eq!(openai.breakdown.margin, dollars("0.2385"));
    assert_eq!(openai.amount, dollars("2.6135"));
    let other = cost("anthropic", "claude-opus-5");
    assert_eq!(other.amount, dollars("7.5"));
    let mut usage = tokens(1, 1);
    usage.billing.reported_cost = Some(1_000_000_000_000);
    let xai = catalog.pricing(&wanted("xai", "grok-4.3")).unwrap();
    assert_eq!(xai.cost(&facts(usage)).amount, dollars("1.5"));
}

#[test]
fn counts_of_ours_are_said_to_be_estimated() {
    let pricing = pricing_of(primes());
    let estimated = Facts {
        estimated: true,
        ..facts(tokens(10, 0))
    };
    assert_eq!(pricing.cost(&estimated).source, CostSource::Estimated);
    assert_eq!(pricing.cost(&Facts::default()), Default::default());
}
