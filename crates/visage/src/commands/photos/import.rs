//! `visage photos import DIR`: picture files that are there already.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::Args;
use photo::import::{self, Fate, Wish};
use serde_json::json;

use super::failed;
use crate::{commands::output, compose::House, failure::Failure, place::Place};

#[derive(Args, Debug)]
pub struct Arguments {
    /// A folder of files named `<user id or e-mail>.<ext>`
    dir: PathBuf,
    /// Replace photos that are newer than their file, too
    #[arg(long)]
    replace: bool,
    /// Check the files, change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn import(place: &Place, arguments: Arguments) -> Result<ExitCode, Failure> {
    let own =
        Place { config: place.config.clone(), store: place.store.clone(), random: place.random.clone() };
    let house = House::build(own, Arc::new(web::System)).await?;
    let files = import::find(&house.core, &arguments.dir).await.map_err(failed)?;
    let wish = Wish { replace: arguments.replace, dry_run: arguments.dry_run };
    let (mut imported, mut newer, mut refused) = (0_usize, 0_usize, Vec::new());
    let bar = output::bar("importing photos", files.len() as u64);
    let done = import::import(&house.core, house.photo(), files, wish, |name, fate| {
        bar.advance(1);
        match fate {
            Fate::Imported => imported += 1,
            Fate::Newer => newer += 1,
            Fate::Refused(why) => refused.push((name.to_owned(), why.clone())),
        }
    });
    let done = done.await;
    drop(bar);
    refused.sort();
    if imported > 0 && !arguments.dry_run {
        let detail = json!({ "imported": imported, "refused": refused.len() });
        place.record("photos.imported", "photos", detail).await?;
    }
    if arguments.json {
        let refused: Vec<_> = refused.iter().map(|(file, why)| json!({ "file": file, "why": why })).collect();
        output::json(&json!({
            "imported": imported, "newer": newer, "refused": refused, "dry_run": arguments.dry_run,
        }))?;
    } else {
        for (file, why) in &refused {
            output::line(format_args!("refused  {file}  {why}"));
        }
        let verb = if arguments.dry_run { "would be imported" } else { "imported" };
        output::line(format_args!(
            "{} {verb}, {newer} left since the person's photo changed later, {} refused.",
            output::counted(imported, "photo"),
            refused.len()
        ));
    }
    done.map_err(failed)?;
    Ok(if refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
