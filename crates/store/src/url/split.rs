//! A URL into its parts, also when its password was put in as it is.

use std::str;

use lockgate_core::Secret;
use percent_encoding::percent_decode_str;

use super::UrlError;

/// The parts of what follows `postgresql://`.
pub(super) struct Parts<'a> {
    /// `user` or `user:password`.
    credentials: &'a str,
    /// A name, an address or an encoded path.
    pub host: &'a str,
    pub port: Option<u16>,
    pub database: &'a str,
    pub parameters: Vec<(&'a str, &'a str)>,
    /// Whether the credentials are to be taken as they are.
    pub is_literal: bool,
}

/// Host, port and database.
type Place<'a> = (&'a str, Option<u16>, &'a str);

// === impl Parts ===

impl<'a> Parts<'a> {
    /// Splits `text`; `None` when nothing in it can be a host.
    pub(super) fn split(text: &'a str) -> Option<Self> {
        let formed = Self::well_formed(text);
        let is_plain = |parts: &Self| parts.parameters.iter().all(|(_, v)| !v.contains('@'));
        if formed.as_ref().is_some_and(is_plain) {
            return formed;
        }
        // An `@` among the parameters may be what ends a password with a `?` in it.
        let last = text.rfind('@').and_then(|at| Self::literal(text, at));
        let any = || {
            text.rmatch_indices('@')
                .find_map(|(at, _)| Self::literal(text, at))
        };
        last.or(formed).or_else(any)
    }

    /// By the rules of RFC 3986: credentials end at the only `@` before the first `/` or `?`.
    fn well_formed(text: &'a str) -> Option<Self> {
        if text.contains('#') {
            return None;
        }
        let (front, query) = text.split_once('?').unwrap_or((text, ""));
        let (authority, _) = front.split_once('/').unwrap_or((front, ""));
        let (credentials, place) = match authority.split_once('@') {
            Some((credentials, _)) => (credentials, &front[credentials.len() + 1..]),
            // A host that is followed by an `@` was the beginning of credentials.
            None if text.contains('@') => return None,
            None => ("", front),
        };
        let encoded = credentials.split_once(':').map_or("", |(_, secret)| secret);
        if encoded.contains(':') || !is_encoded(credentials) {
            return None;
        }
        let (host, port, database) = place_of(place)?;
        Some(Self {
            credentials,
            host,
            port,
            database,
            parameters: parameters_of(query)?,
            is_literal: false,
        })
    }

    /// Credentials end at `at`, if a host and a database are behind it.
    fn literal(text: &'a str, at: usize) -> Option<Self> {
        let behind = &text[at + 1..];
        let (front, query) = behind.split_once('?').unwrap_or((behind, ""));
        let (host, port, database) = place_of(front)?;
        if database.is_empty() {
            return None;
        }
        Some(Self {
            credentials: &text[..at],
            host,
            port,
            database,
            parameters: parameters_of(query)?,
            is_literal: true,
        })
    }

    /// The user.
    pub(super) fn user(&self) -> Result<String, UrlError> {
        let user = self
            .credentials
            .split_once(':')
            .map_or(self.credentials, |(user, _)| user);
        self.read(user)
    }

    /// The password, if there is one.
    pub(super) fn password(&self) -> Result<Option<Secret>, UrlError> {
        let password = self
            .credentials
            .split_once(':')
            .map(|(_, password)| password);
        password
            .map(|text| self.read(text).map(Secret::from))
            .transpose()
    }

    fn read(&self, text: &str) -> Result<String, UrlError> {
        if self.is_literal {
            return Ok(text.to_owned());
        }
        let decoded = percent_decode_str(text).decode_utf8();
        let decoded = decoded.map_err(|_| UrlError::Malformed("its password is not UTF-8"))?;
        Ok(decoded.into_owned())
    }
}

/// Whether every `%` is followed by two hexadecimal digits, and they are UTF-8 together.
fn is_encoded(text: &str) -> bool {
    let escapes = text.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    escapes && percent_decode_str(text).decode_utf8().is_ok()
}

/// `host`, `host:port`, `host:port/database`.
fn place_of(text: &str) -> Option<Place<'_>> {
    let (address, database) = text.split_once('/').unwrap_or((text, ""));
    if database.contains(['@', '/', ':', '#']) {
        return None;
    }
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            let is_address = host.parse::<std::net::Ipv6Addr>().is_ok();
            (
                is_address.then_some(host)?,
                rest.strip_prefix(':').unwrap_or(rest),
            )
        }
        None => address.split_once(':').unwrap_or((address, "")),
    };
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '%' | ':');
    if !host.chars().all(is_host) {
        return None;
    }
    let port = match port {
        "" => None,
        port => Some(port.parse().ok().filter(|port| *port != 0)?),
    };
    Some((host, port, database))
}

fn parameters_of(query: &str) -> Option<Vec<(&str, &str)>> {
    if query.is_empty() {
        return Some(Vec::new());
    }
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('='))
        .collect()
}
