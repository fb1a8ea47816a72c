//! The master key: found, judged, made.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lockgate_core::master_key::{
    Decision, MasterKey, MasterKeyError, MasterKeySource, Weakness, decide, generate,
    load_or_generate,
};
use lockgate_core::{Environment, GeneralSettings, Secret};

use crate::environment;

fn configured(key: Option<&str>, permit: bool) -> GeneralSettings {
    GeneralSettings {
        master_key: key.map(Secret::new),
        dangerously_permit_weak_or_unset_master_key: permit,
        ..GeneralSettings::default()
    }
}

/// The decision as `source:key`, `generate` or the refusal.
fn decided(general: &GeneralSettings, environment: &Environment, loopback: bool) -> String {
    match decide(general, environment, loopback) {
        Ok(Decision::Use(MasterKey { key, source })) => format!("{source}:{}", key.expose()),
        Ok(Decision::Generate) => "generate".to_owned(),
        Err(MasterKeyError::Weak {
            weakness: Weakness::Empty,
            ..
        }) => "refused: empty".to_owned(),
        Err(error) => format!("refused: {error}"),
    }
}

#[test]
fn the_file_comes_first_then_the_environment() {
    let both = environment([
        ("LITELLM_MASTER_KEY", "sk-lite\n"),
        ("PROXY_MASTER_KEY", "sk-proxy"),
    ]);
    let second = environment([("PROXY_MASTER_KEY", "sk-proxy")]);
    let none = environment([]);
    assert_eq!(
        decided(&configured(Some("sk-file"), false), &both, false),
        "general_settings.master_key:sk-file"
    );
    assert_eq!(
        decided(&configured(None, false), &both, false),
        "LITELLM_MASTER_KEY:sk-lite"
    );
    assert_eq!(
        decided(&configured(None, false), &second, false),
        "PROXY_MASTER_KEY:sk-proxy"
    );
    assert_eq!(decided(&configured(None, false), &none, false), "generate");
    assert_eq!(decided(&configured(None, true), &none, false), "generate");
    assert_eq!(
        decided(&configured(Some(""), false), &second, false),
        "PROXY_MASTER_KEY:sk-proxy"
    );
}

#[test]
fn a_weak_key_needs_loopback_or_permission() {
    let none = environment([]);
    let permit = environment([(
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY",
        "true",
    )]);
    let weak = configured(Some("sk-1234"), false);
    let used = "general_settings.master_key:sk-1234";
    assert_eq!(decided(&weak, &none, true), used);
    assert_eq!(decided(&weak, &permit, false), used);
    assert_eq!(
        decided(&configured(Some("sk-1234"), true), &none, false),
        used
    );
    insta::assert_snapshot!(decided(&weak, &none, false));
}

/// An empty key never means an open door: where it is allowed, one is generated.
#[test]
fn an_empty_key_is_refused_or_replaced() {
    let none = environment([]);
    let empty = environment([("LITELLM_MASTER_KEY", " ")]);
    assert_eq!(
        decided(&configured(Some(""), false), &none, false),
        "refused: empty"
    );
    assert_eq!(
        decided(&configured(None, false), &empty, false),
        "refused: empty"
    );
    assert_eq!(
        decided(&configured(Some(""), false), &none, true),
        "generate"
    );
    assert_eq!(
        decided(&configured(Some(""), true), &none, false),
        "generate"
    );
}

#[test]
fn a_generated_key_is_long_and_never_the_same() {
    let (one, two) = (generate(), generate());
    assert!(one.expose().starts_with("sk-") && one.expose().len() == 46);
    assert_ne!(one.expose(), two.expose());
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o777
}

#[test]
fn the_data_folder_keeps_the_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let data_dir = folder.path().join("new/data");
    let first = load_or_generate(&data_dir).expect("a key");
    let path = data_dir.join("master_key");
    assert_eq!(
        first.source,
        MasterKeySource::DataFolder {
            path: path.clone(),
            created: true
        }
    );
    assert_eq!((mode(&path), mode(&data_dir)), (0o600, 0o700));
    let second = load_or_generate(&data_dir).expect("a key");
    assert_eq!(
        second.source,
        MasterKeySource::DataFolder {
            path,
            created: false
        }
    );
    assert_eq!(first.key.expose(), second.key.expose());
    assert_eq!(fs::read_dir(&data_dir).expect("a folder").count(), 1);
}

#[test]
fn a_key_others_can_read_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("master_key");
    fs::write(&path, "sk-somebody-wrote-this\n").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("permissions");
    let error = load_or_generate(folder.path()).expect_err("an error");
    let shown = error
        .to_string()
        .replace(&folder.path().display().to_string(), "DIR");
    insta::assert_snapshot!(shown);

    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("permissions");
    let key = load_or_generate(folder.path()).expect("a key").key;
    assert_eq!(key.expose(), "sk-somebody-wrote-this");
}

#[test]
fn an_empty_or_weak_key_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("master_key");
    for contents in ["\n", "sk-1234\n"] {
        fs::write(&path, contents).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
        let error = load_or_generate(folder.path()).expect_err("an error");
        assert!(matches!(error, MasterKeyError::Unusable { .. }), "{error}");
    }
}

#[test]
fn a_data_folder_that_is_a_file_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let data_dir = folder.path().join("data");
    fs::write(&data_dir, "").expect("a file");
    let error = load_or_generate(&data_dir).expect_err("an error");
    assert!(matches!(error, MasterKeyError::Io { .. }), "{error}");
}
