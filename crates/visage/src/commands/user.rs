//! `visage user …`: people's accounts, from the command line.

mod person;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use store::users::{RoleChange, User};

use self::person::hashed;
pub use self::person::{NewPerson, create};
use super::{input, output};
use crate::{
    config::Loaded,
    failure::Failure,
    place,
    place::{Missing, Place},
};

pub const EXAMPLE: &str = "Example:\n  printf '%s' \"$PASSWORD\" | visage user add --email ada@example.org --name 'Ada Lovelace' --admin";

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Add a person; the password is read from standard input
    #[command(after_help = EXAMPLE)]
    Add(Add),
    /// List people
    #[command(after_help = "Example:\n  visage user list --json | jq '.[].email'")]
    List(Json),
    /// Show one person
    #[command(after_help = "Example:\n  visage user show ada@example.org")]
    Show(One),
    /// Change what only you decide of a person
    #[command(after_help = "Example:\n  visage user update ada@example.org --admin --user-type player")]
    Update(Update),
    /// End every session and token of a person and let no new one begin
    #[command(after_help = "Example:\n  visage user disable ada@example.org")]
    Disable(One),
    /// Let a disabled person sign in again
    #[command(after_help = "Example:\n  visage user enable ada@example.org")]
    Enable(One),
    /// Forget a person: rows at once, photos through the deletion queue
    #[command(after_help = "Example:\n  visage user delete ada@example.org")]
    Delete(One),
    /// Set a new password, read from standard input; every session and token ends
    #[command(
        after_help = "Example:\n  printf '%s' \"$PASSWORD\" | visage user reset-password ada@example.org"
    )]
    ResetPassword(One),
    /// Everything that is stored about a person, as JSON
    #[command(after_help = "Example:\n  visage user export ada@example.org > ada.json")]
    Export {
        /// E-mail address or id
        who: String,
    },
}

