//! Several files, one configuration.

use std::fs;
use std::path::Path;

use lockgate_core::config::{Loaded, load};
use lockgate_core::{ConfigError, Environment};
use tempfile::TempDir;

/// Writes the files and loads `config.yaml` among them.
fn load_files(files: &[(&str, &str)]) -> (TempDir, Result<Loaded, ConfigError>) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let loaded = load(folder.path().join("config.yaml"), &Environment::default());
    (folder, loaded)
}

fn shown(text: &impl ToString, folder: &Path) -> String {
    text.to_string()
        .replace(&folder.display().to_string(), "DIR")
}

fn report(loaded: &Loaded, folder: &Path) -> String {
    let lines: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|line| shown(line, folder))
        .collect();
    lines.join("\n")
}

fn model(name: &str) -> String {
    format!(
        "model_list:\n  - model_name: {name}\n    litellm_params:\n      model: openai/{name}\n"
    )
}

#[test]
fn lists_grow_and_mappings_merge() {
    let (folder, loaded) = load_files(&[
        (
            "config.yaml",
            "include: [models/a.yaml, settings.yaml]\nmodel_list:\n  - model_name: main\n    \
             litellm_params: {model: openai/main}\ngeneral_settings:\n  completion_model: main\n  \
             embedding_model: one\n",
        ),
        (
            "models/a.yaml",
            &format!("include: [b.yaml]\n{}", model("a")),
        ),
        ("models/b.yaml", &model("b")),
        (
            "settings.yaml",
            "general_settings:\n  embedding_model: two\n  infer_model_from_keys: true\n",
        ),
    ]);
    let loaded = loaded.expect("a configuration");
    let names: Vec<&str> = loaded
        .config
        .models
        .iter()
        .map(|model| model.model_name.as_str())
        .collect();
    assert_eq!(names, ["main", "a", "b"]);
    let general = &loaded.config.general;
    assert_eq!(general.completion_model.as_deref(), Some("main"));
    assert_eq!(general.embedding_model.as_deref(), Some("two"));
    assert!(general.infer_model_from_keys);
    let files: Vec<String> = loaded
        .files
        .iter()
        .map(|file| shown(&file.display(), folder.path()))
        .collect();
    assert_eq!(
        files,
        [
            "DIR/config.yaml",
            "DIR/models/a.yaml",
            "DIR/settings.yaml",
            "DIR/models/b.yaml"
        ]
    );
    insta::assert_snapshot!(report(&loaded, folder.path()));
}

#[test]
fn findings_name_the_included_file_and_its_line() {
    let (folder, loaded) = load_files(&[
        (
            "config.yaml",
            &format!("include: [more.yaml]\n{}", model("a")),
        ),
        (
            "more.yaml",
            "\nmodel_list:\n  - model_name: b\n    litellm_params: {rpm: 1}\n",
        ),
    ]);
    insta::assert_snapshot!(report(&loaded.expect("a configuration"), folder.path()));
}

#[test]
fn a_file_included_twice_counts_once() {
    let (folder, loaded) = load_files(&[
        ("config.yaml", "include: [a.yaml, b.yaml]\n"),
        ("a.yaml", "include: [c.yaml]\n"),
        ("b.yaml", "include: [c.yaml]\n"),
        ("c.yaml", &model("c")),
    ]);
    let loaded = loaded.expect("a configuration");
    assert_eq!(loaded.config.models.len(), 1);
    insta::assert_snapshot!(report(&loaded, folder.path()));
}

#[test]
fn a_nested_include_beside_the_main_file_is_still_found() {
    let (folder, loaded) = load_files(&[
        ("config.yaml", "include: [sub/a.yaml]\n"),
        ("sub/a.yaml", "include: [c.yaml]\n"),
        ("c.yaml", &model("c")),
    ]);
    let loaded = loaded.expect("a configuration");
    assert_eq!(loaded.config.models.len(), 1);
    insta::assert_snapshot!(report(&loaded, folder.path()));
}

#[test]
fn what_is_wrong_with_an_include_stops_the_start() {
    let cases: [&[(&str, &str)]; 6] = [
        &[("config.yaml", "model_list: []\ninclude:\n  - gone.yaml\n")],
        &[("config.yaml", "include: [config.yaml]\n")],
        &[
            ("config.yaml", "include: [a.yaml]\n"),
            ("a.yaml", "include: [b.yaml]\n"),
            ("b.yaml", "include: [a.yaml]\n"),
        ],
        &[
            ("config.yaml", "include: [a.yaml]\n"),
            ("a.yaml", "- not a mapping\n"),
        ],
        &[
            ("config.yaml", "include: [a.yaml]\n"),
            ("a.yaml", "model_list: [\n"),
        ],
        &[("config.yaml", "include: [a]\n"), ("a/b.yaml", "")],
    ];
    let errors: Vec<String> = cases
        .into_iter()
        .map(|files| {
            let (folder, loaded) = load_files(files);
            shown(&loaded.expect_err("an error"), folder.path())
        })
        .collect();
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn files_that_cannot_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let latin = folder.path().join("latin.yaml");
    fs::write(&latin, b"a: 1\nb: \xe9\n").expect("a file");
    let environment = Environment::default();
    let errors = [
        load(folder.path().join("gone.yaml"), &environment),
        load(folder.path(), &environment),
        load(&latin, &environment),
        load("/dev/zero", &environment),
    ]
    .map(|loaded| shown(&loaded.expect_err("an error"), folder.path()));
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_key() {
    let (_folder, loaded) = load_files(&[("config.yaml", &format!("\u{feff}{}", model("a")))]);
    let loaded = loaded.expect("a configuration");
    assert_eq!(loaded.config.models.len(), 1);
    assert!(loaded.diagnostics.is_empty());
}
