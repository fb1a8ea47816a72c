//! A database and its owner on a PostgreSQL server, made and dropped by an administrator.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};

use lockgate_core::Secret;
use lockgate_core::ports::StoreError;

use crate::failure::understood;
use crate::url::{DatabaseUrl, Server, Target};

/// What [`create_database`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// The user was not there.
    pub user: bool,
    /// The database was not there.
    pub database: bool,
}

/// What [`drop_database`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// The user was there and is gone; one who owns something else stays.
    pub user: bool,
    /// The database was there.
    pub database: bool,
}

/// Why a database was not made or dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// SQLite has neither users nor servers.
    #[error("{0} is a file: there is nothing to create or drop, `lockgate migrate` makes it")]
    File(String),
    /// The administrator's own would be dropped.
    #[error("{0} is a database or user of the server itself: it is left alone")]
    Protected(String),
    /// The server did not let the administrator in, or did not let it do that.
    #[error("as administrator: {0}")]
    Administrator(StoreError),
    /// Everything is there, but its owner is not let in.
    #[error("the database is there, but its user cannot connect: {0}")]
    Owner(StoreError),
}

/// Names of the server itself.
const PROTECTED: [&str; 4] = ["postgres", "template0", "template1", "rdsadmin"];

/// Makes the user and the database that `url` names, as `admin` and with `password`, or brings
/// them to what the URL says: the user's password, the owner, its rights. Ends by connecting as
/// the user.
///
/// # Errors
/// When one of the two is not let in, or not allowed to.
pub async fn create_database(
    url: &DatabaseUrl,
    admin: &str,
    password: &Secret,
) -> Result<Created, AdminError> {
    let server = server(url)?;
    let created = create(server, admin, password).await;
    let created = created.map_err(|error| AdminError::Administrator(understood(&error)))?;
    let owner = PgConnection::connect_with(&server.options()).await;
    let owner = owner.map_err(|error| AdminError::Owner(understood(&error)))?;
    // The answer was what counted.
    let _closed = owner.close().await;
    Ok(created)
}

/// Drops the database that `url` names, with all connections to it, and its user, as `admin` with
/// `password`. What is not there is no error.
///
/// # Errors
/// When the administrator is not let in, or not allowed to.
pub async fn drop_database(
    url: &DatabaseUrl,
    admin: &str,
    password: &Secret,
) -> Result<Dropped, AdminError> {
    let server = server(url)?;
    let protected = [&server.database, &server.user].into_iter().find(|name| {
        PROTECTED.contains(&name.as_str()) || (*name == admin && server.user == admin)
    });
    if let Some(name) = protected {
        return Err(AdminError::Protected(name.clone()));
    }
    let dropped = drop_all(server, admin, password).await;
    dropped.map_err(|error| AdminError::Administrator(understood(&error)))
}

fn server(url: &DatabaseUrl) -> Result<&Server, AdminError> {
    match url.target() {
        Target::Postgres(server) => Ok(server),
        Target::Sqlite(_) => Err(AdminError::File(url.to_string())),
    }
}

/// A session of the administrator in `database`.
async fn session(
    server: &Server,
    admin: &str,
    password: &Secret,
    database: &str,
) -> Result<PgConnection, sqlx::Error> {
    let options = server.options().username(admin).password(password.expose());
    PgConnection::connect_with(&options.database(database)).await
}

