//! Ids that say which model's credential holds what they name, in the form that LiteLLM gives out.
//!
//! `file-` and Base64 of `litellm:file-abc;model,my-model`; of videos
//! `litellm:custom_llm_provider:openai;model_id:...;video_id:...`. They say where something is and
//! prove nothing: whoever may use the model may use what it holds.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What such an id says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ManagedId {
    /// A model group or the id of a deployment.
    pub model: String,
    /// The provider's id.
    pub id: String,
}

/// What the text of an id begins with.
const OURS: &str = "litellm:";
/// The same for ids that LiteLLM keeps in its database.
const UNIFIED: &str = "litellm_proxy:";

// === impl ManagedId ===

impl ManagedId {
    /// The id that clients get; it begins as the provider's does.
    pub(super) fn encode(&self) -> String {
        let end = self.id.find(['-', '_']).map_or(0, |at| at + 1);
        let prefix = match &self.id[..end] {
            "" => "file-",
            prefix => prefix,
        };
        let text = format!("{OURS}{};model,{}", self.id, self.model);
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(text))
    }

    /// Reads an id; `None` when it is one of a provider.
    pub(super) fn decode(id: &str) -> Option<Self> {
        let whole = text_of(id).filter(|text| text.starts_with(UNIFIED));
        if let Some(text) = whole {
            return unified(&text);
        }
        let (_, rest) = id.split_once(['-', '_'])?;
        let text = text_of(rest)?;
        let text = text.strip_prefix(OURS)?;
        let found = match text.split_once(";model,") {
            Some((id, model)) => (id, model),
            None => {
                let (_, rest) = text.split_once(";model_id:")?;
                let (model, id) = rest.split_once(";video_id:")?;
                (id, model)
            }
        };
        let (id, model) = found;
        (!id.is_empty() && !model.is_empty()).then(|| Self {
            model: model.to_owned(),
            id: id.to_owned(),
        })
    }
}

fn text_of(encoded: &str) -> Option<String> {
    let encoded = encoded.trim_end_matches('=');
    let bytes = URL_SAFE_NO_PAD
        .decode(encoded)
        .or_else(|_| STANDARD_NO_PAD.decode(encoded))
        .ok()?;
    String::from_utf8(bytes).ok()
}

/// What one of LiteLLM's database ids says of where its file is: only those of results do.
fn unified(text: &str) -> Option<ManagedId> {
    let value = |name: &str| {
        let mut pairs = text.split(';').filter_map(|pair| pair.split_once(','));
        pairs.find_map(|(key, value)| (key == name).then(|| value.to_owned()))
    };
    Some(ManagedId {
        model: value("llm_output_file_model_id")?,
        id: value("llm_output_file_id")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As LiteLLM 1.105 writes them.
    #[test]
    fn ids_of_litellm_are_read() {
        for (id, model, there) in [
            (
                "file-bGl0ZWxsbTpmaWxlLWFiYzEyMzttb2RlbCxncHQtNG8taWZvb2Q",
                "gpt-4o-ifood",
                "file-abc123",
            ),
            (
                "batch_bGl0ZWxsbTpiYXRjaF9hYmMxMjM7bW9kZWwsZ3B0LTRvLXRlc3Q",
                "gpt-4o-test",
                "batch_abc123",
            ),
            (
                "batch_bGl0ZWxsbTozODE0ODg5NDIzNzQ5Nzc1MzYwO21vZGVsLGdlbWluaS0yLjUtcHJv",
                "gemini-2.5-pro",
                "3814889423749775360",
            ),
        ] {
            let found = ManagedId::decode(id).unwrap();
            assert_eq!((found.model.as_str(), found.id.as_str()), (model, there));
        }
        let text = "litellm:custom_llm_provider:azure;model_id:dep-1;video_id:video_9";
        let id = format!("video_{}", STANDARD_NO_PAD.encode(text));
        let found = ManagedId::decode(&id).unwrap();
        assert_eq!(
            (found.model.as_str(), found.id.as_str()),
            ("dep-1", "video_9")
        );
    }

    #[test]
    fn ids_are_written_as_litellm_writes_them() {
        let id = ManagedId {
            model: "gpt-4o-test".to_owned(),
            id: "batch_abc123".to_owned(),
        };
        let encoded = "batch_bGl0ZWxsbTpiYXRjaF9hYmMxMjM7bW9kZWwsZ3B0LTRvLXRlc3Q";
        assert_eq!(id.encode(), encoded);
    }

    #[test]
    fn ids_of_providers_are_left_alone() {
        for id in [
            "file-abc123",
            "batch_68f7",
            "",
            "file-",
            "ftjob-bGl0ZWxsbTo",
            "video_x-y_z",
        ] {
            assert_eq!(ManagedId::decode(id), None, "{id}");
        }
    }
}
