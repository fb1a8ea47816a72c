//! What models cost.

mod bounds;
mod calculation;
mod golden;
mod overrides;
mod properties;
mod shipped;

use lockgate_core::money::Nanodollars;
use lockgate_providers::catalog::{Catalog, Facts, PriceMap, Pricing, Wanted};
use lockgate_wire::canonical::Usage;
use serde_json::{Map, Value, json};

/// The pricing of a model that has these members and no others.
fn pricing_of(members: Value) -> Pricing {
    let map = Map::from_iter([("maker/model".to_owned(), members)]);
    let map = Value::Object(map).to_string();
    let catalog = Catalog::new(PriceMap::read(&map).unwrap(), Default::default());
    catalog.pricing(&wanted("maker", "model")).unwrap()
}

fn wanted<'a>(provider: &'a str, model: &'a str) -> Wanted<'a> {
    Wanted {
        provider,
        model,
        ..Wanted::default()
    }
}

/// So many input and output tokens.
fn tokens(input: u64, output: u64) -> Usage {
    Usage {
        input_tokens: input,
        output_tokens: output,
        ..Usage::default()
    }
}

fn facts(usage: Usage) -> Facts<'static> {
    Facts {
        usage: Some(usage),
        ..Facts::default()
    }
}

fn dollars(amount: &str) -> Nanodollars {
    Nanodollars::from_dollars(amount.parse().unwrap()).unwrap()
}
