//! Clients that tell of themselves where they live: the `client_id` is the address of their metadata.
//! <https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/>

use serde_json::{Map, Value};
use url::Url;

use crate::{
    AuthMethod, Client, ErrorCode, Micros, OAuthError, Policy,
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

/// The client of a document that stands at its identifier, held to all that a registration is held to. Its keys are still to
/// be looked at. `before`: as we know it already; what an administrator decided of it stays.
///
/// > The client metadata document MUST contain a client_id property whose value MUST match the URL of the document using
/// > simple string comparison […] The client_secret and client_secret_expires_at properties MUST NOT be used. […]
/// > token_endpoint_auth_method values of client_secret_post, client_secret_basic, client_secret_jwt, or any other method
/// > based around a shared symmetric secret MUST NOT be used
pub fn read(
    id: &str,
    mut document: Map<String, Value>,
    before: Option<&Client>,
    policy: &Policy,
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
    let mut client = match before {
        Some(before) => registration::emptied(before, now),
        None => Client { registered_by: BY_DOCUMENT.to_owned(), ..Client::blank(id, now) },
    };
    client.auth_method = AuthMethod::None;
    registration::apply(document, &mut client, Author::Client)?;
    registration::fill_profile(&mut client, policy);
    registration::fill_gaps(&mut client);
    registration::drop_unknown_scopes(&mut client, policy)?;
    if client.auth_method.has_secret() {
        return refuse("The client of a document authenticates by keys, or not at all.");
    }
    registration::check(&client)?;
    registration::offered(&client, policy)?;
    Ok(client)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mcp;

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
            read(ID, document, None, &Policy::new("https://id.example"), 7)
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
            // The operator offers neither.
            ("response_types", json!(["code", "code id_token"])),
            ("grant_types", json!(["authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"])),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }

    // S5, S6
    #[test]
    fn a_document_has_the_profile_that_the_operator_says() {
        let read = |profile: Option<&str>, before: Option<&Client>, more: Value| {
            let mut document = json!({ "client_id": ID, "redirect_uris": ["https://app.example/cb"] });
            for (name, value) in more.as_object().unwrap() {
                document[name] = value.clone();
            }
            let Value::Object(document) = document else { panic!() };
            let policy = Policy {
                registration_profile: profile.map(str::to_owned),
                ..Policy::new("https://id.example")
            };
            super::read(ID, document, before, &policy, 7)
        };
        let app =
            json!({ "redirect_uris": ["cursor://anysphere/cb", "http://localhost/cb"], "profile": "mcp" });
        assert!(read(None, None, app.clone()).is_err(), "it cannot say so itself");
        let client = read(Some("mcp"), None, app).unwrap();
        assert!(mcp::is_mcp(&client) && client.allows_grant("refresh_token"));
        assert!(read(Some("fapi2"), None, json!({})).is_err(), "without keys");
        let keys = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example/jwks" });
        let strict = read(Some("fapi2"), None, keys.clone()).unwrap();
        assert!(strict.metadata.is_fapi2() && strict.metadata.require_pushed_authorization_requests);
        // Taken out of the configuration, it stays with whoever has it; so does what an administrator decided.
        let before = Client { trusted: true, is_active: false, ..strict };
        let after = read(None, Some(&before), keys).unwrap();
        assert!(after.metadata.is_fapi2() && after.trusted && !after.is_active);
    }
}
