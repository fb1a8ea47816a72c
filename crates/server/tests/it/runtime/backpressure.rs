//! A client that reads slowly slows its upstream down; nothing piles up in between.

use crate::support::{SOON, Stage, eventually};

/// Far more than all sockets on the way hold.
const ENDLESS: &str = "mock-130000c";

#[tokio::test]
async fn a_client_that_does_not_read() {
    let stage = Stage::of_scripts(&[ENDLESS]).await;
    let before = resident_kib(stage.gateway.pid());
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut reply = stage.chat_stream(ENDLESS).await;
        assert!(reply.event().await.unwrap().is_some());
        held.push(reply);
    }
    let mut last = 0;
    eventually("the gateway stops reading", || {
        let now = resident_kib(stage.gateway.pid());
        let settled = now == last;
        last = now;
        async move {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            settled
        }
    })
    .await;
    let grown = resident_kib(stage.gateway.pid()).saturating_sub(before);
    assert!(
        grown < 64 * 1024,
        "{grown} KiB for four streams that nobody reads"
    );
    drop(held);
    assert!(
        stage.mock.wait_for_cancelled(2, SOON).await,
        "the upstream had finished"
    );
}

/// Resident memory of a process, as /proc tells.
fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
