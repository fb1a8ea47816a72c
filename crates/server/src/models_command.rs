//! `lockgate models`: what a configuration serves.

use std::process::ExitCode;

use lockgate_core::{Environment, Secret};
use lockgate_engine::auth::Keys;
use lockgate_engine::snapshot::Snapshot;

use crate::cli::{ConfigArgs, say};
use crate::configure;

/// Prints one line per deployment: public name, provider and model, base URL.
pub(crate) fn run(args: ConfigArgs, environment: &Environment) -> anyhow::Result<ExitCode> {
    let file = args.complete(environment).config;
    let configured = configure::read(file.as_ref(), environment)?;
    let keys = Keys::new(&Secret::new(""), None);
    let (snapshot, _rejected) = Snapshot::build(configured.config, keys, None);
    let rows: Vec<[String; 3]> = snapshot
        .listed_models()
        .into_iter()
        .flat_map(|(name, group)| {
            group.deployments.iter().map(move |deployment| {
                [
                    name.to_owned(),
                    format!("{}/{}", deployment.provider.id, deployment.model),
                    deployment.connection.api_base().to_owned(),
                ]
            })
        })
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    for [name, model, base] in &rows {
        say(format!("{name:first$}  {model:second$}  {base}").trim_end());
    }
    Ok(ExitCode::SUCCESS)
}
