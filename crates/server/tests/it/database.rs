//! The commands about the database.

use std::process::{Command, Output, Stdio};

use lockgate_testkit::{Postgres, free_port, sibling_binary};

/// Runs `lockgate` with nothing in its environment but `variables`.
fn lockgate(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let binary = sibling_binary("LOCKGATE_BIN", "lockgate").unwrap();
    let folder = tempfile::tempdir().unwrap();
    Command::new(binary)
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn succeeds(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = lockgate(arguments, variables);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

fn fails(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = lockgate(arguments, variables);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_database_from_create_to_drop() {
    let server = Postgres::shared();
    let port = server.port().to_string();
    let parts = [
        ("DATABASE_HOST", "127.0.0.1"),
        ("DATABASE_PORT", port.as_str()),
        ("DATABASE_USERNAME", "from_parts"),
        ("DATABASE_PASSWORD", "p@ss/word:#%"),
        ("DATABASE_NAME", "from_parts"),
        ("PGPASSWORD", "postgres"),
    ];
    let place = format!("postgresql://from_parts@127.0.0.1:{port}/from_parts");
    let missing = fails(&["migrate"], &parts);
    assert!(missing.contains("from_parts"), "{missing}");
    assert_eq!(
        succeeds(&["db", "create"], &parts),
        format!("{place}: user made, database made; the user can connect\n")
    );
    assert_eq!(
        succeeds(&["migrate", "--wait-db", "300s"], &parts),
        format!("{place}: made the tables, version 5\n")
    );
    assert_eq!(
        succeeds(&["migrate"], &parts),
        format!("{place}: the tables are of version 5 already\n")
    );
    let refused = fails(&["db", "drop"], &parts);
    assert!(refused.contains("add --force"), "{refused}");
    assert_eq!(
        succeeds(&["db", "drop", "--force"], &parts),
        format!("{place}: database dropped, user dropped\n")
    );
}

#[test]
fn a_file_in_the_data_folder_is_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let said = succeeds(&["migrate", "--data-dir", folder], &[]);
    assert_eq!(
        said,
        format!("sqlite:{folder}/lockgate.db: made the tables, version 5\n")
    );
    let config = format!("{folder}/config.yaml");
    let other = format!("{folder}/other.db");
    let yaml = format!("general_settings: {{database_url: 'sqlite:{other}'}}\n");
    std::fs::write(&config, yaml).unwrap();
    succeeds(
        &["migrate", "--config", &config],
        &[("LOCKGATE_DATA_DIR", folder)],
    );
    assert!(std::path::Path::new(&other).exists());
    let nothing = fails(&["db", "create"], &[("LOCKGATE_DATA_DIR", folder)]);
    assert!(nothing.contains("is a file"), "{nothing}");
}

#[test]
fn the_truth_is_told_about_a_database_that_does_not_come() {
    let url = format!("postgresql://u:hush@127.0.0.1:{}/d", free_port().unwrap());
    let said = fails(&["migrate", "--wait-db", "1s"], &[("DATABASE_URL", &url)]);
    assert!(said.contains("the database is away"), "{said}");
    assert!(!said.contains("hush"), "{said}");
    let left = "postgresql://litellm:$(LITELLM_POSTGRESQL__PASSWORD)@h:5432/litellm";
    let said = fails(&["migrate"], &[("DATABASE_URL", left)]);
    assert!(said.contains("envFrom"), "{said}");
}
