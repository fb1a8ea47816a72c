//! The response object around the items, whole or while it comes to be.
//!
//! Source: API reference, `Response`; most of it repeats the request.

use std::time::Instant;

use bytes::Bytes;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::super::super::openai::TIERS;
use super::super::echo;
use super::super::error::FailureOut;
use super::super::tools;
use super::super::usage::UsageOut;
use crate::canonical::{ApiError, Echo, FinishReason, RawJson, Usage};
use crate::dialect::ReplyContext;

/// What all answers to one request have in common.
#[derive(Debug)]
pub(in super::super) struct Reply {
    id: String,
    created: u64,
    /// To know when it was complete.
    clock: Option<Instant>,
    model: String,
    echo: std::sync::Arc<Echo>,
    /// The names of the custom tools that the client offered.
    custom: Vec<String>,
}

/// How far an answer has come.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Ending<'a> {
    /// It has only begun.
    InProgress,
    /// It is complete, as far as the reason for its end lets it.
    Ended {
        finish: FinishReason,
        refused: bool,
        usage: Option<Usage>,
    },
    /// The upstream gave up.
    Failed(&'a ApiError),
}

/// One response object.
#[derive(Debug)]
struct ResponseOut<'a> {
    reply: &'a Reply,
    ending: Ending<'a>,
    output: Vec<&'a RawValue>,
    tier: Option<&'a str>,
}

#[derive(Debug, serde::Serialize)]
struct DetailsOut {
    reason: &'static str,
}

// === impl Reply ===

impl Reply {
    pub(in super::super) fn new(context: &ReplyContext) -> Self {
        let echo = context.echo.clone().unwrap_or_else(echo::of_nothing);
        Self {
            id: context.id.clone(),
            created: context.created,
            clock: context.started.map(|_| Instant::now()),
            model: context.model.clone(),
            custom: echo.get("tools").map(tools::flat_names).unwrap_or_default(),
            echo,
        }
    }

    /// The id of the item at `index`.
    pub(in super::super) fn item_id(&self, prefix: &str, index: usize) -> String {
        format!("{prefix}_{}{index:04x}", self.id)
    }

    /// When the answer was complete, if it is now.
    fn completed(&self, ending: Ending<'_>) -> Option<u64> {
        let taken = || self.clock.map_or(0, |clock| clock.elapsed().as_secs());
        (ending.status() == "completed").then(|| self.created + taken())
    }

    /// Whether a call of this name is one of a custom tool.
    pub(in super::super) fn is_custom(&self, name: &str) -> bool {
        self.custom.iter().any(|custom| custom == name)
    }

    /// The response object.
    pub(in super::super) fn write(
        &self,
        ending: Ending<'_>,
        output: Vec<&RawValue>,
        tier: Option<&str>,
    ) -> Bytes {
        let out = ResponseOut {
            reply: self,
            ending,
            output,
            tier: tier.filter(|tier| TIERS.contains(tier)),
        };
        // Strings, numbers and JSON text always serialise.
        serde_json::to_vec(&out).unwrap_or_default().into()
    }
}

// === impl Ending ===

impl<'a> Ending<'a> {
    /// Why the answer is not complete.
    fn reason(self) -> Option<&'static str> {
        match self {
            Self::Ended {
                finish: FinishReason::Length,
                ..
            } => Some("max_output_tokens"),
            Self::Ended {
                finish: FinishReason::ContentFilter,
                ..
            }
            | Self::Ended {
                finish: FinishReason::Refusal,
                refused: false,
                ..
            } => Some("content_filter"),
            _ => None,
        }
    }

    /// The `status` of the answer, and of an item that it ends with.
    pub(in super::super) fn status(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Failed(_) => "failed",
            Self::Ended { .. } if self.reason().is_some() => "incomplete",
            Self::Ended { .. } => "completed",
        }
    }

    fn usage(self) -> Option<UsageOut> {
        match self {
            Self::Ended { usage, .. } => Some(usage.unwrap_or_default().into()),
            _ => None,
        }
    }

    fn error(self) -> Option<FailureOut<'a>> {
        match self {
            Self::Failed(error) => Some(error.into()),
            _ => None,
        }
    }
}

impl Serialize for ResponseOut<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { reply, ending, .. } = self;
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("id", &format_args!("resp_{}", reply.id))?;
        map.serialize_entry("object", "response")?;
        map.serialize_entry("created_at", &reply.created)?;
        map.serialize_entry("completed_at", &reply.completed(*ending))?;
        map.serialize_entry("status", ending.status())?;
        map.serialize_entry("error", &ending.error())?;
        let details = ending.reason().map(|reason| DetailsOut { reason });
        map.serialize_entry("incomplete_details", &details)?;
        map.serialize_entry("model", &reply.model)?;
        map.serialize_entry("output", &self.output)?;
        for (name, value) in &reply.echo.members {
            map.serialize_entry::<str, RawJson>(name, value)?;
        }
        map.serialize_entry("service_tier", self.tier.unwrap_or("default"))?;
        map.serialize_entry("usage", &ending.usage())?;
        map.end()
    }
}
