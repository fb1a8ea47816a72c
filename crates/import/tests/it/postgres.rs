//! A database of a test's own on the server that all tests share.

use lockgate_core::Secret;
use lockgate_testkit::Postgres as Server;

/// An empty database, at first.
pub(crate) struct Postgres {
    url: String,
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let url = Server::shared().database().unwrap();
        Self { url }
    }

    fn name(&self) -> &str {
        self.url.rsplit('/').next().unwrap()
    }

    /// How a report names it.
    pub(crate) fn place(&self) -> String {
        format!("{} at 127.0.0.1:{}", self.name(), Server::shared().port())
    }

    pub(crate) fn url(&self) -> Secret {
        Secret::new(format!("{}?connection_limit=5", self.url))
    }

    /// Runs statements.
    pub(crate) fn run(&self, sql: impl AsRef<str>) {
        Server::shared().psql(self.name(), sql.as_ref()).unwrap();
    }
}
