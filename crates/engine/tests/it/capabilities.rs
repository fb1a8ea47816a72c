//! What the gateway says of itself.

mod matrix;

use lockgate_engine::capabilities::{Fate, pairs, supported_openai_params};
use lockgate_providers::ProviderTable;
use lockgate_wire::DialectId;
use lockgate_wire::canonical::LossKind;

#[test]
fn every_pair_of_dialects_is_there() {
    for client in DialectId::ALL {
        for upstream in DialectId::ALL {
            let mut found = pairs()
                .iter()
                .filter(|pair| pair.client == client && pair.upstream == upstream);
            assert!(found.next().is_some(), "{client:?} to {upstream:?}");
        }
    }
}

/// What has no effect and is not named either must be known to need none.
#[test]
fn nothing_is_lost_in_silence() {
    // Where there is a schema, providers hold the model to it.
    // And who shows reasoning at all does so unasked.
    const UNNEEDED: [&str; 4] = [
        "response_format.json_schema.strict",
        "text.format.strict",
        "reasoning.summary",
        "generationConfig.thinkingConfig.includeThoughts",
    ];
    for pair in pairs() {
        let silent: Vec<&str> = pair
            .fields_that(Fate::Unneeded)
            .filter(|field| !UNNEEDED.contains(field))
            .collect();
        let refused: Vec<&str> = pair.fields_that(Fate::Refused).collect();
        let what = format!("{:?} to {:?}", pair.client, pair.upstream);
        assert_eq!((silent, refused), (vec![], vec![]), "{what}");
    }
}

#[test]
fn a_loss_is_told_with_its_kind_and_counts_for_what_stands_on_it() {
    let mut found = pairs()
        .iter()
        .filter(|pair| (pair.client, pair.upstream) == (DialectId::OpenAiChat, DialectId::Ollama));
    let pair = found.next().unwrap();
    let fate = |name: &str| {
        let mut fields = pair.fields.iter().filter(|(field, _)| field == name);
        fields.next().unwrap().1
    };
    assert_eq!(fate("temperature"), Fate::Carried);
    assert_eq!(fate("user"), Fate::Lost(LossKind::Hint));
    assert_eq!(fate("n"), Fate::Lost(LossKind::Param));
    let audio = fate("messages[].content[].input_audio");
    assert_eq!(audio, Fate::Lost(LossKind::Content));
    assert_eq!(fate("function_call"), Fate::Lost(LossKind::Param));
}

#[test]
fn a_provider_s_deviations_count() {
    let providers = ProviderTable::built_in();
    let supports = |provider: &str, model: &str, param: &str| {
        let provider = providers.get(provider).unwrap();
        let params = supported_openai_params(provider, model);
        params.unwrap().contains(&param)
    };
    assert!(supports("openai", "some-model", "logprobs"));
    assert!(!supports("groq", "some-model", "logprobs"));
    // Renamed is not lost.
    assert!(supports("mistral", "mistral-small", "seed"));
    assert!(supports(
        "mistral",
        "mistral-small",
        "max_completion_tokens"
    ));
    assert!(supports("xai", "grok-3", "stop"));
    assert!(!supports("xai", "grok-4", "stop"));
    let demo = providers.get("demo").unwrap();
    assert_eq!(supported_openai_params(demo, "demo"), None);
}
