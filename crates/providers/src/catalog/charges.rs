//! From what was used to what is charged for it, before rounding.

use super::facts::{Facts, SearchContext};
use super::price::{Bucket, ONE, Price, Unit, buckets};
use super::rate::Rate;
use lockgate_wire::canonical::ServiceTier;

/// Sums in quadrillionths of a dollar (1e-15).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Charges {
    /// For what was sent.
    pub(super) input: i128,
    /// For what came back.
    pub(super) output: i128,
    /// For tools that the provider ran.
    pub(super) tools: i128,
}

/// Modes whose models are charged by the second when they have no other price.
const BY_DURATION: [&str; 5] = ["", "chat", "completion", "embedding", "responses"];

// === impl Charges ===

impl Charges {
    /// What `facts` cost at `price`. Every token, and everything else, is charged once at most.
    pub(super) fn of(price: &Price, facts: &Facts<'_>) -> Self {
        let tokens = facts.usage.is_some_and(|usage| usage.total() > 0) && price.prices_tokens();
        let mut charges = Self::default();
        match price.mode() {
            "image_generation" | "image_edit" if !tokens => charges.add_pictures(price, facts),
            "audio_transcription" if !tokens => charges.add_listening(price, facts),
            "audio_speech" => charges.add_speech(price, facts),
            "video_generation" => charges.add_video(price, facts),
            "realtime" if !tokens => charges.add_session(price, facts),
            _ => charges.add_text(price, facts),
        }
        charges.add_documents(price, facts);
        charges.add_tools(price, facts);
        let request = price.units.get(Unit::Request);
        charges.input += request.map_or(0, |rate| times(rate, 1));
        charges.multiplied(price, facts)
    }

    /// All of it.
    pub(super) fn total(&self) -> i128 {
        self.input
            .saturating_add(self.output)
            .saturating_add(self.tools)
    }

    fn add_tokens(&mut self, price: &Price, facts: &Facts<'_>) {
        let usage = facts.usage.unwrap_or_default();
        let rates = price.rates(facts.served_as(), usage.input_tokens, facts.at);
        let Some(rates) = rates else {
            return;
        };
        let pictures = facts.quantities.input_images > 0;
        let by_picture = pictures && price.units.get(Unit::InputImage).is_some();
        for (bucket, count) in Bucket::ALL.into_iter().zip(buckets(&usage)) {
            // Pictures with a price of their own are not charged as tokens, too.
            if bucket == Bucket::ImageInput && by_picture {
                continue;
            }
            let part = if bucket.is_input() {
                &mut self.input
            } else {
                &mut self.output
            };
            *part = part.saturating_add(times(rates[bucket as usize], count));
        }
    }

    /// Chats, embeddings, rerankings, searches: tokens, and things sent with them.
    fn add_text(&mut self, price: &Price, facts: &Facts<'_>) {
        let (units, used) = (&price.units, &facts.quantities);
        self.add_tokens(price, facts);
        let rate = |unit| units.get(unit).unwrap_or_default();
        self.input += times(rate(Unit::InputImage), used.input_images)
            + thousandth(rate(Unit::AudioInputSecond), used.audio_input_ms)
            + thousandth(rate(Unit::VideoInputSecond), used.video_input_ms)
            + times(units.query(used.results), used.queries);
        if price.prices_tokens() {
            return;
        }
        self.input += times(rate(Unit::InputCharacter), used.input_characters);
        self.output += times(rate(Unit::OutputCharacter), used.output_characters);
        if BY_DURATION.contains(&price.mode()) {
            let second = [Unit::Second, Unit::InputSecond, Unit::OutputSecond];
            let second = second.into_iter().find_map(|unit| units.get(unit));
            self.output += thousandth(second.unwrap_or_default(), used.elapsed_ms);
        }
    }

    /// Pictures that are charged by the picture, or by its size.
    fn add_pictures(&mut self, price: &Price, facts: &Facts<'_>) {
        let (units, used) = (&price.units, &facts.quantities);
        let by_picture = units.sized(Unit::OutputImage, facts.size);
        // Before there was a price for what comes out, it stood in that for what goes in.
        let by_picture = by_picture.filter(|rate| *rate > Rate::FREE);
        let by_picture = by_picture.or_else(|| units.get(Unit::InputImage));
        let pixel = [Unit::InputPixel, Unit::OutputPixel];
        let pixel = || pixel.into_iter().find_map(|unit| units.get(unit));
        self.output += match by_picture.filter(|rate| *rate > Rate::FREE) {
            Some(rate) => times(rate, used.output_images),
            None => times(pixel().unwrap_or_default(), used.output_pixels),
        };
    }

    /// What is heard is charged by its length.
    fn add_listening(&mut self, price: &Price, facts: &Facts<'_>) {
        let units = [Unit::OutputSecond, Unit::InputSecond, Unit::Second];
        let rates = units.into_iter().filter_map(|unit| price.units.get(unit));
        let rate = rates.into_iter().find(|rate| *rate > Rate::FREE);
        self.input += thousandth(rate.unwrap_or_default(), facts.quantities.audio_input_ms);
    }

