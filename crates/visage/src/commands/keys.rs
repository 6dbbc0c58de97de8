//! `visage keys list|rotate|retire`

use std::{process::ExitCode, time::Duration};

use clap::{Args, Subcommand};
use keyring::{
    KeyRow, Purpose, State,
    rotation::{self, Step},
};
use protocol::SigningAlg;
use serde_json::{Value, json};

use super::output;
use crate::{
    config::Loaded,
    failure::Failure,
    keys, place,
    place::{Missing, Place},
};

pub const EXAMPLE: &str = "Example:\n  visage keys rotate --alg ES256";

#[derive(Subcommand, Debug)]
pub enum Command {
    /// List keys: what they are for and where they stand
    #[command(after_help = "Example:\n  visage keys list --json")]
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Let the next key sign from now on; running servers take it up by themselves
    #[command(after_help = EXAMPLE)]
    Rotate(Rotate),
    /// Take a key that signs no more out of the published set; what it signed verifies no more
    #[command(after_help = "Example:\n  visage keys retire k2x7…")]
    Retire {
        /// The key's id, as `visage keys list` shows it
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub struct Rotate {
    /// RS256, PS256, ES256, EdDSA; may be repeated; all without it
    #[arg(long = "alg", value_name = "ALG")]
    algs: Vec<String>,
    /// Do not wait until every copy of the published keys has the next one
    #[arg(long)]
    now: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(loaded: Loaded, command: Command) -> Result<ExitCode, Failure> {
    place::run(loaded, Missing::Refused, async |place| match command {
        Command::List { json } => list(place, json).await,
        Command::Rotate(arguments) => rotate(place, arguments).await,
        Command::Retire { id, json } => retire(place, &id, json).await,
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn list(place: &Place, json: bool) -> Result<(), Failure> {
    let mut rows = keys::rows(&place.store).await?;
    rows.sort_by_key(|row| (row.purpose, row.state, row.created_at));
    if json {
        return output::json(&rows.iter().map(described).collect::<Vec<_>>());
    }
    let time = |at: Option<i64>| at.map(output::time).unwrap_or_default();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            let (state, made) = (row.state.as_str().to_owned(), output::time(row.created_at));
            vec![
                row.purpose.to_string(),
                state,
                made,
                time(row.current_at),
                time(row.retired_at),
                row.id.clone(),
            ]
        })
        .collect();
    output::table(&["PURPOSE", "STATE", "PUBLISHED", "SIGNS SINCE", "SIGNED UNTIL", "ID"], &rows);
    Ok(())
}

async fn rotate(place: &Place, arguments: Rotate) -> Result<(), Failure> {
    let purposes = purposes(&arguments.algs)?;
    let rules = keys::rules(&place.config);
    let master = keys::master(&place.config.keys, &place.store, &place.random).await?;
    // On an installation that never served, the first keys are made here.
    keys::advance(&place.store, &master, &place.random, &rules, place.now()).await?;
    let rows = keys::rows(&place.store).await?;
    if !arguments.now {
        wait_until_published(place, &purposes, &rows, &rules).await;
    }
    let steps: Vec<Step> = purposes.iter().flat_map(|purpose| rotation::rotate(&rows, *purpose)).collect();
    if !keys::carry_out(&place.store, &master, &place.random, steps, place.now()).await? {
        return Err(Failure::new(
            "Somebody else rotated at the same moment. `visage keys list` shows what holds now.",
        ));
    }
    place.record("keys.rotated", "keys", json!({ "algs": arguments.algs })).await?;
    let rows = keys::rows(&place.store).await?;
    let is_current = |row: &&KeyRow| row.state == State::Current && purposes.contains(&row.purpose);
    let current: Vec<_> = rows.iter().filter(is_current).collect();
    let newest: Vec<_> =
        rows.iter().filter(|row| row.state == State::Next && purposes.contains(&row.purpose)).collect();
    let taken_up = until_taken_up(place, &newest).await;
    if arguments.json {
        let all: Vec<_> = current.into_iter().map(described).collect();
        return output::json(&json!({ "current": all, "running_server": taken_up.as_json() }));
    }
    for row in current {
        output::line(format_args!("{} now signs with {}", row.purpose.alg(), row.id));
    }
    match taken_up {
        TakenUp::Nobody => output::line("No server is running here; the next start takes it up."),
        TakenUp::Yes => output::line("The running server has taken it up."),
        TakenUp::NotYet => {
            return Err(Failure::new(
                "The keys are rotated, but the running server has not taken them up within 10 s.",
            ));
        }
    }
    Ok(())
}

fn purposes(algs: &[String]) -> Result<Vec<Purpose>, Failure> {
    if algs.is_empty() {
        return Ok(SigningAlg::ALL.map(Purpose::Signing).to_vec());
    }
    let parse = |alg: &String| {
        SigningAlg::parse(alg).map(Purpose::Signing).ok_or_else(|| {
            Failure::usage(format!(
                "`{alg}` is not an algorithm that we sign with: RS256, PS256, ES256, EdDSA."
            ))
        })
    };
    algs.iter().map(parse).collect()
}

/// S93: a key signs only when no copy of the JWKS without it is of use any more.
async fn wait_until_published(place: &Place, purposes: &[Purpose], rows: &[KeyRow], rules: &rotation::Rules) {
    let ready_at = purposes.iter().filter_map(|purpose| rotation::ready_at(rows, *purpose, rules)).max();
    let wait = ready_at.unwrap_or_default() - place.now();
    if wait > 0 {
        let seconds = wait / 1_000_000 + 1;
        output::note(format_args!(
            "The next key was published a moment ago; applications may keep the old set for another {seconds} s. Waiting (--now does not)."
        ));
        tokio::time::sleep(Duration::from_micros(wait.unsigned_abs())).await;
    }
}

enum TakenUp {
    Nobody,
    Yes,
    NotYet,
}

impl TakenUp {
    fn as_json(&self) -> Value {
        match self {
            Self::Nobody => Value::Null,
            Self::Yes => json!(true),
            Self::NotYet => json!(false),
        }
    }
}

/// Asks the server at `server.listen`, if it is one of ours, until it publishes the key that this rotation made.
async fn until_taken_up(place: &Place, newest: &[&KeyRow]) -> TakenUp {
    let url = format!("http://{}{}", place.config.server.listen, web::paths::JWKS);
    let http =
        reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build().unwrap_or_default();
    if !is_ours(place, &http).await {
        return TakenUp::Nobody;
    }
    for _ in 0..500 {
        let published = match http.get(&url).send().await {
            Ok(answer) => answer.text().await.unwrap_or_default(),
            Err(error) if error.is_connect() => return TakenUp::Nobody,
            Err(_) => String::new(),
        };
        if newest.iter().all(|row| published.contains(&row.id)) {
            return TakenUp::Yes;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    TakenUp::NotYet
}

/// Whether this installation listens there, and not another program, or another Visage, on the same port.
async fn is_ours(place: &Place, http: &reqwest::Client) -> bool {
    let url = format!("http://{}{}", place.config.server.listen, web::paths::OPENID_CONFIGURATION);
    let answer = match http.get(&url).send().await {
        Ok(answer) => answer,
        // Busy, but there: the loop that follows has the patience.
        Err(error) => return error.is_timeout() && !error.is_connect(),
    };
    let document: Value = answer.json().await.unwrap_or_default();
    document["issuer"] == place.config.server.public_url.issuer()
}

async fn retire(place: &Place, id: &str, json: bool) -> Result<(), Failure> {
    let rows = keys::rows(&place.store).await?;
    let row = rows.iter().find(|row| row.id == id);
    let row = row
        .ok_or_else(|| Failure::new(format!("There is no key `{id}`. `visage keys list` shows them all.")))?;
    if row.state != State::Previous {
        return Err(Failure::new(format!(
            "`{id}` is the {} key for {}. Rotate first; then it can be retired.",
            row.state.as_str(),
            row.purpose
        )));
    }
    let master = keys::master(&place.config.keys, &place.store, &place.random).await?;
    let steps = vec![Step::Remove { id: id.to_owned() }];
    keys::carry_out(&place.store, &master, &place.random, steps, place.now()).await?;
    place.record("keys.retired", id, json!({})).await?;
    if json {
        return output::json(&json!({ "id": id, "retired": true }));
    }
    output::line(format_args!("{id} is gone."));
    Ok(())
}

fn described(row: &KeyRow) -> Value {
    json!({
        "id": row.id,
        "purpose": row.purpose.as_str(),
        "alg": row.purpose.alg(),
        "state": row.state.as_str(),
        "created_at": row.created_at / 1_000_000,
        "current_at": row.current_at.map(|at| at / 1_000_000),
        "retired_at": row.retired_at.map(|at| at / 1_000_000),
    })
}
