//! `visage photos backup DIR` and `restore DIR`: pictures and rows together.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use photo::{
    backup::{self, Backup, Wish},
    objects::Stores,
};
use serde_json::json;

use super::failed;
use crate::{commands::output, compose, failure::Failure, keys, place::Place};

#[derive(Args, Debug)]
pub struct Arguments {
    /// The folder of the backup
    dir: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub struct RestoreArguments {
    /// The folder of the backup
    dir: PathBuf,
    /// Make stores this installation's that belong to another, or hold photos that the backup does not name
    #[arg(long)]
    take_over: bool,
    /// Bring sessions, grants and tokens back too: also those that were ended since
    #[arg(long)]
    keep_access: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn backup(place: &Place, arguments: Arguments) -> Result<ExitCode, Failure> {
    let settings = compose::photo_settings(&place.config);
    let stores = Stores::open(&settings.stores).await.map_err(failed)?;
    let bar = output::count("objects backed up");
    let made = backup::backup(&place.store, &stores, &arguments.dir, place.now(), &|| bar.advance(1)).await;
    drop(bar);
    let made = made.map_err(failed)?;
    if arguments.json {
        output::json(&json!({
            "rows": made.rows, "objects": made.objects, "bytes": made.bytes, "fetched": made.fetched,
            "removed": made.removed, "lost": made.lost,
        }))?;
    } else {
        let (rows, objects, fetched, removed) = (made.rows, made.objects, made.fetched, made.removed);
        output::line(format_args!(
            "{rows} rows and {objects} objects ({}) in {}: {fetched} objects are new, {removed} of deleted pictures were removed.",
            output::bytes(made.bytes),
            arguments.dir.display()
        ));
    }
    if made.lost.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::new(format!(
        "the backup is whole but for {} pictures whose objects are lost: `visage photos verify` names them.",
        made.lost.len()
    )))
}

pub(super) async fn restore(place: &Place, arguments: RestoreArguments) -> Result<ExitCode, Failure> {
    let saved = Backup::open(&arguments.dir).map_err(failed)?;
    match saved.setting(keys::FINGERPRINT) {
        None => {}
        Some(theirs) => match keys::own_fingerprint(&place.config.keys)? {
            Some(ours) if ours == theirs => {}
            Some(_) => {
                return Err(Failure::new(
                    "The master key here is not the one that the backup's keys are sealed with: put that one into `keys.dir` \
                     (or VISAGE_KEYS__MASTER) first.",
                ));
            }
            None => {
                return Err(Failure::new(format!(
                    "There is no master key in {} yet. A backup does not hold it: put the one of the installation that \
                     was backed up there first.",
                    place.config.keys.dir.display()
                )));
            }
        },
    }
    let settings = compose::photo_settings(&place.config);
    let stores = Stores::open(&settings.stores).await.map_err(failed)?;
    let wish = Wish { take_over: arguments.take_over, keep_access: arguments.keep_access };
    let bar = output::bar("restoring objects", saved.objects());
    let restored = saved.restore(&place.store, &stores, wish, &|| bar.advance(1)).await;
    drop(bar);
    let restored = restored.map_err(failed)?;
    let detail = json!({ "rows": restored.rows, "objects": restored.objects, "made_at": saved.made_at() });
    place.record("photos.restored", "photos", detail).await?;
    if arguments.json {
        output::json(&json!({
            "rows": restored.rows, "objects": restored.objects, "bytes": restored.bytes, "lost": restored.lost,
            "made_at": protocol::day::iso(saved.made_at()),
            "stores": restored.renamed.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(format_args!(
        "{} rows and {} objects ({}) of {} are back.",
        restored.rows,
        restored.objects,
        output::bytes(restored.bytes),
        output::time(saved.made_at())
    ));
    for (from, to) in &restored.renamed {
        output::line(format_args!(
            "The pictures of the store `{from}`, which is not configured here, are in `{to}`."
        ));
    }
    if restored.lost > 0 {
        output::line(format_args!(
            "{} pictures were lost before the backup: the default picture stands in.",
            restored.lost
        ));
    }
    Ok(ExitCode::SUCCESS)
}
