//! Where the master key comes from, and which keys are too weak.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lockgate_testkit::{Gateway, GatewayBuilder};

use crate::support::SOON;

const FILE_KEY: &str = "sk-from-the-file-31";
const ENV_KEY: &str = "sk-from-the-environment-32";
const PERMIT: &str = "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY";

fn file_with(key: &str) -> GatewayBuilder {
    Gateway::builder().config(format!(
        "model_list: []\ngeneral_settings:\n  master_key: {key}\n"
    ))
}

fn file_without() -> GatewayBuilder {
    Gateway::builder().config("model_list: []\n")
}

async fn opens(gateway: &Gateway, key: &str) -> bool {
    let reply = gateway
        .client()
        .bearer(key)
        .get("/v1/models")
        .await
        .unwrap();
    reply.status == 200
}

#[tokio::test]
async fn from_the_file() {
    let gateway = file_with(FILE_KEY)
        .env("LITELLM_MASTER_KEY", ENV_KEY)
        .start()
        .await
        .unwrap();
    assert!(opens(&gateway, FILE_KEY).await);
    assert!(!opens(&gateway, ENV_KEY).await);
}

#[tokio::test]
async fn from_the_environment() {
    for variable in ["LITELLM_MASTER_KEY", "PROXY_MASTER_KEY"] {
        let gateway = file_without().env(variable, ENV_KEY).start().await.unwrap();
        assert!(opens(&gateway, ENV_KEY).await, "{variable}");
        assert!(!opens(&gateway, "").await);
        let logs = gateway.logs();
        assert!(!logs.contains(ENV_KEY), "{logs}");
        assert!(!gateway.data_dir().join("master_key").exists());
    }
}

#[tokio::test]
async fn from_a_reference_in_the_file() {
    let gateway = file_with("os.environ/MY_KEY")
        .env("MY_KEY", ENV_KEY)
        .start()
        .await
        .unwrap();
    assert!(opens(&gateway, ENV_KEY).await);
    assert!(!opens(&gateway, "os.environ/MY_KEY").await);
}

/// A gateway without a key anywhere, its data in `folder`.
fn keyless(folder: &Path) -> GatewayBuilder {
    file_without().arg("--data-dir").arg(folder)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_generated_key_is_kept_privately_and_shown_once() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("deep/data");
    let mut first = keyless(&data).start().await.unwrap();
    let kept = data.join("master_key");
    let key = fs::read_to_string(&kept).unwrap().trim().to_owned();
    assert!(key.starts_with("sk-") && key.len() > 30, "{key}");
    assert_eq!(mode(&kept), 0o600);
    assert_eq!(mode(&data) & 0o077, 0, "the folder is open to others");
    first.wait_for_log(&key, SOON).await.unwrap();
    let logs = first.logs();
    assert_eq!(logs.matches(key.as_str()).count(), 1, "{logs}");
    assert!(opens(&first, &key).await);
    assert!(!opens(&first, "sk-1234").await);
    let keyless_request = first.client().get("/v1/models").await.unwrap();
    assert_eq!(keyless_request.status, 401);
    drop(first);

    let mut second = keyless(&data).start().await.unwrap();
    assert!(opens(&second, &key).await);
    let folder = data.display().to_string();
    second.wait_for_log(&folder, SOON).await.unwrap();
    let logs = second.logs();
    assert!(!logs.contains(&key), "{logs}");
    drop(second);

    fs::set_permissions(&kept, fs::Permissions::from_mode(0o644)).unwrap();
    let exposed = keyless(&data).run_to_exit().await.unwrap();
    assert_ne!(exposed.code, Some(0));
    assert!(exposed.stderr.contains("chmod 600"), "{}", exposed.stderr);
    assert!(!exposed.stderr.contains(&key));
}

#[tokio::test]
async fn without_a_writable_folder_it_does_not_start_open() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let exited = keyless(file.path()).run_to_exit().await.unwrap();
    assert_ne!(exited.code, Some(0));
    assert!(exited.stderr.contains("master key"), "{}", exited.stderr);
}

#[tokio::test]
async fn two_starts_at_once_agree_on_one_key() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let start = |journal: &str| {
        let journal = home.path().join(journal);
        let yaml = format!(
            "model_list: []\nlockgate_settings: {{journal_dir: {}}}\n",
            journal.display()
        );
        let builder = Gateway::builder().config(yaml);
        builder.arg("--data-dir").arg(&data).start()
    };
    let (one, other) = tokio::join!(start("one"), start("other"));
    let (one, other) = (one.unwrap(), other.unwrap());
    let key = fs::read_to_string(data.join("master_key")).unwrap();
    assert!(opens(&one, key.trim()).await);
    assert!(opens(&other, key.trim()).await);
}

/// The builder with the gateway bound to every address.
fn public(builder: GatewayBuilder) -> GatewayBuilder {
    builder.arg("--host").arg("0.0.0.0")
}

#[tokio::test]
async fn a_weak_key_is_refused_where_others_reach_it() {
    for (name, builder) in [
        ("example in the file", file_with("sk-1234")),
        ("empty in the file", file_with("''")),
        (
            "example in the environment",
            file_without().env("LITELLM_MASTER_KEY", "sk-1234"),
        ),
        (
            "empty in the environment",
            file_without().env("LITELLM_MASTER_KEY", ""),
        ),
        (
            "blank in the environment",
            file_without().env("LITELLM_MASTER_KEY", "  "),
        ),
    ] {
        let exited = public(builder).run_to_exit().await.unwrap();
        assert!(!matches!(exited.code, None | Some(0)), "{name}: {exited:?}");
        assert!(
            exited.stderr.contains("master key"),
            "{name}: {}",
            exited.stderr
        );
        assert!(
            exited.stderr.contains("127.0.0.1"),
            "{name}: {}",
            exited.stderr
        );
    }
}

#[tokio::test]
async fn a_weak_key_is_allowed_on_loopback() {
    let gateway = file_with("sk-1234").start().await.unwrap();
    assert!(opens(&gateway, "sk-1234").await);
    assert!(!opens(&gateway, "sk-12345").await);
}

#[tokio::test]
async fn a_weak_key_is_allowed_where_the_operator_insists() {
    let by_variable = public(file_with("sk-1234")).env(PERMIT, "true");
    let by_file = public(Gateway::builder().config(
        "general_settings: {master_key: sk-1234, dangerously_permit_weak_or_unset_master_key: true}\n",
    ));
    for builder in [by_variable, by_file] {
        let gateway = builder.start().await.unwrap();
        assert!(opens(&gateway, "sk-1234").await);
        assert!(!opens(&gateway, "").await);
    }
}

/// LiteLLM with this flag and no key lets everyone in; here nobody gets in without one.
#[tokio::test]
async fn never_open_even_when_an_unset_key_is_permitted() {
    for builder in [
        file_without(),
        file_with("''"),
        file_without().env("LITELLM_MASTER_KEY", ""),
    ] {
        let gateway = public(builder.env(PERMIT, "true")).start().await.unwrap();
        for key in ["", " ", "''", "None", "null", "sk-1234"] {
            assert!(!opens(&gateway, key).await, "{key:?}");
        }
        assert_eq!(
            gateway.client().get("/v1/models").await.unwrap().status,
            401
        );
    }
}

#[tokio::test]
async fn a_strong_key_serves_every_address() {
    let gateway = public(file_with(FILE_KEY)).start().await.unwrap();
    assert!(opens(&gateway, FILE_KEY).await);
}
