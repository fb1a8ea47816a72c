//! Virtual keys from end to end, on each database: made over the management API, used, limited,
//! charged, and still there after a restart.

mod audit;
mod jwt;
mod keys;
mod mappings;
mod models;
mod money;
mod moving;
mod oauth2;
mod outage;
mod retention;
mod rotation;

use lockgate_testkit::{Client, Gateway, GatewayBuilder, MockUpstream, Postgres};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, Row as _};
use tempfile::TempDir;

use crate::support::{Config, Dialect, MASTER};

/// Where keys and spend are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Database {
    Sqlite,
    Postgres,
}

/// What stays when a gateway goes: an upstream, a database and a data folder.
struct Site {
    mock: MockUpstream,
    folder: TempDir,
    url: Option<String>,
    /// Of each token of the model `mock`, in dollars.
    price: f64,
}

/// Tokens of the mock's usual answer, and of the question to it.
const TOKENS: f64 = 15.0;

// === impl Site ===

impl Site {
    async fn new(database: Database, price: f64) -> Self {
        let url = (database == Database::Postgres).then(|| Postgres::shared().database().unwrap());
        Self {
            mock: MockUpstream::start().await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
            url,
            price,
        }
    }

    fn builder(&self) -> GatewayBuilder {
        self.built(&self.config())
    }

    /// One model.
    fn config(&self) -> Config {
        let mut entry = json!({
            "model_name": "mock",
            "litellm_params": {
                "model": "openai/mock",
                "api_base": self.mock.url(Dialect::OpenAi.base_path()),
                "api_key": "sk-upstream",
            },
        });
        entry["model_info"] =
            json!({ "input_cost_per_token": self.price, "output_cost_per_token": self.price });
        Config::new().entry(entry)
    }

    /// A gateway with another configuration.
    fn built(&self, config: &Config) -> GatewayBuilder {
        let builder = Gateway::builder().config(config.yaml());
        let builder = builder.arg("--data-dir").arg(self.folder.path());
        match &self.url {
            Some(url) => builder.env("DATABASE_URL", url),
            None => builder,
        }
    }

    async fn start(&self) -> Gateway {
        self.builder().start().await.unwrap()
    }

    /// Runs a statement past the gateway; answers the first column of the first row.
    async fn sql(&self, sql: &str) -> String {
        if let Some(url) = &self.url {
            let name = url.rsplit('/').next().unwrap();
            return Postgres::shared().psql(name, sql).unwrap();
        }
        let file = self.folder.path().join("lockgate.db");
        let options = SqliteConnectOptions::new().filename(file);
        let mut connection = options.connect().await.unwrap();
        let sql = AssertSqlSafe(sql.to_owned());
        let row = connection.fetch_optional(sql).await.unwrap();
        connection.close().await.unwrap();
        row.map_or_else(String::new, |row| row.get_unchecked(0))
    }

    async fn number(&self, sql: &str) -> i64 {
        self.sql(sql).await.parse().unwrap()
    }

    /// A further gateway on the same database: it needs a journal of its own.
    async fn start_beside(&self, one: &Gateway) -> Gateway {
        let yaml = std::fs::read_to_string(one.config_path()).unwrap();
        let mut config: Value = serde_json::from_str(&yaml).unwrap();
        let journal = self.folder.path().join("journal-beside");
        config["lockgate_settings"] = json!({ "journal_dir": journal });
        let builder = self.builder().config(config.to_string());
        builder.start().await.unwrap()
    }
}

/// What the management API answers the holder of the master key.
async fn manage(gateway: &Gateway, path: &str, body: Value) -> Value {
    let client = gateway.client().bearer(MASTER);
    let reply = client.post(path, &body).await.unwrap();
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

/// A new key.
async fn key(gateway: &Gateway, settings: Value) -> String {
    let made = manage(gateway, "/key/generate", settings).await;
    made["key"].as_str().unwrap().to_owned()
}

/// What the management API tells of a key.
async fn told(gateway: &Gateway, key: &str) -> Value {
    let client = gateway.client().bearer(MASTER);
    let reply = client.get(&format!("/key/info?key={key}")).await.unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["info"].clone()
}

fn holder(gateway: &Gateway, key: &str) -> Client {
    gateway.client().bearer(key)
}

fn question() -> Value {
    json!({ "model": "mock", "messages": [{ "role": "user", "content": "hi" }], "max_tokens": 5 })
}

/// Runs a test once for each database.
macro_rules! on_each_database {
    ($($name:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Database::Sqlite).await;
            })*
        }

        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Database::Postgres).await;
            })*
        }
    };
}
use on_each_database;
