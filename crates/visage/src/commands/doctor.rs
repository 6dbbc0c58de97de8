//! `visage doctor`: checks a real installation and says what to do about what is wrong.

use std::{process::ExitCode, time::Duration};

use clap::Args;
use photo::objects::{self, Stores};
use serde::Serialize;
use store::Store;

use super::output;
use crate::{
    compose,
    config::{Config, Loaded},
    failure::Failure,
    keys, place,
};
use keyring::{Random, Ring};
use web::{Clock, System, paths};

pub const EXAMPLE: &str = "Example:\n  visage doctor --config /etc/visage/visage.toml";

#[derive(Args, Debug)]
pub struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One line of the report.
#[derive(Serialize)]
struct Finding {
    check: &'static str,
    result: Outcome,
    detail: String,
}

#[derive(Serialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Ok,
    Note,
    Wrong,
}

pub fn run(loaded: Result<Loaded, Failure>, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let findings = place::wait(async { Ok(examine(loaded).await) })?;
    let is_well = findings.iter().all(|finding| finding.result != Outcome::Wrong);
    if arguments.json {
        output::json(&findings)?;
    } else {
        for Finding { check, result, detail } in &findings {
            let mark = match result {
                Outcome::Ok => "ok",
                Outcome::Note => "note",
                Outcome::Wrong => "WRONG",
            };
            output::line(format_args!("{mark:<6} {check:<14} {detail}"));
        }
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn examine(loaded: Result<Loaded, Failure>) -> Vec<Finding> {
    let config = match loaded {
        Ok(loaded) => loaded.config,
        Err(failure) => return vec![wrong("configuration", failure)],
    };
    let mut findings = vec![ok("configuration", format!("issuer {}", config.server.public_url.issuer()))];
    match database(&config).await {
        Ok((store, finding)) => {
            findings.push(finding);
            findings.push(signing_keys(&config, &store).await);
            store.close().await;
        }
        Err(failure) => findings.push(wrong("database", failure)),
    }
    findings.extend(object_stores(&config).await);
    findings.extend(public_url(&config).await);
    findings
}

async fn database(config: &Config) -> Result<(Store, Finding), Failure> {
    let store = Store::open(&place::database(config)).await?;
    let pending = store.migrations().await?.iter().filter(|migration| !migration.applied).count();
    let finding = match pending {
        0 => ok("database", format!("{}, every migration applied", store.kind())),
        count if config.database.auto_migrate => {
            note("database", format!("{}, {count} migrations pending; `serve` will apply them", store.kind()))
        }
        count => wrong("database", format!("{count} migrations pending. Run `visage migrate`.")),
    };
    Ok((store, finding))
}

/// Opens every key with the master key, as a start would; makes nothing.
async fn signing_keys(config: &Config, store: &Store) -> Finding {
    let rows = match keys::rows(store).await {
        Ok(rows) if rows.is_empty() => {
            return note("keys", "none yet; the first `serve` makes them".to_owned());
        }
        Ok(rows) => rows,
        Err(failure) => return wrong("keys", failure),
    };
    let master = match keys::master(&config.keys, store, &Random::system()).await {
        Ok(master) => master,
        Err(failure) => return wrong("keys", failure),
    };
    match Ring::new(config.server.public_url.issuer(), master).replace(&rows) {
        Ok(()) => ok("keys", format!("{} keys, all open with this master key", rows.len())),
        Err(error) => wrong("keys", error),
    }
}

async fn object_stores(config: &Config) -> Vec<Finding> {
    let stores = match Stores::open(&compose::photo_settings(config).stores).await {
        Ok(stores) => stores,
        Err(error) => return vec![wrong("object store", error)],
    };
    let mut findings = Vec::new();
    for (name, store) in stores.iter() {
        findings.push(match objects::probe(&**store, &Random::system().id()).await {
            Ok(()) => ok("object store", format!("`{name}`: wrote, read and deleted a probe")),
            Err(error) => wrong("object store", format!("`{name}`: {error}")),
        });
    }
    findings
}

/// The public URL must lead to a server that calls itself so, and its clock must be ours.
async fn public_url(config: &Config) -> Vec<Finding> {
    let issuer = config.server.public_url.issuer();
    let url = format!("{issuer}{}", paths::OPENID_CONFIGURATION);
    let http = match reqwest::Client::builder().timeout(Duration::from_secs(5)).build() {
        Ok(http) => http,
        Err(error) => return vec![wrong("public URL", error)],
    };
    let answer = match http.get(&url).send().await {
        Ok(answer) => answer,
        Err(error) => {
            return vec![note(
                "public URL",
                format!("{issuer} does not answer ({error}); is the server running?"),
            )];
        }
    };
    let date = answer.headers().get("date").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let document: serde_json::Value = answer.json().await.unwrap_or_default();
    let mut findings = vec![if document["issuer"] == issuer {
        ok("public URL", format!("{issuer} answers as itself"))
    } else {
        wrong(
            "public URL",
            format!("what answers at {issuer} is another issuer; look at `server.public_url` and the proxy"),
        )
    }];
    let theirs = date.and_then(|date| chrono::DateTime::parse_from_rfc2822(&date).ok());
    if let Some(theirs) = theirs {
        let apart = (System.now() / 1_000_000 - theirs.timestamp()).abs();
        findings.push(match apart {
            0..=5 => ok("clock", format!("{apart} s apart from the server's")),
            _ => {
                wrong("clock", format!("{apart} s apart from the server's; tokens need a right clock (NTP)"))
            }
        });
    }
    findings
}

fn ok(check: &'static str, detail: String) -> Finding {
    Finding { check, result: Outcome::Ok, detail }
}

fn note(check: &'static str, detail: String) -> Finding {
    Finding { check, result: Outcome::Note, detail }
}

fn wrong(check: &'static str, detail: impl std::fmt::Display) -> Finding {
    Finding { check, result: Outcome::Wrong, detail: detail.to_string() }
}
