//! What the configuration says about prices, for the catalogue.

use lockgate_core::config::{Config, LitellmParams, ModelEntry};
use lockgate_providers::catalog::{Catalog, InputBound, PriceMap, input_bound, is_price};
use serde_json::{Map, Value};

use crate::snapshot::Rejected;

/// The shipped prices with the operator's over them. A map with anything unreadable in it is left out
/// as a whole.
pub(crate) fn catalog(config: &Config, rejected: &mut Vec<Rejected>) -> Catalog {
    let prices = &config.litellm.prices;
    let own = match &prices.map {
        Some(file) => PriceMap::read(&file.text).unwrap_or_else(|error| {
            let path = file.path.display();
            let message = format!("error: {path}: {error}; none of its prices are used");
            rejected.push(Rejected { message });
            PriceMap::default()
        }),
        None => PriceMap::default(),
    };
    Catalog::new(own, prices.terms.clone())
}

/// What an entry says that it costs; `litellm_params` wins.
pub(crate) fn own_prices(entry: &ModelEntry) -> Map<String, Value> {
    let written = entry.model_info.members.iter();
    let written = written.filter(|(name, value)| is_price(name) && !value.is_null());
    let params = entry.litellm_params.prices.iter();
    let all = written.chain(params);
    all.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// What the members that the operator adds to requests say about what those may cost.
pub(crate) fn added(params: &LitellmParams) -> InputBound {
    [&params.params, &params.extra_body]
        .into_iter()
        .filter_map(|members| serde_json::to_vec(members.as_map()).ok())
        .fold(InputBound::default(), |all, members| {
            all.or(input_bound(&members))
        })
}
