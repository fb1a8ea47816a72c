//! Picking one deployment of a model group.

use std::sync::Arc;
use std::time::Duration;

use crate::deployment::Deployment;

/// Why no deployment can be picked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoDeployment {
    /// All of them are cooling down; the first is back after this time.
    CoolingDown(Duration),
    /// All of them have as many requests in flight as they may.
    Saturated,
}

/// Picks by simple shuffle among the healthy deployments of the lowest order that were not tried
/// yet; when all were tried, among all healthy ones.
///
/// `roll` gives numbers in 0..1.
pub fn pick<'a>(
    deployments: &'a [Arc<Deployment>],
    tried: &[usize],
    mut roll: impl FnMut() -> f64,
) -> Result<usize, NoDeployment> {
    if let [only] = deployments {
        // Cooled down only when hopeless, and then there is nobody else to ask.
        return match (only.is_saturated(), only.health.cooling()) {
            (true, _) => Err(NoDeployment::Saturated),
            (false, Some(left)) => Err(NoDeployment::CoolingDown(left)),
            (false, None) => Ok(0),
        };
    }
    let healthy = |&index: &usize| {
        let deployment: &'a Deployment = &deployments[index];
        deployment.health.cooling().is_none() && !deployment.is_saturated()
    };
    let mut candidates: Vec<usize> = (0..deployments.len())
        .filter(|i| !tried.contains(i))
        .filter(healthy)
        .collect();
    if candidates.is_empty() {
        candidates = (0..deployments.len()).filter(healthy).collect();
    }
    let Some(lowest) = candidates.iter().map(|&i| deployments[i].order()).min() else {
        return Err(none_left(deployments));
    };
    candidates.retain(|&i| deployments[i].order() == lowest);
    Ok(shuffle(deployments, &candidates, roll()))
}

/// Weighted random: by `weight` when any candidate has one, else by `rpm`, else by `tpm`, else
/// evenly (reference section 4.1).
fn shuffle(deployments: &[Arc<Deployment>], candidates: &[usize], roll: f64) -> usize {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a weight needs no more than 53 bits"
    )]
    let measures: [fn(&Deployment) -> Option<f64>; 3] = [
        |d| d.entry.litellm_params.weight,
        |d| d.entry.litellm_params.rpm.map(|rpm| rpm as f64),
        |d| d.entry.litellm_params.tpm.map(|tpm| tpm as f64),
    ];
    for measure in measures {
        let weights: Vec<f64> = candidates
            .iter()
            .map(|&i| measure(&deployments[i]).unwrap_or(0.0))
            .collect();
        let total: f64 = weights.iter().sum();
        if total > 0.0 {
            let mut left = roll * total;
            for (&index, weight) in candidates.iter().zip(&weights) {
                if left < *weight {
                    return index;
                }
                left -= weight;
            }
            // Rounding can leave a rest; it never goes to one that weighs nothing.
            let mut shares = candidates.iter().zip(&weights);
            if let Some((&index, _)) = shares.rfind(|(_, weight)| **weight > 0.0) {
                return index;
            }
        }
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a small count times a number in 0..1"
    )]
    let place = (roll * candidates.len() as f64) as usize;
    candidates
        .get(place)
        .or_else(|| candidates.last())
        .copied()
        .unwrap_or(0)
}

fn none_left(deployments: &[Arc<Deployment>]) -> NoDeployment {
    deployments
        .iter()
        .map(|d| d.health.cooling())
        .min()
        .flatten()
        .map_or(NoDeployment::Saturated, NoDeployment::CoolingDown)
}
