//! Where the database is, as operators write it.

use std::path::Path;

use lockgate_core::{Environment, Secret};
use lockgate_store::{DatabaseUrl, Located, UrlError};
use proptest::prelude::*;

fn shown(url: &str) -> String {
    DatabaseUrl::parse(url).map_or_else(|error| error.to_string(), |url| url.to_string())
}

/// What the server is asked to accept: the password is in no output, so it is proven by a login
/// in `admin.rs`; here everything around it.
#[test]
fn well_formed_urls() {
    for (url, place) in [
        ("postgresql://u:p@h:5433/d", "postgresql://u@h:5433/d"),
        ("postgres://u:p@h/d", "postgresql://u@h:5432/d"),
        (
            "postgresql://u@h/d?sslmode=require",
            "postgresql://u@h:5432/d",
        ),
        (
            "postgresql://u%40x:p%2Fq@h/d%2De",
            "postgresql://u@x@h:5432/d-e",
        ),
        ("postgresql://u:p@[::1]:5433/d", "postgresql://u@::1:5433/d"),
        (
            "postgresql://u:p@%2Fvar%2Frun/d",
            "postgresql://u@/var/run:5432/d",
        ),
        (
            "postgresql:///d?host=/var/run&user=u",
            "postgresql://u@/var/run:5432/d",
        ),
        (
            "postgresql://u:p@h/d?application_name=a%40b",
            "postgresql://u@h:5432/d",
        ),
        ("sqlite:a/b.db", "sqlite:a/b.db"),
        ("sqlite:///a/b.db", "sqlite:/a/b.db"),
        ("  sqlite:/a/b.db\n", "sqlite:/a/b.db"),
    ] {
        assert_eq!(shown(url), place, "{url}");
    }
}

#[test]
fn passwords_that_were_spliced_in_as_they_are() {
    for password in [
        "p@ss", "p/ss", "p:ss", "p#ss", "p?ss", "p%ss", "p%zz", "@", "a@b@c", "12/x", "x?y=1",
        "a:1/b@c",
    ] {
        let url = format!("postgresql://litellm:{password}@db.default.svc:5432/litellm?schema=x");
        assert_eq!(
            shown(&url),
            "postgresql://litellm@db.default.svc:5432/litellm",
            "{password}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_said_without_the_password() {
    for (url, says) in [
        ("mysql://u:hush@h/d", "begins with `mysql`"),
        ("hush", "no scheme"),
        ("postgresql:u:hush@h/d", "`//` is missing"),
        ("postgresql://u:hush@h", "names no database"),
        ("postgresql://:hush@h/d", "names no user"),
        (
            "postgresql://u:hush@h:port/d",
            "user:password@host:port/database",
        ),
        ("postgresql://u:hush@h/d?sslmode=maybe", "`sslmode=maybe`"),
        (
            "postgresql://u:hush@h/d?connection_limit=0",
            "`connection_limit=0`",
        ),
        ("sqlite::memory:", "would be lost"),
        ("sqlite:", "name a file"),
    ] {
        let said = DatabaseUrl::parse(url).unwrap_err().to_string();
        assert!(said.contains(says), "{url}: {said}");
        assert!(!said.contains("hush"), "{url}: {said}");
    }
}

#[test]
fn what_kubernetes_left_is_named() {
    let url = "postgresql://litellm:$(LITELLM_POSTGRESQL__PASSWORD)@h:5432/litellm";
    let said = DatabaseUrl::parse(url).unwrap_err();
    assert_eq!(
        said,
        UrlError::Unexpanded("LITELLM_POSTGRESQL__PASSWORD".to_owned())
    );
    assert!(said.to_string().contains("envFrom"), "{said}");
    // A password may well look like the beginning of one.
    assert_eq!(shown("postgresql://u:a$(b@h/d"), "postgresql://u@h:5432/d");
}

#[test]
fn parameters_without_an_effect_are_warned_of() {
    let url = "postgresql://u:p@h/d?connection_limit=5&pool_timeout=0&pgbouncer=true&schema=s\
               &sslmode=prefer&sslaccept=strict&connect_timeout=3&colour=red";
    let url = DatabaseUrl::parse(url).unwrap();
    assert_eq!(
        url.warnings(),
        [
            "the parameter `connect_timeout` of the database URL has no effect",
            "the parameter `colour` of the database URL is not known; it has no effect",
        ]
    );
    let url = DatabaseUrl::parse("postgresql://u:p@ss@h/d").unwrap();
    assert_eq!(url.warnings().len(), 1, "{:?}", url.warnings());
}

fn located(variables: &[(&str, &str)], configured: Option<&str>) -> Result<String, String> {
    let environment: Environment = variables.iter().copied().collect();
    let configured = configured.map(Secret::from);
    let located = Located::find(configured.as_ref(), &environment, Path::new("data"));
    let located = located.map_err(|error| error.to_string())?;
    Ok(match located.replica {
        Some(replica) => format!("{} and {replica}", located.primary),
        None => located.primary.to_string(),
    })
}

#[test]
fn the_environment_names_the_database() {
    let parts = [
        ("DATABASE_HOST", "h"),
        ("DATABASE_USERNAME", "u"),
        ("DATABASE_PASSWORD", "p@/:#%"),
        ("DATABASE_NAME", "n"),
    ];
    let url = ("DATABASE_URL", "postgresql://u:p@url/d");
    let with = |more: &[(&'static str, &'static str)]| [&parts[..], more].concat();
    assert_eq!(located(&[], None).unwrap(), "sqlite:data/lockgate.db");
    assert_eq!(located(&parts, None).unwrap(), "postgresql://u@h:5432/n");
    let with_port = with(&[("DATABASE_PORT", "6000")]);
    assert_eq!(
        located(&with_port, None).unwrap(),
        "postgresql://u@h:6000/n"
    );
    let with_host = with(&[("DATABASE_HOST", "h:7000")]);
    assert_eq!(
        located(&with_host, None).unwrap(),
        "postgresql://u@h:7000/n"
    );
    assert_eq!(
        located(&with(&[url]), None).unwrap(),
        "postgresql://u@url:5432/d"
    );
    assert_eq!(
        located(&[url], Some("postgresql://c@c/c")).unwrap(),
        "postgresql://c@c:5432/c"
    );
    let replica = ("DATABASE_URL_READ_REPLICA", "postgresql://u:p@copy/d");
    assert_eq!(
        located(&[url, replica], None).unwrap(),
        "postgresql://u@url:5432/d and postgresql://u@copy:5432/d"
    );
    assert_eq!(
        located(&[replica], None).unwrap(),
        "sqlite:data/lockgate.db"
    );
    let said = located(&parts[..1], None).unwrap_err();
    assert!(said.contains("DATABASE_USERNAME"), "{said}");
    assert_eq!(
        located(&[("DATABASE_URL", "")], None).unwrap(),
        "sqlite:data/lockgate.db"
    );
}

proptest! {
    /// Whatever a password is made of: it never shows, and it never moves the host, as long as the
    /// URL can be read at all.
    #[test]
    fn no_password_shows(password in "[a-z@/:#?%&=+ ]{0,12}") {
        let password = format!("hush{password}");
        let url = format!("postgresql://user:{password}@host.test:5432/base");
        match DatabaseUrl::parse(&url) {
            Ok(url) => prop_assert_eq!(url.to_string(), "postgresql://user@host.test:5432/base"),
            Err(error) => prop_assert!(!error.to_string().contains("hush")),
        }
        let shown = format!("{:?}", DatabaseUrl::parse(&url));
        prop_assert!(!shown.contains("hush"), "{shown}");
    }
}
