//! The stores that the suite runs on, and things to put into them.

use lockgate_core::entity::{Entity, EntityId, EntityKind};
use lockgate_core::ledger::{Charge, CostSource, LedgerEntry, LedgerTokens, Window};
use lockgate_core::money::Nanodollars;
use lockgate_core::ports::{Change, EntityStore, Put, Spend, SpendStore, StoreError};
use lockgate_store::{ConnectOptions, DatabaseUrl, Store};
use lockgate_testkit::Postgres;
use tempfile::TempDir;

/// A store whose tables are there; for SQLite with the folder it is in.
pub(crate) struct Open {
    pub store: Store,
    pub url: String,
    _folder: Option<TempDir>,
}

/// A time in 2026, in microseconds since 1970: Monday, 23 November, 10:00 UTC.
pub(crate) const NOW: i64 = 1_795_428_000_000_000;
pub(crate) const DAY: i64 = 86_400_000_000;
/// The day of [`NOW`].
pub(crate) const TODAY: i32 = 20_780;

/// Runs `$test` on each kind of store that has both ports.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(&crate::support::sqlite().await).await;
                }
            )*
        }
        mod on_postgres {
            $(
                #[tokio::test]
                async fn $name() {
                    super::$name(&crate::support::postgres().await).await;
                }
            )*
        }
    };
}
pub(crate) use on_both;

pub(crate) fn connect(url: &str) -> Store {
    let url = DatabaseUrl::parse(url).unwrap();
    Store::connect(&url, None, ConnectOptions::default()).unwrap()
}

/// An empty database in a file.
pub(crate) async fn sqlite() -> Open {
    let folder = tempfile::tempdir().unwrap();
    let url = format!(
        "sqlite:{}",
        folder.path().join("data/lockgate.db").display()
    );
    let store = connect(&url);
    store.migrate().await.unwrap();
    Open {
        store,
        url,
        _folder: Some(folder),
    }
}

/// An empty database of the shared server.
pub(crate) async fn postgres() -> Open {
    let url = Postgres::shared().database().unwrap();
    let store = connect(&url);
    store.migrate().await.unwrap();
    Open {
        store,
        url,
        _folder: None,
    }
}

/// A team named `id`.
pub(crate) fn team(id: &str) -> Entity {
    Entity::new(EntityId::new(EntityKind::Team, id), NOW)
}

/// A key of a team.
pub(crate) fn key(id: &str, alias: Option<&str>, team: Option<&str>) -> Entity {
    let mut key = Entity::new(EntityId::new(EntityKind::Key, id), NOW);
    key.unique_name = alias.map(str::to_owned);
    key.team_id = team.map(str::to_owned);
    key
}

/// Puts `puts` and nothing else.
pub(crate) async fn put(store: &dyn EntityStore, puts: Vec<Put>) -> Result<(), StoreError> {
    let change = Change {
        puts,
        ..Change::default()
    };
    store.change(&change).await
}

/// A finished request that cost a thousandth of a dollar, `at` (microseconds since 1970), for the
/// key `sk` of the team `red`.
pub(crate) fn entry(at: i64) -> LedgerEntry {
    LedgerEntry {
        id: uuid::Uuid::now_v7().to_string(),
        call_id: "call".to_owned(),
        started_at: at,
        ended_at: at + 1_500_000,
        dialect: "openai".to_owned(),
        operation: "chat".to_owned(),
        model_group: "gpt".to_owned(),
        model: Some("gpt-5".to_owned()),
        provider: Some("openai".to_owned()),
        key_id: Some("sk".to_owned()),
        team_id: Some("red".to_owned()),
        status: 200,
        tokens: LedgerTokens {
            input: 100,
            output: 20,
            cache_read: 40,
            cache_write: 10,
            reasoning: 5,
        },
        cost: Nanodollars::new(1_000_000),
        cost_source: CostSource::Computed,
        charges: vec![
            charge(EntityKind::Key, "sk", &[]),
            charge(EntityKind::Team, "red", &[("1d", 1_795_392_000)]),
        ],
        ..LedgerEntry::default()
    }
}

pub(crate) fn charge(kind: EntityKind, id: &str, windows: &[(&str, i64)]) -> Charge {
    let windows = windows.iter().map(|(name, start)| Window {
        name: (*name).to_owned(),
        start: *start,
    });
    Charge {
        kind,
        id: id.to_owned(),
        windows: windows.collect(),
    }
}

/// All spend there is, as kind, id, window and amount.
pub(crate) async fn all_spend(store: &Store) -> Vec<(String, String, String, i64)> {
    let spend = store.all_spend(None, 1_000).await.unwrap();
    spend.into_iter().map(told).collect()
}

pub(crate) fn told(spend: Spend) -> (String, String, String, i64) {
    let window = match spend.start {
        0 => spend.window,
        start => format!("{}@{start}", spend.window),
    };
    (
        spend.of.kind.to_string(),
        spend.of.id,
        window,
        spend.amount.get(),
    )
}
