//! The most that a request can cost.

use lockgate_wire::canonical::ServiceTier;

use super::charges::{Charges, thousandth, times};
use super::facts::Quantities;
use super::price::{Bucket, ONE, Price, Unit};
use super::rate::Rate;

/// What a request cannot use more of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Input tokens at most.
    pub input_tokens: u64,
    /// Output tokens at most, thoughts included.
    pub output_tokens: u64,
    /// Searches of the web at most.
    pub web_searches: u64,
    /// Anything else at most.
    pub quantities: Quantities,
    /// The tier that it is served as; `None` where any may be.
    pub tier: Option<ServiceTier>,
    /// What the request cannot do, which would cost more.
    pub without: Without,
}

/// What a request cannot do. What is not ruled out may happen, and is reserved for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Without {
    /// Nothing is written to a cache for an hour.
    pub long_cache: bool,
    /// Nothing is written to a cache.
    pub cache: bool,
    /// Nothing that is sent is audio, a picture or a video.
    pub media: bool,
    /// Nothing that comes back is audio or a picture.
    pub made_media: bool,
    /// It is not served at the speed that costs more.
    pub fast: bool,
    /// It is not bound to a country.
    pub residency: bool,
}

/// What a request within `bounds` costs at most, in quadrillionths of a dollar.
pub(super) fn charges(price: &Price, bounds: &Bounds) -> Charges {
    let mut charges = tokens(price, bounds);
    let (units, most) = (&price.units, &bounds.quantities);
    let highest = |unit| units.highest(unit);
    let second = [Unit::Second, Unit::InputSecond, Unit::OutputSecond];
    let second = second.into_iter().map(highest).max().unwrap_or_default();
    let pixel = highest(Unit::InputPixel).max(highest(Unit::OutputPixel));
    let page = highest(Unit::Page).max(highest(Unit::PageInBatch));
    let annotation = highest(Unit::Annotation).max(highest(Unit::AnnotationInBatch));
    charges.input += times(highest(Unit::Request), 1)
        + times(highest(Unit::Query), most.queries)
        + times(highest(Unit::InputCharacter), most.input_characters)
        + times(highest(Unit::InputImage), most.input_images)
        + thousandth(highest(Unit::AudioInputSecond), most.audio_input_ms)
        + thousandth(highest(Unit::VideoInputSecond), most.video_input_ms)
        + thousandth(second, most.audio_input_ms)
        + times(highest(Unit::Credit), most.credits)
        + times(page, most.pages)
        + times(annotation.max(page), most.annotated_pages);
    charges.output += times(highest(Unit::OutputCharacter), most.output_characters)
        + times(
            highest(Unit::OutputImage).max(highest(Unit::InputImage)),
            most.output_images,
        )
        + times(pixel, most.output_pixels)
        + thousandth(second, most.elapsed_ms)
        + thousandth(second.max(highest(Unit::VideoOutputSecond)), most.output_ms);
    let search = [Unit::SearchLow, Unit::SearchMedium, Unit::SearchHigh];
    let search = search.into_iter().map(highest).max().unwrap_or_default();
    charges.tools += times(search, bounds.web_searches)
        + times(highest(Unit::MapsQuery), most.maps_queries)
        + times(highest(Unit::CodeSession), most.code_sessions)
        + times(highest(Unit::FileSearch), most.file_searches)
        + times(highest(Unit::Citation), most.citation_tokens);
    multiplied(charges, price, bounds.without)
}

/// The dearest kind of token in the dearest list, which no mixture exceeds.
fn tokens(price: &Price, bounds: &Bounds) -> Charges {
    let (mut input, mut output) = (Rate::FREE, Rate::FREE);
    for list in price.lists(bounds.tier) {
        let bands = list.bands.iter().enumerate();
        let reached = bands
            .filter(|(at, band)| *at == 0 || price.crosses(bounds.input_tokens, band.above))
            .map(|(_, band)| band);
        for band in reached {
            for bucket in Bucket::ALL
                .into_iter()
                .filter(|b| bounds.without.allows(*b))
            {
                let rate = band.rates[bucket as usize];
                let highest = if bucket.is_input() {
                    &mut input
                } else {
                    &mut output
                };
                *highest = rate.max(*highest);
            }
        }
    }
    Charges {
        input: times(input, bounds.input_tokens),
        output: times(output, bounds.output_tokens),
        tools: 0,
    }
}

fn multiplied(mut charges: Charges, price: &Price, without: Without) -> Charges {
    let factors = &price.factors;
    for (factor, ruled_out) in [
        (factors.fast, without.fast),
        (factors.us_only, without.residency),
    ] {
        if !ruled_out {
            charges = charges.scaled(factor.max(ONE));
        }
    }
    charges
}

// === impl Without ===

impl Without {
    /// Whether tokens of a kind may occur.
    fn allows(self, bucket: Bucket) -> bool {
        match bucket {
            Bucket::CacheWrite => !self.cache,
            Bucket::CacheWriteLong => !self.cache && !self.long_cache,
            Bucket::CacheReadAudio
            | Bucket::AudioInput
            | Bucket::ImageInput
            | Bucket::VideoInput => !self.media,
            Bucket::AudioOutput | Bucket::ImageOutput => !self.made_media,
            Bucket::Input | Bucket::CacheRead | Bucket::Output | Bucket::Reasoning => true,
        }
    }
}
