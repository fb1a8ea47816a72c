//! Sizes as the ratios of width to height that models know.

use crate::canonical::{ImageRequest, Loss};

/// Of `known` (`16:9`) the ratio nearest to what the request asks for; one that is not the same is
/// a loss.
pub(super) fn nearest(
    request: &ImageRequest,
    known: &[&'static str],
    losses: &mut Vec<Loss>,
) -> Option<&'static str> {
    let (width, height) = request.size?;
    let wanted = f64::from(width) / f64::from(height.max(1));
    let distance = |ratio: &&str| {
        let (width, height) = ratio.split_once(':').unwrap_or((ratio, "1"));
        let number = |text: &str| text.parse::<f64>().unwrap_or(1.0);
        (wanted.ln() - (number(width) / number(height)).ln()).abs()
    };
    let best = known
        .iter()
        .min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    // 1024x1536 is 2:3, 1792x1024 is 16:9 to the eye.
    if distance(best) > 0.02 {
        losses.push(Loss::hint("size"));
    }
    Some(best)
}
