//! Client metadata, by whomever it is written.

use protocol::redirect_uri::{self, Apps};
use protocol::registration::{self, Author};
use protocol::{Client, ClientMetadata};
use serde_json::Value;

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
