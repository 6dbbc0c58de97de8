//! Registrations for the tests of this crate.

use crate::{AuthMethod, Client, Scopes, SigningAlg};

/// A confidential client of one redirect URI, good for every grant.
pub fn client() -> Client {
    Client {
        id: "c1".into(),
        name: "First client".into(),
        secret_digest: Some(vec![7; 32]),
        auth_method: AuthMethod::SecretBasic,
        redirect_uris: vec!["https://app.example/cb".into()],
        post_logout_redirect_uris: vec!["https://app.example/out".into()],
        grant_types: ["authorization_code", "refresh_token", "client_credentials"].map(Into::into).into(),
        response_types: vec!["code".into()],
        scopes: Scopes::none(),
        jwks: None,
        id_token_alg: SigningAlg::RS256,
        rotate_refresh: false,
        trusted: false,
        resource_server: false,
        everyone_scopes: Scopes::none(),
        logo_uri: None,
        client_uri: None,
        policy_uri: None,
        tos_uri: None,
        is_active: true,
        created_at: 0,
        updated_at: 0,
    }
}

pub fn public_client() -> Client {
    Client {
        auth_method: AuthMethod::None,
        secret_digest: None,
        grant_types: ["authorization_code", "refresh_token"].map(Into::into).into(),
        ..client()
    }
}