async fn create(server: &Server, admin: &str, password: &Secret) -> Result<Created, sqlx::Error> {
    let mut session_there = session(server, admin, password, "postgres").await?;
    let (user, database) = (server.user.as_str(), server.database.as_str());
    let has_user = has(
        &mut session_there,
        "SELECT 1 FROM pg_roles WHERE rolname = $1",
        user,
    )
    .await?;
    let secret = server
        .password
        .as_ref()
        .map_or("", |secret| secret.expose());
    if !has_user {
        utility(
            &mut session_there,
            "SELECT format('CREATE ROLE %I LOGIN', $1, $2)",
            user,
            "",
        )
        .await?;
    }
    if !secret.is_empty() {
        set_password(&mut session_there, user, secret).await?;
    }
    let there = "SELECT 1 FROM pg_database WHERE datname = $1";
    let has_database = has(&mut session_there, there, database).await?;
    if has_database {
        // Managed servers have administrators that are not allowed to; what follows is enough.
        let owner = "SELECT format('ALTER DATABASE %I OWNER TO %I', $1, $2)";
        let _given = utility(&mut session_there, owner, database, user).await;
    } else {
        // Only a member of a role may give it something (managed servers have no superuser).
        let join = "SELECT format('GRANT %I TO %I', $1, $2)";
        let _joined = utility(&mut session_there, join, user, admin).await;
        let make = "SELECT format('CREATE DATABASE %I OWNER %I', $1, $2)";
        utility(&mut session_there, make, database, user).await?;
    }
    let grant = "SELECT format('GRANT ALL ON DATABASE %I TO %I', $1, $2)";
    utility(&mut session_there, grant, database, user).await?;
    session_there.close().await?;
    let mut inside = session(server, admin, password, database).await?;
    let grant = "SELECT format('GRANT ALL ON SCHEMA %I TO %I', $1, $2)";
    utility(&mut inside, grant, "public", user).await?;
    inside.close().await?;
    Ok(Created {
        user: !has_user,
        database: !has_database,
    })
}

async fn drop_all(server: &Server, admin: &str, password: &Secret) -> Result<Dropped, sqlx::Error> {
    let mut session = session(server, admin, password, "postgres").await?;
    let (user, database) = (server.user.as_str(), server.database.as_str());
    let there = "SELECT 1 FROM pg_database WHERE datname = $1";
    let has_database = has(&mut session, there, database).await?;
    if has_database {
        let statement = "SELECT format('DROP DATABASE %I WITH (FORCE)', $1, $2)";
        utility(&mut session, statement, database, "").await?;
    }
    let there = "SELECT 1 FROM pg_roles WHERE rolname = $1";
    let mut has_user = has(&mut session, there, user).await?;
    if has_user {
        let statement = "SELECT format('DROP ROLE %I', $1, $2)";
        match utility(&mut session, statement, user, "").await {
            Err(error) if owns_something(&error) => has_user = false,
            dropped => dropped?,
        }
    }
    session.close().await?;
    Ok(Dropped {
        user: has_user,
        database: has_database,
    })
}

/// PostgreSQL's `dependent_objects_still_exist`.
fn owns_something(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .as_deref()
        == Some("2BP01")
}

async fn has(
    session: &mut PgConnection,
    query: &'static str,
    name: &str,
) -> Result<bool, sqlx::Error> {
    Ok(session
        .fetch_optional(sqlx::query(query).bind(name))
        .await?
        .is_some())
}

/// Runs the statement that the server made of two names: names cannot be bound, so it quotes them.
async fn utility(
    session: &mut PgConnection,
    format: &'static str,
    first: &str,
    second: &str,
) -> Result<(), sqlx::Error> {
    let query = sqlx::query(format).bind(first).bind(second);
    let statement: String = session.fetch_one(query).await?.try_get(0)?;
    session.execute(AssertSqlSafe(statement)).await.map(drop)
}

/// Sets a password that goes to the server as a bound value: a log of DDL statements does not have
/// it, as it would have one that stands in `CREATE ROLE`.
async fn set_password(
    session: &mut PgConnection,
    user: &str,
    password: &str,
) -> Result<(), sqlx::Error> {
    let mut transaction = session.begin().await?;
    let hand_over = "SELECT set_config('lockgate.role', $1, true), \
                     set_config('lockgate.password', $2, true)";
    let query = sqlx::query(hand_over).bind(user).bind(password);
    transaction.fetch_one(query).await?;
    transaction
        .execute(
            "DO $$ BEGIN EXECUTE format('ALTER ROLE %I PASSWORD %L', \
             current_setting('lockgate.role'), current_setting('lockgate.password')); END $$",
        )
        .await?;
    transaction.commit().await
}
