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
mod replicas;
mod retention;
mod rotation;
mod spend;

use lockgate_testkit::{Client, Gateway, GatewayBuilder, MockUpstream, Postgres, Redis};
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
    /// PostgreSQL, and two replicas that share limits and budgets in Redis.
    Replicas,
}

/// What stays when a gateway goes: an upstream, a database and a data folder.
struct Site {
    mock: MockUpstream,
    folder: TempDir,
    url: Option<String>,
    /// Where replicas share limits: a URL and a namespace.
    redis: Option<(String, String)>,
    /// Further `general_settings`.
    general: Value,
    /// What the upstream does.
    script: &'static str,
    /// Of each token of the model `mock`, in dollars.
    price: f64,
}

/// Tokens of the mock's usual answer, and of the question to it.
const TOKENS: f64 = 15.0;

// === impl Site ===

impl Site {
    async fn new(database: Database, price: f64) -> Self {
        let url = (database != Database::Sqlite).then(|| Postgres::shared().database().unwrap());
        let namespace = url.as_deref().and_then(|url| url.rsplit('/').next());
        let redis = namespace.filter(|_| database == Database::Replicas);
        let redis = redis.map(|namespace| (Redis::shared().url(), namespace.to_owned()));
        Self {
            mock: MockUpstream::start().await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
            url,
            redis,
            general: json!({}),
            script: "mock",
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
                "model": format!("openai/{}", self.script),
                "api_base": self.mock.url(Dialect::OpenAi.base_path()),
                "api_key": "sk-upstream",
            },
        });
        entry["model_info"] =
            json!({ "input_cost_per_token": self.price, "output_cost_per_token": self.price });
        Config::new()
            .entry(entry)
            .section("general_settings", self.general.clone())
    }

    /// A gateway with another configuration.
    fn built(&self, config: &Config) -> GatewayBuilder {
        let builder = Gateway::builder().config(config.yaml());
        let mut builder = builder.arg("--data-dir").arg(self.folder.path());
        if let Some(url) = &self.url {
            builder = builder.env("DATABASE_URL", url);
        }
        if let Some((url, namespace)) = &self.redis {
            builder = builder.env("REDIS_URL", url);
            builder = builder.env("REDIS_NAMESPACE", namespace);
        }
        builder
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

    /// A further replica: its journal is its own.
    async fn start_another(&self) -> Gateway {
        let journal = self.folder.path().join("another-journal");
        let own = json!({ "journal_dir": journal });
        let config = self.config().section("lockgate_settings", own);
        self.built(&config).start().await.unwrap()
    }

    /// All that serve: two where they share limits.
    async fn start_all(&self) -> Vec<Gateway> {
        let mut gateways = vec![self.start().await];
        if self.redis.is_some() {
            gateways.push(self.start_another().await);
        }
        gateways
    }
}

/// Waits until every replica knows the key.
async fn known(gateways: &[Gateway], key: &str) {
    for gateway in gateways {
        crate::support::eventually("every replica knows the key", || async {
            let reply = holder(gateway, key).get("/v1/models").await.unwrap();
            reply.status == 200
        })
        .await;
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

        mod on_two_replicas {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Database::Replicas).await;
            })*
        }
    };
}
use on_each_database;
