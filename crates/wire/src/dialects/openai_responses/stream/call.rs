//! A tool call that a streamed answer is at.

use bytes::BytesMut;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::super::response::ItemOut;
use super::super::tools::Input;
use super::frames::{Frames, Item, Place, Said};
use super::message::finish;

/// A call while it is written.
#[derive(Debug)]
pub(super) struct Call {
    /// Its place among the calls.
    pub(super) place: u32,
    /// Its place among the items.
    pub(super) index: usize,
    pub(super) id: String,
    /// The id that its result will name.
    pub(super) call_id: String,
    pub(super) name: String,
    /// It calls a custom tool, whose input this takes out of the arguments.
    pub(super) custom: Option<Input>,
    pub(super) arguments: String,
}

// === impl Call ===

impl Call {
    /// Writes its beginning.
    pub(super) fn begin(&self, frames: &mut Frames, out: &mut BytesMut) {
        let item = self.item("in_progress");
        let added = Item {
            output_index: self.index,
            item: &item,
        };
        frames.write("response.output_item.added", &added, out);
    }

    /// Whether the arguments are JSON already: more of them cannot follow. What a custom tool is
    /// given may always go on.
    pub(super) fn is_complete(&self) -> bool {
        self.custom.is_none() && serde_json::from_str::<IgnoredAny>(&self.arguments).is_ok()
    }

    /// More of the arguments.
    pub(super) fn push(&mut self, json: &str, frames: &mut Frames, out: &mut BytesMut) {
        match &mut self.custom {
            Some(input) => {
                let text = input.push(json);
                self.say("response.custom_tool_call_input.delta", &text, frames, out);
            }
            None => self.say("response.function_call_arguments.delta", json, frames, out),
        }
    }

    fn say(&mut self, kind: &'static str, text: &str, frames: &mut Frames, out: &mut BytesMut) {
        if text.is_empty() {
            return;
        }
        self.arguments.push_str(text);
        let delta = Said {
            delta: Some(text),
            ..Said::default()
        };
        frames.say(kind, self.place(), &delta, out);
    }

    /// Writes its end; returns its place among the items, and itself.
    pub(super) fn end(
        mut self,
        frames: &mut Frames,
        out: &mut BytesMut,
    ) -> (usize, Option<Box<RawValue>>) {
        // Clients parse the arguments once the call is complete, and nothing is no JSON.
        if self.arguments.is_empty() && self.custom.is_none() {
            self.push("{}", frames, out);
        }
        if let Some(input) = &mut self.custom {
            let rest = input.finish();
            self.say("response.custom_tool_call_input.delta", &rest, frames, out);
        }
        let whole = Some(self.arguments.as_str());
        if self.custom.is_some() {
            let done = Said {
                input: whole,
                ..Said::default()
            };
            frames.say(
                "response.custom_tool_call_input.done",
                self.place(),
                &done,
                out,
            );
        } else {
            let done = Said {
                arguments: whole,
                name: Some(&self.name),
                ..Said::default()
            };
            frames.say(
                "response.function_call_arguments.done",
                self.place(),
                &done,
                out,
            );
        }
        finish(self.index, &self.item("completed"), frames, out)
    }

    fn place(&self) -> Place<'_> {
        Place {
            item_id: &self.id,
            output_index: self.index,
            content_index: None,
            summary_index: None,
        }
    }

    fn item(&self, status: &'static str) -> ItemOut<'_> {
        let (id, call_id, name) = (&self.id, &self.call_id, &self.name);
        if self.custom.is_some() {
            return ItemOut::CustomToolCall {
                id,
                status,
                call_id,
                input: &self.arguments,
                name,
            };
        }
        ItemOut::FunctionCall {
            id,
            status,
            arguments: &self.arguments,
            call_id,
            name,
        }
    }
}
