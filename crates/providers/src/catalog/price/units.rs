//! What is not counted in tokens.

use serde_json::{Map, Value};

use super::super::rate::Rate;
use super::{BadPrice, price};

/// A thing with a price, other than a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::catalog) enum Unit {
    Request,
    Query,
    /// A second of the answer's duration, whatever it holds.
    Second,
    InputSecond,
    OutputSecond,
    AudioInputSecond,
    VideoInputSecond,
    VideoOutputSecond,
    InputCharacter,
    OutputCharacter,
    InputImage,
    OutputImage,
    InputPixel,
    OutputPixel,
    Page,
    PageInBatch,
    Annotation,
    AnnotationInBatch,
    Credit,
    SearchLow,
    SearchMedium,
    SearchHigh,
    MapsQuery,
    CodeSession,
    FileSearch,
    Citation,
}

/// The prices of things.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::catalog) struct Units {
    rates: Vec<(Unit, Rate)>,
    /// Prices of a second or a picture of a certain resolution or size.
    sized: Vec<(Unit, Box<str>, Rate)>,
    /// Prices of a query by the results it may have at most, fewest first.
    by_results: Vec<(u64, Rate)>,
    /// Searches of the web cost the same, however many there are for one question.
    pub(in crate::catalog) search_once: bool,
}

const NAMES: [(&str, Unit); 23] = [
    ("input_cost_per_request", Unit::Request),
    ("input_cost_per_query", Unit::Query),
    ("cost_per_second", Unit::Second),
    ("input_cost_per_second", Unit::InputSecond),
    ("output_cost_per_second", Unit::OutputSecond),
    ("input_cost_per_audio_per_second", Unit::AudioInputSecond),
    ("input_cost_per_video_per_second", Unit::VideoInputSecond),
    ("output_cost_per_video_per_second", Unit::VideoOutputSecond),
    ("input_cost_per_character", Unit::InputCharacter),
    ("output_cost_per_character", Unit::OutputCharacter),
    ("input_cost_per_image", Unit::InputImage),
    ("output_cost_per_image", Unit::OutputImage),
    ("input_cost_per_pixel", Unit::InputPixel),
    ("output_cost_per_pixel", Unit::OutputPixel),
    ("ocr_cost_per_page", Unit::Page),
    ("ocr_cost_per_page_batches", Unit::PageInBatch),
    ("annotation_cost_per_page", Unit::Annotation),
    ("annotation_cost_per_page_batches", Unit::AnnotationInBatch),
    ("ocr_cost_per_credit", Unit::Credit),
    ("google_maps_grounding_cost_per_query", Unit::MapsQuery),
    ("code_interpreter_cost_per_session", Unit::CodeSession),
    ("file_search_cost_per_1k_calls", Unit::FileSearch),
    ("citation_cost_per_token", Unit::Citation),
];

const SEARCHES: [(&str, Unit); 3] = [
    ("search_context_size_low", Unit::SearchLow),
    ("search_context_size_medium", Unit::SearchMedium),
    ("search_context_size_high", Unit::SearchHigh),
];

const SIZED: [(&str, Unit); 2] = [
    ("output_cost_per_second_", Unit::OutputSecond),
    ("output_cost_per_image_", Unit::OutputImage),
];

// === impl Units ===

