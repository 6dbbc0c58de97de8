//! `visage photos verify|cleanup`

use std::process::ExitCode;

use clap::Subcommand;
use photo::{
    deletions,
    objects::Stores,
    sweep::{self, Repair, Verified},
};
use serde_json::json;

use super::output;
use crate::{compose, config::Loaded, failure::Failure, place, place::Place};

pub const EXAMPLE: &str = "Example:\n  visage photos verify --json";

const DAY: i64 = 86_400_000_000;

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Compare rows and objects; exit code 1 if they differ
    #[command(after_help = "Example:\n  visage photos verify --repair")]
    Verify {
        /// Delete objects that no row names; people whose photo is lost have none from then on
        #[arg(long)]
        repair: bool,
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
}

pub fn run(loaded: Loaded, command: Command) -> Result<ExitCode, Failure> {
    place::run(loaded, async |place| match command {
        Command::Verify { repair, dry_run, json } => verify(place, repair && !dry_run, json).await,
        Command::Cleanup { days, dry_run, json } => cleanup(place, days, dry_run, json).await,
    })
}

async fn verify(place: &Place, mend: bool, json: bool) -> Result<ExitCode, Failure> {
    let settings = compose::photo_settings(&place.config);
    let stores = Stores::open(&settings.stores).await.map_err(failed)?;
    let repair = if mend { Repair::mend() } else { Repair::report() };
    let working = output::working("comparing rows and objects");
    let verified = sweep::verify(&place.store, &stores, place.now(), repair).await.map_err(failed)?;
    drop(working);
    if json {
        output::json(&described(&verified))?;
    } else {
        say(&verified);
    }
    if let Some((store, error)) = verified.failed.first() {
        return Err(Failure::new(format!("photo store `{store}`: {error}")));
    }
    let is_well = verified.mended || (verified.orphans.is_empty() && verified.missing.is_empty());
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn say(verified: &Verified) {
    for (store, name) in &verified.orphans {
        let words = if verified.mended { "deleted" } else { "no row names" };
        output::line(format_args!("{words}  {store}  {name}"));
    }
    for missing in &verified.missing {
        let words = if verified.mended { "given up" } else { "object missing" };
        let user = missing.user.as_deref().unwrap_or("nobody");
        output::line(format_args!("{words}  {}  {}  of {user}", missing.store, missing.keys.join(" ")));
    }
    let (orphans, missing) = (verified.orphans.len(), verified.missing.len());
    output::line(format_args!(
        "{} objects; {orphans} that no row names, {missing} rows without theirs.",
        verified.objects
    ));
    if !verified.mended {
        for (store, why) in &verified.held {
            output::line(format_args!(
                "Store `{store}`: {why}. Is this the right database? The server deletes nothing there."
            ));
        }
    }
    if !verified.mended && orphans + missing > 0 {
        output::line("`visage photos verify --repair` mends that.");
    }
}

fn described(verified: &Verified) -> serde_json::Value {
    let orphans: Vec<_> =
        verified.orphans.iter().map(|(store, key)| json!({ "store": store, "key": key })).collect();
    let missing: Vec<_> = verified
        .missing
        .iter()
        .map(|m| json!({ "picture": m.picture, "user": m.user, "store": m.store, "keys": m.keys }))
        .collect();
    let held: Vec<_> =
        verified.held.iter().map(|(store, why)| json!({ "store": store, "why": why.to_string() })).collect();
    json!({
        "objects": verified.objects, "orphans": orphans, "missing": missing, "held": held,
        "repaired": verified.mended,
    })
}

async fn cleanup(place: &Place, days: u32, dry_run: bool, json: bool) -> Result<ExitCode, Failure> {
    let older_than = i64::from(days) * DAY;
    let count = sweep::cleanup(&place.store, older_than, place.now(), dry_run).await?;
    if !dry_run {
        // What is due now goes at once, whether or not a server runs; the queue has the rest.
        let _working = output::working("deleting objects");
        let state = photo::State::open(&compose::photo_settings(&place.config)).await.map_err(failed)?;
        deletions::delete_due(&place.store, &state, place.now()).await?;
    }
    if json {
        output::json(&json!({ "count": count, "dry_run": dry_run }))?;
    } else if dry_run {
        output::line(format_args!("{count} staged uploads would be given up."));
    } else {
        output::line(format_args!("{count} staged uploads given up."));
    }
    Ok(ExitCode::SUCCESS)
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(error.to_string())
}
