//! Where the database is, by the environment (LiteLLM's names: reference sections 2.2 and 10).

use std::path::Path;

use lockgate_core::{Environment, Secret};
use sqlx::postgres::PgSslMode;

use super::{DatabaseUrl, PORT, Server, Target, UrlError};

/// Where the database is, and where it may be read.
#[derive(Debug, Clone)]
pub struct Located {
    /// The database.
    pub primary: DatabaseUrl,
    /// A copy of it that lags a little, for reports.
    pub replica: Option<DatabaseUrl>,
}

// === impl Located ===

impl Located {
    /// Finds it: `configured` (`general_settings.database_url`), `DATABASE_URL`, or its parts
    /// `DATABASE_HOST`, `_PORT`, `_USERNAME`, `_PASSWORD`, `_NAME` and `_SCHEMA`; else it is a
    /// file in `data_folder`. The copy is `DATABASE_URL_READ_REPLICA`.
    ///
    /// # Errors
    /// When what is set cannot be read, or is not enough.
    pub fn find(
        configured: Option<&Secret>,
        environment: &Environment,
        data_folder: &Path,
    ) -> Result<Self, UrlError> {
        let url = configured
            .map(Secret::expose)
            .filter(|url| !url.is_empty())
            .or_else(|| environment.get_non_empty("DATABASE_URL"));
        let mut primary = match url {
            Some(url) => DatabaseUrl::parse(url)?,
            None => from_parts(environment)?.unwrap_or_else(|| DatabaseUrl::in_folder(data_folder)),
        };
        let replica = environment.get_non_empty("DATABASE_URL_READ_REPLICA");
        let mut replica = replica.map(DatabaseUrl::parse).transpose()?;
        let schema = environment.get_non_empty("DATABASE_SCHEMA");
        for url in std::iter::once(&mut primary).chain(&mut replica) {
            if let (Target::Postgres(server), Some(schema)) = (&mut url.target, schema)
                && server.schema.is_none()
                && schema != "public"
            {
                server.schema = Some(schema.to_owned());
            }
        }
        if !primary.is_shared() && replica.take().is_some() {
            let ignored = "DATABASE_URL_READ_REPLICA has no effect without a PostgreSQL database";
            primary.warnings.push(ignored.to_owned());
        }
        Ok(Self { primary, replica })
    }
}

/// The parts are never decoded: a password may look as it likes.
fn from_parts(environment: &Environment) -> Result<Option<DatabaseUrl>, UrlError> {
    let part = |name| environment.get_non_empty(name);
    let Some(host) = part("DATABASE_HOST") else {
        return Ok(None);
    };
    let needed = |name| {
        part(name).ok_or(UrlError::Incomplete {
            set: "DATABASE_HOST",
            missing: name,
        })
    };
    let user = needed("DATABASE_USERNAME")?;
    let database = needed("DATABASE_NAME")?;
    // Charts write the port behind the host.
    let (host, port) = match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') => (name, Some(port)),
        _ => (host, None),
    };
    let port = match part("DATABASE_PORT").or(port) {
        None => PORT,
        Some(port) => port.parse().map_err(|_| UrlError::Parameter {
            name: "DATABASE_PORT".to_owned(),
            value: port.to_owned(),
            expected: "write a port",
        })?,
    };
    let server = Server {
        host: host.to_owned(),
        port,
        user: user.to_owned(),
        password: part("DATABASE_PASSWORD").map(Secret::from),
        database: database.to_owned(),
        schema: None,
        ssl_mode: PgSslMode::Prefer,
        root_certificate: None,
        client_certificate: None,
        application_name: "lockgate".to_owned(),
        connections: None,
        patience: None,
        pooled: false,
    };
    Ok(Some(DatabaseUrl {
        target: Target::Postgres(Box::new(server)),
        warnings: Vec::new(),
    }))
}
