//! `visage photos verify`: rows and objects compared.

use std::process::ExitCode;

use photo::{
    objects::Stores,
    verify::{self, Fate, Repair, Verified},
};
use serde_json::json;

use super::failed;
use crate::{commands::output, compose, failure::Failure, place::Place};

pub(super) async fn verify(
    place: &Place,
    mend: bool,
    give_up: Option<usize>,
    json: bool,
) -> Result<ExitCode, Failure> {
    let settings = compose::photo_settings(&place.config);
    let stores = Stores::open(&settings.stores).await.map_err(failed)?;
    let repair = Repair { give_up, ..if mend { Repair::mend() } else { Repair::report() } };
    let bar = output::count("rows and objects compared");
    let looked = |count| bar.advance(count as u64);
    let verified = verify::verify(&place.store, &stores, place.now(), repair, &looked).await;
    drop(bar);
    let verified = verified.map_err(failed)?;
    if mend && (!verified.orphans.is_empty() || !verified.missing.is_empty()) {
        let detail = json!({ "orphans": verified.orphans.len(), "missing": verified.missing.len() });
        place.record("photos.repaired", "photos", detail).await?;
    }
    if json {
        output::json(&described(&verified))?;
    } else {
        say(&verified);
    }
    if !verified.failed.is_empty() {
        let said: Vec<String> =
            verified.failed.iter().map(|(store, error)| format!("photo store `{store}`: {error}")).collect();
        return Err(Failure::new(said.join("\n")));
    }
    Ok(if verified.is_well() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn say(verified: &Verified) {
    for (store, name) in &verified.orphans {
        let words = if verified.mended { "deleted" } else { "no row names" };
        output::line(format_args!("{words}  {store}  {name}"));
    }
    for missing in &verified.missing {
        let (words, user) = (fate(missing.fate), missing.user.as_deref().unwrap_or("nobody"));
        output::line(format_args!("{words}  {}  {}  of {user}", missing.store, missing.keys.join(" ")));
    }
    let (orphans, missing) = (verified.orphans.len(), verified.missing.len());
    let answered = if verified.failed.is_empty() { "" } else { " In the stores that answered." };
    output::line(format_args!(
        "{} objects; {orphans} that no row names, {missing} rows without theirs.{answered}",
        verified.objects
    ));
    for (store, _) in &verified.failed {
        output::line(format_args!("`{store}` was not looked through."));
    }
    for (store, count) in &verified.copies {
        output::line(format_args!(
            "{count} objects in `{store}` are copies of pictures that live in another store: \
             `visage photos migrate --from {store} --to … --delete-source` removes them."
        ));
    }
    for (store, count) in &verified.unknown {
        output::line(format_args!(
            "{count} pictures are in the store `{store}`, which is not configured: \
             give it a section `[photos.stores.{store}]`."
        ));
    }
    if !verified.mended {
        for (store, why) in &verified.held {
            output::line(format_args!(
                "Store `{store}`: {why}. Is this the right database? The server deletes nothing there."
            ));
        }
    }
    for (store, count) in &verified.doubtful {
        output::line(format_args!(
            "{count} pictures of the store `{store}` are missing. Is it there: mounted, with the right name? Nothing was given \
             up. If they are lost: `visage photos verify --repair --give-up {count}`."
        ));
    }
    if !verified.mended && orphans + missing > 0 && verified.doubtful.is_empty() {
        output::line("`visage photos verify --repair` mends that.");
    }
}

fn described(verified: &Verified) -> serde_json::Value {
    let orphans: Vec<_> =
        verified.orphans.iter().map(|(store, key)| json!({ "store": store, "key": key })).collect();
    let missing: Vec<_> = verified
        .missing
        .iter()
        .map(|m| json!({ "picture": m.picture, "user": m.user, "store": m.store, "keys": m.keys, "fate": fate(m.fate) }))
        .collect();
    let held: Vec<_> =
        verified.held.iter().map(|(store, why)| json!({ "store": store, "why": why.to_string() })).collect();
    let copies: serde_json::Map<_, _> =
        verified.copies.iter().map(|(store, count)| (store.clone(), json!(count))).collect();
    let unknown: serde_json::Map<_, _> =
        verified.unknown.iter().map(|(store, count)| (store.clone(), json!(count))).collect();
    json!({
        "copies": copies, "unknown_stores": unknown,
        "failed": verified.failed.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "doubtful": verified.doubtful.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "objects": verified.objects, "orphans": orphans, "missing": missing, "held": held,
        "repaired": verified.mended,
    })
}

fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Found => "missing",
        Fate::Renewed => "made again",
        Fate::GivenUp => "given up",
    }
}