#[derive(Args, Debug)]
pub struct Add {
    /// What the person signs in with
    #[arg(long)]
    email: String,
    /// What others read: on pages, in the claim `name`
    #[arg(long)]
    name: Option<String>,
    /// May administer this provider
    #[arg(long)]
    admin: bool,
    /// Standard claims as a JSON object: given_name, phone_number, address, …
    #[arg(long, value_name = "FILE")]
    claims: Option<PathBuf>,
    /// A word of your own for the field `user_type`
    #[arg(long, value_name = "WORD")]
    user_type: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub struct Update {
    /// E-mail address or id
    who: String,
    /// May administer this provider
    #[arg(long)]
    admin: bool,
    /// May not administer it any more
    #[arg(long, conflicts_with = "admin")]
    no_admin: bool,
    /// A word of your own for the field `user_type`; an empty one takes it away
    #[arg(long, value_name = "WORD")]
    user_type: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub struct One {
    /// E-mail address or id
    who: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
pub struct Json {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(loaded: Loaded, command: Command) -> Result<ExitCode, Failure> {
    let missing = Missing::made_if(matches!(command, Command::Add(_)));
    place::run(loaded, missing, async |place| match command {
        Command::Add(arguments) => add(place, arguments).await,
        Command::List(arguments) => list(place, arguments.json).await,
        Command::Show(one) => show(&find(place, &one.who).await?, one.json),
        Command::Update(arguments) => update(place, arguments).await,
        Command::Disable(one) => set_active(place, &one, false).await,
        Command::Enable(one) => set_active(place, &one, true).await,
        Command::Delete(one) => delete(place, &one).await,
        Command::ResetPassword(one) => reset_password(place, &one).await,
        Command::Export { who } => export(place, &who).await,
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn find(place: &Place, who: &str) -> Result<User, Failure> {
    let user = match place.store.user_by_email(who).await? {
        Some(user) => Some(user),
        None => place.store.user(who).await?,
    };
    user.ok_or_else(|| Failure::new(format!("Nobody here is `{who}`. `visage user list` shows everybody.")))
}

async fn add(place: &Place, arguments: Add) -> Result<(), Failure> {
    let claims = arguments.claims.as_deref().map(input::json_file).transpose()?.unwrap_or_default();
    let person = NewPerson {
        email: arguments.email,
        name: arguments.name,
        is_admin: arguments.admin,
        claims,
        user_type: arguments.user_type,
        password: input::password()?,
    };
    let user = create(place, person).await?;
    place.record("user.added", &user.id, json!({ "admin": user.is_admin })).await?;
    if arguments.json {
        output::json(&described(&user))
    } else {
        done(format!("Added {} ({}).", user.email, user.id))
    }
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    const PAGE: i64 = 500;
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or("", |user: &User| user.email.as_str()).to_owned();
        let page = place.store.users(&after, PAGE).await?;
        let is_last = page.len() < 500;
        all.extend(page);
        if is_last {
            break;
        }
    }
    if json {
        return output::json(&all.iter().map(described).collect::<Vec<_>>());
    }
    let rows: Vec<_> = all
        .iter()
        .map(|user| {
            let state = if user.is_active { "active" } else { "disabled" };
            let role = if user.is_admin { "admin" } else { "" };
            vec![
                user.email.clone(),
                user.name.clone().unwrap_or_default(),
                state.into(),
                role.into(),
                user.id.clone(),
            ]
        })
        .collect();
    output::table(&["E-MAIL", "NAME", "STATE", "ROLE", "ID"], &rows);
    Ok(())
}

fn show(user: &User, json: bool) -> Result<(), Failure> {
    let described = described(user);
    if json {
        return output::json(&described);
    }
    for (name, value) in described.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
        let text = match (name.as_str(), value) {
            ("created_at" | "updated_at", value) => {
                output::time(value.as_i64().unwrap_or_default().saturating_mul(1_000_000))
            }
            (_, Value::String(text)) => text.clone(),
            (_, value) => value.to_string(),
        };
        output::line(format_args!("{name}: {text}"));
    }
    Ok(())
}

async fn update(place: &Place, arguments: Update) -> Result<(), Failure> {
    let user_type =
        arguments.user_type.map(|word| Some(word.trim().to_owned()).filter(|word| !word.is_empty()));
    let change = RoleChange {
        user_type,
        is_admin: (arguments.admin || arguments.no_admin).then_some(arguments.admin),
    };
    if change == RoleChange::default() {
        return Err(Failure::usage("Say what to change: --admin, --no-admin or --user-type WORD."));
    }
    let user = find(place, &arguments.who).await?;
    let detail = json!({ "admin": change.is_admin, "user_type": change.user_type });
    let changed = place.store.change_role(&user.id, change, place.now()).await?;
    let user = changed.ok_or_else(|| Failure::new(format!("{} was deleted meanwhile.", user.email)))?;
    place.record("user.updated", &user.id, detail).await?;
    show(&user, arguments.json)
}

async fn set_active(place: &Place, one: &One, is_active: bool) -> Result<(), Failure> {
    let user = find(place, &one.who).await?;
    place.store.set_active(&user.id, is_active, place.now()).await?;
    let (action, words) = if is_active {
        ("user.enabled", "may sign in again")
    } else {
        ("user.disabled", "is signed out everywhere")
    };
    place.record(action, &user.id, json!({})).await?;
    if one.json {
        show(&find(place, &user.id).await?, true)
    } else {
        done(format!("{} {words}.", user.email))
    }
}

async fn delete(place: &Place, one: &One) -> Result<(), Failure> {
    let user = find(place, &one.who).await?;
    place.store.delete_user(&user.id, place.config.photos.delete_after.micros(), place.now()).await?;
    if one.json {
        return output::json(&json!({ "id": user.id, "deleted": true }));
    }
    done(format!("{} is forgotten. A running server deletes the photos within moments.", user.email))
}

async fn reset_password(place: &Place, one: &One) -> Result<(), Failure> {
    let user = find(place, &one.who).await?;
    let hash = hashed(place, input::password()?).await?;
    place.store.set_password(&user.id, hash, None, place.now()).await?;
    place.record("user.password_reset", &user.id, json!({})).await?;
    if one.json {
        return output::json(&json!({ "id": user.id, "password": "changed" }));
    }
    done(format!("{} has a new password; every session and token of the old one has ended.", user.email))
}

/// What the law calls a copy of one's data: no hashes, no digests, nothing of anybody else.
async fn export(place: &Place, who: &str) -> Result<(), Failure> {
    let user = find(place, who).await?;
    let seconds = |at: i64| at / 1_000_000;
    let sessions: Vec<_> = (place.store.sessions_of(&user.id).await?.into_iter())
        .map(|s| json!({ "created_at": seconds(s.created_at), "seen_at": seconds(s.seen_at), "user_agent": s.user_agent }))
        .collect();
    let connections: Vec<_> = (place.store.connections(&user.id, place.now()).await?.into_iter())
        .map(|c| {
            json!({
                "client_id": c.client_id, "client_name": c.client_name,
                "scopes": c.scopes.to_string(), "granted_at": seconds(c.since),
            })
        })
        .collect();
    let tokens: Vec<_> = (place.store.personal_tokens(&user.id, place.now()).await?.into_iter())
        .map(|t| {
            json!({
                "id": t.id, "name": t.name, "scopes": t.scopes.to_string(), "created_at": seconds(t.created_at),
                "expires_at": seconds(t.expires_at), "last_used_at": t.last_used_at.map(seconds),
            })
        })
        .collect();
    let pictures: Vec<_> = (place.store.pictures_of(&user.id).await?.into_iter())
        .map(|p| {
            json!({
                "id": p.id, "state": p.state, "original_filename": p.original_filename, "bytes": p.bytes,
                "uploaded_at": seconds(p.uploaded_at), "confirmed_at": p.confirmed_at.map(seconds),
                "superseded_at": p.superseded_at.map(seconds), "caption": p.caption,
                "removed_reason": p.removed_reason,
                "objects": store::pictures::object_keys(&p.key_base, &p.sizes),
            })
        })
        .collect();
    let history: Vec<_> = (place.store.audit_of(&user.id, 10_000).await?.into_iter())
        .map(|row| json!({ "at": seconds(row.at), "action": row.action, "detail": row.detail }))
        .collect();
    output::json(&json!({
        "profile": described(&user),
        "sessions": sessions,
        "applications": connections,
        "personal_tokens": tokens,
        "pictures": pictures,
        "photo_block": place.store.photo_block(&user.id).await?.map(|block| block.reason),
        "history": history,
    }))
}

fn described(user: &User) -> Value {
    let claims: Value = serde_json::from_str(&user.claims).unwrap_or_default();
    json!({
        "id": user.id,
        "email": user.email,
        "email_verified": user.email_verified,
        "name": user.name,
        "given_name": user.given_name,
        "family_name": user.family_name,
        "phone_number": user.phone_number,
        "phone_number_verified": user.phone_number_verified,
        "locale": user.locale,
        "claims": claims,
        "user_type": user.user_type,
        "is_active": user.is_active,
        "is_admin": user.is_admin,
        "picture_url": user.picture_url,
        "created_at": user.created_at / 1_000_000,
        "updated_at": user.updated_at / 1_000_000,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "ends a command as its JSON branch does")]
fn done(text: String) -> Result<(), Failure> {
    output::line(text);
    Ok(())
}
