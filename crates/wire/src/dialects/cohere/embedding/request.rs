//! Embedding requests.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::losses::Losses;
use super::super::media::{ImageOut, Location};
use super::super::read;
use super::super::request::{blocks, with_extra};
use crate::canonical::{
    Block, BlockKind, EmbeddingInput, EmbeddingRequest, EncodingFormat, Loss, Media,
};
use crate::dialect::{EncodedRequest, RequestHead, Target, TranslateError};
use crate::json::JsonObject;

/// The members with a canonical form; the others bound what is read of an input.
const MAPPED: [&str; 7] = [
    "embedding_types",
    "images",
    "input_type",
    "inputs",
    "model",
    "output_dimension",
    "texts",
];

/// The purposes of an embedding here and as Gemini names them, which is the canonical form. The
/// first that fits counts: Gemini knows more of them.
const PURPOSES: [(&str, &str); 8] = [
    ("search_document", "RETRIEVAL_DOCUMENT"),
    ("search_query", "RETRIEVAL_QUERY"),
    ("classification", "CLASSIFICATION"),
    ("clustering", "CLUSTERING"),
    ("clustering", "SEMANTIC_SIMILARITY"),
    ("search_query", "QUESTION_ANSWERING"),
    ("search_query", "FACT_VERIFICATION"),
    ("search_query", "CODE_RETRIEVAL_QUERY"),
];

/// An input that may be a mix of text and pictures.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `content`")]
struct InputIn<'a> {
    #[serde(borrow)]
    content: &'a RawValue,
}

#[derive(Debug, Default, Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    texts: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<InputOut<'a>>,
    /// Required; an OpenAI client may have said it in this API's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    input_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedding_types: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<u32>,
}

#[derive(Debug, Serialize)]
struct InputOut<'a> {
    content: Vec<PartOut<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum PartOut<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageOut<'a> },
}

/// Reads a client's request.
pub(in super::super) fn decode(
    head: &RequestHead<'_>,
    body: &JsonObject,
) -> Result<EmbeddingRequest, TranslateError> {
    let input_type: String =
        read::member(body, "input_type")?.ok_or_else(|| read::required("input_type"))?;
    let mut unmapped: Vec<String> = body
        .keys()
        .filter(|key| !MAPPED.contains(key) && body.is_set(key))
        .map(str::to_owned)
        .collect();
    let purpose = PURPOSES.iter().find(|(own, _)| *own == input_type);
    if purpose.is_none() && input_type != "image" {
        unmapped.push("input_type".to_owned());
    }
    Ok(EmbeddingRequest {
        model: match head.model {
            Some(model) => model.to_owned(),
            None => read::member(body, "model")?.ok_or_else(|| read::required("model"))?,
        },
        input: inputs(body)?,
        dimensions: read::member(body, "output_dimension")?,
        encoding: encoding(body, &mut unmapped)?,
        task_type: purpose.map(|(_, canonical)| (*canonical).to_owned()),
        unmapped,
        ..EmbeddingRequest::default()
    })
}

fn inputs(body: &JsonObject) -> Result<Vec<EmbeddingInput>, TranslateError> {
    let texts: Option<Vec<String>> = read::member(body, "texts")?;
    let images: Option<Vec<String>> = read::member(body, "images")?;
    let mixed: Option<Vec<InputIn<'_>>> = read::member(body, "inputs")?;
    let mut inputs: Vec<EmbeddingInput> = texts
        .into_iter()
        .flatten()
        .map(EmbeddingInput::Text)
        .collect();
    inputs.extend(images.into_iter().flatten().map(|url| {
        let image = BlockKind::Image(Media::from_url(&url));
        EmbeddingInput::Content(vec![Block::new(image)])
    }));
    for (at, input) in mixed.into_iter().flatten().enumerate() {
        let content = blocks(Some(input.content), &format!("inputs[{at}].content"))?;
        inputs.push(EmbeddingInput::Content(content));
    }
    if inputs.is_empty() {
        return Err(read::invalid(
            "texts",
            "one of `texts`, `images` and `inputs` is required",
        ));
    }
    Ok(inputs)
}

