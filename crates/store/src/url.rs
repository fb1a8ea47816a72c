//! Where the database is: a URL, or its parts, as operators write them.

mod environment;
mod parameters;
mod split;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lockgate_core::Secret;
use percent_encoding::percent_decode_str;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use self::split::Parts;

pub use self::environment::Located;

/// Where a database is, and how to connect.
///
/// `Debug` and `Display` print no password.
#[derive(Clone)]
pub struct DatabaseUrl {
    target: Target,
    warnings: Vec<String>,
}

#[derive(Clone)]
pub(crate) enum Target {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(Box<Server>),
}

/// A PostgreSQL server and a database on it.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    /// A name, an address, or the folder of a Unix socket.
    pub host: String,
    pub port: u16,
    pub user: String,
    pub password: Option<Secret>,
    pub database: String,
    pub schema: Option<String>,
    pub ssl_mode: PgSslMode,
    pub root_certificate: Option<PathBuf>,
    pub client_certificate: Option<(PathBuf, PathBuf)>,
    pub application_name: String,
    /// `connection_limit`.
    pub connections: Option<u32>,
    /// `pool_timeout`.
    pub patience: Option<Duration>,
    /// Whether a pooler stands before it that takes statements of one session to many.
    pub pooled: bool,
}

/// Why nobody knows where the database is. No message holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not one of ours.
    #[error(
        "the database URL begins with `{0}`: write postgresql://user:password@host:5432/database, \
         or sqlite:path/to/file"
    )]
    Scheme(String),
    /// Something of it is missing or unreadable.
    #[error("the database URL cannot be read: {0}")]
    Malformed(&'static str),
    /// Kubernetes found no variable of that name.
    #[error(
        "the database URL still says `$({0})`: Kubernetes replaces it only where the container has \
         a variable {0}, set before the one that refers to it. Add it to `env` or `envFrom` of this \
         container (a migration job needs it too), or set DATABASE_HOST, DATABASE_USERNAME, \
         DATABASE_PASSWORD and DATABASE_NAME instead"
    )]
    Unexpanded(String),
    /// A query parameter whose value means nothing.
    #[error("the database URL has `{name}={value}`: {expected}")]
    Parameter {
        /// Which.
        name: String,
        /// What it says.
        value: String,
        /// What it could say.
        expected: &'static str,
    },
    /// Some of the variables are set, but not all that it takes.
    #[error("{set} is set, but {missing} is not; set both, or DATABASE_URL")]
    Incomplete {
        /// What is there.
        set: &'static str,
        /// What is not.
        missing: &'static str,
    },
}

/// PostgreSQL's.
const PORT: u16 = 5432;
/// The file in the data folder.
const FILE: &str = "lockgate.db";

// === impl DatabaseUrl ===

