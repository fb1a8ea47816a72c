//! Where Redis is: one place out of three sections and the environment (reference sections 2 and 7).

use super::super::RedisSettings;
use super::super::document::join;
use super::super::findings::Findings;
use super::super::keys::{CACHE, KeyTable, REDIS};
use super::super::yaml::Mapping;
use super::fields::Fields;
use crate::{Environment, Secret};

const IGNORED: &str = "ignored";
const NOT_SHARED: &str = "limits are not shared";
/// What names more than one server, wherever it is written.
const SEVERAL: [&str; 4] = [
    "redis_startup_nodes",
    "sentinel_nodes",
    "service_name",
    "startup_nodes",
];
const SEVERAL_VARIABLES: [&str; 3] = [
    "REDIS_CLUSTER_NODES",
    "REDIS_SENTINEL_NODES",
    "REDIS_SERVICE_NAME",
];
/// The kinds of cache that are a Redis.
const REDIS_TYPES: [&str; 2] = ["redis", "redis-semantic"];

/// The names of the parts in one section.
struct Names {
    url: &'static str,
    host: &'static str,
    port: &'static str,
    password: &'static str,
    database: &'static str,
}

const PLAIN: Names = Names {
    url: "url",
    host: "host",
    port: "port",
    password: "password",
    database: "db",
};
const PREFIXED: Names = Names {
    url: "redis_url",
    host: "redis_host",
    port: "redis_port",
    password: "redis_password",
    database: "redis_db",
};

/// The first place that names a server: `general_settings.coordination_redis`, `router_settings`,
/// `litellm_settings.cache_params`, the environment. What it leaves out is the environment's.
pub(super) fn settings(
    [general, router, litellm]: [&Mapping; 3],
    environment: &Environment,
    findings: &mut Findings,
) -> Option<RedisSettings> {
    let coordination = child(general, "general_settings", "coordination_redis", findings);
    let cache = child(litellm, "litellm_settings", "cache_params", findings);
    let mut read = |from: Option<(&Mapping, String)>, table: Option<KeyTable>, names| {
        let (mapping, path) = from?;
        if let Some(table) = table {
            table.check(mapping, &path, findings);
        }
        section(mapping, &path, &names, findings)
    };
    let said = [
        read(coordination, Some(REDIS), PLAIN),
        read(Some((router, "router_settings".to_owned())), None, PREFIXED),
        read(cache, Some(CACHE), PLAIN),
    ];
    let namespaces: Vec<_> = said
        .iter()
        .flatten()
        .map(|said| said.namespace.clone())
        .collect();
    let named = said
        .into_iter()
        .flatten()
        .find(|said| said.url.is_some() || said.host.is_some());
    let mut found = match named {
        Some(said) => completed(said, environment),
        None => from_environment(environment)?,
    };
    found.namespace = found
        .namespace
        .or_else(|| namespaces.into_iter().flatten().next())
        .or_else(|| variable(environment, "REDIS_NAMESPACE"));
    Some(found)
}

fn child<'a>(
    mapping: &'a Mapping,
    path: &str,
    name: &str,
    findings: &mut Findings,
) -> Option<(&'a Mapping, String)> {
    Fields::new(mapping, path, findings, IGNORED).child(name)
}

fn section(
    mapping: &Mapping,
    path: &str,
    names: &Names,
    findings: &mut Findings,
) -> Option<RedisSettings> {
    let mut fields = Fields::new(mapping, path, findings, NOT_SHARED);
    let is_plain = names.host == PLAIN.host;
    let kind = if is_plain { fields.word("type") } else { None };
    if let (Some(kind), Some(node)) = (&kind, mapping.get("type"))
        && !REDIS_TYPES.contains(&kind.as_str())
    {
        let what = format!("`{kind}` is a cache, which this version has not; it has no effect");
        fields.findings.warn(node.mark, &join(path, "type"), what);
        return None;
    }
    if is_plain {
        for name in SEVERAL {
            if let Some(node) = mapping.get(name) {
                let what = "Redis Cluster and Sentinel are not supported: name one server with \
                            `host` and `port`, or `url`";
                fields.error(node.mark, &join(path, name), what);
            }
        }
    }
    let port = fields.small_count(names.port);
    let settings = RedisSettings {
        url: fields.secret(names.url).filter(|url| !url.is_empty()),
        host: fields.word(names.host),
        port: port.and_then(|port| u16::try_from(port).ok()),
        username: if is_plain {
            fields.word("username")
        } else {
            None
        },
        password: fields
            .secret(names.password)
            .filter(|secret| !secret.is_empty()),
        database: fields.small_count(names.database),
        tls: is_plain && fields.is_on("ssl"),
        namespace: if is_plain {
            fields.word("namespace")
        } else {
            None
        },
        several: false,
    };
    (fields.errors == 0).then_some(settings)
}

/// A section that names a host may leave its password to the environment.
fn completed(said: RedisSettings, environment: &Environment) -> RedisSettings {
    if said.url.is_some() {
        return said;
    }
    let of = parts(environment);
    RedisSettings {
        port: said.port.or(of.port),
        username: said.username.or(of.username),
        password: said.password.or(of.password),
        database: said.database.or(of.database),
        tls: said.tls || of.tls,
        ..said
    }
}

fn from_environment(environment: &Environment) -> Option<RedisSettings> {
    let several = SEVERAL_VARIABLES
        .iter()
        .any(|name| variable(environment, name).is_some());
    let found = RedisSettings {
        url: variable(environment, "REDIS_URL").map(Secret::from),
        host: variable(environment, "REDIS_HOST"),
        several,
        ..parts(environment)
    };
    (several || found.url.is_some() || found.host.is_some()).then_some(found)
}

fn parts(environment: &Environment) -> RedisSettings {
    let number = |name| variable(environment, name).and_then(|text| text.parse().ok());
    // Beside a service called `redis`, Kubernetes sets REDIS_PORT to tcp://ADDRESS:PORT.
    let port = variable(environment, "REDIS_PORT");
    let port = port.and_then(|port| port.rsplit(':').next()?.parse().ok());
    RedisSettings {
        port,
        username: variable(environment, "REDIS_USERNAME"),
        password: variable(environment, "REDIS_PASSWORD").map(Secret::from),
        database: number("REDIS_DB"),
        tls: environment.flag("REDIS_SSL"),
        ..RedisSettings::default()
    }
}

fn variable(environment: &Environment, name: &str) -> Option<String> {
    environment.get_non_empty(name).map(str::to_owned)
}
