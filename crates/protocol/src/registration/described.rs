//! A registration as it is told: to the client itself, and by `visage client show`.

use serde_json::{Map, Value, json};

use crate::{Client, seconds};

/// > … contains the client metadata … all registered metadata about this client, including any fields provisioned by the
/// > authorization server itself.
///
/// <https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1>. Without what is secret, and without what an administrator
/// alone decides.
pub fn described(client: &Client) -> Map<String, Value> {
    let mut members = match serde_json::to_value(&client.metadata) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    members.remove("localized");
    members.remove("token_exchange");
    members.remove("scope_limit");
    for (name, value) in &client.metadata.localized {
        members.insert(name.clone(), value.clone().into());
    }
    let common = json!({
        "client_id": client.id,
        "client_id_issued_at": seconds(client.created_at),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.post_logout_redirect_uris,
        "grant_types": client.grant_types,
        "response_types": client.response_types,
        // Said out, since an empty text would read as "none".
        "scope": client.allowed_scopes().to_string(),
        "token_endpoint_auth_method": client.auth_method.as_str(),
        "id_token_signed_response_alg": client.id_token_alg.as_str(),
        "subject_type": if client.metadata.is_pairwise() { "pairwise" } else { "public" },
    });
    if let Value::Object(common) = common {
        members.extend(common);
    }
    for (name, value) in [
        ("logo_uri", &client.logo_uri),
        ("client_uri", &client.client_uri),
        ("policy_uri", &client.policy_uri),
        ("tos_uri", &client.tos_uri),
    ] {
        members.extend(value.clone().map(|value| (name.to_owned(), value.into())));
    }
    if let Some(jwks) = client.jwks.as_deref().and_then(|text| serde_json::from_str(text).ok()) {
        members.insert("jwks".to_owned(), jwks);
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ClientMetadata,
        registration::{Author, apply},
        samples,
    };

    #[test]
    fn what_is_told_registers_the_same_again() {
        let mut client = samples::client();
        client.jwks = Some(r#"{"keys":[]}"#.to_owned());
        client.logo_uri = Some("https://app.example/logo.png".to_owned());
        client.metadata = ClientMetadata {
            subject_type: Some("public".to_owned()),
            default_max_age: Some(60),
            localized: [("client_name#fr".to_owned(), "Mur".to_owned())].into(),
            token_exchange: Some(serde_json::from_str("{}").unwrap()),
            ..ClientMetadata::default()
        };
        let told = described(&client);
        assert_eq!(told["client_name#fr"], "Mur");
        assert!(!told.contains_key("token_exchange") && !told.contains_key("localized"));
        let mut again =
            Client { secret_digest: client.secret_digest.clone(), ..Client::blank(client.id.clone(), 0) };
        apply(told.clone(), &mut again, Author::Client).unwrap();
        assert_eq!(described(&Client { created_at: client.created_at, ..again }), told);
    }
}
