//! A LiteLLM database with every kind of row, and ways to import it.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lockgate_core::Secret;
use lockgate_import::{Keychain, Mode, Options, Report, Source, import};
use serde_json::Value;

use crate::postgres::Postgres;

pub(crate) const SCHEMA: &str = include_str!("fixtures/schema.sql");
const DATA: &str = include_str!("fixtures/data.sql");
const CIPHERTEXTS: &str = include_str!("fixtures/ciphertexts.json");

/// What the ciphertexts were made with.
pub(crate) const SALT: &str = "sk-salt-key-of-the-fixture";
pub(crate) const MASTER: &str = "sk-master-of-the-fixture";

pub(crate) fn ciphertexts() -> Value {
    serde_json::from_str(CIPHERTEXTS).unwrap()
}

/// The rows, with the ciphertexts in their places.
pub(crate) fn data() -> String {
    let made = ciphertexts();
    let mut sql = DATA.to_owned();
    for (mark, place) in [
        ("nacl", "xsalsa20-poly1305"),
        ("gcm", "aes-256-gcm"),
        ("master", "master key"),
        ("lost", "lost key"),
    ] {
        for (plain, sealed) in made[place].as_object().unwrap() {
            if let Some(sealed) = sealed.as_str() {
                sql = sql.replace(&format!("<<{mark}:{plain}>>"), sealed);
            }
        }
    }
    let callback = &made["xsalsa20-poly1305"]["callback"]["logging"][0]["callback_vars"];
    sql.replace(
        "<<callback>>",
        callback["langfuse_secret_key"].as_str().unwrap(),
    )
}

/// A server with all of it.
pub(crate) fn litellm() -> Postgres {
    let server = Postgres::start();
    server.run(SCHEMA);
    server.run(data());
    server
}

pub(crate) fn micros(at: &str) -> i64 {
    at.parse::<Timestamp>().unwrap().as_microsecond()
}

pub(crate) fn options() -> Options {
    Options {
        overwrite: false,
        since: None,
        keys: Keychain::new([Secret::new(SALT), Secret::new(MASTER)]),
        now: micros("2026-11-15T12:00:00Z"),
        zone: TimeZone::UTC,
    }
}

pub(crate) async fn run(server: &Postgres, mode: Mode<'_>, options: &Options) -> Report {
    let source = Source::open(&server.url()).await.unwrap();
    import(source, mode, options, &mut |_| {}).await.unwrap()
}

/// A report as an operator sees it, with the database's place taken out.
pub(crate) fn shown(server: &Postgres, report: &Report) -> String {
    report.to_string().replace(&server.place(), "(a place)")
}
