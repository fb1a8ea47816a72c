//! What may follow the `?` of a database URL: libpq's parameters, and Prisma's, which LiteLLM's
//! users have (Prisma documentation, "PostgreSQL connector", arguments).

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgSslMode;

use super::{Server, UrlError, decoded};

/// Parameters of Prisma and libpq that mean nothing here, or that have no effect on what is right.
const HARMLESS: [&str; 9] = [
    "connect_timeout",
    "channel_binding",
    "gssencmode",
    "keepalives",
    "max_connection_lifetime",
    "max_idle_connection_lifetime",
    "socket_timeout",
    "statement_cache_size",
    "target_session_attrs",
];

/// Takes `parameters` over into `server`.
pub(super) fn read(
    parameters: &[(&str, &str)],
    server: &mut Server,
    warnings: &mut Vec<String>,
) -> Result<(), UrlError> {
    let (mut certificate, mut key, mut is_strict) = (None, None, false);
    for (name, value) in parameters {
        let value = decoded(value);
        match *name {
            "schema" => server.schema = (value != "public").then_some(value),
            "sslmode" => server.ssl_mode = ssl_mode(name, &value)?,
            "sslaccept" => is_strict = value == "strict",
            "sslrootcert" => server.root_certificate = Some(PathBuf::from(value)),
            "sslcert" => certificate = Some(PathBuf::from(value)),
            "sslkey" => key = Some(PathBuf::from(value)),
            "connection_limit" => server.connections = Some(number(name, &value)?),
            "pool_timeout" => server.patience = patience(name, &value)?,
            "pgbouncer" => server.pooled = value == "true",
            "application_name" => server.application_name = value,
            "host" => server.host = value,
            "port" => server.port = number(name, &value)?,
            "user" => server.user = value,
            "password" => server.password = Some(value.into()),
            "dbname" => server.database = value,
            name if HARMLESS.contains(&name) => warnings.push(format!(
                "the parameter `{name}` of the database URL has no effect"
            )),
            name => warnings.push(format!(
                "the parameter `{name}` of the database URL is not known; it has no effect"
            )),
        }
    }
    match (certificate, key) {
        (Some(certificate), Some(key)) => server.client_certificate = Some((certificate, key)),
        // With Prisma `sslcert` alone is the certificate of the authority.
        (Some(certificate), None) => server.root_certificate = Some(certificate),
        _ => {}
    }
    if is_strict && !matches!(server.ssl_mode, PgSslMode::Disable) {
        server.ssl_mode = PgSslMode::VerifyFull;
    }
    Ok(())
}

fn ssl_mode(name: &str, value: &str) -> Result<PgSslMode, UrlError> {
    PgSslMode::from_str(value).map_err(|_| UrlError::Parameter {
        name: name.to_owned(),
        value: value.to_owned(),
        expected: "write disable, allow, prefer, require, verify-ca or verify-full",
    })
}

fn number<T: FromStr + PartialEq + Default>(name: &str, value: &str) -> Result<T, UrlError> {
    let number = value.parse().ok().filter(|number| *number != T::default());
    number.ok_or_else(|| UrlError::Parameter {
        name: name.to_owned(),
        value: value.to_owned(),
        expected: "write a whole number above 0",
    })
}

/// Seconds; 0 is forever with Prisma, and the default here.
fn patience(name: &str, value: &str) -> Result<Option<Duration>, UrlError> {
    match value {
        "0" => Ok(None),
        value => Ok(Some(Duration::from_secs(number(name, value)?))),
    }
}
