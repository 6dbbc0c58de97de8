//! `visage migrate [--check]`

use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use store::Store;

use super::output;
use crate::{config::Loaded, failure::Failure, place};

pub const EXAMPLE: &str = "Example:\n  visage migrate --check || visage migrate";

#[derive(Args, Debug)]
pub struct Arguments {
    /// Only list; exit code 1 if something is pending
    #[arg(long)]
    check: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(loaded: &Loaded, arguments: &Arguments) -> Result<ExitCode, Failure> {
    place::wait(async {
        let store = Store::open(&place::database(&loaded.config)).await?;
        if !arguments.check {
            store.migrate().await?;
        }
        let all = store.migrations().await?;
        if arguments.json {
            let rows: Vec<_> = all.iter().map(|m| json!({ "name": m.name, "applied": m.applied })).collect();
            output::json(&rows)?;
        } else {
            for migration in &all {
                output::line(format_args!(
                    "{} {}",
                    if migration.applied { "applied" } else { "pending" },
                    migration.name
                ));
            }
        }
        store.close().await;
        let is_done = all.iter().all(|migration| migration.applied);
        Ok(if is_done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    })
}
