//! Answers that are read whole: relayed or translated.

use bytes::Bytes;
use lockgate_core::error::GatewayError;
use lockgate_wire::canonical::{ApiError, EmbeddingResponse, ErrorKind};
use lockgate_wire::dialect::TranslateError;
use lockgate_wire::json::{JsonError, JsonObject};
use lockgate_wire::relay::Relay;
use lockgate_wire::{Operation, images, rerank, transcription};
use tokio::time::Instant;

use super::mishap::no_answer;
use super::{Attempt, Content, LARGEST_ANSWER, broken};
use crate::answer::merge_reasoning;
use crate::local;
use crate::prepare::{OwnAnswer, Passage};
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
                let dialect = self.call.dialect.dialect();
                let mut relay = Relay::new(dialect, Some(&self.call.model), spliced);
                let bytes = match JsonObject::parse(bytes.clone(), usize::MAX) {
                    Ok(answer) => relay.whole(answer),
                    // A login page or half an answer means nothing.
                    Err(JsonError::Syntax(why)) => {
                        return Err(no_answer(&TranslateError::invalid(why)));
                    }
                    // What else it means is between the two.
                    Err(JsonError::Duplicate(_) | JsonError::TooDeep(_)) => relay.body(bytes),
                };
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
        if let Some(own) = &self.prepared.own {
            return self.translate_own(&own.answer, bytes);
        }
        let from = self.prepared.dialect.dialect();
        if let Some(error) = from.failure(bytes) {
            return Err(GatewayError::upstream(error, None));
        }
        if self.call.operation == Operation::Rerank {
            return self.translate_rerank(bytes);
        }
        if self.call.operation.is_embeddings() {
            let vectors = from.decode_embedding_response(bytes);
            return self.vectors(&vectors.map_err(|e| no_answer(&e))?);
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

    /// An answer in the provider's own format of the operation.
    fn translate_own(&self, answer: &OwnAnswer, bytes: &Bytes) -> Result<Content, GatewayError> {
        let whole = |bytes, usage| Content::Whole {
            bytes,
            usage,
            finish: None,
        };
        match answer {
            OwnAnswer::Vectors(format) => {
                let vectors = format.decode_response(bytes).map_err(|e| no_answer(&e))?;
                self.vectors(&vectors)
            }
            OwnAnswer::Pictures(format, request) => {
                let pictures = format.decode_response(bytes).map_err(|e| no_answer(&e))?;
                if let (true, Some(why)) = (pictures.images.is_empty(), &pictures.withheld) {
                    return Err(withheld(why));
                }
                let out = images::encode_response(request, &pictures, &self.call.reply());
                Ok(whole(out, pictures.usage))
            }
            OwnAnswer::Transcript(format, request) => {
                let said = format.decode_response(bytes).map_err(|e| no_answer(&e))?;
                Ok(whole(transcription::encode_response(request, &said), None))
            }
            OwnAnswer::Sound => Ok(whole(bytes.clone(), None)),
        }
    }

    fn vectors(&self, vectors: &EmbeddingResponse) -> Result<Content, GatewayError> {
        let to = self.call.dialect.dialect();
        let reply = self.call.reply();
        let bytes = to
            .encode_embedding_response(self.call.embedding()?, vectors, &reply)
            .map_err(|e| no_answer(&e))?;
        Ok(Content::Whole {
            bytes,
            usage: vectors.usage,
            finish: None,
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

/// The provider's filter kept back what it made.
fn withheld(why: &str) -> GatewayError {
    let message = format!("the provider withheld the picture: {why}");
    let mut error = ApiError::new(ErrorKind::ContentPolicy, message);
    error.code = Some("content_policy_violation".to_owned());
    GatewayError::upstream(error, None)
}
