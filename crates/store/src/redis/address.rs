//! Where Redis is: a URL, or its parts, as operators write them.

use std::fmt;

use lockgate_core::Secret;
use lockgate_core::config::RedisSettings;
use percent_encoding::percent_decode_str;

/// Where Redis is, and how to connect. `Debug` and `Display` print no password.
#[derive(Debug, Clone)]
pub struct RedisAddress {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) database: u32,
    pub(super) tls: bool,
    pub(super) namespace: Option<String>,
}

/// Why nobody knows where Redis is. No message holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RedisAddressError {
    /// Not one of ours.
    #[error(
        "the Redis URL begins with `{0}`: write redis://user:password@host:6379/0, or rediss:// \
         for TLS"
    )]
    Scheme(String),
    /// Something of it is missing or unreadable.
    #[error("the Redis URL cannot be read: {0}")]
    Malformed(&'static str),
    /// More than one server.
    #[error(
        "Redis Cluster and Sentinel are not supported: unset REDIS_CLUSTER_NODES, \
         REDIS_SENTINEL_NODES and REDIS_SERVICE_NAME, and name one server with REDIS_HOST or \
         REDIS_URL"
    )]
    Several,
}

/// Redis' own.
const PORT: u16 = 6379;

// === impl RedisAddress ===

impl RedisAddress {
    /// Reads what was configured. A password that was put into a URL as it is, with `@`, `/`, `:`
    /// or `%` in it, is taken literally: it ends at the last `@`.
    ///
    /// # Errors
    /// When the URL cannot be read, or names several servers.
    pub fn find(settings: &RedisSettings) -> Result<Self, RedisAddressError> {
        if settings.several {
            return Err(RedisAddressError::Several);
        }
        let mut address = match &settings.url {
            Some(url) => Self::parse(url.expose())?,
            None => Self {
                host: settings.host.clone().unwrap_or_default(),
                port: settings.port.unwrap_or(PORT),
                username: settings.username.clone(),
                password: settings.password.clone(),
                database: settings.database.unwrap_or(0),
                tls: settings.tls,
                namespace: None,
            },
        };
        address.tls |= settings.tls;
        address.namespace.clone_from(&settings.namespace);
        Ok(address)
    }

    fn parse(text: &str) -> Result<Self, RedisAddressError> {
        let text = text.trim();
        let Some((scheme, rest)) = text.split_once("://") else {
            let scheme = text.split([':', '@', '/']).next().unwrap_or_default();
            return Err(RedisAddressError::Scheme(scheme.to_owned()));
        };
        let tls = match scheme {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(RedisAddressError::Scheme(scheme.to_owned())),
        };
        let (credentials, place) = match rest.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, rest),
        };
        let place = place.split(['?', '#']).next().unwrap_or_default();
        let (authority, database) = place.split_once('/').unwrap_or((place, ""));
        let (host, port) = host_and_port(authority)?;
        if host.is_empty() {
            return Err(RedisAddressError::Malformed("it names no host"));
        }
        let database = match database {
            "" => 0,
            number => number
                .parse()
                .map_err(|_| RedisAddressError::Malformed("the database is no number"))?,
        };
        let (username, password) = credentials.map_or((None, None), account);
        Ok(Self {
            host: host.to_owned(),
            port,
            username,
            password,
            database,
            tls,
            namespace: None,
        })
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        write!(
            f,
            "{scheme}://{}:{}/{}",
            self.host, self.port, self.database
        )
    }
}

fn host_and_port(authority: &str) -> Result<(&str, u16), RedisAddressError> {
    let malformed = RedisAddressError::Malformed("the port is no number up to 65535");
    // An IPv6 address stands in brackets.
    let (host, port) = match authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port.filter(|port| !port.is_empty()) {
        Some(port) => port.parse().map_err(|_| malformed)?,
        None => PORT,
    };
    Ok((host, port))
}

fn account(credentials: &str) -> (Option<String>, Option<Secret>) {
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    // What could not stand in a URL was not encoded for one.
    let is_literal = credentials.contains(['@', '/', '?', '#']) || password.contains(':');
    let decoded = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8();
        match decoded {
            Ok(decoded) if !is_literal && is_encoded(text) => decoded.into_owned(),
            _ => text.to_owned(),
        }
    };
    let some = |text: &str| (!text.is_empty()).then(|| decoded(text));
    (some(user), some(password).map(Secret::from))
}

/// Whether every `%` begins two hexadecimal digits.
fn is_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> (String, Option<String>, Option<String>) {
        let address = RedisAddress::parse(url).unwrap();
        let password = address.password.as_ref().map(|p| p.expose().to_owned());
        (address.to_string(), address.username, password)
    }

    #[test]
    fn urls_are_read_as_people_write_them() {
        let some = |text: &str| Some(text.to_owned());
        for (url, shown, user, password) in [
            ("redis://cache", "redis://cache:6379/0", None, None),
            ("rediss://cache:7000/3", "rediss://cache:7000/3", None, None),
            ("redis://:s%40t@c:1", "redis://c:1/0", None, some("s@t")),
            (
                "redis://u:p@[::1]:1/2?x=y",
                "redis://::1:1/2",
                some("u"),
                some("p"),
            ),
            (
                "redis://u:p@s/s:w%40@c:1",
                "redis://c:1/0",
                some("u"),
                some("p@s/s:w%40"),
            ),
            ("redis://:50%@c", "redis://c:6379/0", None, some("50%")),
        ] {
            assert_eq!(parsed(url), (shown.to_owned(), user, password), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_why_without_the_password() {
        for url in [
            "postgres://:secret@c",
            "redis://:secret@",
            "redis://:secret@c:x",
            "redis://:secret@c/x",
            ":secret@c",
        ] {
            let error = RedisAddress::parse(url).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
