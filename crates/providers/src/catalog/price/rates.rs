//! From the prices that are published to a price for every kind of token.

use lockgate_wire::canonical::ServiceTier;
use serde_json::{Map, Value};

use super::super::rate::Rate;
use super::bucket::{BUCKETS, Bucket, PerBucket};
use super::name::TokenPrice;
use super::{BadPrice, price};

/// The prices of one way of being served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::catalog) struct List {
    pub(in crate::catalog) tier: ServiceTier,
    /// By the size of the question, smallest first; the first is for any.
    pub(in crate::catalog) bands: Vec<Band>,
}

/// Prices that hold for the whole of a request with more input tokens than `above`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::catalog) struct Band {
    pub(in crate::catalog) above: u64,
    pub(in crate::catalog) rates: PerBucket<Rate>,
}

/// Prices that an entry names, by what they are for.
#[derive(Debug, Default)]
pub(super) struct Published {
    named: Vec<(TokenPrice, Rate)>,
    /// `tiered_pricing`: where it begins and what it says.
    steps: Vec<Step>,
    /// Input that a cache had costs half where nothing else is said (Fireworks AI, "Prompt caching").
    half_for_cached: bool,
}

/// Where a step begins, and its prices.
type Step = (u64, PerBucket<Option<Rate>>);

/// What `tiered_pricing` and `off_peak_pricing` name.
const STEP_NAMES: [(&str, Bucket); 6] = [
    ("input_cost_per_token", Bucket::Input),
    ("output_cost_per_token", Bucket::Output),
    ("output_cost_per_reasoning_token", Bucket::Reasoning),
    ("cache_read_input_token_cost", Bucket::CacheRead),
    ("cache_creation_input_token_cost", Bucket::CacheWrite),
    (
        "cache_creation_input_token_cost_above_1hr",
        Bucket::CacheWriteLong,
    ),
];

// === impl Published ===

impl Published {
    /// The prices per token among `members`.
    pub(super) fn read(members: &Map<String, Value>) -> Result<Self, BadPrice> {
        let provider = members.get("litellm_provider").and_then(Value::as_str);
        let mut published = Self {
            half_for_cached: provider == Some("fireworks_ai"),
            ..Self::default()
        };
        for name in members.keys() {
            let Some(what) = TokenPrice::named(name) else {
                continue;
            };
            let Some(rate) = price(members, name)? else {
                continue;
            };
            // Of two names for the same the newer one counts.
            let old_name = name == "input_cost_per_token_cache_hit";
            match published.named.iter_mut().find(|(known, _)| *known == what) {
                Some(_) if old_name => {}
                Some(known) => known.1 = rate,
                None => published.named.push((what, rate)),
            }
        }
        if let Some(steps) = members
            .get("tiered_pricing")
            .filter(|steps| !steps.is_null())
        {
            published.steps = read_steps(steps)?;
        }
        Ok(published)
    }

