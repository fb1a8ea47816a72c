//! `kill -9` under load: who saw its whole answer has its entry.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{by_call, calling, entries};
use crate::support::{CHAT, Dialect, SOON, Stage, chat_body};

/// Requests at any time.
const CLIENTS: usize = 32;
/// Answered requests before the kill.
const ANSWERED: usize = 300;

#[tokio::test]
async fn every_answered_request_is_written_down_once() {
    let mut stage =
        Stage::start(|mock, config| config.model(mock, "mock", Dialect::OpenAi, "mock")).await;
    let answered = Arc::new(Mutex::new(BTreeSet::new()));
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..CLIENTS {
        let (client, answered) = (stage.client(), answered.clone());
        clients.spawn(async move {
            let stream = number % 2 == 0;
            for request in 0.. {
                let id = format!("{number}-{request}");
                let caller = calling(client.clone(), &id);
                let body = chat_body("mock", stream);
                match caller.post(CHAT, &body).await {
                    Ok(reply) if reply.status == 200 => answered.lock().unwrap().insert(id),
                    _ => return,
                };
            }
        });
    }
    let enough = async {
        while answered.lock().unwrap().len() < ANSWERED {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(SOON, enough).await.unwrap();
    stage.gateway.sigkill().unwrap();
    stage.gateway.wait_exit(SOON).await.unwrap();
    while clients.join_next().await.is_some() {}

    let written = by_call(&entries(&stage.gateway));
    let answered = answered.lock().unwrap();
    println!(
        "answered {}, written down {}",
        answered.len(),
        written.len()
    );
    assert!(written.values().all(|&count| count == 1));
    let missing: Vec<_> = answered
        .iter()
        .filter(|id| !written.contains_key(*id))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let beyond = written.len() - answered.len();
    assert!(beyond <= CLIENTS, "{beyond}");
}