    /// What is said is charged by its characters, else its tokens, else its length.
    fn add_speech(&mut self, price: &Price, facts: &Facts<'_>) {
        let (units, used) = (&price.units, &facts.quantities);
        let character = units.get(Unit::InputCharacter).unwrap_or_default();
        if character > Rate::FREE {
            self.input += times(character, used.input_characters);
        } else if price.prices_tokens() {
            self.add_tokens(price, facts);
        } else {
            let second = units.get(Unit::OutputSecond).unwrap_or_default();
            self.output += thousandth(second, used.output_ms);
            let piece = units.get(Unit::OutputImage).unwrap_or_default();
            self.output += times(piece, used.output_images);
        }
    }

    fn add_video(&mut self, price: &Price, facts: &Facts<'_>) {
        let (units, used) = (&price.units, &facts.quantities);
        let any = units.get(Unit::VideoOutputSecond);
        let second = any.or_else(|| units.sized(Unit::OutputSecond, facts.size));
        self.output += thousandth(second.unwrap_or_default(), used.output_ms);
        let picture = units.get(Unit::InputImage).unwrap_or_default();
        self.input += times(picture, used.input_images);
    }

    /// A session that is charged by the minute.
    fn add_session(&mut self, price: &Price, facts: &Facts<'_>) {
        let (units, used) = (&price.units, &facts.quantities);
        let rate = |unit| units.get(unit).unwrap_or_default();
        self.input += thousandth(rate(Unit::InputSecond), used.audio_input_ms);
        self.output += thousandth(rate(Unit::OutputSecond), used.output_ms);
    }

    /// Documents are charged by the credit, else by the page.
    fn add_documents(&mut self, price: &Price, facts: &Facts<'_>) {
        let (units, used) = (&price.units, &facts.quantities);
        let batch = facts.served_as() == ServiceTier::Batch;
        let rate = |batched, unit| {
            let batched = units.get(batched).filter(|_| batch);
            batched.or_else(|| units.get(unit))
        };
        if let Some(credit) = units.get(Unit::Credit).filter(|_| used.credits > 0) {
            self.input += times(credit, used.credits);
            return;
        }
        let page = rate(Unit::PageInBatch, Unit::Page);
        let annotation = rate(Unit::AnnotationInBatch, Unit::Annotation).or(page);
        self.input += times(page.unwrap_or_default(), used.pages)
            + times(annotation.unwrap_or_default(), used.annotated_pages);
    }

    fn add_tools(&mut self, price: &Price, facts: &Facts<'_>) {
        let (units, used) = (&price.units, &facts.quantities);
        let once = |count: u64| {
            if units.search_once {
                count.min(1)
            } else {
                count
            }
        };
        let rate = |unit| units.get(unit).unwrap_or_default();
        let search = match facts.search_context {
            SearchContext::Low => Unit::SearchLow,
            SearchContext::Medium => Unit::SearchMedium,
            SearchContext::High => Unit::SearchHigh,
        };
        let searches = facts.usage.map_or(0, |usage| usage.billing.web_searches);
        self.tools += times(rate(search), once(searches))
            + times(rate(Unit::MapsQuery), once(used.maps_queries))
            + times(rate(Unit::CodeSession), used.code_sessions)
            + times(rate(Unit::FileSearch), used.file_searches)
            + times(rate(Unit::Citation), used.citation_tokens);
    }

    /// With what answers of this kind cost more. Tools cost the same everywhere.
    fn multiplied(mut self, price: &Price, facts: &Facts<'_>) -> Self {
        let billing = facts.usage.unwrap_or_default().billing;
        let factors = &price.factors;
        for factor in [
            if billing.fast { factors.fast } else { ONE },
            if billing.us_only {
                factors.us_only
            } else {
                ONE
            },
        ] {
            self = self.scaled(factor);
        }
        self
    }

    /// Tokens and pictures times `factor`, in millionths.
    pub(super) fn scaled(self, factor: i64) -> Self {
        if factor == ONE {
            return self;
        }
        Self {
            input: scaled(self.input, factor, ONE),
            output: scaled(self.output, factor, ONE),
            ..self
        }
    }
}

/// So many units at a price.
pub(super) fn times(rate: Rate, count: u64) -> i128 {
    // 2^63 times 2^64 is less than 2^127.
    i128::from(rate.femtodollars()) * i128::from(count)
}

/// So many thousandths of a unit at a price, rounded half up.
pub(super) fn thousandth(rate: Rate, count: u64) -> i128 {
    (times(rate, count) + 500) / 1000
}

/// An amount times a fraction, rounded half up.
pub(super) fn scaled(amount: i128, factor: i64, of: i64) -> i128 {
    let (factor, of) = (i128::from(factor), i128::from(of));
    match amount.checked_mul(factor) {
        Some(product) => (product.saturating_add(of / 2)) / of,
        // Nobody has so much money.
        None => amount.saturating_mul(factor / of),
    }
}
