//! What holds of all prices and all requests.

use lockgate_providers::catalog::{
    Bounds, Bucket, Price, Quantities, SearchContext, Without, buckets, shipped,
};
use lockgate_wire::canonical::{Billing, ServiceTier};
use proptest::prelude::*;

use super::*;

fn any_usage() -> impl Strategy<Value = Usage> {
    let counts = prop::array::uniform12(0_u64..600_000);
    let tier = prop::sample::select(ServiceTier::ALL.to_vec());
    let billing = (
        prop::option::of(tier),
        0_u64..5,
        any::<bool>(),
        any::<bool>(),
    );
    // Parts are drawn without regard to their totals: providers do not add up either.
    (counts, billing).prop_map(|(n, (service_tier, web_searches, fast, us_only))| Usage {
        input_tokens: n[0],
        output_tokens: n[1],
        cache_read: n[2] / 3,
        cache_write: n[3] / 3,
        cache_write_1h: n[4] / 5,
        reasoning: n[5] / 2,
        audio_input: n[6] / 4,
        audio_output: n[7] / 4,
        cache_read_audio: n[8] / 8,
        image_input: n[9] / 4,
        video_input: n[10] / 4,
        image_output: n[11] / 4,
        billing: Billing {
            reported_cost: None,
            service_tier,
            web_searches,
            fast,
            us_only,
        },
    })
}

fn any_quantities() -> impl Strategy<Value = Quantities> {
    prop::array::uniform16(0_u64..10_000).prop_map(|n| Quantities {
        queries: n[0] % 10,
        results: n[1] % 200,
        elapsed_ms: n[1],
        audio_input_ms: n[2],
        video_input_ms: n[3],
        output_ms: n[4],
        input_characters: n[5],
        output_characters: n[6],
        input_images: n[7] % 5,
        output_images: n[8] % 5,
        output_pixels: n[9] * 100,
        pages: n[10] % 100,
        annotated_pages: n[11] % 100,
        credits: n[12] % 3,
        maps_queries: n[13] % 5,
        code_sessions: n[14] % 3,
        file_searches: n[15] % 7,
        citation_tokens: n[0],
    })
}

fn any_facts() -> impl Strategy<Value = Facts<'static>> {
    let size = prop::sample::select(vec![
        None,
        Some("4k"),
        Some("1080p"),
        Some("1024"),
        Some("2K"),
    ]);
    let context = prop::sample::select(vec![
        SearchContext::Low,
        SearchContext::Medium,
        SearchContext::High,
    ]);
    let week = 0_i64..7 * 86_400;
    (any_usage(), any_quantities(), week, size, context).prop_map(
        |(usage, quantities, at, size, search_context)| Facts {
            usage: Some(usage),
            quantities,
            at,
            size,
            search_context,
            ..Facts::default()
        },
    )
}

/// What just rules out nothing that `facts` show.
fn bounds(facts: &Facts<'_>, exact: bool) -> Bounds {
    let usage = facts.usage.unwrap();
    let media = usage.audio_input + usage.image_input + usage.video_input + usage.cache_read_audio;
    Bounds {
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        web_searches: usage.billing.web_searches,
        quantities: facts.quantities,
        tier: exact.then_some(usage.billing.service_tier.unwrap_or_default()),
        without: Without {
            cache: exact && usage.cache_write == 0,
            long_cache: exact && usage.cache_write_1h == 0,
            media: exact && media == 0,
            made_media: exact && usage.audio_output + usage.image_output == 0,
            fast: exact && !usage.billing.fast,
            residency: exact && !usage.billing.us_only,
        },
    }
}

/// The pricing of every entry that has a price.
fn every_pricing() -> Vec<Pricing> {
    let catalog = Catalog::default();
    let rows = shipped().rows();
    let pricing = rows.filter_map(|row| {
        let wanted = Wanted {
            base_model: Some(row.key),
            region: Some("eu"),
            ..wanted(row.provider, row.key)
        };
        catalog.pricing(&wanted).ok()
    });
    pricing
        .filter(|pricing| pricing.price().is_some())
        .collect()
}

proptest! {
    #[test]
    fn kinds_of_tokens_add_up_to_the_totals(usage in any_usage()) {
        let counts = buckets(&usage);
        let sum = |input: bool| -> u64 {
            let all = Bucket::ALL.iter().zip(counts);
            all.filter(|(bucket, _)| bucket.is_input() == input).map(|(_, count)| count).sum()
        };
        prop_assert_eq!(sum(true), usage.input_tokens);
        prop_assert_eq!(sum(false), usage.output_tokens);
    }

    /// One price for all: then it does not matter what a token is, and none counts twice.
    #[test]
    fn no_token_is_priced_twice(usage in any_usage()) {
        let pricing = pricing_of(json!({
            "input_cost_per_token": 0.000003, "cache_read_input_token_cost": 0.000003,
            "cache_read_input_audio_token_cost": 0.000003,
            "cache_creation_input_token_cost": 0.000003,
            "cache_creation_input_token_cost_above_1hr": 0.000003,
            "input_cost_per_audio_token": 0.000003, "input_cost_per_image_token": 0.000003,
            "input_cost_per_video_token": 0.000003, "output_cost_per_token": 0.000003,
            "output_cost_per_reasoning_token": 0.000003, "output_cost_per_audio_token": 0.000003,
            "output_cost_per_image_token": 0.000003,
        }));
        let mut usage = usage;
        usage.billing = Billing::default();
        let nanodollars = i64::try_from(usage.total()).unwrap() * 3_000;
        prop_assert_eq!(pricing.cost(&facts(usage)).amount, Nanodollars::new(nanodollars));
    }

    /// An adversary may write any numbers; none of them makes a cost negative, or panics.
    #[test]
    fn no_count_is_too_large(input in any::<u64>(), output in any::<u64>(), ms in any::<u64>()) {
        let pricing = pricing_of(json!({
            "input_cost_per_token": 9000, "output_cost_per_token": 9000, "cost_per_second": 9000,
            "provider_specific_entry": { "fast": 100 },
        }));
        let mut facts = facts(tokens(input, output));
        facts.quantities.elapsed_ms = ms;
        prop_assert!(pricing.cost(&facts).amount >= Nanodollars::ZERO);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The reservation covers the bill, whatever the model.
    #[test]
    fn no_request_costs_more_than_the_worst_case(facts in any_facts(), less in 0_u64..1000) {
        thread_local!(static ALL: Vec<Pricing> = every_pricing());
        ALL.with(|all| {
            assert!(all.len() > 4_000);
            for pricing in all {
                let key = pricing.price().map(|price: &std::sync::Arc<Price>| price.key());
                for exact in [false, true] {
                    let mut bounds = bounds(&facts, exact);
                    let worst = pricing.worst_case(&bounds).unwrap();
                    let cost = pricing.cost(&facts).amount;
                    assert!(cost <= worst, "{key:?}: {cost} > {worst} ({facts:?})");
                    bounds.input_tokens += less;
                    bounds.output_tokens += less;
                    assert!(worst <= pricing.worst_case(&bounds).unwrap(), "{key:?}");
                }
            }
        });
    }
}
