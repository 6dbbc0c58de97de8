use std::path::Path;

use super::*;
use crate::config::Loaded;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// `docs/security.md` is generated: `visage doctor --rules > docs/security.md`.
#[test]
fn the_page_is_up_to_date() {
    let kept = std::fs::read_to_string(root().join("docs/security.md")).unwrap_or_default();
    assert!(kept == markdown(), "run: cargo run -- doctor --rules > docs/security.md");
}

#[test]
fn each_rule_is_held_somewhere() {
    let rows = std::fs::read_to_string(root().join("docs/protocol.md")).unwrap();
    for rule in RULES {
        assert!(!rule.places.is_empty() && !rule.rows.is_empty(), "{}", rule.section);
        for place in rule.places {
            assert!(root().join(place).is_file(), "{}: {place} is not there", rule.section);
        }
        for row in rule.rows {
            let anchor = format!("<a id=\"{}\"></a>", row.to_lowercase());
            assert!(rows.contains(&anchor), "{}: docs/protocol.md has no {row}", rule.section);
        }
    }
    assert!(RULES.is_sorted_by_key(|rule| number(rule.section)), "in the order of the specification");
}

/// `2.1.2` as numbers that can be compared.
fn number(section: &str) -> Vec<u32> {
    section.split('.').map(|part| part.parse().unwrap()).collect()
}

/// The rules that these settings and clients give up.
fn given_up(settings: &[(&str, &str)], clients: &[Client]) -> Vec<&'static str> {
    let address = [("VISAGE_SERVER__PUBLIC_URL", "https://id.example")];
    let environment =
        address.iter().chain(settings).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let file = tempfile::NamedTempFile::new().unwrap();
    let config = Loaded::load(Some(file.path()), environment).unwrap().config;
    let installation = Installation { config: &config, clients };
    let given_up = RULES.iter().filter(|rule| (rule.given_up)(&installation).is_some());
    given_up.map(|rule| rule.section).collect()
}

#[test]
fn what_is_given_up_is_said() {
    let mut client = Client::blank("c1", 0);
    client.auth_method = protocol::AuthMethod::PrivateKeyJwt;
    client.metadata.dpop_bound_access_tokens = true;
    let bound = client.clone();
    client.metadata.dpop_bound_access_tokens = false;
    let bearer = client.clone();
    client.is_active = false;
    for clients in [&[][..], &[bound], &[client]] {
        assert_eq!(given_up(&[], clients), [""; 0]);
    }
    assert_eq!(given_up(&[], &[bearer]), ["2.2.1", "4.9", "4.10"]);
    assert_eq!(given_up(&[("VISAGE_OAUTH__PKCE", "public")], &[]), ["2.1.1", "4.5", "4.7"]);
    assert_eq!(given_up(&[("VISAGE_OAUTH__REGISTRATION", "open")], &[]), ["4.11"]);
    assert_eq!(given_up(&[("VISAGE_OAUTH__CLIENT_ID_METADATA_DOCUMENTS", "true")], &[]), ["4.11"]);
    let types = ("VISAGE_OAUTH__RESPONSE_TYPES", r#"["code", "code token"]"#);
    assert_eq!(given_up(&[types], &[]), ["2.1.2", "4.6"]);
    assert_eq!(given_up(&[("VISAGE_SERVER__TRUSTED_PROXIES", r#"["0.0.0.0/0"]"#)], &[]), ["4.13"]);
    assert_eq!(given_up(&[("VISAGE_SERVER__PUBLIC_URL", "http://localhost:8080")], &[]), ["2.6"]);
}
