//! `generationConfig`.

use super::losses::Losses;
use super::model::{Generation, Model};
use super::proto::{Count, Fields, Float, Int, Many, Members};
use super::schema;
use crate::canonical::{Effort, Loss, Params, RawJson, Reasoning, ResponseFormat};
use crate::dialect::TranslateError;

const PARAM: &str = "generationConfig";
const JSON: &str = "application/json";

/// Members that say together what form the answer has; a client that sets one sets the form.
pub(super) const FORMAT_MEMBERS: &[&str] =
    &["responseMimeType", "responseSchema", "responseJsonSchema"];

/// Reads `generationConfig`.
pub(super) fn decode(
    raw: &[u8],
    params: &mut Params,
    unmapped: &mut Vec<String>,
) -> Result<(), TranslateError> {
    let mut config = Members::parse(raw, PARAM)?;
    let float = |config: &mut Members<'_>, name: &str| -> Result<Option<f64>, TranslateError> {
        Ok(config.take_as::<Float>(name, PARAM)?.map(|n| n.0))
    };
    let count = |config: &mut Members<'_>, name: &str| -> Result<Option<u64>, TranslateError> {
        Ok(config.take_as::<Count>(name, PARAM)?.map(|n| n.0))
    };
    params.temperature = float(&mut config, "temperature")?;
    params.top_p = float(&mut config, "topP")?;
    params.presence_penalty = float(&mut config, "presencePenalty")?;
    params.frequency_penalty = float(&mut config, "frequencyPenalty")?;
    params.top_k = count(&mut config, "topK")?;
    params.max_tokens = count(&mut config, "maxOutputTokens")?;
    params.n = count(&mut config, "candidateCount")?.map(narrow);
    params.top_logprobs = count(&mut config, "logprobs")?.map(narrow);
    params.logprobs = config.take_as("responseLogprobs", PARAM)?;
    params.seed = config.take_as::<Int>("seed", PARAM)?.map(|n| n.0);
    params.stop = config
        .take_as::<Many<String>>("stopSequences", PARAM)?
        .map(|list| list.0)
        .filter(|list| !list.is_empty());
    params.modalities = config
        .take_as::<Many<String>>("responseModalities", PARAM)?
        .map(|list| list.0.iter().map(|m| m.to_ascii_lowercase()).collect())
        .filter(|list: &Vec<String>| !list.is_empty());
    params.response_format = format(&mut config, unmapped)?;
    if let Some(thinking) = config.take("thinkingConfig") {
        params.reasoning = Some(reasoning(thinking.get().as_bytes(), unmapped)?);
    }
    unmapped.extend(config.rest().map(|(name, _)| format!("{PARAM}.{name}")));
    Ok(())
}

