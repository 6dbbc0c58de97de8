//! `visage doctor`: checks a real installation and says what to do about what is wrong.

mod named;

use std::{process::ExitCode, time::Duration};

use clap::Args;
use photo::key::ObjectKey;
use photo::objects::{self, ObjectStore, Stores};
use protocol::Client;
use serde::Serialize;
use store::Store;

use super::output;
use crate::{
    compose,
    config::{Config, Loaded},
    failure::Failure,
    keys, place, rfc9700,
};
use keyring::{Random, Ring};
use web::{Clock, System, paths};

pub const EXAMPLE: &str = "Example:\n  visage doctor --config /etc/visage/visage.toml";

#[derive(Args, Debug)]
pub struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print docs/security.md: every rule of RFC 9700 and where it is held; looks at nothing
    #[arg(long, conflicts_with = "json")]
    rules: bool,
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
    if arguments.rules {
        output::line(rfc9700::markdown().trim_end());
        return Ok(ExitCode::SUCCESS);
    }
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
    let mut rules = Vec::new();
    match database(&config).await {
        Ok((store, finding)) => {
            // Before the first start there are no tables to look for keys in.
            let keys = match finding.result {
                Outcome::Ok => signing_keys(&config, &store).await,
                Outcome::Note | Outcome::Wrong => {
                    note("keys", "not looked at: the database has not every table yet".to_owned())
                }
            };
            let clients = match finding.result {
                Outcome::Ok => store.clients().await,
                Outcome::Note | Outcome::Wrong => Ok(Vec::new()),
            };
            findings.extend([finding, keys]);
            match clients {
                Ok(clients) => rules = security(&config, &clients),
                Err(error) => findings.push(wrong("clients", error)),
            }
            store.close().await;
        }
        Err(failure) => findings.push(wrong("database", failure)),
    }
    findings.extend(named::files(&config));
    findings.extend(named::issuers(&config).await);
    findings.extend(object_stores(&config).await);
    findings.extend(public_url(&config).await);
    findings.extend(rules);
    findings
}

/// Each rule of RFC 9700: held, or what this installation has chosen instead.
fn security(config: &Config, clients: &[Client]) -> Vec<Finding> {
    let installation = rfc9700::Installation { config, clients };
    let finding = |rule: &rfc9700::Rule| match (rule.given_up)(&installation) {
        None => {
            ok("RFC 9700", format!("{:<6} {} Held in {}.", rule.section, rule.asks, rule.places.join(", ")))
        }
        Some(instead) => note("RFC 9700", format!("{:<6} {} Here: {instead}.", rule.section, rule.asks)),
    };
    rfc9700::RULES.iter().map(finding).collect()
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
        match objects::probe(&**store, &Random::system().id()).await {
            Ok(()) => {
                findings.push(ok("object store", format!("`{name}`: wrote, read and deleted a probe")));
                let own =
                    config.photos.stores.get(name).map_or(&config.photos.public_url, |one| &one.public_url);
                if let Some(public) = own {
                    findings.push(public_address(name, &**store, &public.0).await);
                }
            }
            Err(error) => findings.push(wrong("object store", format!("`{name}`: {error}"))),
        }
    }
    findings
}

/// What is stored must be found at the store's `public_url`, or every `picture` of it is broken.
async fn public_address(name: &str, store: &dyn ObjectStore, public: &str) -> Finding {
    let unique = Random::system().id();
    let key: ObjectKey = match format!("visage-probe/{unique}").parse() {
        Ok(key) => key,
        Err(error) => return wrong("public URL", error),
    };
    if let Err(error) = store.put(&key, unique.clone().into()).await {
        return wrong("public URL", format!("`{name}`: {error}"));
    }
    let fetched = async {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(5)).build()?;
        let answer = http.get(format!("{public}/{key}")).send().await?;
        Ok::<_, reqwest::Error>((answer.status(), answer.text().await?))
    };
    let fetched = fetched.await;
    if let Err(error) = store.delete(&key).await {
        return wrong("public URL", format!("`{name}`: {error}"));
    }
    let advice = "look at the store's `public_url` and at what its server lets everybody read";
    match fetched {
        Ok((_, text)) if text == unique => {
            ok("public URL", format!("`{name}`: the probe was found at {public}"))
        }
        Ok((status, _)) => wrong(
            "public URL",
            format!("`{name}`: {public} answered {status} instead of the probe; {advice}"),
        ),
        Err(error) => wrong("public URL", format!("`{name}`: {public} does not answer ({error}); {advice}")),
    }
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
