//! Which price applies: from a deployment's model to an entry.

use std::sync::{Arc, LazyLock, OnceLock};

use lockgate_core::config::CostTerms;
use serde_json::{Map, Value};

use super::map::{Own, PriceMap, checked};
use super::price::{BadPrice, ONE, Price, Unit, is_price};
use super::pricing::Pricing;
use super::shipped;
use super::terms::Terms;

/// The prices of this gateway: those it is shipped with, and the operator's over them.
#[derive(Debug, Default)]
pub struct Catalog {
    own: PriceMap,
    terms: CostTerms,
}

/// What a price is wanted for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// The provider's id.
    pub provider: &'a str,
    /// The model as the provider names it.
    pub model: &'a str,
    /// What the operator says it is (`model_info.base_model`).
    pub base_model: Option<&'a str>,
    /// The model that an answer names. Looked up when nothing is known about `model`, as is the case
    /// with deployments of Azure's and with routers.
    pub answered: Option<&'a str>,
    /// The provider's region, or the location or data zone it serves from.
    pub region: Option<&'a str>,
    /// Prices of the deployment's own, under LiteLLM's names.
    pub own: Option<&'a Map<String, Value>>,
}

/// An entry that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its name.
    pub key: String,
    /// Its members under LiteLLM's names.
    pub members: Map<String, Value>,
    /// What it says about prices.
    pub price: Arc<Price>,
}

/// Prices of shipped entries that somebody asked for.
static PRICES: LazyLock<Box<[Slot]>> =
    LazyLock::new(|| (0..shipped().len()).map(|_| OnceLock::new()).collect());

/// The price of an entry, once somebody asked.
type Slot = OnceLock<Option<Arc<Price>>>;

/// Providers whose answers say what they cost in US dollars.
const REPORTING: [&str; 4] = ["openrouter", "perplexity", "xai", "litellm_proxy"];

/// Where an entry stands.
#[derive(Clone, Copy)]
enum Place<'c> {
    Own(&'c str, &'c Own),
    Shipped(usize),
}

// === impl Wanted ===

impl<'a> Wanted<'a> {
    /// The price of a provider's model.
    #[must_use]
    pub fn new(provider: &'a str, model: &'a str) -> Self {
        Self {
            provider,
            model,
            ..Self::default()
        }
    }
}

// === impl Catalog ===

impl Catalog {
    /// The shipped prices with `own` over them, and what is taken off or put on.
    #[must_use]
    pub fn new(own: PriceMap, terms: CostTerms) -> Self {
        Self { own, terms }
    }

    /// What the requests of a deployment cost.
    ///
    /// # Errors
    ///
    /// When one of the deployment's own prices is none.
    pub fn pricing(&self, wanted: &Wanted<'_>) -> Result<Pricing, BadPrice> {
        let own = wanted
            .own
            .filter(|own| own.keys().any(|name| is_price(name)));
        let price = match own {
            Some(own) => Some(self.overridden(wanted, own)?),
            None => self.place(wanted).and_then(|place| self.price_at(place)),
        };
        let price = price.filter(|price| !price.is_unknown());
        Ok(Pricing {
            uplift: price.as_ref().map_or(ONE, |price| uplift(price, wanted)),
            price,
            terms: Terms::of(&self.terms, wanted.provider),
            reports: REPORTING.contains(&wanted.provider),
        })
    }

    /// The entry that says what is known about a model, for showing. Own prices of the deployment
    /// are laid over it.
    #[must_use]
    pub fn find(&self, wanted: &Wanted<'_>) -> Option<Found> {
        let place = self.place(wanted);
        let own = wanted
            .own
            .filter(|own| own.keys().any(|name| is_price(name)));
        let found = place.and_then(|place| self.members_at(place));
        let (key, listed) = found.or_else(|| own.map(|_| (wanted.model, Map::new())))?;
        let (members, price) = match (own, place) {
            (Some(own), _) => {
                let members = laid_over(listed, own);
                let price = Arc::new(Price::read(key, &members).ok()?);
                (members, price)
            }
            (None, place) => (listed, self.price_at(place?)?),
        };
        Some(Found {
            key: key.to_owned(),
            members,
            price,
        })
    }

