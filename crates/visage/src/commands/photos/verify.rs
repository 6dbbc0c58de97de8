//! `visage photos verify`: rows and objects compared.

use std::process::ExitCode;

use photo::{
    objects::Stores,
    sweep::{self, Repair, Verified},
};
use serde_json::json;

use super::failed;
use crate::{commands::output, compose, failure::Failure, place::Place};

pub(super) async fn verify(place: &Place, mend: bool, json: bool) -> Result<ExitCode, Failure> {
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
