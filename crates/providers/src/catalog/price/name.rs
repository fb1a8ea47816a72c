//! What the name of a price per token says: `cache_read_input_token_cost_above_200k_tokens_priority`.

use lockgate_wire::canonical::ServiceTier;

use super::bucket::Bucket;

/// What a price per token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TokenPrice {
    pub(super) bucket: Bucket,
    /// For requests with more input tokens than these.
    pub(super) above: Option<u64>,
    pub(super) tier: ServiceTier,
}

/// How names begin; what begins with another one stands before it.
const STARTS: [(&str, Bucket); 13] = [
    (
        "cache_creation_input_token_cost_above_1hr",
        Bucket::CacheWriteLong,
    ),
    ("cache_creation_input_token_cost", Bucket::CacheWrite),
    ("cache_read_input_audio_token_cost", Bucket::CacheReadAudio),
    ("cache_read_input_token_cost", Bucket::CacheRead),
    // An older name of the same.
    ("input_cost_per_token_cache_hit", Bucket::CacheRead),
    ("input_cost_per_audio_token", Bucket::AudioInput),
    ("input_cost_per_image_token", Bucket::ImageInput),
    ("input_cost_per_video_token", Bucket::VideoInput),
    ("input_cost_per_token", Bucket::Input),
    ("output_cost_per_reasoning_token", Bucket::Reasoning),
    ("output_cost_per_audio_token", Bucket::AudioOutput),
    ("output_cost_per_image_token", Bucket::ImageOutput),
    ("output_cost_per_token", Bucket::Output),
];

const TIERS: [(&str, ServiceTier); 5] = [
    ("_flex", ServiceTier::Flex),
    ("_balanced", ServiceTier::Balanced),
    ("_priority", ServiceTier::Priority),
    ("_ultrafast", ServiceTier::Ultrafast),
    ("_batches", ServiceTier::Batch),
];

// === impl TokenPrice ===

impl TokenPrice {
    /// Reads a name; `None` for what is no price per token.
    pub(super) fn named(name: &str) -> Option<Self> {
        STARTS.iter().find_map(|&(start, bucket)| {
            let rest = name.strip_prefix(start)?;
            let (tier, rest) = tier(rest);
            let (above, rest) = above(rest)?;
            // Some say the tier before the threshold.
            let (late, rest) = self::tier(rest);
            let tier = if tier == ServiceTier::Standard {
                late
            } else {
                tier
            };
            rest.is_empty().then_some(Self {
                bucket,
                above,
                tier,
            })
        })
    }
}

fn tier(rest: &str) -> (ServiceTier, &str) {
    TIERS
        .iter()
        .find_map(|&(word, tier)| Some((tier, rest.strip_prefix(word)?)))
        .unwrap_or((ServiceTier::Standard, rest))
}

/// A threshold in front of `rest`; `None` when something stands there that is none.
fn above(rest: &str) -> Option<(Option<u64>, &str)> {
    let Some(rest) = rest.strip_prefix("_above_") else {
        return Some((None, rest));
    };
    let (number, rest) = rest.split_once("_tokens")?;
    let (number, unit) = match number.strip_suffix('k') {
        Some(number) => (number, 1000),
        None => (number, 1),
    };
    let number: u64 = number.parse().ok()?;
    Some((Some(number.checked_mul(unit)?), rest))
}
