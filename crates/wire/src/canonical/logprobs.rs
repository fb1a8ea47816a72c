//! Log probabilities of output tokens.

/// Log probabilities of the tokens of one choice, or of one stream event's part of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Logprobs {
    /// One entry per output token.
    pub content: Vec<TokenLogprob>,
}

/// One output token with its alternatives.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenLogprob {
    /// The token chosen.
    pub token: TopLogprob,
    /// The most likely tokens at this place, the chosen one usually among them.
    pub top: Vec<TopLogprob>,
}

/// A token and the natural logarithm of its probability.
#[derive(Debug, Clone, PartialEq)]
pub struct TopLogprob {
    /// The token's text.
    pub token: String,
    /// Natural logarithm of the probability.
    pub logprob: f64,
    /// The token's UTF-8 bytes when the provider gave them (a token may be half a character).
    pub bytes: Option<Vec<u8>>,
}
