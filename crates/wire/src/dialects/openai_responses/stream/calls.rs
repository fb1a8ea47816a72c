//! The tool calls of a streamed answer while it is read.

use super::super::super::openai::synthetic_id;
use super::read::{ItemHead, Piece};
use crate::canonical::StreamEvent;

/// The calls so far.
#[derive(Debug, Default)]
pub(super) struct Calls(Vec<Call>);

#[derive(Debug)]
struct Call {
    item_id: Option<String>,
    output_index: Option<u64>,
    /// Its arguments came, or some of them.
    has_arguments: bool,
}

// === impl Calls ===

impl Calls {
    /// Whether there was any call.
    pub(super) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Begins a call unless that was done; `seed` makes an id for one that has none.
    pub(super) fn start(
        &mut self,
        head: &ItemHead,
        output_index: Option<u64>,
        seed: &str,
        out: &mut Vec<StreamEvent>,
    ) -> usize {
        if let Some(at) = self.find(head.id.as_deref(), output_index) {
            return at;
        }
        let at = self.0.len();
        self.0.push(Call {
            item_id: head.id.clone(),
            output_index,
            has_arguments: false,
        });
        let id = head.call_id.clone().or_else(|| head.id.clone());
        out.push(StreamEvent::ToolStart {
            choice: 0,
            index: u32::try_from(at).unwrap_or_default(),
            id: id.unwrap_or_else(|| synthetic_id(seed, 0, at)),
            name: head.name.clone().unwrap_or_default(),
        });
        at
    }

    /// More of a call's arguments; those of a call that never began have no place.
    pub(super) fn delta(&mut self, piece: Piece, out: &mut Vec<StreamEvent>) {
        let at = self.find(piece.item_id.as_deref(), piece.output_index);
        if let (Some(at), Some(json)) = (at, piece.delta) {
            self.push(at, json, out);
        }
    }

    /// All of a call's arguments, where none of them came before.
    pub(super) fn whole(&mut self, at: usize, json: String, out: &mut Vec<StreamEvent>) {
        if self.0.get(at).is_some_and(|call| !call.has_arguments) {
            self.push(at, json, out);
        }
    }

    /// The call that an event is about.
    pub(super) fn find(&self, item_id: Option<&str>, output_index: Option<u64>) -> Option<usize> {
        let by_id = || {
            let id = item_id?;
            let mut calls = self.0.iter();
            calls.rposition(|call| call.item_id.as_deref() == Some(id))
        };
        let by_place = || {
            output_index?;
            let mut calls = self.0.iter();
            calls.rposition(|call| call.output_index == output_index)
        };
        by_id().or_else(by_place)
    }

    fn push(&mut self, at: usize, json: String, out: &mut Vec<StreamEvent>) {
        let Some(call) = self.0.get_mut(at).filter(|_| !json.is_empty()) else {
            return;
        };
        call.has_arguments = true;
        out.push(StreamEvent::ToolArguments {
            choice: 0,
            index: u32::try_from(at).unwrap_or_default(),
            json,
        });
    }
}
