//! Speech: text in, sound out.

use super::{Loss, RawJson};

/// Text to be spoken.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpeechRequest {
    /// The text.
    pub input: String,
    /// Whose voice, as the client names it.
    pub voice: Option<String>,
    /// How to speak.
    pub instructions: Option<String>,
    /// The format of the sound (`mp3`, `opus`, `aac`, `flac`, `wav`, `pcm`).
    pub format: Option<String>,
    /// How fast; 1 is the voice's own speed.
    pub speed: Option<f64>,
    /// What the client said that has no canonical form, and no provider here has a word for.
    pub unmapped: Vec<Loss>,
    /// Members that no canonical field holds: the provider's own parameters.
    pub extra: Vec<(String, RawJson)>,
}
