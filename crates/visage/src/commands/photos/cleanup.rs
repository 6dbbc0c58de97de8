//! `visage photos cleanup`: staged uploads that nobody confirmed are given up.

use std::process::ExitCode;

use photo::{deletions, sweep};
use serde_json::json;

use super::failed;
use crate::{commands::output, compose, failure::Failure, place::Place};

const DAY: i64 = 86_400_000_000;

pub(super) async fn cleanup(
    place: &Place,
    days: u32,
    dry_run: bool,
    json: bool,
) -> Result<ExitCode, Failure> {
    let older_than = i64::from(days) * DAY;
    let count = sweep::cleanup(&place.store, older_than, place.now(), dry_run).await?;
    if !dry_run {
        // What is due now goes at once, whether or not a server runs; the queue has the rest.
        let _working = output::working("deleting objects");
        let state = photo::State::open(&compose::photo_settings(&place.config)).await.map_err(failed)?;
        deletions::delete_due(&place.store, &state, place.now()).await?;
    }
    let waiting = output::counted(count, "picture");
    let pictures = format!("{waiting} that waited for a confirmation or a gallery");
    if json {
        output::json(&json!({ "count": count, "dry_run": dry_run }))?;
    } else if dry_run {
        output::line(format_args!("{pictures} would be given up."));
    } else {
        output::line(format_args!("{pictures} given up."));
    }
    Ok(ExitCode::SUCCESS)
}
