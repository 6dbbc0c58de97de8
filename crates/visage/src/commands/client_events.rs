//! What a client is told of events: where it receives them, and how that goes.

use std::net::{Ipv4Addr, Ipv6Addr};

use clap::Args;
use protocol::Micros;
use serde_json::{Value, json};
use store::events::Receiver;
use url::{Host, Url};

use super::output;
use crate::{failure::Failure, place::Place};

#[derive(Args, Debug, Default)]
pub struct Events {
    /// Where it is told that the picture of a person who uses it has changed (https, or http on loopback)
    #[arg(long, value_name = "URI", conflicts_with = "no_event_uri")]
    pub event_uri: Option<String>,
    /// It is told nothing any more
    #[arg(long)]
    pub no_event_uri: bool,
}

impl Events {
    /// Before anything is written.
    pub fn check(&self) -> Result<(), Failure> {
        match &self.event_uri {
            Some(uri) if !is_good(uri) => Err(Failure::usage(format!(
                "`{uri}` cannot receive events: it must be an https URL (http only on loopback) without user name and fragment."
            ))),
            _ => Ok(()),
        }
    }

    pub async fn apply(&self, place: &Place, client_id: &str) -> Result<(), Failure> {
        if self.event_uri.is_some() || self.no_event_uri {
            place.store.set_event_receiver(client_id, self.event_uri.clone(), place.now()).await?;
        }
        if let Some(uri) = self.event_uri.as_deref().filter(|uri| is_closed(uri, place)) {
            output::note(format_args!(
                "Nothing will be sent to {uri} before `outbound.allow_networks` names this machine, such as [\"127.0.0.0/8\", \"::1\"]."
            ));
        }
        Ok(())
    }
}

fn is_good(uri: &str) -> bool {
    let Ok(url) = Url::parse(uri) else { return false };
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    (url.scheme() == "https" || (url.scheme() == "http" && is_loopback))
        && uri.len() <= 2000
        && uri.bytes().all(|byte| byte.is_ascii_graphic())
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

/// On this machine, which is reached only where the configuration says so.
fn is_closed(uri: &str, place: &Place) -> bool {
    let networks = place.config.outbound.allow_networks.iter();
    let networks: web::Networks = networks.map(|network| (network.address, network.prefix)).collect();
    let (four, six) =
        (networks.contains(Ipv4Addr::LOCALHOST.into()), networks.contains(Ipv6Addr::LOCALHOST.into()));
    match Url::parse(uri).ok().as_ref().and_then(Url::host) {
        Some(Host::Domain("localhost")) => !four && !six,
        Some(Host::Ipv4(address)) => address.is_loopback() && !networks.contains(address.into()),
        Some(Host::Ipv6(address)) => address.is_loopback() && !networks.contains(address.into()),
        _ => false,
    }
}

/// What `client show --json` says of it; times are Unix seconds.
pub fn described(receiver: &Receiver, waiting: i64) -> Value {
    let seconds = |time: Micros| time / 1_000_000;
    json!({
        "uri": receiver.uri,
        "waiting": waiting,
        "delivered_at": receiver.delivered_at.map(seconds),
        "failures": receiver.failures,
        "last_error": receiver.last_error,
        "next_try_at": (receiver.failures > 0).then(|| seconds(receiver.not_before)),
    })
}

/// The same in a line.
pub fn said(receiver: &Receiver, waiting: i64) -> String {
    let mut parts = vec![receiver.uri.clone(), format!("{waiting} on their way")];
    if let Some(at) = receiver.delivered_at {
        parts.push(format!("last taken {}", output::time(at)));
    }
    if receiver.failures > 0 {
        let next = output::time(receiver.not_before);
        parts.push(format!("failed {} times in a row, next try {next}", receiver.failures));
    }
    if let Some(error) = &receiver.last_error {
        parts.push(format!("last error: {error}"));
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_events_may_go() {
        for good in ["https://app.example/events?of=visage", "http://localhost:9/e", "http://[::1]:9/e"] {
            assert!(is_good(good), "{good}");
        }
        for bad in [
            "http://app.example/events",
            "https://user@app.example/",
            "https://app.example/#x",
            "https://app.example/ x",
            "mailto:a@b",
            "/events",
            "",
        ] {
            assert!(!is_good(bad), "{bad}");
        }
    }
}
