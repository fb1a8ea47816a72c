//! What requests cost, to the last nanodollar: in parallel, and after a kill.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Database, Site, TOKENS, holder, key, known, on_each_database, question, told};
use crate::support::{CHAT, SOON, eventually};

on_each_database! {
    a_thousand_parallel_requests_do_not_overshoot
    what_was_answered_was_charged_although_the_process_was_killed
}

/// So many answers leave less of ten cents than two requests may cost.
const ENOUGH: usize = 560;

fn dollars(info: &Value) -> f64 {
    info["spend"].as_f64().unwrap()
}

/// Whether two sums are the same amount of nanodollars.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.5e-9
}

async fn a_thousand_parallel_requests_do_not_overshoot(database: Database) {
    let site = Site::new(database, 0.000_01).await;
    let gateways = site.start_all().await;
    let key = key(&gateways[0], json!({ "max_budget": 0.1 })).await;
    known(&gateways, &key).await;
    let served = Arc::new(AtomicUsize::new(0));
    let refused = Arc::new(AtomicUsize::new(0));
    let mut asking = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let client = holder(&gateways[number % gateways.len()], &key);
        let (served, refused) = (served.clone(), refused.clone());
        asking.spawn(async move {
            // What others have set aside may come back: whoever is refused tries again.
            for _ in 0..200 {
                if served.load(Relaxed) >= ENOUGH {
                    break;
                }
                let reply = client.post(CHAT, &question()).await.unwrap();
                match reply.status {
                    200 => {
                        served.fetch_add(1, Relaxed);
                        return;
                    }
                    422 => tokio::time::sleep(Duration::from_millis(100)).await,
                    other => panic!("{other}: {}", reply.text()),
                }
            }
            refused.fetch_add(1, Relaxed);
        });
    }
    asking.join_all().await;
    let served = served.load(Relaxed);
    assert_eq!(served + refused.load(Relaxed), 1000);
    #[expect(clippy::cast_precision_loss, reason = "a thousand at most")]
    let cost = served as f64 * TOKENS * site.price;
    println!("served {served}, which cost {cost}");
    // No more fits once less is left than one of them may cost.
    assert!(cost <= 0.1 && cost > 0.08, "{served}");
    eventually("what was served is charged", || async {
        same(dollars(&told(&gateways[0], &key).await), cost)
    })
    .await;
}

async fn what_was_answered_was_charged_although_the_process_was_killed(database: Database) {
    const CLIENTS: usize = 16;
    let site = Site::new(database, 0.00001).await;
    let mut gateway = site.start().await;
    let key = key(&gateway, json!({})).await;
    let answered = Arc::new(AtomicUsize::new(0));
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let (client, answered) = (holder(&gateway, &key), answered.clone());
        clients.spawn(async move {
            while let Ok(reply) = client.post(CHAT, &question()).await {
                assert_eq!(reply.status, 200, "{}", reply.text());
                answered.fetch_add(1, Relaxed);
            }
        });
    }
    eventually("enough was answered", || async {
        answered.load(Relaxed) > 500
    })
    .await;
    gateway.sigkill().unwrap();
    gateway.wait_exit(SOON).await.unwrap();
    clients.join_all().await;

    let again = site.start().await;
    let answered = answered.load(Relaxed);
    let spent = dollars(&told(&again, &key).await);
    let charged = (spent / (TOKENS * site.price)).round();
    println!("answered {answered}, charged {charged}");
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let (least, most) = (answered as f64, (answered + CLIENTS) as f64);
    assert!(
        charged >= least && charged <= most,
        "{charged} for {answered}"
    );
    assert!(same(spent, charged * TOKENS * site.price), "{spent}");
}