    /// The price of pictures that are charged by quality and size (`hd`, `1024x1792`), where they
    /// have an entry of their own.
    #[must_use]
    pub fn pictures(
        &self,
        wanted: &Wanted<'_>,
        quality: Option<&str>,
        size: Option<&str>,
    ) -> Option<Pricing> {
        let size = size
            .unwrap_or("1024x1024")
            .replace("-x-", "x")
            .replace('x', "-x-");
        let model = wanted.base_model.unwrap_or(wanted.model);
        let provider = wanted.provider;
        let qualities = [
            quality,
            Some("medium"),
            Some("standard"),
            Some("high"),
            None,
        ];
        let prefixes = ["", &format!("{provider}/")];
        let keys = qualities.iter().flat_map(|quality| {
            let quality = quality.map_or_else(String::new, |quality| format!("{quality}/"));
            let size = &size;
            prefixes.map(move |prefix| format!("{prefix}{quality}{size}/{model}"))
        });
        let place = keys.into_iter().find_map(|key| self.at(&key))?;
        let price = self.price_at(place)?;
        let prices = [
            Unit::OutputImage,
            Unit::InputImage,
            Unit::InputPixel,
            Unit::OutputPixel,
        ];
        let priced = prices.iter().any(|unit| price.units.get(*unit).is_some());
        priced.then(|| Pricing {
            price: Some(price),
            uplift: ONE,
            terms: Terms::of(&self.terms, provider),
            reports: REPORTING.contains(&provider),
        })
    }

    /// Every entry under its name, in LiteLLM's format, the operator's in place of shipped ones.
    #[must_use]
    pub fn all(&self) -> Map<String, Value> {
        let table = shipped();
        let mut all: Map<String, Value> = table
            .rows()
            .map(|row| (row.key.to_owned(), table.members(&row).into()))
            .collect();
        for (key, own) in self.own.iter() {
            all.insert(key.to_owned(), own.members.clone().into());
        }
        all
    }

    fn overridden(
        &self,
        wanted: &Wanted<'_>,
        own: &Map<String, Value>,
    ) -> Result<Arc<Price>, BadPrice> {
        checked(own)?;
        let found = self.place(wanted).and_then(|place| self.members_at(place));
        let (key, listed) = found.unwrap_or_else(|| (wanted.model, Map::new()));
        Ok(Arc::new(Price::read(key, &laid_over(listed, own))?))
    }

    /// The entry for a model: what the operator says it is, what it is called, what it answered as.
    fn place(&self, wanted: &Wanted<'_>) -> Option<Place<'_>> {
        let said = wanted.base_model.and_then(|base| {
            self.named(wanted, base)
                // The operator said so: whoever serves it.
                .or_else(|| self.at(base))
        });
        said.or_else(|| self.named(wanted, wanted.model))
            .or_else(|| self.named(wanted, wanted.answered?))
    }

    /// The entry of a name: with region and provider in front, then with the provider, then bare if
    /// it is an entry of this provider's.
    fn named(&self, wanted: &Wanted<'_>, name: &str) -> Option<Place<'_>> {
        let mut provider = wanted.provider;
        let bare = name
            .strip_prefix(provider)
            .and_then(|rest| rest.strip_prefix('/'));
        let bare = bare.unwrap_or(name);
        provider = spoken(provider);
        let region = wanted.region.map(zone);
        let in_region = region.and_then(|region| self.at(&format!("{provider}/{region}/{bare}")));
        in_region
            .or_else(|| self.at(&format!("{provider}/{bare}")))
            .or_else(|| {
                let place = self.at(bare)?;
                let owner = self.provider_at(place)?;
                same_house(provider, owner).then_some(place)
            })
            .or_else(|| {
                // A profile of Bedrock's that serves a region, or all: the model behind it.
                let (_, model) = bare.split_once('.').filter(|_| provider == "bedrock")?;
                let place = self.at(model)?;
                same_house(provider, self.provider_at(place)?).then_some(place)
            })
    }

    fn at(&self, key: &str) -> Option<Place<'_>> {
        let own = self.own.get(key).map(|(key, own)| Place::Own(key, own));
        own.or_else(|| shipped().find(key).map(Place::Shipped))
    }

    fn provider_at<'c>(&'c self, place: Place<'c>) -> Option<&'c str> {
        match place {
            Place::Own(_, own) => own.members.get("litellm_provider").and_then(Value::as_str),
            Place::Shipped(at) => shipped().row(at).map(|row| row.provider),
        }
    }

    fn members_at<'c>(&'c self, place: Place<'c>) -> Option<(&'c str, Map<String, Value>)> {
        match place {
            Place::Own(key, own) => Some((key, own.members.clone())),
            Place::Shipped(at) => {
                let row = shipped().row(at)?;
                Some((row.key, shipped().members(&row)))
            }
        }
    }

