//! Client metadata, by whomever it is written.

use protocol::redirect_uri::{self, Apps};
use protocol::registration::{self, Author};
use protocol::{Client, ClientMetadata, Policy, client_document};
use serde_json::{Value, json};
use url::Url;

const WORDS: &[&str] = &[
    "{",
    "}",
    ",",
    r#""redirect_uris":["#,
    r#""https://app.example/cb""#,
    "]",
    r#""client_name":"#,
    r#""A""#,
    "null",
    "[]",
    r#""grant_types":["authorization_code"]"#,
    r#""response_types":["#,
    r#""code""#,
    r#""scope":"#,
    r#""openid""#,
    r#""jwks":{}"#,
    r#""jwks_uri":"#,
    r#""token_endpoint_auth_method":"#,
    r#""none""#,
    r#""private_key_jwt""#,
    r#""logo_uri":"#,
    r#""http://127.0.0.1/""#,
    r#""subject_type":"pairwise""#,
    r#""sector_identifier_uri":"#,
    r#""default_max_age":"#,
    "-1",
    r#""id_token_encrypted_response_alg":"ECDH-ES""#,
    r#""client_name#fr":"B""#,
    r#""request_uris":["#,
    r#""contacts":["x"]"#,
    r#"{"redirect_uris":["https://app.example/cb"],"client_name":"A","#,
    r#""profile":"fapi2""#,
    r#""software_statement":"x""#,
];

// S3, S76, S78: what passes the check is sound, whatever else the document says.
#[test]
fn documents() {
    fuzz!(WORDS, |text| {
        let Ok(Value::Object(document)) = serde_json::from_str(text) else { return };
        for author in [Author::Client, Author::Administrator] {
            let mut client = Client::blank("c1", 0);
            if registration::apply(document.clone(), &mut client, author).is_err() {
                continue;
            }
            registration::fill_gaps(&mut client);
            let written = client.metadata.to_json();
            assert_eq!(ClientMetadata::from_json(&written).unwrap(), client.metadata);
            if registration::check(&client).is_ok() {
                assert!(
                    client.redirect_uris.iter().all(|uri| redirect_uri::check_registration(
                        uri,
                        Apps::of(&client)
                    )
                    .is_ok())
                );
                assert!(client.metadata.id_token_encryption().is_ok());
                let _ = registration::sector(&client);
            }
        }
    });
}

/// Where documents stand.
const ID: &str = "https://app.example/oauth/client.json";

// S76: whoever can write a document is nobody whom an administrator trusts, and shares no secret with us.
#[test]
fn client_documents() {
    let policies = [None, Some("mcp"), Some("fapi2")].map(|profile| Policy {
        registration_profile: profile.map(str::to_owned),
        ..Policy::new("https://id.example")
    });
    fuzz!(WORDS, |text| {
        let Ok(Value::Object(mut document)) = serde_json::from_str(text) else { return };
        document.insert("client_id".to_owned(), json!(ID));
        for policy in &policies {
            let Ok(client) = client_document::read(ID, document.clone(), None, policy, 7) else { continue };
            assert!(client.id == ID && client.is_unchecked() && !client.trusted && !client.resource_server);
            assert!(!client.auth_method.has_secret() && client.metadata.token_exchange.is_none());
            assert_eq!(client.metadata.profile, policy.registration_profile);
            assert!(client.scopes.is_subset(&policy.known_scopes()));
        }
    });
}

const ADDRESSES: &[&str] = &[
    "https://",
    "http://",
    "app.example",
    "APP.example",
    "127.0.0.1",
    "[::1]",
    ":443",
    ":8443",
    "/",
    "/../",
    "/./",
    "%2e%2e",
    "%41",
    "?",
    "#",
    "@",
    "\\",
    "\u{e9}",
    "c.json",
];

// S76: what is an identifier can be written in one way only.
#[test]
fn client_identifiers() {
    fuzz!(ADDRESSES, |text| {
        if client_document::is_identifier(text) {
            let url = Url::parse(text).unwrap();
            assert!(url.as_str() == text && url.scheme() == "https" && url.username().is_empty());
            assert!(url.query().is_none() && url.fragment().is_none() && url.password().is_none());
            assert!(url.path_segments().unwrap().all(|part| part != "." && part != ".."));
        }
    });
}
