//! `visage photos …`: each command in a file of its own.

mod admin;
mod backup;
mod cleanup;
mod import;
mod migrate;
mod verify;

use std::process::ExitCode;

use clap::Subcommand;

use crate::{config::Loaded, failure::Failure, place, place::Missing};

pub const EXAMPLE: &str = "Example:\n  visage photos verify --json";

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Compare rows and objects; exit code 1 if they differ
    #[command(after_help = "Example:\n  visage photos verify --repair")]
    Verify {
        /// Delete objects that no row names; people whose photo is lost have none from then on
        #[arg(long)]
        repair: bool,
        /// With --repair: give up to N lost pictures of a store up, even where it looks as if the store itself is not there
        #[arg(long, value_name = "N", requires = "repair")]
        give_up: Option<usize>,
        /// With --repair: only say what would be done
        #[arg(long)]
        dry_run: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Give up uploads that were staged and never confirmed
    #[command(after_help = "Example:\n  visage photos cleanup --days 7 --dry-run")]
    Cleanup {
        /// Older than so many days
        #[arg(long, value_name = "N", default_value_t = 1)]
        days: u32,
        /// Only count
        #[arg(long)]
        dry_run: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Move every picture of one store into another, while servers run
    #[command(after_help = "Example:\n  visage photos migrate --from default --to cloud --delete-source")]
    Migrate(migrate::Arguments),
    /// Bring in picture files that are there already, through the same checks as an upload
    #[command(after_help = "Example:\n  visage photos import ./avatars --dry-run")]
    Import(import::Arguments),
    /// Copy pictures and rows into a folder; again: what is new
    #[command(after_help = "Example:\n  visage photos backup /backup/visage")]
    Backup(backup::Arguments),
    /// Put a backup into an empty installation that has the same master key
    #[command(after_help = "Example:\n  visage photos restore /backup/visage")]
    Restore(backup::RestoreArguments),
    #[command(flatten)]
    Admin(admin::Command),
}

pub fn run(loaded: Loaded, command: Command) -> Result<ExitCode, Failure> {
    let missing = Missing::made_if(matches!(command, Command::Restore(_)));
    place::run(loaded, missing, async |place| match command {
        Command::Verify { repair, give_up, dry_run, json } => {
            verify::verify(place, repair && !dry_run, give_up, json).await
        }
        Command::Admin(command) => admin::run(place, command).await.map(|()| ExitCode::SUCCESS),
        Command::Import(arguments) => import::import(place, arguments).await,
        Command::Backup(arguments) => backup::backup(place, arguments).await,
        Command::Restore(arguments) => backup::restore(place, arguments).await,
        Command::Migrate(arguments) => migrate::migrate(place, arguments).await,
        Command::Cleanup { days, dry_run, json } => cleanup::cleanup(place, days, dry_run, json).await,
    })
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(error.to_string())
}
