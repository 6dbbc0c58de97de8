//! A registration as it comes: RFC 7591 JSON, sent by the client itself or read from an administrator's file.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::refuse;
use crate::{
    AuthMethod, Client, ClientMetadata, ErrorCode, Micros, OAuthError, Scopes, SigningAlg,
    authorization::ResponseType, redirect_uri,
};

/// Whose word it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    Administrator,
    /// The client itself, or whoever says to be it.
    Client,
}

/// What no client says of itself; `localized` is made of members such as `client_name#fr`.
const NOT_ITS_OWN: [&str; 2] = ["token_exchange", "profile"];
const MADE_HERE: [&str; 2] = ["localized", "scope_limit"];

/// The members that may be said in other languages.
/// <https://www.rfc-editor.org/rfc/rfc7591#section-2.2>
const IN_LANGUAGES: [&str; 5] = ["client_name", "client_uri", "logo_uri", "policy_uri", "tos_uri"];

/// The members that every client has a field for. `null` and absent are the same in `Option`, so it is looked up in the
/// document which of the two it was.
#[derive(Deserialize)]
struct Common {
    client_name: Option<String>,
    redirect_uris: Option<Vec<String>>,
    post_logout_redirect_uris: Option<Vec<String>>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    scope: Option<String>,
    token_endpoint_auth_method: Option<String>,
    jwks: Option<Map<String, Value>>,
    id_token_signed_response_alg: Option<String>,
    logo_uri: Option<String>,
    client_uri: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
}

/// The client after this document: what it does not name stays as it was, what it names as `null` goes back to its
/// default. Not yet checked: that is [`super::check`]'s.
///
/// > The authorization server MUST ignore any client metadata sent by the client that it does not understand
///
/// <https://www.rfc-editor.org/rfc/rfc7591#section-2>
// S76
pub fn apply(
    mut document: Map<String, Value>,
    client: &mut Client,
    author: Author,
) -> Result<(), OAuthError> {
    software_statement(&document)?;
    document.retain(|name, _| !MADE_HERE.contains(&name.as_str()));
    if author == Author::Client {
        document.retain(|name, _| !NOT_ITS_OWN.contains(&name.as_str()));
    }
    let common: Common = read(&document)?;
    let blank = Client::blank("", 0);
    let named = |name: &str| document.contains_key(name);
    macro_rules! take {
        ($($member:literal => $field:ident: $value:expr;)*) => {
            $( if named($member) { client.$field = $value.unwrap_or(blank.$field); } )*
        };
    }
    take! {
        "client_name" => name: common.client_name.map(|name| name.trim().to_owned());
        "redirect_uris" => redirect_uris: common.redirect_uris;
        "post_logout_redirect_uris" => post_logout_redirect_uris: common.post_logout_redirect_uris;
        "grant_types" => grant_types: common.grant_types;
        "response_types" => response_types: common.response_types.map(spelt);
        "scope" => scopes: common.scope.map(|text| scopes(&text)).transpose()?;
        "token_endpoint_auth_method" => auth_method: method(common.token_endpoint_auth_method)?;
        "jwks" => jwks: common.jwks.map(|set| Some(Value::Object(set).to_string()));
        "id_token_signed_response_alg" => id_token_alg: signing_alg(common.id_token_signed_response_alg)?;
        "logo_uri" => logo_uri: common.logo_uri.map(address);
        "client_uri" => client_uri: common.client_uri.map(address);
        "policy_uri" => policy_uri: common.policy_uri.map(address);
        "tos_uri" => tos_uri: common.tos_uri.map(address);
    }
    client.metadata = metadata(&document, &client.metadata)?;
    Ok(())
}

/// The client without anything that a registration says of itself: what a document that replaces another is applied to.
/// The secret stays, and what an administrator decided.
///
/// > Omitted fields MUST be treated as null or empty values by the server, indicating the client's request to delete them
/// > from the client's registration.
///
/// <https://www.rfc-editor.org/rfc/rfc7592#section-2.2>
pub fn emptied(client: &Client, now: Micros) -> Client {
    let mut emptied = Client {
        secret_digest: client.secret_digest.clone(),
        sealed_secret: client.sealed_secret.clone(),
        rotate_refresh: client.rotate_refresh,
        trusted: client.trusted,
        resource_server: client.resource_server,
        everyone_scopes: client.everyone_scopes.clone(),
        is_active: client.is_active,
        created_at: client.created_at,
        // Two changes within a microsecond are two.
        updated_at: now.max(client.updated_at + 1),
        registered_by: client.registered_by.clone(),
        management_digest: client.management_digest.clone(),
        used_at: client.used_at,
        ..Client::blank(client.id.clone(), now)
    };
    emptied.metadata.profile.clone_from(&client.metadata.profile);
    emptied.metadata.token_exchange.clone_from(&client.metadata.token_exchange);
    emptied.metadata.scope_limit.clone_from(&client.metadata.scope_limit);
    emptied
}

