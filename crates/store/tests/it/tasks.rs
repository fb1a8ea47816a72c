//! Tasks that only one replica does at a time.

use lockgate_store::Task;
use tokio::task::JoinSet;

use crate::support::{NOW, Open, connect, on_both};

const TASK: Task = Task::RETENTION;
const HOUR: i64 = 3_600_000_000;

on_both!(one_of_many_takes_a_task, when_it_is_due_is_remembered);

async fn one_of_many_takes_a_task(open: &Open) {
    assert_eq!(open.store.due(TASK, NOW).await.unwrap(), NOW);
    let mut replicas = JoinSet::new();
    for _ in 0..8 {
        let store = connect(&open.url);
        replicas.spawn(async move { store.take(TASK, NOW, NOW + HOUR).await.unwrap() });
    }
    let taken = replicas.join_all().await;
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "{taken:?}");
    // Whoever has it and is gone keeps it for so long only.
    let store = &open.store;
    assert!(!store.take(TASK, NOW + HOUR - 1, NOW).await.unwrap());
    assert!(store.take(TASK, NOW + HOUR, NOW + 2 * HOUR).await.unwrap());
    store.put_off(TASK, NOW + HOUR).await.unwrap();
    assert!(store.take(TASK, NOW + HOUR, NOW + 2 * HOUR).await.unwrap());
}

async fn when_it_is_due_is_remembered(open: &Open) {
    let store = &open.store;
    // Nobody can take what nobody planned.
    assert!(!store.take(TASK, NOW, NOW + HOUR).await.unwrap());
    assert_eq!(store.due(TASK, NOW + HOUR).await.unwrap(), NOW + HOUR);
    // A restart does not put it off, a shorter interval makes it sooner.
    let again = connect(&open.url);
    assert_eq!(again.due(TASK, NOW + 2 * HOUR).await.unwrap(), NOW + HOUR);
    assert_eq!(again.due(TASK, NOW + 60).await.unwrap(), NOW + 60);
    assert_eq!(store.due(TASK, NOW + HOUR).await.unwrap(), NOW + 60);
}
