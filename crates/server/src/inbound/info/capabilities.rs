//! `GET /v1/lockgate/capabilities`: what becomes of every field, from every dialect to every other.

use lockgate_engine::capabilities::{Fate, Pair, pairs};
use lockgate_wire::canonical::LossKind;
use serde_json::{Value, json};

/// All pairs.
pub(super) fn all() -> Value {
    json!({ "pairs": pairs().iter().map(pair).collect::<Vec<_>>() })
}

fn pair(pair: &Pair) -> Value {
    let fields = |fate| pair.fields_that(fate).collect::<Vec<_>>();
    json!({
        "client": pair.client.as_str(),
        "upstream": pair.upstream.as_str(),
        "model": pair.model,
        "translated": pair.is_translated(),
        "carried": fields(Fate::Carried),
        "unneeded": fields(Fate::Unneeded),
        "lost": {
            "hint": fields(Fate::Lost(LossKind::Hint)),
            "param": fields(Fate::Lost(LossKind::Param)),
            "content": fields(Fate::Lost(LossKind::Content)),
        },
        "refused": fields(Fate::Refused),
    })
}
