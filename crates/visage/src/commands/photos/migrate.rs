//! `visage photos migrate`: every picture of one store into another, while servers run.

use std::process::ExitCode;

use clap::Args;
use photo::{
    migrate::{self, Migrated, Plan},
    objects::{Address, StoreSettings, Stores},
};
use serde_json::json;

use super::failed;
use crate::{commands::output, compose, failure::Failure, place::Place};

#[derive(Args, Debug)]
pub struct Arguments {
    /// The store that the pictures are in: its name in `[photos.stores]` (`default` for `photos.store`) or its URL
    #[arg(long, value_name = "NAME|URL")]
    from: String,
    /// The store that they go to
    #[arg(long, value_name = "NAME|URL")]
    to: String,
    /// Delete the objects in the source once their picture is in the target, `photos.delete_after` later
    #[arg(long)]
    delete_source: bool,
    /// Only count
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn migrate(place: &Place, arguments: Arguments) -> Result<ExitCode, Failure> {
    let settings = compose::photo_settings(&place.config);
    let (from, to) = (named(&settings.stores, &arguments.from)?, named(&settings.stores, &arguments.to)?);
    if from == to {
        return Err(Failure::usage(format!("`{from}` and `{to}` are the same store.")));
    }
    let (waiting, uploading) = migrate::waiting(&place.store, &from).await?;
    let stores = Stores::open(&settings.stores).await.map_err(failed)?;
    if arguments.dry_run {
        let left = migrate::left_behind(&place.store, &stores, &from).await.map_err(failed)?;
        if arguments.json {
            output::json(&json!({
                "from": from, "to": to, "pictures": waiting, "uploading": uploading, "left_behind": left, "dry_run": true,
            }))?;
        } else {
            output::line(format_args!("{waiting} pictures would move from `{from}` to `{to}`."));
            if left > 0 {
                output::line(format_args!(
                    "{left} objects of pictures that moved before lie in `{from}` still: --delete-source removes them."
                ));
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    if stores.default().0 == from {
        output::note(format_args!(
            "New uploads go on into `{from}`: name `{to}` in `photos.upload_store` and restart the servers first."
        ));
    }
    let delete_source = arguments.delete_source.then_some(settings.retention.delete_after);
    let plan = Plan { from, to, delete_source };
    let bar = output::bar("moving pictures", waiting);
    let clock = web::System;
    let migrated = migrate::migrate(&place.store, &stores, &clock, &plan, &|_| bar.advance(1)).await;
    drop(bar);
    let migrated = migrated.map_err(failed)?;
    if migrated.pictures + migrated.left_behind > 0 {
        let (pictures, bytes) = (migrated.pictures, migrated.bytes);
        let detail = json!({ "to": plan.to, "pictures": pictures, "bytes": bytes, "delete_source": arguments.delete_source });
        place.record("photos.migrated", &plan.from, detail).await?;
    }
    if arguments.json {
        output::json(&described(&plan, &migrated))?;
    } else {
        say(&plan, &migrated);
    }
    Ok(if migrated.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Rows carry a store's name, so a URL must be one of the configuration's.
fn named(stores: &[StoreSettings], given: &str) -> Result<String, Failure> {
    if stores.iter().any(|one| one.name == given) {
        return Ok(given.to_owned());
    }
    let mut named = stores.iter().filter(|one| is_the_same(&one.url, given));
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one.name.clone()),
        (Some(one), Some(other)) => Err(Failure::usage(format!(
            "two stores have this URL, `{}` and `{}`: say which by its name.",
            one.name, other.name
        ))),
        (None, _) => {
            let names: Vec<&str> = stores.iter().map(|one| one.name.as_str()).collect();
            // A URL is not repeated: it may hold a password.
            let what =
                if given.contains("://") { "this URL".to_owned() } else { format!("the name `{given}`") };
            Err(Failure::usage(format!(
                "no store with {what} is configured (there are: {}). Give it a section `[photos.stores.NAME]` \
                 first, for this command and for every server: rows carry the store's name.",
                names.join(", ")
            )))
        }
    }
}

/// Whether two URLs say the same; a password need not be repeated.
fn is_the_same(one: &str, other: &str) -> bool {
    match (one.parse(), other.parse()) {
        (Ok(Address::S3(one)), Ok(Address::S3(other))) => one == other,
        (Ok(Address::Disk(one)), Ok(Address::Disk(other))) => one == other,
        (Ok::<Address, _>(one), Ok::<Address, _>(other)) => one.to_string() == other.to_string(),
        _ => one == other,
    }
}

fn say(plan: &Plan, migrated: &Migrated) {
    for failed in &migrated.failed {
        output::note(format_args!("picture {}: {}", failed.picture, failed.why));
    }
    let Migrated { pictures, objects, gone, left_behind, uploading, .. } = migrated;
    output::line(format_args!(
        "{} ({}, {}) moved from `{}` to `{}`.",
        output::counted(*pictures, "picture"),
        output::counted(*objects, "object"),
        output::bytes(migrated.bytes),
        plan.from,
        plan.to
    ));
    if plan.delete_source.is_none() && *objects > 0 {
        output::line(format_args!(
            "{objects} objects stay in `{}`: --delete-source removes them.",
            plan.from
        ));
    }
    if *gone > 0 {
        output::line(format_args!("{gone} were deleted, replaced or moved by another meanwhile."));
    }
    if *left_behind > 0 {
        output::line(format_args!(
            "{left_behind} objects that an earlier move left in `{}` are queued for deletion.",
            plan.from
        ));
    }
    if *uploading > 0 {
        output::line(format_args!(
            "{uploading} uploads into `{}` were under way: run this again in a minute.",
            plan.from
        ));
    }
    if migrated.given_up {
        output::note(
            "The stores failed too often, so the rest was not tried. Run this again: it goes on where it stopped.",
        );
    } else if !migrated.failed.is_empty() {
        output::note(format_args!(
            "{} pictures did not move. Run this again: it goes on where it stopped.",
            migrated.failed.len()
        ));
    }
}

fn described(plan: &Plan, migrated: &Migrated) -> serde_json::Value {
    let failed: Vec<_> =
        migrated.failed.iter().map(|one| json!({ "picture": one.picture, "why": one.why })).collect();
    json!({
        "from": plan.from, "to": plan.to, "pictures": migrated.pictures, "objects": migrated.objects,
        "bytes": migrated.bytes, "gone": migrated.gone, "left_behind": migrated.left_behind,
        "uploading": migrated.uploading, "failed": failed, "given_up": migrated.given_up, "dry_run": false,
    })
}
