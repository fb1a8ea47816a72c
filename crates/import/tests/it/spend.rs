//! What was spent, and the ledger.

use lockgate_core::entity::{EntityId, EntityKind};
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::SpendStore as _;
use lockgate_import::Mode;

use crate::fixture::{litellm, micros, options, run};
use crate::memory::{Memory, Wax};

#[tokio::test]
async fn totals_and_open_windows_are_carried() {
    let server = litellm();
    let (store, wax) = (Memory::default(), Wax::default());
    run(&server, Mode::Apply(store.target(&wax)), &options()).await;
    let rows = store
        .spends()
        .into_iter()
        .map(|((of, window, start), amount)| {
            let id = of.id.replace('\u{1f}', " / ");
            format!("{} {id} [{window} {start}] {amount}", of.kind)
        });
    insta::assert_snapshot!(rows.collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn spend_is_raised_and_never_lowered_unless_told() {
    let server = litellm();
    let mut options = options();
    let (store, wax) = (Memory::default(), Wax::default());
    run(&server, Mode::Apply(store.target(&wax)), &options).await;
    let team = EntityId::new(EntityKind::Team, "t-1");
    let amount = |of: &EntityId| store.spends()[&(of.clone(), String::new(), 0)];
    // This gateway served since, for more than LiteLLM did.
    store
        .set_spend(&team, Nanodollars::new(9_000_000_000))
        .await
        .unwrap();
    let report = run(&server, Mode::Apply(store.target(&wax)), &options).await;
    assert_eq!((report.spend.kept, amount(&team).get()), (1, 9_000_000_000));
    // LiteLLM did for more.
    server.run("UPDATE \"LiteLLM_TeamTable\" SET spend = 10 WHERE team_id = 't-1'");
    let report = run(&server, Mode::Apply(store.target(&wax)), &options).await;
    assert_eq!((report.spend.set, amount(&team).get()), (1, 10_000_000_000));
    server.run("UPDATE \"LiteLLM_TeamTable\" SET spend = 1 WHERE team_id = 't-1'");
    options.overwrite = true;
    run(&server, Mode::Apply(store.target(&wax)), &options).await;
    assert_eq!(amount(&team).get(), 1_000_000_000);
}

#[tokio::test]
async fn requests_become_entries_of_the_ledger() {
    let server = litellm();
    let mut options = options();
    options.since = Some(micros("2026-11-01T00:00:00Z"));
    let (store, wax) = (Memory::default(), Wax::default());
    let before = run(&server, Mode::Dry(None), &options).await.logs.unwrap();
    assert_eq!((before.rows, before.new), (4, 0));
    let report = run(&server, Mode::Apply(store.target(&wax)), &options).await;
    let logs = report.logs.unwrap();
    assert_eq!((logs.rows, logs.new, logs.failed), (4, 3, 1), "{report}");
    let ledger = serde_json::to_string_pretty(&store.ledger()).unwrap();
    insta::assert_snapshot!(ledger);
}

#[tokio::test]
async fn pages_of_requests_lose_none_that_began_together() {
    let server = litellm();
    server.run(
        "INSERT INTO \"LiteLLM_SpendLogs\" (request_id, call_type, \"startTime\", \"endTime\") \
             SELECT 'r-' || n, 'acompletion', '2026-11-12 00:00:00.123', '2026-11-12 00:00:01' \
             FROM generate_series(1, 1400) n",
    );
    let mut options = options();
    options.since = Some(micros("2026-11-12T00:00:00Z"));
    let (store, wax) = (Memory::default(), Wax::default());
    let report = run(&server, Mode::Apply(store.target(&wax)), &options).await;
    let logs = report.logs.unwrap();
    assert_eq!((logs.rows, logs.new, logs.failed), (1401, 1400, 1));
    assert_eq!(store.ledger().len(), 1400);
}
