//! LiteLLM's flags and their environment twins.

use lockgate_testkit::{Gateway, free_port};

use crate::support::{MASTER, SOON};

fn empty() -> lockgate_testkit::GatewayBuilder {
    Gateway::builder().config(format!(
        "model_list: []\ngeneral_settings: {{master_key: {MASTER}}}\n"
    ))
}

#[tokio::test]
async fn flags_without_a_meaning_here_are_accepted_with_a_warning() {
    let gateway = empty()
        .arg("--run_gunicorn")
        .arg("--max_requests_before_restart")
        .arg("1000")
        .arg("--use_prisma_db_push")
        .arg("--local")
        .arg("--num_workers")
        .arg("8")
        .start()
        .await
        .unwrap();
    let logs = gateway.logs();
    for flag in [
        "run_gunicorn",
        "max_requests_before_restart",
        "use_prisma_db_push",
        "local",
    ] {
        assert!(
            logs.lines()
                .any(|line| line.contains(&format!("--{flag}")) && line.contains("no effect")),
            "{flag}: {logs}"
        );
    }
    assert!(!logs.contains("--num_workers"), "{logs}");
}

#[tokio::test]
async fn a_flag_that_nobody_knows_is_refused() {
    let exited = empty().arg("--frobnicate").run_to_exit().await.unwrap();
    assert!(!matches!(exited.code, None | Some(0)));
    assert!(exited.stderr.contains("--frobnicate"), "{}", exited.stderr);
}

#[tokio::test]
async fn the_last_of_two_flags_counts() {
    let gateway = empty()
        .arg("--num_workers")
        .arg("1")
        .arg("--num_workers")
        .arg("2")
        .start()
        .await;
    assert!(gateway.is_ok(), "{gateway:?}");
}

/// The harness passes host and port as flags; here they come from the environment alone.
#[tokio::test]
async fn environment_twins() {
    let port = free_port().unwrap().to_string();
    let builder = Gateway::builder()
        .config(format!(
            "model_list: []\ngeneral_settings: {{master_key: {MASTER}}}\n"
        ))
        .env("HOST", "127.0.0.1")
        .env("PORT", &port)
        .env("NUM_WORKERS", "1")
        .env("CONFIG_FILE_PATH", "config.yaml")
        // Compose files leave variables set and empty.
        .env("SSL_KEYFILE_PATH", "")
        .env("DETAILED_DEBUG", "");
    let running = builder.start_timeout(SOON).run(&["serve"]);
    let address = format!("127.0.0.1:{port}").parse().unwrap();
    let client = lockgate_testkit::Client::new(address);
    let answers =
        crate::support::eventually("it answers on the port of the environment", || async {
            client
                .get("/health/liveliness")
                .await
                .is_ok_and(|reply| reply.status == 200)
        });
    tokio::select! {
        exited = running => panic!("it ended: {exited:?}"),
        () = answers => {}
    }
}

#[tokio::test]
async fn a_variable_that_is_no_number_is_named() {
    let exited = Gateway::builder()
        .env("NUM_WORKERS", "many")
        .run(&["serve"])
        .await
        .unwrap();
    assert!(!matches!(exited.code, None | Some(0)));
    assert!(exited.stderr.contains("NUM_WORKERS"), "{}", exited.stderr);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    for host in ["127.0.0.1", "0.0.0.0"] {
        let taken = std::net::TcpListener::bind((host, 0)).unwrap();
        let port = taken.local_addr().unwrap().port().to_string();
        let exited = empty()
            .arg("--host")
            .arg(host)
            .arg("--port")
            .arg(&port)
            .run_to_exit()
            .await
            .unwrap();
        assert!(!matches!(exited.code, None | Some(0)));
        assert!(exited.stderr.contains(&port), "{}", exited.stderr);
        assert!(
            exited.stderr.to_lowercase().contains("in use"),
            "{}",
            exited.stderr
        );
    }
}

/// Another gateway on the same port does not count as its own cores.
#[tokio::test]
async fn a_port_of_another_gateway_is_not_shared() {
    let first = empty().start().await.unwrap();
    let port = first.addr().port().to_string();
    let exited = empty()
        .arg("--port")
        .arg(&port)
        .run_to_exit()
        .await
        .unwrap();
    assert!(!matches!(exited.code, None | Some(0)));
    assert!(exited.stderr.contains(&port), "{}", exited.stderr);
}