    /// Whether any token has a price.
    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.steps.is_empty()
    }

    /// The lists of all tiers that have prices of their own, standard first, with `instead` in place
    /// of what is published.
    pub(super) fn lists(&self, instead: &PerBucket<Option<Rate>>) -> Vec<List> {
        if self.is_empty() {
            return Vec::new();
        }
        let own = |tier: &ServiceTier| {
            matches!(tier, ServiceTier::Standard | ServiceTier::Batch)
                || self.steps.is_empty() && self.named.iter().any(|(what, _)| what.tier == *tier)
        };
        let list = |tier| List {
            tier,
            bands: self.bands(tier, instead),
        };
        ServiceTier::ALL.into_iter().filter(own).map(list).collect()
    }

    fn bands(&self, tier: ServiceTier, instead: &PerBucket<Option<Rate>>) -> Vec<Band> {
        let band = |above: u64| Band {
            above,
            rates: match tier {
                ServiceTier::Batch => self.batch_rates(above, instead),
                tier => self.rates(tier, above, instead),
            },
        };
        let mut bands: Vec<Band> = Vec::new();
        for above in self.thresholds(tier) {
            let band = band(above);
            // Thresholds of other tiers change nothing here.
            if bands.last().is_none_or(|last| last.rates != band.rates) {
                bands.push(band);
            }
        }
        bands
    }

    fn thresholds(&self, tier: ServiceTier) -> Vec<u64> {
        let of_names = self
            .named
            .iter()
            .filter(|(what, _)| what.tier == tier || what.tier == ServiceTier::Standard)
            .filter_map(|(what, _)| what.above);
        let of_steps = self.steps.iter().map(|(above, _)| *above);
        let mut all: Vec<u64> = match self.steps.is_empty() {
            true => std::iter::once(0).chain(of_names).collect(),
            false => std::iter::once(0).chain(of_steps).collect(),
        };
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What is published for a bucket: for this tier and size, else for any tier of that size, else
    /// for smaller questions.
    fn named(&self, bucket: Bucket, tier: ServiceTier, above: u64) -> Option<Rate> {
        let candidates = self
            .named
            .iter()
            .filter(|(what, _)| what.bucket == bucket)
            .filter(|(what, _)| what.tier == tier || what.tier == ServiceTier::Standard)
            .filter(|(what, _)| what.above.is_none_or(|needed| needed <= above));
        candidates
            .max_by_key(|(what, _)| (what.above, what.tier == tier))
            .map(|(_, rate)| *rate)
    }

    /// What is published for a bucket where the answer is served as anything but a batch.
    fn explicit(&self, bucket: Bucket, tier: ServiceTier, above: u64) -> Option<Rate> {
        let step = self.steps.iter().rev().find(|(begins, _)| *begins <= above);
        let Some((_, step)) = step.or_else(|| self.steps.first()) else {
            return self.explicit_by_name(bucket, tier, above);
        };
        let flat = || self.named(bucket, ServiceTier::Standard, 0);
        let says_output = step[Bucket::Output as usize].is_some();
        match bucket {
            Bucket::Output => step[bucket as usize].or_else(flat),
            Bucket::Reasoning if !says_output => step[bucket as usize].or_else(flat),
            Bucket::Input
            | Bucket::CacheRead
            | Bucket::CacheWrite
            | Bucket::CacheWriteLong
            | Bucket::Reasoning => step[bucket as usize],
            _ => flat(),
        }
    }

    fn explicit_by_name(&self, bucket: Bucket, tier: ServiceTier, above: u64) -> Option<Rate> {
        let found = self.named(bucket, tier, above)?;
        if bucket != Bucket::Reasoning {
            return Some(found);
        }
        let said = |bucket, at: Option<u64>| {
            let mut named = self.named.iter().map(|(what, _)| what);
            named.any(|what| (what.bucket, what.tier, what.above) == (bucket, tier, at))
        };
        if tier != ServiceTier::Standard
            && said(Bucket::Output, None)
            && !said(Bucket::Reasoning, None)
        {
            // A tier with a price for answers and none for thoughts has one price for both.
            return None;
        }
        // A higher price for long requests is one for all that is written.
        let output = self.named(Bucket::Output, tier, above);
        Some(
            output
                .filter(|_| above > 0)
                .map_or(found, |output| found.max(output)),
        )
    }

    fn rates(
        &self,
        tier: ServiceTier,
        above: u64,
        instead: &PerBucket<Option<Rate>>,
    ) -> PerBucket<Rate> {
        let explicit =
            |bucket| instead[bucket as usize].or_else(|| self.explicit(bucket, tier, above));
        let mut rates = [Rate::FREE; BUCKETS];
        let input = explicit(Bucket::Input).unwrap_or_default();
        // Models that only draw have no price for text.
        let output = match explicit(Bucket::Output) {
            Some(output) if output > Rate::FREE => output,
            output => explicit(Bucket::ImageOutput).or(output).unwrap_or_default(),
        };
        let cached = if self.half_for_cached {
            input.half()
        } else {
            input
        };
        let read = explicit(Bucket::CacheRead).unwrap_or(cached);
        let write = explicit(Bucket::CacheWrite).unwrap_or(input);
        for bucket in Bucket::ALL {
            rates[bucket as usize] = match bucket {
                Bucket::Input => input,
                Bucket::CacheRead => read,
                Bucket::CacheReadAudio => explicit(bucket).unwrap_or(read),
                Bucket::CacheWrite => write,
                Bucket::CacheWriteLong => explicit(bucket).unwrap_or(write),
                Bucket::AudioInput | Bucket::ImageInput | Bucket::VideoInput => {
                    explicit(bucket).unwrap_or(input)
                }
                Bucket::Output => output,
                Bucket::Reasoning | Bucket::AudioOutput | Bucket::ImageOutput => {
                    explicit(bucket).unwrap_or(output)
                }
            };
        }
        rates
    }

    /// Batches: what is published for them, else half of the standard price. What a cache had costs
    /// no more than it does elsewhere.
    fn batch_rates(&self, above: u64, instead: &PerBucket<Option<Rate>>) -> PerBucket<Rate> {
        let standard = self.rates(ServiceTier::Standard, above, instead);
        let published = |bucket| {
            let of_batches = self.named.iter().filter(|(what, _)| {
                what.bucket == bucket
                    && what.tier == ServiceTier::Batch
                    && what.above.is_none_or(|needed| needed <= above)
            });
            let found = of_batches.max_by_key(|(what, _)| what.above);
            found.map(|(_, rate)| *rate)
        };
        // A part without a price of its own has that of the whole, in batches as well.
        let half_of_own = |bucket: Bucket, whole: Bucket| {
            let rate = standard[bucket as usize];
            (rate != standard[whole as usize]).then_some(rate.half())
        };
        let half = |bucket: Bucket| standard[bucket as usize].half();
        let input = published(Bucket::Input).unwrap_or_else(|| half(Bucket::Input));
        let output = published(Bucket::Output).unwrap_or_else(|| half(Bucket::Output));
        let mut rates = [Rate::FREE; BUCKETS];
        for bucket in Bucket::ALL {
            rates[bucket as usize] = match bucket {
                Bucket::Input => input,
                Bucket::Output => output,
                Bucket::CacheRead | Bucket::CacheReadAudio => {
                    published(bucket).unwrap_or_else(|| standard[bucket as usize].min(input))
                }
                bucket => {
                    let whole = if bucket.is_input() {
                        Bucket::Input
                    } else {
                        Bucket::Output
                    };
                    let rest = if bucket.is_input() { input } else { output };
                    published(bucket)
                        .or_else(|| half_of_own(bucket, whole))
                        .unwrap_or(rest)
                }
            };
        }
        rates
    }
}

