//! Clients that tell of themselves where they live: the `client_id` is the address of their metadata.
//! <https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/>

use serde_json::{Map, Value};
use url::Url;

use crate::{
    AuthMethod, Client, ErrorCode, Micros, OAuthError, Scopes,
    client::BY_DOCUMENT,
    registration::{self, Author},
};

const LONGEST: usize = 512;

/// Whether this is such an identifier.
///
/// > Client identifier URLs MUST have an "https" scheme, MUST contain a path component, MUST NOT contain single-dot or
/// > double-dot path segments, MUST NOT contain a fragment component and MUST NOT contain a username or password. Client
/// > identifier URLs SHOULD NOT include a query string component
///
/// Nor anything else that could be written in two ways: identifiers are compared byte by byte.
pub fn is_identifier(id: &str) -> bool {
    if !id.starts_with("https://") || id.len() > LONGEST || id.contains(['?', '#', '@', '\\']) {
        return false;
    }
    // A parser takes out dots, folds hosts and escapes: whatever is not as it would write it is refused.
    Url::parse(id).is_ok_and(|url| url.as_str() == id && url.path().len() > 1)
}

/// The client of a document that stands at its identifier. Unknown scopes are dropped, as in requests (S12). Its keys are
/// still to be looked at.
///
/// > The client metadata document MUST contain a client_id property whose value MUST match the URL of the document using
/// > simple string comparison […] The client_secret and client_secret_expires_at properties MUST NOT be used. […]
/// > token_endpoint_auth_method values of client_secret_post, client_secret_basic, client_secret_jwt, or any other method
/// > based around a shared symmetric secret MUST NOT be used
pub fn read(
    id: &str,
    mut document: Map<String, Value>,
    known_scopes: &Scopes,
    now: Micros,
) -> Result<Client, OAuthError> {
    let refuse = |why: &'static str| Err(OAuthError::new(ErrorCode::InvalidClientMetadata, why));
    if document.get("client_id").and_then(Value::as_str) != Some(id) {
        return refuse("The document is another client's.");
    }
    if document.contains_key("client_secret") || document.contains_key("client_secret_expires_at") {
        return refuse("A document that everybody can read holds no secret.");
    }
    document.retain(|_, value| !value.is_null());
    let mut client = Client {
        auth_method: AuthMethod::None,
        registered_by: BY_DOCUMENT.to_owned(),
        ..Client::blank(id, now)
    };
    registration::apply(document, &mut client, Author::Client)?;
    let known = client.scopes.intersect(known_scopes);
    if known.is_empty() && !client.scopes.is_empty() {
        return refuse("No scope of the document is known here.");
    }
    client.scopes = known;
    registration::fill_gaps(&mut client);
    if client.auth_method.has_secret() {
        return refuse("The client of a document authenticates by keys, or not at all.");
    }
    registration::check(&client)?;
    Ok(client)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "https://app.example/oauth/client.json";

    #[test]
    fn what_is_an_identifier() {
        for good in [ID, "https://app.example:8443/c", "https://app.example/a/"] {
            assert!(is_identifier(good), "{good}");
        }
        for bad in [
            "",
            "c1",
            "http://app.example/c",
            "https://app.example",
            "https://app.example/",
            "https://app.example/c?x=1",
            "https://app.example/c#x",
            "https://user@app.example/c",
            "https://app.example/a/../c",
            "https://app.example/./c",
            "https://APP.example/c",
            "https://app.example:443/c",
            "https://app.example/ c",
            "https://app.example/é",
            "https:///c",
            "https://app.example\\c",
        ] {
            assert!(!is_identifier(bad), "{bad}");
        }
        assert!(!is_identifier(&format!("https://app.example/{}", "x".repeat(LONGEST))));
    }

    #[test]
    fn a_document_is_of_its_own_address_and_holds_no_secret() {
        let read = |document: Value| {
            let Value::Object(document) = document else { panic!() };
            read(ID, document, &Scopes::known(), 7)
        };
        let good = json!({ "client_id": ID, "client_name": "App", "redirect_uris": ["https://app.example/cb"],
            "scope": "openid unheard-of", "token_endpoint_auth_method": null });
        let client = read(good.clone()).unwrap();
        assert_eq!(
            (client.id.as_str(), client.auth_method, client.scopes.to_string().as_str()),
            (ID, AuthMethod::None, "openid")
        );
        assert!(client.is_unchecked() && !client.trusted);
        for (member, value) in [
            ("client_id", json!("https://app.example/other")),
            ("client_id", Value::Null),
            ("client_secret", json!("x")),
            ("client_secret_expires_at", json!(0)),
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("token_endpoint_auth_method", json!("private_key_jwt")),
            ("redirect_uris", json!(["http://app.example/cb"])),
            ("redirect_uris", json!([])),
            ("scope", json!("unheard-of")),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
