//! What the configuration names beside our own stores: files that `serve` reads, and issuers whose keys it will fetch.

use std::time::Duration;

use keyring::jwks::check_key_set;
use protocol::token::TrustedIssuer;
use url::Url;
use web::{Outbound, outbound::Bounds};

use super::{Finding, ok, wrong};
use crate::{client_certificates, compose, config::Config, tls::Certificate};

const BOUNDS: Bounds = Bounds { largest: 64 * 1024, deadline: Duration::from_secs(4), redirects: 2 };

/// Read by the functions that a start reads them with; what is not set is not spoken of.
pub fn files(config: &Config) -> Vec<Finding> {
    let server = &config.server;
    let is_set = |file: &Option<std::path::PathBuf>| file.is_some();
    let read = [
        (is_set(&server.tls.certificate), "server.tls", Certificate::of(server).map(drop)),
        (is_set(&server.client_ca_file), "client_ca_file", client_certificates::of(server).map(drop)),
        (is_set(&config.outbound.ca_file), "outbound", compose::outbound(config).map(drop)),
    ];
    let said = |(is_set, check, result)| match result {
        Err(failure) => Some(wrong(check, failure)),
        Ok(()) if is_set => Some(ok(check, "its files can be used".to_owned())),
        Ok(()) => None,
    };
    read.into_iter().filter_map(said).collect()
}

/// Whether those who may vouch for people show keys.
pub async fn issuers(config: &Config) -> Vec<Finding> {
    let issuers = compose::policy(config).issuers;
    // Said by `files`.
    let Ok(outbound) = compose::outbound(config) else { return Vec::new() };
    let mut findings = Vec::new();
    for issuer in issuers {
        findings.push(match keys(&outbound, &issuer).await {
            Ok(()) => ok("issuers", format!("`{}`: its keys are at {}", issuer.name, issuer.jwks_uri)),
            Err(why) => wrong("issuers", format!("`{}`: no keys at {}: {why}", issuer.name, issuer.jwks_uri)),
        });
    }
    findings
}

async fn keys(outbound: &Outbound, issuer: &TrustedIssuer) -> Result<(), String> {
    let url = Url::parse(&issuer.jwks_uri).map_err(|error| error.to_string())?;
    let bytes = outbound.get(&url, BOUNDS).await.map_err(|error| error.to_string())?;
    let text = std::str::from_utf8(&bytes).map_err(|error| error.to_string())?;
    check_key_set(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{commands::doctor::Outcome, config::Loaded};

    #[test]
    fn a_file_that_cannot_be_used_is_wrong_and_one_that_is_not_set_is_nothing() {
        let said = |settings: &[(&str, &str)]| {
            let file = tempfile::NamedTempFile::new().unwrap();
            let pairs = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            let config = Loaded::load(Some(file.path()), pairs).unwrap().config;
            files(&config).iter().map(|one| (one.check, one.result == Outcome::Wrong)).collect::<Vec<_>>()
        };
        assert_eq!(said(&[]), []);
        assert_eq!(said(&[("VISAGE_OUTBOUND__CA_FILE", "/nowhere.pem")]), [("outbound", true)]);
        let clients = ("VISAGE_SERVER__CLIENT_CA_FILE", "/nowhere.pem");
        assert_eq!(said(&[clients]), [("client_ca_file", true)]);
    }
}
