//! What was left out of a request, each thing once.

use crate::canonical::Loss;

/// Collects losses.
#[derive(Debug, Default)]
pub(super) struct Losses(Vec<Loss>);

// === impl Losses ===

impl Losses {
    /// Notes `loss` unless it was noted before.
    pub(super) fn add(&mut self, loss: Loss) {
        if !self.0.contains(&loss) {
            self.0.push(loss);
        }
    }

    /// Notes advice that is left out, if any is.
    pub(super) fn hint_if(&mut self, lost: bool, what: &str) {
        if lost {
            self.add(Loss::hint(what));
        }
    }

    /// Notes a parameter that is left out, if one is.
    pub(super) fn param_if(&mut self, lost: bool, what: &str) {
        if lost {
            self.add(Loss::param(what));
        }
    }

    /// All of them, in order.
    pub(super) fn into_vec(self) -> Vec<Loss> {
        self.0
    }
}