/// The prices that a step, or an hour of little traffic, names.
pub(super) fn step(members: &Map<String, Value>) -> Result<PerBucket<Option<Rate>>, BadPrice> {
    let mut rates = [None; BUCKETS];
    for (name, bucket) in STEP_NAMES {
        rates[bucket as usize] = price(members, name)?;
    }
    Ok(rates)
}

fn read_steps(steps: &Value) -> Result<Vec<Step>, BadPrice> {
    let bad = || BadPrice::new("tiered_pricing", "a list of steps with `range` and prices");
    let mut read = Vec::new();
    for one in steps.as_array().ok_or_else(bad)? {
        let members = one.as_object().ok_or_else(bad)?;
        // Steps of a search are by results, not by tokens.
        if members.contains_key("max_results_range") {
            continue;
        }
        let begin = members.get("range").and_then(|range| range.get(0));
        let begin = begin.and_then(whole).ok_or_else(bad)?;
        let rates = step(members)?;
        rates[Bucket::Input as usize].ok_or_else(bad)?;
        read.push((begin, rates));
    }
    read.sort_by_key(|(begin, _)| *begin);
    Ok(read)
}

/// A count that may have been written as a float.
fn whole(value: &Value) -> Option<u64> {
    let float = || value.as_f64().filter(|number| *number >= 0.0);
    value
        .as_u64()
        .or_else(|| float().map(|number| number as u64))
}