    fn price_at(&self, place: Place<'_>) -> Option<Arc<Price>> {
        match place {
            Place::Own(_, own) => Some(own.price.clone()),
            Place::Shipped(at) => {
                let read = || {
                    let row = shipped().row(at)?;
                    let members = shipped().members(&row);
                    Price::read(row.key, &members).ok().map(Arc::new)
                };
                PRICES.get(at)?.get_or_init(read).clone()
            }
        }
    }
}

/// Entries that are another provider's by name.
fn spoken(provider: &str) -> &str {
    match provider {
        "bedrock_converse" => "bedrock",
        "vertex_ai_beta" => "vertex_ai",
        "ollama_chat" => "ollama",
        "cohere_chat" => "cohere",
        "ai21_chat" => "ai21",
        "azure_text" => "azure",
        "text-completion-openai" => "openai",
        "sagemaker_chat" => "sagemaker",
        other => other,
    }
}

/// Data zones of Azure's, from its regions and the names of entries.
fn zone(region: &str) -> &str {
    match region {
        "europe" => "eu",
        other => other,
    }
}

/// Whether an entry of `owner` is one of `provider`'s, or of a part of it.
fn same_house(provider: &str, owner: &str) -> bool {
    if spoken(owner) == provider {
        return true;
    }
    // `vertex_ai-anthropic_models`, `fireworks_ai-embedding-models`
    let part = owner.strip_prefix(provider);
    part.is_some_and(|rest| rest.starts_with('-'))
}

/// What a place costs more.
fn uplift(price: &Price, wanted: &Wanted<'_>) -> i64 {
    let factors = &price.factors;
    match (wanted.provider, wanted.region) {
        (_, None) => ONE,
        ("vertex_ai" | "vertex_ai_beta", Some(region)) if region != "global" => factors.located,
        ("openai" | "text-completion-openai", Some("eu")) => factors.residency[0],
        ("openai" | "text-completion-openai", Some("us")) => factors.residency[1],
        _ => ONE,
    }
}

/// Own prices over those of an entry. A new price for input or for output makes void what the entry
/// derives from its own: caches, tiers, thoughts.
fn laid_over(mut listed: Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let said = |name: &str| own.get(name).is_some_and(|value| !value.is_null());
    let by_time = [
        "cost_per_second",
        "input_cost_per_second",
        "output_cost_per_second",
    ];
    let steps = said("tiered_pricing");
    let tokens = said("input_cost_per_token") || said("output_cost_per_token") || steps;
    let input = said("input_cost_per_token") || steps;
    let output = said("output_cost_per_token") || steps;
    let time_only = by_time.iter().any(|name| said(name)) && !tokens;
    listed.retain(|name, _| {
        let of_input = name.starts_with("input_cost_per_") || name.starts_with("cache_");
        let of_output = name.starts_with("output_cost_per_");
        let of_both = matches!(name.as_str(), "tiered_pricing" | "off_peak_pricing");
        let void = of_input && input || of_output && output || of_both && tokens;
        let timed_out = time_only && (of_input || of_output || of_both);
        !(void || timed_out)
    });
    for (name, value) in own.iter().filter(|(_, value)| !value.is_null()) {
        listed.insert(name.clone(), value.clone());
    }
    listed
}
