//! A changed configuration is taken without a restart, or refused without one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use lockgate_testkit::{Gateway, MockUpstream, Reply};

use crate::support::{CHAT, Config, Dialect, MASTER, SOON, Stage, chat_body, eventually, text_of};

/// A configuration whose group `m` runs `script`.
fn yaml(mock: &MockUpstream, script: &str) -> String {
    Config::new()
        .model(mock, "m", Dialect::OpenAi, script)
        .yaml()
}

async fn stage(script: &str) -> Stage {
    Stage::start(|mock, config| config.model(mock, "m", Dialect::OpenAi, script)).await
}

async fn chat(gateway: &Gateway) -> Reply {
    let client = gateway.client().bearer(MASTER);
    client.post(CHAT, &chat_body("m", false)).await.unwrap()
}

async fn until_it_says(gateway: &Gateway, text: &str) {
    eventually("the new configuration is in force", || async {
        text_of(&chat(gateway).await) == text
    })
    .await;
}

async fn readiness(gateway: &Gateway) -> serde_json::Value {
    let reply = gateway.client().get("/health/readiness").await.unwrap();
    assert_eq!(reply.status, 200, "it serves on");
    reply.json()
}

#[tokio::test]
async fn when_the_file_changes() {
    let stage = stage("mock-1c").await;
    assert_eq!(text_of(&stage.chat("m").await), "t0 ");
    stage
        .gateway
        .write_config(&yaml(&stage.mock, "mock-2c"))
        .unwrap();
    until_it_says(&stage.gateway, "t0 t1 ").await;
}

#[tokio::test]
async fn when_the_file_is_written_in_place() {
    let stage = stage("mock-1c").await;
    fs::write(stage.gateway.config_path(), yaml(&stage.mock, "mock-2c")).unwrap();
    until_it_says(&stage.gateway, "t0 t1 ").await;
}

#[tokio::test]
async fn on_sighup() {
    let mut stage = stage("mock-1c").await;
    stage
        .gateway
        .write_config(&yaml(&stage.mock, "mock-2c"))
        .unwrap();
    stage.gateway.sighup().unwrap();
    stage.gateway.wait_for_log("reloaded", SOON).await.unwrap();
    assert_eq!(text_of(&stage.chat("m").await), "t0 t1 ");
}

#[tokio::test]
async fn sighup_without_a_file_ends_nothing() {
    let gateway = Gateway::builder()
        .env("LITELLM_MASTER_KEY", MASTER)
        .env("OLLAMA_API_BASE", "http://127.0.0.1:1")
        .start()
        .await
        .unwrap();
    gateway.sighup().unwrap();
    for _ in 0..20 {
        let reply = gateway.client().get("/health/liveliness").await.unwrap();
        assert_eq!(reply.status, 200);
    }
}

#[tokio::test]
async fn when_an_included_file_changes() {
    let mock = MockUpstream::start().await.unwrap();
    let gateway = Gateway::builder()
        .config(format!(
            "include: [models.yaml]\ngeneral_settings: {{master_key: {MASTER}}}\n"
        ))
        .file("models.yaml", included(&mock, "mock-1c"))
        .start()
        .await
        .unwrap();
    assert_eq!(text_of(&chat(&gateway).await), "t0 ");
    fs::write(
        gateway.folder().join("models.yaml"),
        included(&mock, "mock-2c"),
    )
    .unwrap();
    until_it_says(&gateway, "t0 t1 ").await;
}

fn included(mock: &MockUpstream, script: &str) -> String {
    format!(
        "model_list:\n- model_name: m\n  litellm_params: {{model: openai/{script}, api_base: '{}', api_key: k}}\n",
        mock.url("/v1")
    )
}

