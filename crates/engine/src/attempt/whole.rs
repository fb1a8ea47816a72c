//! Answers that are read whole: relayed or translated.

use bytes::Bytes;
use lockgate_core::error::GatewayError;
use lockgate_wire::dialect::TranslateError;
use lockgate_wire::json::{JsonError, JsonObject};
use lockgate_wire::relay::Relay;
use lockgate_wire::{Operation, rerank};
use tokio::time::Instant;

use super::mishap::no_answer;
use super::{Attempt, Content, LARGEST_ANSWER, broken};
use crate::answer::merge_reasoning;
use crate::local;
use crate::prepare::Passage;
use crate::upstream::{BodyError, UpstreamBody};

// === impl Attempt ===

impl Attempt<'_> {
    pub(super) async fn read_whole(
        &self,
        mut body: UpstreamBody,
        total: Instant,
    ) -> Result<Content, GatewayError> {
        let bytes = tokio::time::timeout_at(total, body.collect(LARGEST_ANSWER))
            .await
            .map_err(|_| broken(&BodyError::Idle))?
            .map_err(|e| broken(&e))?;
        match self.prepared.passage {
            Passage::Relayed(spliced) if !self.call.streams() => {
                // What it means is between the two; a login page or half an answer means nothing.
                if let Err(JsonError::Syntax(why)) = JsonObject::parse(bytes.clone(), usize::MAX) {
                    return Err(no_answer(&TranslateError::invalid(why)));
                }
                let dialect = self.call.dialect.dialect();
                let mut relay = Relay::new(dialect, Some(&self.call.model), spliced);
                let bytes = relay.body(bytes);
                let seen = relay.seen();
                if let Some(error) = &seen.error {
                    return Err(GatewayError::upstream(error.clone(), None));
                }
                Ok(Content::Whole {
                    bytes,
                    usage: seen.usage,
                    finish: seen.finish,
                })
            }
            _ => self.translate_whole(&bytes),
        }
    }

    fn translate_whole(&self, bytes: &Bytes) -> Result<Content, GatewayError> {
        let from = self.prepared.dialect.dialect();
        let to = self.call.dialect.dialect();
        if let Some(error) = from.sniff(bytes).error {
            return Err(GatewayError::upstream(error, None));
        }
        let reply = self.call.reply();
        if self.call.operation == Operation::Rerank {
            return self.translate_rerank(bytes);
        }
        if self.call.operation.is_embeddings() {
            let vectors = from
                .decode_embedding_response(bytes)
                .map_err(|e| no_answer(&e))?;
            let usage = vectors.usage;
            let bytes = to
                .encode_embedding_response(self.call.embedding()?, &vectors, &reply)
                .map_err(|e| no_answer(&e))?;
            return Ok(Content::Whole {
                bytes,
                usage,
                finish: None,
            });
        }
        // Readers of objects take an array for the members' values in order.
        if !bytes.trim_ascii_start().starts_with(b"{") {
            return Err(no_answer(&TranslateError::invalid("it is no JSON object")));
        }
        let mut response = from.decode_response(bytes).map_err(|e| no_answer(&e))?;
        if self
            .deployment
            .entry
            .litellm_params
            .merge_reasoning_content_in_choices
        {
            merge_reasoning(&mut response);
        }
        let usage = response.usage;
        let finish = response.choices.first().map(|choice| choice.finish);
        let bytes = local::encode(self.call, response);
        Ok(Content::Whole {
            bytes,
            usage,
            finish,
        })
    }

    fn translate_rerank(&self, bytes: &Bytes) -> Result<Content, GatewayError> {
        let format = self.deployment.provider.rerank;
        let ranked = format.decode_response(bytes).map_err(|e| no_answer(&e))?;
        let reply = self.call.reply();
        Ok(Content::Whole {
            usage: ranked.usage,
            bytes: rerank::encode_response(self.call.rerank()?, &ranked, &reply),
            finish: None,
        })
    }
}
