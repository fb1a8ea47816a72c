//! The process harness, with a shell in the gateway's place.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use lockgate_testkit::{Gateway, GatewayBuilder, GatewayError};

const SOON: Duration = Duration::from_secs(10);
/// How long a signal is waited for before it is sent again.
const MOMENT: Duration = Duration::from_millis(300);

/// A gateway builder that runs `script` instead of the gateway.
fn stand_in(script: &str) -> (tempfile::TempDir, GatewayBuilder) {
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("stand-in");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    (folder, Gateway::builder().binary(path))
}

#[tokio::test]
async fn arguments_environment_and_files_arrive() {
    let (_folder, builder) = stand_in("echo \"$@\"; env; cat config.yaml other.yaml; exit 3");
    let exited = builder
        .config("model_list: []")
        .file("other.yaml", "x: 1")
        .env("LITELLM_MASTER_KEY", "sk-x")
        .arg("--debug")
        .run_to_exit()
        .await
        .unwrap();
    assert_eq!(exited.code, Some(3));
    assert!(exited.stdout.starts_with("--config "), "{}", exited.stdout);
    assert!(exited.stdout.contains("--host 127.0.0.1 --port "));
    assert!(exited.stdout.contains("/data --debug\n"));
    assert!(exited.stdout.contains("LITELLM_MASTER_KEY=sk-x\n"));
    assert!(exited.stdout.contains("model_list: []x: 1"));
    assert!(!exited.stdout.contains("CARGO_"));
}

#[tokio::test]
async fn a_refused_start_shows_the_output() {
    let (_folder, builder) = stand_in("echo 'no such key' >&2; exit 1");
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, GatewayError::Exited(_)));
    assert!(format!("{error:?}").contains("no such key"));
}

#[tokio::test]
async fn a_start_that_never_answers_is_late() {
    let (_folder, builder) = stand_in("echo waiting; exec sleep 60");
    let error = builder
        .start_timeout(Duration::from_millis(200))
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error, GatewayError::Late { .. }), "{error}");
    assert!(error.to_string().contains("waiting"));
}

#[tokio::test]
async fn signals_arrive_and_logs_are_readable_while_it_runs() {
    // A shell may miss a signal that comes just before it waits, so each is sent until it is heard.
    let (_folder, builder) = stand_in(
        "sleep 60 & trap 'echo reloaded' HUP; trap 'echo drained; kill $!; exit 0' TERM; echo up; while :; do wait; done",
    );
    let mut gateway = builder.spawn().unwrap();
    gateway.wait_for_log("up", SOON).await.unwrap();
    let heard = async {
        loop {
            gateway.sighup().unwrap();
            if gateway.wait_for_log("reloaded", MOMENT).await.is_ok() {
                break;
            }
        }
        loop {
            gateway.sigterm().unwrap();
            if let Ok(exited) = gateway.wait_exit(MOMENT).await {
                break exited;
            }
        }
    };
    let exited = tokio::time::timeout(SOON, heard).await.unwrap();
    assert_eq!(exited.code, Some(0));
    assert!(exited.stdout.ends_with("drained\n"));
}

#[tokio::test]
async fn dropping_kills() {
    let (_folder, builder) = stand_in("echo up; exec sleep 60");
    let mut gateway = builder.spawn().unwrap();
    gateway.wait_for_log("up", SOON).await.unwrap();
    let process = PathBuf::from(format!("/proc/{}", gateway.pid()));
    assert!(process.exists());
    drop(gateway);
    assert!(!process.exists());
}

#[tokio::test]
async fn subcommands_run_with_the_file_beside_them() {
    let (_folder, builder) = stand_in("echo \"$@\"; cat \"$3\"");
    let exited = builder
        .config("a: 1")
        .run(&["check", "--config", "config.yaml"])
        .await
        .unwrap();
    assert_eq!(exited.stdout, "check --config config.yaml\na: 1");
}
