//! Chat requests, as a client sends them and as an upstream gets them.

mod decode;
mod encode;
mod messages;
mod options;
mod settings;
mod splice;

pub(super) use decode::{decode, image};
pub(super) use encode::encode;
pub(super) use settings::{Object, Setting, merge_extra};
pub(super) use splice::splice;

use crate::canonical::Loss;

/// What an upstream request leaves out, each thing named once.
#[derive(Debug, Default)]
pub(super) struct Losses(Vec<Loss>);

// === impl Losses ===

impl Losses {
    pub(super) fn add(&mut self, loss: Loss) {
        if !self.0.contains(&loss) {
            self.0.push(loss);
        }
    }

    pub(super) fn into_vec(self) -> Vec<Loss> {
        self.0
    }
}