/// What a registration leaves open: RFC 7591's defaults.
///
/// > If omitted, the default is that the client will use only the code Response Type.
///
/// <https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata>
pub fn fill_gaps(client: &mut Client) {
    if client.grant_types.is_empty() {
        let kinds = client.response_types.iter().filter_map(|kind| ResponseType::parse(kind));
        let mut grants: Vec<String> = kinds.flat_map(ResponseType::grants).map(str::to_owned).collect();
        grants.sort_unstable();
        grants.dedup();
        let default = || vec!["authorization_code".to_owned()];
        client.grant_types = if grants.is_empty() { default() } else { grants };
    }
    if client.response_types.is_empty() && client.allows_grant("authorization_code") {
        client.response_types = vec![ResponseType::Code.as_str().to_owned()];
    }
    if client.name.is_empty() {
        // Not a name that it chose, but where people are sent back to.
        let host = client.redirect_uris.first().map(|uri| redirect_uri::display_host(uri));
        client.name = host.filter(|host| !host.is_empty()).unwrap_or_else(|| client.id.clone());
    }
}

/// > software_statement … If the authorization server does not trust the issuer …
///
/// <https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2>: we know no issuer of any.
fn software_statement(document: &Map<String, Value>) -> Result<(), OAuthError> {
    match document.get("software_statement") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(statement)) if statement.split('.').count() == 3 => Err(OAuthError::new(
            ErrorCode::UnapprovedSoftwareStatement,
            "No issuer of software statements is trusted here.",
        )),
        Some(_) => Err(OAuthError::new(
            ErrorCode::InvalidSoftwareStatement,
            "The software_statement is not a signed JWT.",
        )),
    }
}

/// Reads members, or says which of them is of a wrong type.
fn read<T: DeserializeOwned>(document: &Map<String, Value>) -> Result<T, OAuthError> {
    let good = serde_json::from_value(Value::Object(document.clone()));
    good.or_else(|_| {
        let alone = |(name, value): (&String, &Value)| Map::from_iter([(name.clone(), value.clone())]);
        let is_bad =
            |one: &Map<String, Value>| serde_json::from_value::<T>(Value::Object(one.clone())).is_err();
        let bad = document.iter().map(alone).find(is_bad);
        let name = bad.and_then(|one| one.into_iter().next()).map_or_else(String::new, |(name, _)| name);
        refuse(format!("The member {name} has a value of the wrong type."))
    })
}

/// The metadata with what the document says instead; members that are not its own are ignored by its type.
fn metadata(document: &Map<String, Value>, before: &ClientMetadata) -> Result<ClientMetadata, OAuthError> {
    let Ok(Value::Object(mut merged)) = serde_json::to_value(before) else {
        return refuse("The metadata cannot be written down.");
    };
    for (name, value) in document {
        match value {
            Value::Null => merged.remove(name),
            value => merged.insert(name.clone(), value.clone()),
        };
    }
    let mut metadata: ClientMetadata = read(&merged)?;
    for (name, value) in document {
        let in_languages = name
            .split_once('#')
            .is_some_and(|(base, tag)| IN_LANGUAGES.contains(&base) && !tag.is_empty() && tag.len() <= 35);
        match value {
            _ if !in_languages => {}
            Value::Null => {
                metadata.localized.remove(name);
            }
            Value::String(text) => {
                metadata.localized.insert(name.clone(), text.clone());
            }
            _ => return refuse(format!("The member {name} has a value of the wrong type.")),
        }
    }
    Ok(metadata)
}

