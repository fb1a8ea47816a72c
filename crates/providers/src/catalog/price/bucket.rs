//! The kinds of tokens that have a price of their own. Every token is in exactly one.

use lockgate_wire::canonical::Usage;

/// A kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bucket {
    /// Text that no cache had or kept.
    Input,
    /// Read from a prompt cache.
    CacheRead,
    /// Audio read from a prompt cache.
    CacheReadAudio,
    /// Written to a prompt cache for minutes.
    CacheWrite,
    /// Written to a prompt cache for an hour.
    CacheWriteLong,
    /// Audio that no cache had.
    AudioInput,
    /// Pictures that no cache had.
    ImageInput,
    /// Video that no cache had.
    VideoInput,
    /// Text of the answer.
    Output,
    /// Thoughts before the answer.
    Reasoning,
    /// Audio of the answer.
    AudioOutput,
    /// Pictures of the answer.
    ImageOutput,
}

/// How many kinds there are.
pub(in crate::catalog) const BUCKETS: usize = 12;

/// Something of each kind, in the order of [`Bucket`].
pub(in crate::catalog) type PerBucket<T> = [T; BUCKETS];

// === impl Bucket ===

impl Bucket {
    /// All of them.
    pub const ALL: [Self; BUCKETS] = [
        Self::Input,
        Self::CacheRead,
        Self::CacheReadAudio,
        Self::CacheWrite,
        Self::CacheWriteLong,
        Self::AudioInput,
        Self::ImageInput,
        Self::VideoInput,
        Self::Output,
        Self::Reasoning,
        Self::AudioOutput,
        Self::ImageOutput,
    ];

    /// Whether it is of the question.
    #[must_use]
    pub const fn is_input(self) -> bool {
        (self as usize) < Self::Output as usize
    }
}

/// How many tokens of each kind `usage` has: those of the question add up to `input_tokens`, those
/// of the answer to `output_tokens`, also where the parts that a provider names do not fit.
#[must_use]
pub fn buckets(usage: &Usage) -> [u64; BUCKETS] {
    let mut counts = [0; BUCKETS];
    let mut put = |bucket: Bucket, count: u64| counts[bucket as usize] = count;

    let mut left = usage.input_tokens;
    let mut take = |count: u64| {
        let taken = count.min(left);
        left -= taken;
        taken
    };
    let read = take(usage.cache_read);
    let read_audio = usage.cache_read_audio.min(read);
    let written = take(usage.cache_write);
    let long = usage.cache_write_1h.min(written);
    put(Bucket::CacheRead, read - read_audio);
    put(Bucket::CacheReadAudio, read_audio);
    put(Bucket::CacheWrite, written - long);
    put(Bucket::CacheWriteLong, long);
    put(Bucket::AudioInput, take(usage.audio_input));
    put(Bucket::ImageInput, take(usage.image_input));
    put(Bucket::VideoInput, take(usage.video_input));
    put(Bucket::Input, left);

    let mut left = usage.output_tokens;
    let mut take = |count: u64| {
        let taken = count.min(left);
        left -= taken;
        taken
    };
    put(Bucket::Reasoning, take(usage.reasoning));
    put(Bucket::AudioOutput, take(usage.audio_output));
    put(Bucket::ImageOutput, take(usage.image_output));
    put(Bucket::Output, left);
    counts
}