impl DatabaseUrl {
    /// Reads `sqlite:<path>` or `postgresql://user:password@host:port/database?parameters`.
    ///
    /// A well-formed URL is percent-decoded. One that is not well-formed, because a password with
    /// `@`, `/`, `:`, `?`, `#` or `%` was put into it as it is, has its user and password taken
    /// literally: they end at the last `@` before the host.
    ///
    /// # Errors
    /// When it is none of these; also when it holds a `$(NAME)` that Kubernetes left.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        if let Some(name) = unexpanded(text) {
            return Err(UrlError::Unexpanded(name.to_owned()));
        }
        let (scheme, rest) = text
            .split_once(':')
            .ok_or(UrlError::Malformed("it has no scheme"))?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" | "file" => Self::sqlite(rest),
            "postgresql" | "postgres" => {
                let rest = rest.strip_prefix("//");
                Self::postgres(rest.ok_or(UrlError::Malformed("`//` is missing"))?)
            }
            _ => Err(UrlError::Scheme(scheme.chars().take(32).collect())),
        }
    }

    /// The file in the data folder, for those who set nothing.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self::file(folder.join(FILE))
    }

    /// What was ignored, for the log.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether it is a server that other replicas may use, too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.target, Target::Postgres(_))
    }

    /// Whether there is something at it already, as far as can be told without connecting.
    #[must_use]
    pub fn is_there(&self) -> bool {
        match &self.target {
            Target::Sqlite(path) => path.exists(),
            Target::Postgres(_) => true,
        }
    }

    pub(crate) const fn target(&self) -> &Target {
        &self.target
    }

    fn file(path: PathBuf) -> Self {
        Self {
            target: Target::Sqlite(path),
            warnings: Vec::new(),
        }
    }

    /// `sqlite:a/b`, `sqlite:/a/b`, `sqlite://a/b` and `sqlite:///a/b` (which is absolute).
    fn sqlite(rest: &str) -> Result<Self, UrlError> {
        let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.contains(":memory:") {
            return Err(UrlError::Malformed(
                "a database in memory would be lost: name a file",
            ));
        }
        let mut url = Self::file(PathBuf::from(path));
        if !parameters.is_empty() {
            let ignored = format!("`{parameters}` of the database URL means nothing for SQLite");
            url.warnings.push(ignored);
        }
        Ok(url)
    }

    fn postgres(rest: &str) -> Result<Self, UrlError> {
        let parts = Parts::split(rest).ok_or(UrlError::Malformed(
            "after `://` it takes user:password@host:port/database",
        ))?;
        let mut server = Server::new(&parts)?;
        let mut warnings = Vec::new();
        parameters::read(&parts.parameters, &mut server, &mut warnings)?;
        if server.user.is_empty() {
            return Err(UrlError::Malformed("it names no user"));
        }
        if server.database.is_empty() {
            return Err(UrlError::Malformed("it names no database"));
        }
        if parts.is_literal {
            warnings.push(
                "the database URL is not well-formed; its password is taken as it is written"
                    .to_owned(),
            );
        }
        Ok(Self {
            target: Target::Postgres(Box::new(server)),
            warnings,
        })
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Target::Postgres(server) => write!(f, "{server}"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

// === impl Server ===

impl Server {
    fn new(parts: &Parts<'_>) -> Result<Self, UrlError> {
        Ok(Self {
            host: or(decoded(parts.host), "localhost"),
            port: parts.port.unwrap_or(PORT),
            user: parts.user()?,
            password: parts.password()?,
            database: decoded(parts.database),
            schema: None,
            ssl_mode: PgSslMode::Prefer,
            root_certificate: None,
            client_certificate: None,
            application_name: "lockgate".to_owned(),
            connections: None,
            patience: None,
            pooled: false,
        })
    }

    /// What the driver takes. Every part is set: what is not would come out of the environment.
    pub(crate) fn options(&self) -> PgConnectOptions {
        let password = self.password.as_ref().map_or("", |secret| secret.expose());
        let mut options = PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .username(&self.user)
            .password(password)
            .database(&self.database)
            .application_name(&self.application_name)
            .ssl_mode(self.ssl_mode);
        if self.host.starts_with('/') {
            options = options.socket(&self.host);
        }
        if let Some(certificate) = &self.root_certificate {
            options = options.ssl_root_cert(certificate);
        }
        if let Some((certificate, key)) = &self.client_certificate {
            options = options.ssl_client_cert(certificate).ssl_client_key(key);
        }
        if let Some(schema) = &self.schema {
            let quoted = format!("\"{}\"", schema.replace('"', "\"\""));
            options = options.options([("search_path", quoted)]);
        }
        if self.pooled {
            // A statement prepared in one session of the server would be looked for in another.
            options = options.statement_cache_capacity(0);
        }
        options
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, host, port) = (&self.user, &self.host, self.port);
        write!(f, "postgresql://{user}@{host}:{port}/{}", self.database)
    }
}

/// The name in a `$(NAME)`, which no password that Kubernetes was to insert looks like.
fn unexpanded(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("$(")?;
    let (name, _) = after.split_once(')')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

fn or(text: String, default: &str) -> String {
    if text.is_empty() {
        default.to_owned()
    } else {
        text
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