/// The type of numbers that can be given whoever makes them; what else was asked for is named.
fn encoding(
    body: &JsonObject,
    unmapped: &mut Vec<String>,
) -> Result<EncodingFormat, TranslateError> {
    let mut types: Vec<String> = read::member(body, "embedding_types")?.unwrap_or_default();
    let has = |wanted: &str| types.iter().any(|kind| kind == wanted);
    let (chosen, encoding) = if has("base64") && !has("float") {
        ("base64", EncodingFormat::Base64)
    } else {
        ("float", EncodingFormat::Float)
    };
    types.retain(|kind| kind != chosen);
    unmapped.extend(types.iter().map(|kind| format!("embedding_types.{kind}")));
    Ok(encoding)
}

/// Writes a request for an upstream.
pub(in super::super) fn encode(
    request: &EmbeddingRequest,
    target: &Target<'_>,
) -> Result<EncodedRequest, TranslateError> {
    let mut losses = Losses::default();
    for what in &request.unmapped {
        losses.add(Loss::hint(what.as_str()));
    }
    losses.hint_if(request.user.is_some(), "user");
    losses.hint_if(request.title.is_some(), "title");
    let mut body = Body {
        model: target.model,
        output_dimension: request.dimensions,
        ..Body::default()
    };
    body.set_inputs(&request.input)?;
    let said = |name: &str| request.extra.iter().any(|(extra, _)| extra == name);
    if !said("embedding_types") {
        body.embedding_types = Some(match request.encoding {
            EncodingFormat::Float => ["float"],
            EncodingFormat::Base64 => ["base64"],
        });
    }
    if !said("input_type") {
        let purpose = request.task_type.as_deref();
        let own = PURPOSES.iter().find(|(_, other)| Some(*other) == purpose);
        losses.hint_if(purpose.is_some() && own.is_none(), "task_type");
        body.input_type = Some(match own {
            Some((own, _)) => own,
            None if !body.images.is_empty() => "image",
            // What most who do not say why will search in.
            None => "search_document",
        });
    }
    let body = serde_json::to_vec(&body).map_err(|e| TranslateError::invalid(e.to_string()))?;
    Ok(EncodedRequest {
        body: with_extra(body.into(), &request.extra)?,
        headers: Vec::new(),
        losses: losses.into_vec(),
    })
}

// === impl Body ===

impl<'a> Body<'a> {
    /// Sets the inputs in the form that the most models take.
    fn set_inputs(&mut self, inputs: &'a [EmbeddingInput]) -> Result<(), TranslateError> {
        let texts: Option<Vec<Cow<'a, str>>> = inputs.iter().map(EmbeddingInput::to_text).collect();
        if let Some(texts) = texts {
            self.texts = texts;
            return Ok(());
        }
        let images: Option<Vec<Location<'a>>> = inputs.iter().map(only_image).collect();
        if let Some(images) = images {
            self.images = images;
            return Ok(());
        }
        self.inputs = inputs.iter().map(InputOut::new).collect::<Result<_, _>>()?;
        Ok(())
    }
}

fn only_image(input: &EmbeddingInput) -> Option<Location<'_>> {
    match input {
        EmbeddingInput::Content(blocks) => match &blocks[..] {
            [
                Block {
                    kind: BlockKind::Image(media),
                    ..
                },
            ] => Location::of_image(media),
            _ => None,
        },
        _ => None,
    }
}

// === impl InputOut ===

impl<'a> InputOut<'a> {
    fn new(input: &'a EmbeddingInput) -> Result<Self, TranslateError> {
        let content = match input {
            EmbeddingInput::Text(text) => Some(vec![PartOut::Text { text }]),
            EmbeddingInput::Content(blocks) => blocks.iter().map(PartOut::new).collect(),
            EmbeddingInput::Tokens(_) => None,
        };
        let content = content.ok_or_else(|| {
            TranslateError::Unsupported("Cohere embeds only text and pictures".to_owned())
        })?;
        Ok(Self { content })
    }
}

// === impl PartOut ===

impl<'a> PartOut<'a> {
    fn new(block: &'a Block) -> Option<Self> {
        match &block.kind {
            BlockKind::Text { text, .. } => Some(Self::Text { text }),
            BlockKind::Image(media) => {
                ImageOut::new(media).map(|image_url| Self::ImageUrl { image_url })
            }
            _ => None,
        }
    }
}
