//! The management API: keys, teams, users, budgets and the like, in LiteLLM's forms (reference
//! section 2.3), kept in whatever implements [`lockgate_core::ports::EntityStore`].
//!
//! [`find`] says which [`AdminRoute`] a request means; [`Admin::answer`] decides on that route
//! whether the caller may ask, reads what was asked, changes the store, writes the audit log in the
//! same transaction, and tells the process what changed.

mod access;
mod access_groups;
mod admin;
mod ask;
mod audit;
mod body;
mod budgets;
mod caller;
mod config;
mod credentials;
mod customers;
mod directory;
mod edit;
mod facts;
mod fields;
mod identify;
mod jwt_mappings;
mod keys;
mod models;
mod organizations;
mod paging;
mod projects;
mod query;
mod refusal;
mod register;
mod rotation;
mod route;
mod row;
mod settings;
mod spend;
mod table;
mod tags;
mod teams;
mod time;
mod users;
mod vault;

pub use self::access::Who;
pub use self::admin::{Admin, AdminRequest, AdminResponse, Media, without_store};
pub use self::caller::{Caller, KeyCaller, OrganizationRole, Role, TeamRole};
pub use self::directory::DirectorySink;
pub use self::identify::{identify, identify_bearer};
pub use self::register::{NotRegistered, Registration};
pub use self::rotation::Rotated;
pub use self::route::{AdminRoute, Found, Verb, find};
pub use self::settings::AdminSettings;
pub use self::spend::{Priced, Prices, Quote, Unpriced};
pub use self::vault::Vault;