/// Kubernetes puts a new folder beside the old one and swings the link `..data` over to it.
#[tokio::test]
async fn when_a_configmap_is_swapped() {
    let mock = MockUpstream::start().await.unwrap();
    let volume = tempfile::tempdir().unwrap();
    publish(
        volume.path(),
        "..2026_11_23_10_00_00.1",
        &yaml(&mock, "mock-1c"),
    );
    let file = volume.path().join("config.yaml");
    symlink("..data/config.yaml", &file).unwrap();
    let gateway = Gateway::builder()
        .arg("--config")
        .arg(&file)
        .start()
        .await
        .unwrap();
    assert_eq!(text_of(&chat(&gateway).await), "t0 ");
    publish(
        volume.path(),
        "..2026_11_23_10_05_00.2",
        &yaml(&mock, "mock-2c"),
    );
    fs::remove_dir_all(volume.path().join("..2026_11_23_10_00_00.1")).unwrap();
    until_it_says(&gateway, "t0 t1 ").await;
}

fn publish(volume: &Path, folder: &str, yaml: &str) {
    fs::create_dir(volume.join(folder)).unwrap();
    fs::write(volume.join(folder).join("config.yaml"), yaml).unwrap();
    symlink(folder, volume.join("..data_tmp")).unwrap();
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
}

#[tokio::test]
async fn a_bad_file_is_refused_and_said_to_be() {
    let mut stage = stage("mock-1c").await;
    assert!(readiness(&stage.gateway).await["config"].is_null());
    stage
        .gateway
        .write_config("model_list: [\n  oops: }\n")
        .unwrap();
    stage.gateway.sighup().unwrap();
    stage.gateway.wait_for_log("refused", SOON).await.unwrap();
    let told = readiness(&stage.gateway).await;
    assert_eq!(told["config"]["status"], "refused", "{told}");
    assert!(
        told["config"]["reason"]
            .to_string()
            .contains("config.yaml:"),
        "{told}"
    );
    assert_eq!(
        text_of(&stage.chat("m").await),
        "t0 ",
        "the old one stays in force"
    );

    stage
        .gateway
        .write_config(&yaml(&stage.mock, "mock-2c"))
        .unwrap();
    until_it_says(&stage.gateway, "t0 t1 ").await;
    let told = readiness(&stage.gateway).await;
    assert!(told["config"].is_null(), "{told}");
}

#[tokio::test]
async fn a_file_that_vanishes_is_refused() {
    let mut stage = stage("mock-1c").await;
    fs::remove_file(stage.gateway.config_path()).unwrap();
    stage.gateway.sighup().unwrap();
    stage.gateway.wait_for_log("refused", SOON).await.unwrap();
    assert_eq!(text_of(&stage.chat("m").await), "t0 ");
}

/// The stream began on a deployment that the new configuration no longer has.
#[tokio::test]
async fn a_stream_in_flight_finishes_on_the_old_one() {
    let mut stage = stage("mock-40c-d20ms").await;
    let mut stream = stage.chat_stream("m").await;
    assert!(stream.event().await.unwrap().is_some());
    let empty = Config::new().yaml();
    stage.gateway.write_config(&empty).unwrap();
    stage.gateway.sighup().unwrap();
    stage.gateway.wait_for_log("reloaded", SOON).await.unwrap();
    assert_eq!(stage.chat("m").await.status, 400, "the new one is in force");
    let rest = stream.collect().await.unwrap();
    assert!(rest.text().contains("t39 "), "{}", rest.text());
    assert!(rest.text().ends_with("data: [DONE]\n\n"));
}

/// No request fails because of a reload.
#[tokio::test]
async fn nothing_fails_meanwhile() {
    let stage = stage("mock-1c").await;
    for turn in 0..30 {
        if turn % 5 == 0 {
            let script = if turn % 2 == 0 { "mock-2c" } else { "mock-1c" };
            stage
                .gateway
                .write_config(&yaml(&stage.mock, script))
                .unwrap();
            stage.gateway.sighup().unwrap();
        }
        let text = text_of(&stage.chat("m").await);
        assert!(text == "t0 " || text == "t0 t1 ", "{text}");
    }
}