/// An empty text is no address.
fn address(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// Each as we write it ourselves; what we do not know is left for the check.
fn spelt(kinds: Vec<String>) -> Vec<String> {
    let ours = |kind: String| ResponseType::parse(&kind).map_or(kind, |kind| kind.as_str().to_owned());
    kinds.into_iter().map(ours).collect()
}

/// Which of them are known is for [`super::drop_unknown_scopes`].
fn scopes(text: &str) -> Result<Scopes, OAuthError> {
    let Ok(asked) = Scopes::parse(text) else {
        return refuse("The scope holds a character that is not allowed.");
    };
    Ok(asked)
}

fn method(name: Option<String>) -> Result<Option<AuthMethod>, OAuthError> {
    let Some(name) = name else { return Ok(None) };
    match AuthMethod::parse(&name) {
        Some(method) => Ok(Some(method)),
        None => refuse("This token_endpoint_auth_method is not supported."),
    }
}

fn signing_alg(name: Option<String>) -> Result<Option<SigningAlg>, OAuthError> {
    let Some(name) = name else { return Ok(None) };
    match SigningAlg::parse(&name) {
        Some(alg) => Ok(Some(alg)),
        None => refuse("This id_token_signed_response_alg is not supported."),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::registration::check;

    fn applied(document: Value, author: Author) -> Result<Client, OAuthError> {
        let Value::Object(document) = document else { panic!("no object") };
        let mut client = Client { secret_digest: Some(vec![1; 32]), ..Client::blank("c1", 0) };
        apply(document, &mut client, author)?;
        fill_gaps(&mut client);
        check(&client)?;
        Ok(client)
    }

    // S76
    #[test]
    fn defaults_are_those_of_the_specification() {
        let client = applied(json!({ "redirect_uris": ["https://app.example/cb"] }), Author::Client).unwrap();
        assert_eq!(client.grant_types, ["authorization_code"]);
        assert_eq!(client.response_types, ["code"]);
        assert_eq!(client.auth_method, AuthMethod::SecretBasic);
        assert_eq!(client.name, "app.example");
        let hybrid = json!({ "redirect_uris": ["https://app.example/cb"], "response_types": ["id_token code", "code"] });
        let client = applied(hybrid, Author::Client).unwrap();
        assert_eq!(client.grant_types, ["authorization_code", "implicit"]);
        assert_eq!(client.response_types, ["code id_token", "code"]);
        let machine = applied(json!({ "grant_types": ["client_credentials"] }), Author::Client).unwrap();
        assert!(machine.response_types.is_empty());
    }

    // S76
    #[test]
    fn unknown_members_are_ignored_and_wrong_ones_named() {
        let document = json!({
            "redirect_uris": ["https://app.example/cb"], "client_name": " Wall ", "client_name#fr": "Mur",
            "frobnicate": [1], "client_id": "mine", "client_secret": "mine", "trusted": true, "resource_server": true,
            "token_exchange": {}, "profile": "mcp", "localized": { "client_name#de": "Wand" }, "logo_uri": null,
            "scope": "openid frobnicate profile", "contacts": ["a@app.example"],
        });
        let client = applied(document, Author::Client).unwrap();
        assert_eq!((client.id.as_str(), client.name.as_str()), ("c1", "Wall"));
        assert!(!client.trusted && !client.resource_server);
        assert_eq!(client.metadata.token_exchange, None);
        assert_eq!(client.metadata.profile, None);
        assert_eq!(client.metadata.localized.len(), 1);
        assert_eq!(client.metadata.localized["client_name#fr"], "Mur");
        assert_eq!(client.metadata.contacts, ["a@app.example"]);
        assert_eq!(client.scopes.to_string(), "openid profile frobnicate");
        for (document, said) in [
            (json!({ "redirect_uris": "https://app.example/cb" }), "redirect_uris"),
            (json!({ "client_name": 7 }), "client_name"),
            (json!({ "default_max_age": "soon" }), "default_max_age"),
            (json!({ "client_name#fr": 7 }), "client_name#fr"),
            (json!({ "jwks": "{}" }), "jwks"),
            (json!({ "scope": "a\"b" }), "scope"),
            (json!({ "id_token_signed_response_alg": "none" }), "id_token_signed_response_alg"),
            (json!({ "token_endpoint_auth_method": "magic" }), "token_endpoint_auth_method"),
        ] {
            let error = applied(document, Author::Client).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidClientMetadata);
            assert!(error.description.contains(said), "{error}");
        }
    }

    #[test]
    fn only_what_is_named_changes() {
        let mut client = applied(
            json!({ "redirect_uris": ["https://app.example/cb"], "client_name": "One", "default_max_age": 60,
                    "logo_uri": "https://app.example/logo.png", "client_name#fr": "Une" }),
            Author::Administrator,
        )
        .unwrap();
        let Value::Object(change) = json!({ "client_name": "Two", "logo_uri": null, "default_max_age": null,
            "client_name#fr": null, "profile": "fapi2" })
        else {
            panic!()
        };
        apply(change, &mut client, Author::Administrator).unwrap();
        assert_eq!((client.name.as_str(), client.redirect_uris.len(), &client.logo_uri), ("Two", 1, &None));
        assert_eq!(client.metadata.default_max_age, None);
        assert!(client.metadata.localized.is_empty());
        assert!(client.metadata.is_fapi2());
    }

    #[test]
    fn no_statement_about_software_is_believed() {
        for (statement, code) in [
            (json!("a.b.c"), ErrorCode::UnapprovedSoftwareStatement),
            (json!("abc"), ErrorCode::InvalidSoftwareStatement),
            (json!({}), ErrorCode::InvalidSoftwareStatement),
        ] {
            assert_eq!(
                applied(json!({ "software_statement": statement }), Author::Client).unwrap_err().code,
                code
            );
        }
    }
}