impl Units {
    pub(super) fn read(members: &Map<String, Value>) -> Result<Self, BadPrice> {
        let provider = members.get("litellm_provider").and_then(Value::as_str);
        let google = |name: &str| name.starts_with("gemini") || name.starts_with("vertex_ai-lang");
        let mut units = Self {
            search_once: match members
                .get("web_search_billing_unit")
                .and_then(Value::as_str)
            {
                Some(unit) => unit == "per_prompt",
                // Grounding with Google Search was charged for the prompt until Gemini 3.
                None => provider.is_some_and(google),
            },
            ..Self::default()
        };
        for (name, unit) in NAMES {
            if let Some(rate) = price(members, name)? {
                // The name says a thousand, the figure is that of one call.
                units.rates.push((unit, rate));
            }
        }
        for name in members.keys() {
            for (start, unit) in SIZED {
                let size = name.strip_prefix(start);
                if let Some(size) = size.filter(|size| !size.starts_with("token"))
                    && let Some(rate) = price(members, name)?
                {
                    units.sized.push((unit, size.to_lowercase().into(), rate));
                }
            }
        }
        units.by_results = by_results(members)?;
        let searches = members.get("search_context_cost_per_query");
        if let Some(searches) = searches.filter(|searches| !searches.is_null()) {
            let searches = searches.as_object().ok_or_else(|| {
                BadPrice::new("search_context_cost_per_query", "prices by size of context")
            })?;
            for (name, unit) in SEARCHES {
                if let Some(rate) = price(searches, name)? {
                    units.rates.push((unit, rate));
                }
            }
        }
        Ok(units)
    }

    pub(in crate::catalog) fn is_empty(&self) -> bool {
        self.rates.is_empty() && self.sized.is_empty() && self.by_results.is_empty()
    }

    /// The price of a query that may have so many results.
    pub(in crate::catalog) fn query(&self, results: u64) -> Rate {
        let fits = self.by_results.iter().find(|(most, _)| results <= *most);
        let found = fits
            .or_else(|| self.by_results.last())
            .map(|(_, rate)| *rate);
        found.or_else(|| self.get(Unit::Query)).unwrap_or_default()
    }

    pub(in crate::catalog) fn get(&self, unit: Unit) -> Option<Rate> {
        let found = self.rates.iter().find(|(known, _)| *known == unit);
        found.map(|(_, rate)| *rate)
    }

    /// The price of a unit of this size, or of any.
    pub(in crate::catalog) fn sized(&self, unit: Unit, size: Option<&str>) -> Option<Rate> {
        let found = size.and_then(|size| {
            let mut sized = self.sized.iter();
            sized.find(|(known, of, _)| *known == unit && of.eq_ignore_ascii_case(size))
        });
        found.map(|(_, _, rate)| *rate).or_else(|| self.get(unit))
    }

    /// The highest price that a unit can have.
    pub(in crate::catalog) fn highest(&self, unit: Unit) -> Rate {
        let sized = self.sized.iter().filter(|(known, _, _)| *known == unit);
        let sized = sized.map(|(_, _, rate)| *rate);
        let by_results = self.by_results.iter().filter(|_| unit == Unit::Query);
        let by_results = by_results.map(|(_, rate)| *rate);
        let all = sized.chain(self.get(unit)).chain(by_results);
        all.max().unwrap_or_default()
    }

    /// Whether all that has a price has the price of nothing.
    pub(in crate::catalog) fn are_free(&self) -> bool {
        let sized = self.sized.iter().map(|(_, _, rate)| rate);
        let by_results = self.by_results.iter().map(|(_, rate)| rate);
        let all = self.rates.iter().map(|(_, rate)| rate).chain(sized);
        all.chain(by_results).all(|rate| *rate == Rate::FREE)
    }
}

/// Searches that cost more the more they may find: steps of `tiered_pricing` with results in place
/// of tokens.
fn by_results(members: &Map<String, Value>) -> Result<Vec<(u64, Rate)>, BadPrice> {
    let steps = members.get("tiered_pricing").and_then(Value::as_array);
    let mut read = Vec::new();
    for step in steps.into_iter().flatten().filter_map(Value::as_object) {
        let most = step.get("max_results_range").and_then(|range| range.get(1));
        if let (Some(most), Some(rate)) = (
            most.and_then(Value::as_u64),
            price(step, "input_cost_per_query")?,
        ) {
            read.push((most, rate));
        }
    }
    read.sort_unstable();
    Ok(read)
}
