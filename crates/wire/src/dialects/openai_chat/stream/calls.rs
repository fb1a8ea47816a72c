//! Puts the pieces of streamed tool calls together, however a server labels them.

use super::super::super::openai::synthetic_id;
use crate::canonical::StreamEvent;

/// One piece of a call. OpenAI labels pieces by index; others by id, by both, or not at all.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) index: Option<u64>,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) arguments: String,
}

/// The tool calls of one choice.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    started: u32,
}

#[derive(Debug, Default)]
struct Call {
    /// The server's index.
    label: Option<u64>,
    id: Option<String>,
    /// The place among the calls announced; `None` until the name is known.
    place: Option<u32>,
    /// Arguments that came before the name.
    held: String,
}

// === impl Calls ===

impl Calls {
    /// Whether there was any call.
    pub(super) fn any(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Takes a piece; `seed` makes an id for a call that has none.
    pub(super) fn push(
        &mut self,
        choice: u32,
        piece: Piece,
        seed: &str,
        out: &mut Vec<StreamEvent>,
    ) {
        let at = self.find(&piece).unwrap_or_else(|| {
            self.calls.push(Call {
                label: piece.index,
                ..Call::default()
            });
            self.calls.len() - 1
        });
        let Some(call) = self.calls.get_mut(at) else {
            return;
        };
        if call.id.is_none() {
            call.id = piece.id;
        }
        call.held.push_str(&piece.arguments);
        if let (Some(name), None) = (piece.name, call.place) {
            call.place = Some(self.started);
            self.started += 1;
            call.start(choice, at, name, seed, out);
        }
        call.send(choice, out);
    }

    /// Announces calls that never got a name, so that nothing a server sent is lost.
    pub(super) fn flush(&mut self, choice: u32, seed: &str, out: &mut Vec<StreamEvent>) {
        for (at, call) in self.calls.iter_mut().enumerate() {
            if call.place.is_none() && !call.held.is_empty() {
                call.place = Some(self.started);
                self.started += 1;
                call.start(choice, at, String::new(), seed, out);
                call.send(choice, out);
            }
        }
    }

    /// The call that `piece` continues, if it is not the first of a new one.
    fn find(&self, piece: &Piece) -> Option<usize> {
        let by_id = || self.calls.iter().rposition(|call| call.id == piece.id);
        match (piece.index, &piece.id) {
            (Some(_), id) => {
                let at = self.calls.iter().rposition(|c| c.label == piece.index)?;
                // Servers that count every call as the first give each a new id and name.
                let another = piece.name.is_some()
                    && id.is_some()
                    && self
                        .calls
                        .get(at)
                        .is_some_and(|c| c.id.is_some() && c.id != *id);
                (!another).then_some(at)
            }
            (None, Some(_)) if piece.name.is_some() => by_id(),
            (None, Some(_)) => by_id().or_else(|| self.calls.len().checked_sub(1)),
            (None, None) if piece.name.is_some() => None,
            (None, None) => self.calls.len().checked_sub(1),
        }
    }
}

// === impl Call ===

impl Call {
    fn start(
        &mut self,
        choice: u32,
        at: usize,
        name: String,
        seed: &str,
        out: &mut Vec<StreamEvent>,
    ) {
        let id = self
            .id
            .get_or_insert_with(|| synthetic_id(seed, choice as usize, at));
        out.push(StreamEvent::ToolStart {
            choice,
            index: self.place.unwrap_or_default(),
            id: id.clone(),
            name,
        });
    }

    fn send(&mut self, choice: u32, out: &mut Vec<StreamEvent>) {
        if let Some(index) = self.place
            && !self.held.is_empty()
        {
            let json = std::mem::take(&mut self.held);
            out.push(StreamEvent::ToolArguments {
                choice,
                index,
                json,
            });
        }
    }
}
