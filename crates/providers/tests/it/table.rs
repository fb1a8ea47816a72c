//! The built-in rows as data.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::str::FromStr as _;

use lockgate_core::Environment;
use lockgate_core::config::CloudParams;
use lockgate_providers::{
    Auth, Connection, ConnectionParams, KeyRule, NOT_YET, PROVIDERS, Provider, Quirk,
};
use lockgate_wire::Operation;

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
            row.built_in || row.base_url.is_some() || !row.base_env.is_empty(),
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

/// Where every provider is called when nothing but a key is configured.
#[test]
fn urls() {
    let mut out = String::new();
    for row in PROVIDERS {
        let provider = Provider::from(row);
        let mut cloud = CloudParams::default();
        cloud.vertex.project = Some("p".to_owned());
        let params = ConnectionParams {
            cloud: Some(&cloud),
            api_base: row.base_url.is_none().then_some("http://own.test:8000"),
            ..ConnectionParams::default()
        };
        let connection = Connection::new(&provider, &params, &Environment::default())
            .unwrap_or_else(|error| panic!("{error}"));
        writeln!(out, "{}", row.id).unwrap();
        for operation in [
            Operation::Chat,
            Operation::Generate,
            Operation::Embeddings,
            Operation::EmbeddingsSingle,
            Operation::CountTokens,
        ] {
            let uri = connection.uri(operation, "m", false);
            if provider.supports(operation) && !row.built_in {
                let uri = uri.unwrap_or_else(|error| panic!("{}: {error}", row.id));
                writeln!(out, "  {:<18} {uri}", operation.as_str()).unwrap();
            }
        }
    }
    insta::assert_snapshot!(out);
}
