//! The `options` object: sampling parameters, and how the model is run.

use serde::Deserialize;

use crate::canonical::{Params, RawJson};
use crate::dialect::TranslateError;
use crate::json::JsonObject;

/// Every option of Ollama's API, past and present (`api/types.go`, `Options` and `Runner`).
const NAMES: &[&str] = &[
    "num_keep",
    "seed",
    "num_predict",
    "top_k",
    "top_p",
    "min_p",
    "tfs_z",
    "typical_p",
    "repeat_last_n",
    "temperature",
    "repeat_penalty",
    "presence_penalty",
    "frequency_penalty",
    "mirostat",
    "mirostat_tau",
    "mirostat_eta",
    "penalize_newline",
    "stop",
    "numa",
    "num_ctx",
    "num_batch",
    "num_gpu",
    "main_gpu",
    "low_vram",
    "f16_kv",
    "logits_all",
    "vocab_only",
    "use_mmap",
    "use_mlock",
    "embedding_only",
    "num_thread",
];

/// Whether `name` is an option, so that a parameter of that name belongs into `options`.
pub(super) fn is_option(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Reads a client's options. Those without a canonical form are reported in `unmapped`.
pub(super) fn decode(
    options: &JsonObject,
    params: &mut Params,
    unmapped: &mut Vec<String>,
) -> Result<(), TranslateError> {
    for key in options.keys().filter(|key| options.is_set(key)) {
        let raw = options.get(key).unwrap_or_default();
        match key {
            "temperature" => params.temperature = Some(number(key, raw)?),
            "top_p" => params.top_p = Some(number(key, raw)?),
            "min_p" => params.min_p = Some(number(key, raw)?),
            "repeat_penalty" => params.repetition_penalty = Some(number(key, raw)?),
            "presence_penalty" => params.presence_penalty = Some(number(key, raw)?),
            "frequency_penalty" => params.frequency_penalty = Some(number(key, raw)?),
            // Zero and less mean that there is no limit.
            "top_k" => params.top_k = positive(integer(key, raw)?),
            "num_predict" => params.max_tokens = positive(integer(key, raw)?),
            // Ollama's default, a random seed.
            "seed" => params.seed = Some(integer(key, raw)?).filter(|&seed| seed != -1),
            "stop" => params.stop = Some(stop(key, raw)?).filter(|stop| !stop.is_empty()),
            other => unmapped.push(format!("options.{other}")),
        }
    }
    Ok(())
}

/// The options that `params` stands for.
pub(super) fn encode(params: &Params) -> Vec<(&'static str, RawJson)> {
    let mut out = Vec::new();
    let mut put = |name: &'static str, value: Option<RawJson>| {
        out.extend(value.map(|value| (name, value)));
    };
    put("temperature", raw(params.temperature.as_ref()));
    put("top_p", raw(params.top_p.as_ref()));
    put("top_k", raw(params.top_k.as_ref()));
    put("min_p", raw(params.min_p.as_ref()));
    put("num_predict", raw(params.max_tokens.as_ref()));
    put("stop", raw(params.stop.as_ref()));
    put("seed", raw(params.seed.as_ref()));
    put("repeat_penalty", raw(params.repetition_penalty.as_ref()));
    put("presence_penalty", raw(params.presence_penalty.as_ref()));
    put("frequency_penalty", raw(params.frequency_penalty.as_ref()));
    out
}

/// JSON of a plain value, which cannot fail to be written.
pub(super) fn raw(value: Option<&(impl serde::Serialize + ?Sized)>) -> Option<RawJson> {
    value.and_then(|value| RawJson::from_value(&value).ok())
}

fn positive(value: i64) -> Option<u64> {
    u64::try_from(value).ok().filter(|&value| value > 0)
}

fn read<'a, T: Deserialize<'a>>(key: &str, raw: &'a [u8], what: &str) -> Result<T, TranslateError> {
    serde_json::from_slice(raw).map_err(|_| {
        TranslateError::invalid_param(
            format!("options.{key}"),
            format!("option \"{key}\" must be of type {what}"),
        )
    })
}

fn number(key: &str, raw: &[u8]) -> Result<f64, TranslateError> {
    read(key, raw, "number")
}

/// An integer; like Ollama, takes a float too and cuts it off.
fn integer(key: &str, raw: &[u8]) -> Result<i64, TranslateError> {
    match serde_json::from_slice(raw) {
        Ok(integer) => Ok(integer),
        Err(_) => read::<f64>(key, raw, "integer").map(|float| float as i64),
    }
}

/// Stop sequences; the documentation allows a single one as a string.
fn stop(key: &str, raw: &[u8]) -> Result<Vec<String>, TranslateError> {
    if raw.first() == Some(&b'"') {
        return read::<String>(key, raw, "array").map(|one| vec![one]);
    }
    read(key, raw, "array of strings")
}
