//! `visage client initial-token …`: what lets others register clients where `oauth.registration` is `token` or `open`.

use clap::Subcommand;
use protocol::Micros;
use serde_json::json;
use store::registrations::InitialAccessToken;

use super::output;
use crate::{config::Period, failure::Failure, place::Place};

#[derive(Subcommand, Debug)]
pub enum Command {
    /// Make a token; it is printed once
    #[command(
        after_help = "Example:\n  visage client initial-token add --name 'Partner' --uses 5 --expires 7d"
    )]
    Add {
        /// For whom or what it is
        #[arg(long)]
        name: String,
        /// How many clients may be registered with it; any number without
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        uses: Option<u32>,
        /// For how long it is good
        #[arg(long, value_name = "PERIOD", default_value = "7d")]
        expires: Period,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the tokens that are good
    #[command(after_help = "Example:\n  visage client initial-token list")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take a token back; the clients that it registered stay
    #[command(after_help = "Example:\n  visage client initial-token delete 7eqhbo2mzsn2b4rdkxk5hu6r4a")]
    Delete {
        /// The token's id, as `list` shows it
        id: String,
    },
}

pub async fn run(place: &Place, command: Command) -> Result<(), Failure> {
    match command {
        Command::Add { name, uses, expires, json } => add(place, name, uses, expires.micros(), json).await,
        Command::List { json } => list(place, json).await,
        Command::Delete { id } => delete(place, &id).await,
    }
}

async fn add(
    place: &Place,
    name: String,
    uses: Option<u32>,
    life: Micros,
    json: bool,
) -> Result<(), Failure> {
    let (secret, now) = (place.random.secret(), place.now());
    let token = InitialAccessToken {
        id: place.random.id(),
        digest: secret.digest().to_vec(),
        name,
        uses_left: uses.map(i64::from),
        created_by: "command".to_owned(),
        created_at: now,
        expires_at: now.saturating_add(life),
    };
    place.store.insert_initial_access_token(token.clone()).await?;
    place.record("initial_token.added", &token.id, json!({ "name": token.name })).await?;
    if json {
        let mut described = described(&token);
        described["initial_access_token"] = secret.expose().into();
        return output::json(&described);
    }
    output::line(format_args!("id: {}", token.id));
    output::line(format_args!("initial_access_token: {}", secret.expose()));
    output::line(format_args!("expires: {}", output::time(token.expires_at)));
    output::note("The token is shown this once; we keep only its hash.");
    Ok(())
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    let all = place.store.initial_access_tokens(place.now()).await?;
    if json {
        return output::json(&all.iter().map(described).collect::<Vec<_>>());
    }
    let row = |token: &InitialAccessToken| {
        let uses = token.uses_left.map_or_else(|| "any".to_owned(), |left| left.to_string());
        vec![token.id.clone(), token.name.clone(), uses, output::time(token.expires_at)]
    };
    output::table(&["ID", "NAME", "USES LEFT", "EXPIRES"], &all.iter().map(row).collect::<Vec<_>>());
    Ok(())
}

async fn delete(place: &Place, id: &str) -> Result<(), Failure> {
    if !place.store.delete_initial_access_token(id).await? {
        let known = "`visage client initial-token list` shows them all.";
        return Err(Failure::new(format!("There is no initial access token `{id}`. {known}")));
    }
    place.record("initial_token.deleted", id, json!({})).await?;
    output::line(format_args!("{id} is good for nothing any more."));
    Ok(())
}

/// Times are Unix seconds.
fn described(token: &InitialAccessToken) -> serde_json::Value {
    json!({
        "id": token.id,
        "name": token.name,
        "uses_left": token.uses_left,
        "created_at": protocol::seconds(token.created_at),
        "expires_at": protocol::seconds(token.expires_at),
    })
}
