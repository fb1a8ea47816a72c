//! The built-in rows as data.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use lockgate_providers::{Auth, KeyRule, NOT_YET, PROVIDERS, Quirk, UrlStyle, public_providers};

#[test]
fn rows_are_sorted_and_unique() {
    let ids: Vec<&str> = PROVIDERS.iter().map(|row| row.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let not_yet: Vec<&str> = NOT_YET.iter().map(|row| row.0).collect();
    assert!(not_yet.is_sorted_by(|a, b| a < b), "{not_yet:?}");
    let both: BTreeSet<&&str> = ids.iter().chain(&not_yet).collect();
    assert_eq!(
        both.len(),
        ids.len() + not_yet.len(),
        "served and not served"
    );
}

#[test]
fn rows_are_complete() {
    for row in PROVIDERS {
        assert!(!row.id.contains(['/', ' ', '*']), "{}", row.id);
        assert!(
            row.built_in
                || row.base_url.is_some()
                || !row.base_env.is_empty()
                // The region says it.
                || row.url == UrlStyle::Bedrock,
            "{}: no way to say where it is",
            row.id
        );
        assert!(
            row.auth == Auth::None || row.key != KeyRule::Required || !row.key_env.is_empty(),
            "{}: a key is needed and no variable holds one",
            row.id
        );
        for variable in row.key_env.iter().chain(row.base_env) {
            let well_named = variable
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
            assert!(well_named, "{}: {variable}", row.id);
        }
    }
}

#[test]
fn quirks_have_a_text_form() {
    for quirk in PROVIDERS.iter().flat_map(|row| row.quirks) {
        let text = quirk.to_string();
        assert_eq!(Quirk::from_str(&text).as_ref(), Ok(quirk), "{text}");
    }
}

#[test]
fn anybody_may_know_which_providers_there_are() {
    let ids = public_providers();
    assert!(ids.is_sorted());
    assert!(ids.contains(&"openai") && ids.contains(&"watsonx"));
    // The demo is no provider of LiteLLM's.
    assert!(!ids.contains(&"demo"));
}
