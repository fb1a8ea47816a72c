//! The catalogue that Lockgate is shipped with.

use lockgate_providers::catalog::{Catalog, Price, Wanted, shipped};

use super::*;

#[test]
fn every_entry_can_be_read_and_found() {
    let table = shipped();
    let mut last = "";
    let mut count = 0;
    for row in table.rows() {
        assert!(last < row.key, "{} is out of order", row.key);
        last = row.key;
        count += 1;
        let members = table.members(&row);
        let price = Price::read(row.key, &members);
        assert!(price.is_ok(), "{}: {price:?}", row.key);
        let at = table.find(row.key).unwrap();
        assert_eq!(table.row(at).unwrap().key, row.key);
    }
    assert_eq!(count, table.len(), "every line is read");
    assert!(count > 4_400);
    for key in ["", "gpt", "zzz", "gpt-4o ", "\u{10ffff}"] {
        assert_eq!(table.find(key), None, "{key:?}");
    }
}

#[test]
fn an_entry_has_its_members_under_their_names() {
    let table = shipped();
    let row = table.row(table.find("gpt-4o").unwrap()).unwrap();
    let members = table.members(&row);
    assert_eq!(members["input_cost_per_token"], 0.0000025);
    assert_eq!(members["cache_read_input_token_cost"], 0.00000125);
    assert_eq!(members["max_input_tokens"], 128_000);
    assert_eq!(members["mode"], "chat");
    assert_eq!(members["litellm_provider"], "openai");
    assert_eq!(members["supports_vision"], true);
    let row = table
        .row(table.find("dashscope/qwen-flash").unwrap())
        .unwrap();
    let steps = &table.members(&row)["tiered_pricing"];
    assert_eq!(steps[1]["input_cost_per_token"], 0.00000025);
}

#[test]
fn a_price_is_found_by_provider_and_model() {
    let catalog = Catalog::default();
    let key = |wanted: Wanted<'_>| {
        let pricing = catalog.pricing(&wanted).unwrap();
        pricing.price().map(|price| price.key().to_owned())
    };
    let in_region = |provider, model, region| {
        key(Wanted {
            region: Some(region),
            ..wanted(provider, model)
        })
    };
    for (provider, model, expected) in [
        ("openai", "gpt-4o", "gpt-4o"),
        ("azure", "gpt-4o", "azure/gpt-4o"),
        ("gemini", "gemini-2.5-pro", "gemini/gemini-2.5-pro"),
        ("vertex_ai", "gemini-2.5-pro", "gemini-2.5-pro"),
        ("vertex_ai", "claude-opus-4-5", "vertex_ai/claude-opus-4-5"),
        ("groq", "openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"),
        (
            "bedrock_converse",
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        ),
    ] {
        assert_eq!(key(wanted(provider, model)).as_deref(), Some(expected));
    }
    let llama = "meta.llama3-70b-instruct-v1:0";
    assert_eq!(
        in_region("bedrock", llama, "ap-south-1").as_deref(),
        Some("bedrock/ap-south-1/meta.llama3-70b-instruct-v1:0"),
    );
    assert_eq!(
        in_region("bedrock", llama, "eu-nowhere-1").as_deref(),
        Some(llama)
    );
    let zone = in_region("azure", "gpt-5-2025-08-07", "eu");
    assert_eq!(zone.as_deref(), Some("azure/eu/gpt-5-2025-08-07"));
}

#[test]
fn nobody_pays_the_price_of_another_model_or_provider() {
    let catalog = Catalog::default();
    for (provider, model) in [
        ("openai", "gpt-4o-2099-01-01"),
        ("openai", "unheard-of"),
        ("hosted_vllm", "gpt-4o"),
        ("groq", "gpt-4o"),
        ("openai", "claude-sonnet-4-5"),
    ] {
        let pricing = catalog.pricing(&wanted(provider, model)).unwrap();
        assert_eq!(pricing.price(), None, "{provider}/{model}");
        assert_eq!(pricing.cost(&facts(tokens(1000, 1000))), Default::default());
        assert_eq!(pricing.worst_case(&Default::default()), None);
    }
}

#[test]
fn a_deployment_of_azures_is_what_the_operator_or_the_answer_says() {
    let catalog = Catalog::default();
    let ours = wanted("azure", "our-own-name");
    assert_eq!(catalog.pricing(&ours).unwrap().price(), None);
    let said = catalog.pricing(&Wanted {
        base_model: Some("azure/gpt-4o-2024-08-06"),
        answered: Some("gpt-5"),
        ..ours
    });
    assert_eq!(
        said.unwrap().price().unwrap().key(),
        "azure/gpt-4o-2024-08-06"
    );
    let answered = catalog.pricing(&Wanted {
        answered: Some("gpt-5"),
        ..ours
    });
    assert_eq!(answered.unwrap().price().unwrap().key(), "azure/gpt-5");
}

#[test]
fn pictures_are_priced_by_their_size() {
    let catalog = Catalog::default();
    let made = |provider, model, quality, size| {
        let wanted = wanted(provider, model);
        let pricing = catalog.pictures(&wanted, quality, size).unwrap();
        let key = pricing.price().unwrap().key().to_owned();
        let mut facts = Facts::default();
        facts.quantities.output_images = 2;
        facts.quantities.output_pixels = 2 * 1024 * 1024;
        (key, pricing.cost(&facts).amount)
    };
    let (key, _) = made("azure", "dall-e-3", Some("hd"), Some("1024x1792"));
    assert_eq!(key, "azure/hd/1024-x-1792/dall-e-3");
    let (key, cost) = made("openai", "gpt-image-1", Some("low"), Some("1024x1024"));
    assert_eq!(key, "low/1024-x-1024/gpt-image-1");
    // 1.0490417e-8 dollars for a pixel.
    assert_eq!(cost, dollars("0.022"));
    let none = catalog.pictures(&wanted("openai", "gpt-4o"), None, None);
    assert_eq!(none, None);
}

#[test]
fn the_same_price_is_read_once() {
    let catalog = Catalog::default();
    let one = catalog.pricing(&wanted("openai", "gpt-4o")).unwrap();
    let two = Catalog::default()
        .pricing(&wanted("openai", "gpt-4o"))
        .unwrap();
    let (one, two) = (one.price().unwrap(), two.price().unwrap());
    assert!(std::sync::Arc::ptr_eq(one, two));
}

#[test]
fn all_of_it_has_litellms_form() {
    let all = Catalog::default().all();
    assert_eq!(all.len(), shipped().len());
    assert_eq!(all["claude-opus-5"]["provider_specific_entry"]["fast"], 2.0);
}
