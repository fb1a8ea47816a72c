//! Subtitles of a transcript: SRT and `WebVTT`.

use std::fmt::Write as _;

use crate::canonical::{Timed, Transcription};

/// As much as fits on a screen: two lines.
const LONGEST: usize = 84;
/// As long as anybody reads, seconds.
const SLOWEST: f64 = 7.0;

pub(super) fn srt(transcript: &Transcription) -> String {
    let mut out = String::new();
    for (place, cue) in cues(transcript).iter().enumerate() {
        let (start, end) = (stamp(cue.start, ','), stamp(cue.end, ','));
        let text = cue.text.trim();
        // Writing to a string cannot fail.
        let _ = write!(out, "{}\n{start} --> {end}\n{text}\n\n", place + 1);
    }
    out
}

pub(super) fn vtt(transcript: &Transcription) -> String {
    let mut out = String::from("WEBVTT\n\n");
    for cue in cues(transcript) {
        let (start, end) = (stamp(cue.start, '.'), stamp(cue.end, '.'));
        let _ = write!(out, "{start} --> {end}\n{}\n\n", cue.text.trim());
    }
    out
}

/// The provider's own segments, or words put together, or all of it as one.
fn cues(transcript: &Transcription) -> Vec<Timed> {
    if !transcript.segments.is_empty() {
        return transcript.segments.clone();
    }
    let words = sentences(&transcript.words);
    if !words.is_empty() || transcript.text.is_empty() {
        return words;
    }
    vec![Timed {
        text: transcript.text.clone(),
        start: 0.0,
        end: transcript.duration.unwrap_or_default(),
    }]
}

/// Words as segments that end where a sentence does, and before they become too long.
pub(super) fn sentences(words: &[Timed]) -> Vec<Timed> {
    let mut segments: Vec<Timed> = Vec::new();
    let mut ended = true;
    for word in words {
        match segments.last_mut().filter(|last| {
            let length = last.text.len() + 1 + word.text.len();
            !ended && length <= LONGEST && word.end - last.start <= SLOWEST
        }) {
            Some(last) => {
                last.text.push(' ');
                last.text.push_str(&word.text);
                last.end = word.end;
            }
            None => segments.push(word.clone()),
        }
        ended = word.text.ends_with(['.', '?', '!', '。', '？', '！']);
    }
    segments
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float to integer cast saturates, and no speech is that long"
)]
fn stamp(seconds: f64, point: char) -> String {
    let all = (seconds * 1000.0).round() as u64;
    let (hours, minutes) = (all / 3_600_000, all / 60_000 % 60);
    let (seconds, rest) = (all / 1000 % 60, all % 1000);
    format!("{hours:02}:{minutes:02}:{seconds:02}{point}{rest:03}")
}
