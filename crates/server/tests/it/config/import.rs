//! `lockgate import litellm` before it reads anything; what it copies is tested where it is done.

use lockgate_testkit::{Exited, Gateway, free_port};

async fn import(args: &[&str]) -> Exited {
    let args = [&["import", "litellm"], args].concat();
    Gateway::builder().run(&args).await.unwrap()
}

#[tokio::test]
async fn without_a_database_it_says_what_to_give() {
    let exited = import(&[]).await;
    assert_eq!(exited.code, Some(1), "{exited:?}");
    assert!(exited.stderr.contains("LITELLM_DATABASE_URL"), "{exited:?}");
}

#[tokio::test]
async fn a_database_that_is_away_is_named_without_its_password() {
    let port = free_port().unwrap();
    let url = format!("postgresql://litellm:hunter2@127.0.0.1:{port}/litellm");
    let exited = Gateway::builder()
        .env("LITELLM_DATABASE_URL", url)
        .run(&["import", "litellm"])
        .await
        .unwrap();
    assert_eq!(exited.code, Some(1), "{exited:?}");
    assert!(exited.stderr.contains("LiteLLM's database"), "{exited:?}");
    assert!(!exited.stderr.contains("hunter2"), "{exited:?}");
}

#[tokio::test]
async fn a_day_that_is_none_is_refused_before_anything_is_read() {
    let url = "postgresql://litellm@127.0.0.1:1/litellm";
    let exited = import(&["--database-url", url, "--since", "yesterday"]).await;
    assert_eq!(exited.code, Some(1), "{exited:?}");
    assert!(exited.stderr.contains("--since yesterday"), "{exited:?}");
}
