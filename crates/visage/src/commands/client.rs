//! `visage client …`: the applications that people sign in to.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use keyring::{Secret, client_secret};
use protocol::{Client, registration};
use serde_json::{Value, json};

use super::{client_details, client_details::Details, client_events, client_tokens, output};
use crate::{
    config::Loaded,
    failure::Failure,
    keys, place,
    place::{Missing, Place},
};

pub const EXAMPLE: &str = "Examples:
  visage client add --name 'Photo wall' --redirect-uri https://wall.example.org/callback --json
  visage client add --id bank --profile fapi2 --jwks bank.jwks --metadata bank.json
  visage client add --id tv --public --grant device_code --grant refresh_token";

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Register a client; prints its id and, once, its secret
    #[command(after_help = EXAMPLE)]
    Add {
        /// The client id; random without it. With an id that is registered already, --metadata replaces the registration;
        /// without --metadata, what is given changes and the rest stays. A client that registered itself is yours from then
        /// on: it cannot change its registration any more
        #[arg(long)]
        id: Option<String>,
        #[command(flatten)]
        details: Details,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List clients
    #[command(after_help = "Example:\n  visage client list")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one client
    #[command(after_help = "Example:\n  visage client show photo-wall --json")]
    Show(One),
    /// Change what is given and keep the rest
    #[command(
        after_help = "Example:\n  visage client update photo-wall --trusted true --scope 'openid profile'"
    )]
    Update {
        /// The client id
        id: String,
        #[command(flatten)]
        details: Details,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Forget a client; its tokens are dead at once
    #[command(after_help = "Example:\n  visage client delete photo-wall")]
    Delete(One),
    /// Give a client a new secret, printed once; the old one stops working at once
    #[command(after_help = "Example:\n  visage client rotate-secret photo-wall")]
    RotateSecret(One),
    /// Tokens that let others register clients
    #[command(
        subcommand,
        after_help = "Example:\n  visage client initial-token add --name 'Partner' --uses 5"
    )]
    InitialToken(client_tokens::Command),
}

