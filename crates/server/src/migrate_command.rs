//! `lockgate migrate`: the tables, made or brought to what this version needs.

use std::process::ExitCode;

use lockgate_core::Environment;
use lockgate_store::{ConnectOptions, Located, Migrated, Store};

use crate::cli::{MigrateArgs, complain, say};
use crate::database;

/// Migrates, and says from which version to which; 1 when it did not come to its end.
pub(crate) fn run(args: MigrateArgs, environment: &Environment) -> anyhow::Result<ExitCode> {
    let located = database::locate(args.database, environment)?;
    let patience = args.wait_db;
    let migrated = database::block_on(async {
        let store = Store::connect(&located.primary, None, ConnectOptions::default())?;
        let migrated = match patience {
            None => store.migrate().await,
            Some(patience) => {
                store
                    .migrate_within(patience, |reason| complain(&format!("waiting: {reason}")))
                    .await
            }
        };
        store.close().await;
        migrated
    })?;
    report(&located, migrated?);
    Ok(ExitCode::SUCCESS)
}

fn report(located: &Located, Migrated { from, to }: Migrated) {
    let place = &located.primary;
    say(&match from {
        from if from == to => format!("{place}: the tables are of version {to} already"),
        0 => format!("{place}: made the tables, version {to}"),
        from => format!("{place}: from version {from} to {to}"),
    });
}