fn narrow(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn format(
    config: &mut Members<'_>,
    unmapped: &mut Vec<String>,
) -> Result<Option<ResponseFormat>, TranslateError> {
    let mime: Option<String> = config.take_as("responseMimeType", PARAM)?;
    let openapi: Option<RawJson> = config.take_as("responseSchema", PARAM)?;
    let json: Option<RawJson> = config.take_as("responseJsonSchema", PARAM)?;
    let schema = json.or(openapi).map(|raw| schema::to_json_schema(&raw));
    Ok(match (mime.as_deref(), schema) {
        (None | Some(JSON), Some(schema)) => Some(ResponseFormat::JsonSchema {
            name: None,
            description: None,
            schema: Some(schema),
            strict: None,
        }),
        (Some(JSON), None) => Some(ResponseFormat::JsonObject),
        (Some("text/plain"), _) => Some(ResponseFormat::Text),
        (Some(_), _) => {
            unmapped.push(format!("{PARAM}.responseMimeType"));
            None
        }
        (None, None) => None,
    })
}

fn reasoning(raw: &[u8], unmapped: &mut Vec<String>) -> Result<Reasoning, TranslateError> {
    let param = "generationConfig.thinkingConfig";
    let mut config = Members::parse(raw, param)?;
    let include: Option<bool> = config.take_as("includeThoughts", param)?;
    let mut reasoning = Reasoning {
        // Thoughts are not part of the answer unless asked for.
        include: Some(include.unwrap_or(false)),
        ..Reasoning::default()
    };
    match config.take_as::<Int>("thinkingBudget", param)?.map(|n| n.0) {
        Some(0) => reasoning.enabled = Some(false),
        Some(budget) => match u64::try_from(budget) {
            Ok(tokens) => reasoning.budget_tokens = Some(tokens),
            Err(_) => reasoning.enabled = Some(true),
        },
        None => {}
    }
    let level: Option<String> = config.take_as("thinkingLevel", param)?;
    if let Some(level) = level {
        let name = level.to_ascii_lowercase();
        reasoning.effort = Effort::parse(name.trim_start_matches("thinking_level_"));
    }
    unmapped.extend(config.rest().map(|(name, _)| format!("{param}.{name}")));
    Ok(reasoning)
}

/// Writes `generationConfig`. Parameters that have no place in it are losses.
pub(super) fn encode(params: &Params, model: &Model, losses: &mut Losses) -> Fields {
    let mut out = Fields::default();
    out.put_some("temperature", params.temperature.as_ref());
    out.put_some("topP", params.top_p.as_ref());
    out.put_some("topK", params.top_k.as_ref());
    out.put_some("maxOutputTokens", params.max_tokens.as_ref());
    out.put_some("candidateCount", params.n.as_ref());
    out.put_some("stopSequences", params.stop.as_ref());
    out.put_some("seed", params.seed.map(seed).as_ref());
    out.put_some("presencePenalty", params.presence_penalty.as_ref());
    out.put_some("frequencyPenalty", params.frequency_penalty.as_ref());
    out.put_some("responseLogprobs", params.logprobs.as_ref());
    out.put_some("logprobs", params.top_logprobs.filter(|n| *n > 0).as_ref());
    encode_format(params.response_format.as_ref(), model, &mut out, losses);
    let thinking = params.reasoning.as_ref();
    let thinking = thinking.and_then(|reasoning| model.thinking(reasoning, losses));
    out.put_some("thinkingConfig", thinking.as_ref());
    // Text alone is what every model answers with.
    if let Some(modalities) = &params.modalities
        && modalities.iter().any(|name| name != "text")
    {
        let upper: Vec<String> = modalities.iter().map(|m| m.to_ascii_uppercase()).collect();
        out.put("responseModalities", &upper);
    }
    losses.param_if(params.min_p.is_some(), "min_p");
    losses.param_if(params.repetition_penalty.is_some(), "repetition_penalty");
    losses.param_if(params.logit_bias.is_some(), "logit_bias");
    losses.param_if(params.verbosity.is_some(), "verbosity");
    losses.hint_if(params.user.is_some(), "user");
    losses.hint_if(params.keep_alive.is_some(), "keep_alive");
    out
}

/// The seed in the 31 bits that the API's int32 has for it: equal seeds stay equal.
fn seed(seed: i64) -> i64 {
    if i32::try_from(seed).is_ok() {
        seed
    } else {
        seed & i64::from(i32::MAX)
    }
}

fn encode_format(
    format: Option<&ResponseFormat>,
    model: &Model,
    out: &mut Fields,
    losses: &mut Losses,
) {
    match format {
        None | Some(ResponseFormat::Text) => {}
        Some(ResponseFormat::JsonObject) => out.put("responseMimeType", &JSON),
        Some(ResponseFormat::JsonSchema {
            description,
            schema,
            ..
        }) => {
            out.put("responseMimeType", &JSON);
            losses.hint_if(
                description.is_some(),
                "response_format.json_schema.description",
            );
            let Some(schema) = schema else {
                return;
            };
            if model.generation >= Generation::Two {
                out.put("responseJsonSchema", schema);
            } else if let Some(schema) = schema::to_openapi(schema) {
                out.put("responseSchema", &schema);
            } else {
                losses.add(Loss::hint("response_format.json_schema.schema"));
            }
        }
    }
}

/// OpenAI's name for `serviceTier`.
pub(super) fn decode_tier(tier: &str) -> String {
    match tier.to_ascii_lowercase().as_str() {
        "standard" => "default".to_owned(),
        "unspecified" | "service_tier_unspecified" => "auto".to_owned(),
        other => other.to_owned(),
    }
}

/// `serviceTier` for OpenAI's name; `None` when the API has no such tier, or needs no word for it.
pub(super) fn encode_tier(tier: &str, losses: &mut Losses) -> Option<&'static str> {
    match tier {
        "default" | "standard" => Some("standard"),
        "flex" => Some("flex"),
        "priority" => Some("priority"),
        "auto" => None,
        _ => {
            losses.add(Loss::hint("service_tier"));
            None
        }
    }
}
