//! What a database adds to the files: deployments, credentials, and settings changed at run time.
//!
//! All of it is laid into the tree of the files before that is read, so that it means what it would
//! mean there, and is judged by the same rules.

mod lay;
mod settings;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub(super) use self::lay::lay;
pub use self::settings::{RUN_TIME_SETTINGS, RunTimeSetting, SettingForm};

/// What the database holds besides the files. Secrets in it are open.
#[derive(Clone, Default)]
pub struct Stored {
    /// Deployments, in the order in which they are served behind those of the files.
    pub models: Vec<StoredModel>,
    /// Credentials by name; their values, as a `credential_list` has them. One of the files wins.
    pub credentials: BTreeMap<String, Map<String, Value>>,
    /// Settings by section and name. What cannot be changed at run time is left out.
    pub sections: BTreeMap<String, Map<String, Value>>,
}

/// A deployment of the database.
#[derive(Clone)]
pub struct StoredModel {
    /// Its id, which is that of the deployment.
    pub id: String,
    /// `model_name`
    pub model_name: Value,
    /// `litellm_params`
    pub params: Map<String, Value>,
    /// `model_info`
    pub info: Map<String, Value>,
    /// Whether its `os.environ/NAME` may be looked up: only what administrators wrote may read the
    /// environment of the process.
    pub reads_environment: bool,
}

/// A deployment that is written down and cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unserved {
    /// Its id, if it has one of its own.
    pub id: String,
    /// Its public name, as far as it can be told.
    pub model_name: String,
    /// Why, for the operator.
    pub reason: String,
    /// Whether it is kept in the database.
    pub in_database: bool,
}

/// A place in the database that a part of the tree comes from.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// What stands for the file in messages: `database/model/ID`.
    pub(super) name: String,
    /// Whether references to the environment are looked up.
    pub(super) reads_environment: bool,
}

/// Variables that nothing stored can read, whoever wrote it: who can change a deployment could send
/// them to a server of his choice.
pub(super) const NOT_FOR_THE_STORED: [&str; 10] = [
    "DATABASE_PASSWORD",
    "DATABASE_URL",
    "DATABASE_URL_READ_REPLICA",
    "LITELLM_LICENSE",
    "LITELLM_MASTER_KEY",
    "LITELLM_SALT_KEY",
    "PROXY_MASTER_KEY",
    "REDIS_PASSWORD",
    "REDIS_URL",
    "UI_PASSWORD",
];
