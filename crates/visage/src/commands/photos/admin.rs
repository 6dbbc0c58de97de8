//! `visage photos list|show|remove|block|unblock|stats`: what administrators do about pictures.

use clap::{Subcommand, ValueEnum};
use photo::{
    admin::{self, Statistics, Upload},
    deletions,
};
use serde_json::{Value, json};
use store::{
    audit::AuditRow,
    photo_admin::{Filter, Removal, Removed},
    photo_blocks::PhotoBlock,
    users::User,
};

use super::failed;
use crate::{commands::output, compose, failure::Failure, place::Place};

const COMMAND: &str = "command";
const PAGE: u32 = 200;

#[derive(Subcommand, Debug)]
pub enum Command {
    /// List uploads, the newest first
    #[command(after_help = "Example:\n  visage photos list --state current --person ada@example.org --json")]
    List {
        /// Only those in this state
        #[arg(long, value_name = "STATE")]
        state: Option<State>,
        /// Only those of this person: e-mail address or id
        #[arg(long, value_name = "WHO")]
        person: Option<String>,
        /// Only profile photos, or only pictures of galleries
        #[arg(long, value_name = "PURPOSE")]
        purpose: Option<Purpose>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one upload
    #[command(after_help = "Example:\n  visage photos show 7w3kq2")]
    Show {
        /// The upload's id, as `visage photos list` shows it
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a picture away for good, with a reason that the person reads
    #[command(
        after_help = "Example:\n  visage photos remove 7w3kq2 --reason 'The photo shows somebody else.'"
    )]
    Remove {
        /// The upload's id, as `visage photos list` shows it
        id: String,
        /// A sentence for the person
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let a person upload no more pictures, with a reason that they read
    #[command(
        after_help = "Example:\n  visage photos block ada@example.org --reason 'Three photos of other people.'"
    )]
    Block {
        /// E-mail address or id
        who: String,
        /// A sentence for the person
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let a blocked person upload again
    #[command(after_help = "Example:\n  visage photos unblock ada@example.org")]
    Unblock {
        /// E-mail address or id
        who: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Uploads by result, refusals by cause, what the stores hold, deletions that wait
    #[command(after_help = "Example:\n  visage photos stats --days 7 --json")]
    Stats {
        /// How far the numbers of uploads go back
        #[arg(long, value_name = "N", default_value_t = 30,
              value_parser = clap::value_parser!(u32).range(1..=i64::from(admin::MOST_DAYS)))]
        days: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub enum State {
    Uploading,
    Staged,
    Current,
    Kept,
    Superseded,
    Gone,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
pub enum Purpose {
    Profile,
    Gallery,
}

pub(super) async fn run(place: &Place, command: Command) -> Result<(), Failure> {
    match command {
        Command::List { state, person, purpose, limit, json } => {
            let filter = Filter {
                state: state.map(word),
                purpose: purpose.map(word),
                user_id: match person {
                    Some(who) => Some(find(place, &who).await?.id),
                    None => None,
                },
            };
            list(place, filter, limit, json).await
        }
        Command::Show { id, json } => show(place, &id, json).await,
        Command::Remove { id, reason, json } => remove(place, id, reason, json).await,
        Command::Block { who, reason, json } => block(place, &who, reason, json).await,
        Command::Unblock { who, json } => unblock(place, &who, json).await,
        Command::Stats { days, json } => {
            let statistics = admin::statistics(&place.store, days, place.now()).await?;
            if json { output::json(&statistics) } else { say(&statistics) }
        }
    }
}

/// As the row has it.
fn word(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

async fn list(place: &Place, filter: Filter, limit: u32, json: bool) -> Result<(), Failure> {
    let pictures = compose::pictures(&place.config, &place.config.server.public_url.0);
    let (mut uploads, mut after) = (Vec::new(), None);
    loop {
        let left = limit.saturating_sub(u32::try_from(uploads.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let page = admin::page(&place.store, &pictures, filter.clone(), after, left.min(PAGE).into()).await?;
        uploads.extend(page.uploads);
        after = page.next.as_deref().and_then(admin::parse_cursor);
        if after.is_none() {
            break;
        }
    }
    if json {
        return output::json(&uploads);
    }
    let rows: Vec<Vec<String>> = uploads.iter().map(row).collect();
    output::table(&["ID", "STATE", "PURPOSE", "PERSON", "STORE", "BYTES", "UPLOADED", "FILE"], &rows);
    Ok(())
}

fn row(upload: &Upload) -> Vec<String> {
    let person = upload.person.as_ref().map(|person| person.email.as_ref().unwrap_or(&person.id).clone());
    vec![
        upload.id.clone(),
        upload.state.clone(),
        upload.purpose.clone(),
        person.unwrap_or_default(),
        upload.store.clone(),
        upload.bytes.to_string(),
        upload.uploaded_at.clone(),
        // What somebody else chose: no control characters on a terminal.
        upload.original_filename.replace(char::is_control, "?"),
    ]
}

async fn show(place: &Place, id: &str, json: bool) -> Result<(), Failure> {
    let pictures = compose::pictures(&place.config, &place.config.server.public_url.0);
    let upload = admin::upload(&place.store, &pictures, id).await?.ok_or_else(|| no_upload(id))?;
    if json {
        return output::json(&upload);
    }
    let mut lines = vec![
        ("id", Some(upload.id)),
        ("state", Some(upload.state)),
        ("purpose", Some(upload.purpose)),
        ("person", upload.person.map(|person| person.email.unwrap_or(person.id))),
        ("client", upload.client_id),
        ("store", Some(upload.store)),
        ("bytes", Some(upload.bytes.to_string())),
        ("sizes", Some(upload.sizes.iter().map(u32::to_string).collect::<Vec<_>>().join(" "))),
        ("file", Some(upload.original_filename)),
        ("caption", upload.caption),
        ("uploaded", Some(upload.uploaded_at)),
        ("confirmed", upload.confirmed_at),
        ("superseded", upload.superseded_at),
        ("removed because", upload.removed_reason),
    ];
    // The largest first.
    let mut urls: Vec<_> = upload.urls.into_iter().collect();
    urls.sort_by_key(|(side, _)| std::cmp::Reverse(side.parse::<u32>().unwrap_or(0)));
    lines.extend(urls.into_iter().map(|(_, url)| ("address", Some(url))));
    for (name, value) in lines {
        if let Some(value) = value {
            // Some of it was chosen by others: no control characters on a terminal.
            output::line(format_args!("{name}: {}", value.replace(char::is_control, "?")));
        }
    }
    Ok(())
}

async fn remove(place: &Place, id: String, reason: String, json: bool) -> Result<(), Failure> {
    let removal = Removal {
        picture_id: id.clone(),
        reason: sentence(&reason)?,
        actor: COMMAND.to_owned(),
        entry_id: place.random.id(),
    };
    match place.store.remove_picture(removal, place.now()).await? {
        Removed::NotFound => return Err(no_upload(&id)),
        Removed::Nothing => {
            return Err(Failure::new(format!(
                "There is nothing of `{id}` to remove: its objects are gone, or are only just being uploaded."
            )));
        }
        Removed::Done(_) => {}
    }
    // The objects go at once, whether or not a server runs; the queue keeps what fails.
    let _working = output::working("deleting objects");
    let state = photo::State::open(&compose::photo_settings(&place.config)).await.map_err(failed)?;
    deletions::delete_due(&place.store, &state, place.now()).await?;
    drop(_working);
    if json {
        output::json(&json!({ "id": id, "removed": true }))
    } else {
        output::line(format_args!("{id} is removed; the person sees the reason."));
        Ok(())
    }
}

async fn block(place: &Place, who: &str, reason: String, json: bool) -> Result<(), Failure> {
    let (user, reason) = (find(place, who).await?, sentence(&reason)?);
    let block = PhotoBlock {
        user_id: user.id.clone(),
        reason: reason.clone(),
        blocked_by: COMMAND.to_owned(),
        created_at: place.now(),
    };
    let entry = entry(place, "photo.blocked", &user, json!({ "reason": reason }));
    if !place.store.block_photos(block.clone(), entry).await? {
        return Err(nobody(who));
    }
    if json {
        output::json(&admin::Block::of(block, user.email))
    } else {
        output::line(format_args!("{} cannot upload pictures any more; what is there stays.", user.email));
        Ok(())
    }
}

async fn unblock(place: &Place, who: &str, json: bool) -> Result<(), Failure> {
    let user = find(place, who).await?;
    let entry = entry(place, "photo.unblocked", &user, json!({}));
    if !place.store.unblock_photos(&user.id, entry).await? {
        return Err(Failure::new(format!("{} is not blocked.", user.email)));
    }
    if json {
        output::json(&json!({ "id": user.id, "blocked": false }))
    } else {
        output::line(format_args!("{} may upload pictures again.", user.email));
        Ok(())
    }
}

fn say(statistics: &Statistics) -> Result<(), Failure> {
    let uploads = &statistics.uploads;
    output::line(format_args!("Uploads since {}", statistics.since));
    let counts = [
        ("applied", uploads.applied),
        ("staged", uploads.staged),
        ("discarded", uploads.discarded),
        ("refused", uploads.refused),
        ("removed by administrators", uploads.removed_by_administrators),
    ];
    for (name, count) in counts {
        output::line(format_args!("  {name}: {count}"));
    }
    output::line("Refused, by cause");
    for (cause, count) in &statistics.refused_by_cause {
        output::line(format_args!("  {cause}: {count}"));
    }
    output::line("Pictures now, by state");
    for (state, count) in &statistics.pictures_by_state {
        output::line(format_args!("  {state}: {count}"));
    }
    output::line("Stores");
    for (store, stored) in &statistics.stores {
        let pictures = output::counted(stored.pictures, "picture");
        output::line(format_args!("  {store}: {pictures}, {} bytes", stored.bytes));
    }
    let deletions = &statistics.deletions;
    let oldest = deletions.oldest_seconds.map(|age| format!(", the oldest for {age} s")).unwrap_or_default();
    output::line(format_args!("Deletions waiting: {}{oldest}", deletions.waiting));
    output::line(format_args!("People who may not upload: {}", statistics.blocked_people));
    Ok(())
}

fn sentence(reason: &str) -> Result<String, Failure> {
    admin::reason(reason).ok_or_else(|| {
        Failure::usage(format!(
            "`--reason` must be one line of 1 to {} characters: the person reads it.",
            admin::REASON
        ))
    })
}

async fn find(place: &Place, who: &str) -> Result<User, Failure> {
    admin::person(&place.store, who).await?.ok_or_else(|| nobody(who))
}

fn nobody(who: &str) -> Failure {
    Failure::new(format!("Nobody here is `{who}`. `visage user list` shows everybody."))
}

fn no_upload(id: &str) -> Failure {
    Failure::new(format!("There is no upload `{id}`. `visage photos list` shows them."))
}

fn entry(place: &Place, action: &str, person: &User, detail: Value) -> AuditRow {
    AuditRow {
        id: place.random.id(),
        at: place.now(),
        actor: Some(COMMAND.to_owned()),
        action: action.to_owned(),
        subject: person.id.clone(),
        detail: detail.to_string(),
    }
}
