//! `lockgate db`: a database and its user on a PostgreSQL server, made and dropped.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::bail;
use lockgate_core::{Environment, Secret};
use lockgate_store::{Created, DatabaseUrl, Dropped, create_database, drop_database};

use crate::cli::{DbArgs, DbCommand, say};
use crate::database;

/// PostgreSQL's first superuser.
const ADMINISTRATOR: &str = "postgres";
/// The second is what `psql` and the server's own chart use.
const PASSWORDS: [&str; 2] = ["DATABASE_ADMIN_PASSWORD", "PGPASSWORD"];

/// Makes or drops.
pub(crate) fn run(command: DbCommand, environment: &Environment) -> anyhow::Result<ExitCode> {
    match command {
        DbCommand::Create(args) => create(args, environment),
        DbCommand::Drop { db, force } => destroy(db, force, environment),
    }
}

fn create(args: DbArgs, environment: &Environment) -> anyhow::Result<ExitCode> {
    let (admin, password) = administrator(&args, environment);
    let url = database::locate(args.database, environment)?.primary;
    let Created { user, database } = database::block_on(create_database(&url, &admin, &password))??;
    let state = |is_new| if is_new { "made" } else { "there already" };
    say(&format!(
        "{url}: user {}, database {}; the user can connect",
        state(user),
        state(database)
    ));
    Ok(ExitCode::SUCCESS)
}

fn destroy(args: DbArgs, force: bool, environment: &Environment) -> anyhow::Result<ExitCode> {
    let (admin, password) = administrator(&args, environment);
    let url = database::locate(args.database, environment)?.primary;
    if !force && !is_confirmed(&url)? {
        say("nothing was dropped");
        return Ok(ExitCode::FAILURE);
    }
    let Dropped { user, database } = database::block_on(drop_database(&url, &admin, &password))??;
    let state = |is_gone| if is_gone { "dropped" } else { "not dropped" };
    say(&format!(
        "{url}: database {}, user {}",
        if database { "dropped" } else { "was not there" },
        state(user)
    ));
    Ok(ExitCode::SUCCESS)
}

/// Asks whoever sits at the terminal.
fn is_confirmed(url: &DatabaseUrl) -> anyhow::Result<bool> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        bail!(
            "this would drop {url} with everything in it, and nobody is here to ask: add --force"
        );
    }
    let mut output = std::io::stdout().lock();
    write!(
        output,
        "This drops {url} with everything in it. Type yes to go on: "
    )?;
    output.flush()?;
    let mut answer = String::new();
    input.lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

fn administrator(args: &DbArgs, environment: &Environment) -> (String, Secret) {
    let user = args
        .admin_user
        .as_deref()
        .or_else(|| environment.get_non_empty("DATABASE_ADMIN_USERNAME"));
    let password = environment.first_non_empty(&PASSWORDS);
    (
        user.unwrap_or(ADMINISTRATOR).to_owned(),
        Secret::new(password.unwrap_or_default()),
    )
}