#[derive(Args, Debug)]
pub struct One {
    /// The client id
    id: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(loaded: Loaded, command: Command) -> Result<ExitCode, Failure> {
    let missing = Missing::made_if(matches!(command, Command::Add { .. }));
    place::run(loaded, missing, async |place| match command {
        Command::Add { id, details, json } => add(place, id, details, json).await,
        Command::List { json } => list(place, json).await,
        Command::Show(one) => show(place, &find(place, &one.id).await?, None, one.json).await,
        Command::Update { id, details, json } => update(place, &id, details, json).await,
        Command::Delete(one) => delete(place, &one).await,
        Command::RotateSecret(one) => rotate_secret(place, &one).await,
        Command::InitialToken(command) => client_tokens::run(place, command).await,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Registers a client and gives back its secret, if it has one; what `client add` and the demo share.
pub async fn create(
    place: &Place,
    id: Option<String>,
    mut details: Details,
) -> Result<(Client, Option<Secret>), Failure> {
    let now = place.now();
    let events = std::mem::take(&mut details.events);
    events.check()?;
    let known = match &id {
        Some(id) => place.store.client(id).await?,
        None => None,
    };
    let before = known.as_deref().cloned();
    let is_replaced = details.metadata.is_some();
    let client = match &before {
        None => Client::blank(id.unwrap_or_else(|| place.random.id()), now),
        Some(before) if is_replaced => registration::emptied(before, now),
        Some(before) => before.clone(),
    };
    let mut client = details.applied_to(client, now)?;
    client.adopt();
    let secret = settle_secret(place, &mut client).await?;
    client_details::check(place, &client, before.as_ref()).await?;
    if before.is_none() {
        let entry = place.entry("client.added", &client.id, json!({ "name": client.name }));
        place.store.register_client(client.clone(), None, entry).await?;
    } else {
        place.store.update_client(client.clone()).await?;
        let action = if is_replaced { "client.replaced" } else { "client.updated" };
        place.record(action, &client.id, json!({ "name": client.name })).await?;
    }
    events.apply(place, &client.id).await?;
    Ok((client, secret))
}

/// A client that authenticates with a secret has one, any other has none; the plain text is returned when it is new.
async fn settle_secret(place: &Place, client: &mut Client) -> Result<Option<Secret>, Failure> {
    if client_secret::is_kept(client) {
        return Ok(None);
    }
    // The master key may be on another machine; it is needed only for secrets that we must be able to read again.
    if !client.auth_method.signs_with_secret() {
        return Ok(client_secret::give_compared(client, &place.random));
    }
    let master = keys::master(&place.config.keys, &place.store, &place.random).await?;
    Ok(client_secret::give(client, &master, &place.random))
}

async fn add(place: &Place, id: Option<String>, details: Details, json: bool) -> Result<(), Failure> {
    let (client, secret) = create(place, id, details).await?;
    show(place, &client, secret.as_ref(), json).await
}

async fn find(place: &Place, id: &str) -> Result<Client, Failure> {
    let client = place.store.client(id).await?;
    client.map(|client| (*client).clone()).ok_or_else(|| {
        Failure::new(format!("There is no client `{id}`. `visage client list` shows them all."))
    })
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    let all = place.store.clients().await?;
    let receivers = place.store.event_receivers().await?;
    let receiver = |client: &Client| receivers.iter().find(|receiver| receiver.client_id == client.id);
    if json {
        let mut list = Vec::new();
        for client in &all {
            let mut one = described(client, None);
            if let Some(receiver) = receiver(client) {
                let waiting = place.store.events_waiting(&client.id).await?;
                one["events"] = client_events::described(receiver, waiting);
            }
            list.push(one);
        }
        return output::json(&list);
    }
    let rows: Vec<_> = all
        .iter()
        .map(|client| {
            let kind = client.auth_method.as_str();
            let state = if client.is_active { "active" } else { "disabled" };
            vec![
                client.id.clone(),
                client.name.clone(),
                kind.into(),
                state.into(),
                match receiver(client) {
                    None => "-".into(),
                    Some(receiver) if receiver.failures > 0 => "failing".into(),
                    Some(_) => "yes".into(),
                },
                client.redirect_uris.join(" "),
            ]
        })
        .collect();
    output::table(&["ID", "NAME", "AUTHENTICATES BY", "STATE", "EVENTS", "REDIRECT URIS"], &rows);
    Ok(())
}

async fn update(place: &Place, id: &str, mut details: Details, json: bool) -> Result<(), Failure> {
    let events = std::mem::take(&mut details.events);
    events.check()?;
    let before = find(place, id).await?;
    let mut client = details.applied_to(before.clone(), place.now())?;
    let secret = settle_secret(place, &mut client).await?;
    client_details::check(place, &client, Some(&before)).await?;
    place.store.update_client(client.clone()).await?;
    events.apply(place, id).await?;
    place.record("client.updated", id, json!({})).await?;
    show(place, &client, secret.as_ref(), json).await
}

async fn delete(place: &Place, one: &One) -> Result<(), Failure> {
    let client = find(place, &one.id).await?;
    let entry = place.entry("client.deleted", &client.id, json!({ "name": client.name }));
    place.store.delete_client(&client.id, entry).await?;
    if one.json {
        return output::json(&json!({ "client_id": client.id, "deleted": true }));
    }
    output::line(format_args!("{} is forgotten; its tokens are dead.", client.name));
    Ok(())
}

async fn rotate_secret(place: &Place, one: &One) -> Result<(), Failure> {
    let mut client = find(place, &one.id).await?;
    if !client.auth_method.has_secret() {
        let method = client.auth_method.as_str();
        return Err(Failure::new(format!("`{}` has no secret: it authenticates by `{method}`.", client.id)));
    }
    client.secret_digest = None;
    client.sealed_secret = None;
    client.updated_at = place.now();
    let secret = settle_secret(place, &mut client).await?;
    place.store.update_client(client.clone()).await?;
    place.record("client.secret_rotated", &client.id, json!({})).await?;
    show(place, &client, secret.as_ref(), one.json).await
}

async fn show(place: &Place, client: &Client, secret: Option<&Secret>, json: bool) -> Result<(), Failure> {
    let mut described = described(client, secret);
    let events = match place.store.event_receiver(&client.id).await? {
        Some(receiver) => Some((receiver, place.store.events_waiting(&client.id).await?)),
        None => None,
    };
    if json {
        if let Some((receiver, waiting)) = &events {
            described["events"] = client_events::described(receiver, *waiting);
        }
        if client.metadata.backchannel_logout_uri.is_some() {
            let (waiting, attempts) = place.store.notices_waiting(&client.id).await?;
            described["logout_notices"] = json!({ "waiting": waiting, "attempts": attempts });
        }
        return output::json(&described);
    }
    for (name, value) in described.as_object().into_iter().flatten() {
        let text = match (name.as_str(), value) {
            ("client_id_issued_at", _) => output::time(client.created_at),
            ("last_used_at", _) => output::time(client.used_at.unwrap_or_default()),
            ("client_secret_expires_at", _) => "never".to_owned(),
            ("scope", _) if client.scopes.is_empty() => "all that we know".to_owned(),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
            (_, value) => value.to_string(),
        };
        if !text.is_empty() {
            output::line(format_args!("{name}: {text}"));
        }
    }
    if let Some((receiver, waiting)) = &events {
        output::line(format_args!("events: {}", client_events::said(receiver, *waiting)));
    }
    if client.metadata.backchannel_logout_uri.is_some() {
        let (waiting, attempts) = place.store.notices_waiting(&client.id).await?;
        output::line(format_args!("sign-outs: {waiting} on their way, tried {attempts} times at most"));
    }
    if secret.is_some() {
        let kept = if client.sealed_secret.is_some() {
            "we keep it sealed with the master key, to check what it signs"
        } else {
            "we keep only its hash"
        };
        output::note(format_args!("The secret is shown this once; {kept}."));
    }
    Ok(())
}

/// In the words of RFC 7591, so that other tools can read it, and what an administrator alone decides.
fn described(client: &Client, secret: Option<&Secret>) -> Value {
    let mut all = registration::described(client);
    let beside = json!({
        "rotate_refresh_tokens": client.rotates_refresh_tokens(),
        "trusted": client.trusted,
        "resource_server": client.resource_server,
        "approved_for_everyone": client.everyone_scopes.to_string(),
        "is_active": client.is_active,
        "registered_by": client.registered_by,
    });
    all.extend(beside.as_object().cloned().unwrap_or_default());
    if let Some(exchange) = &client.metadata.token_exchange {
        all.insert("token_exchange".to_owned(), json!(exchange));
    }
    if let Some(day) = client.used_at {
        all.insert("last_used_at".to_owned(), (day / 1_000_000).into());
    }
    if let Some(secret) = secret {
        all.insert("client_secret".to_owned(), secret.expose().into());
        all.insert("client_secret_expires_at".to_owned(), 0.into());
    }
    Value::Object(all)
}
