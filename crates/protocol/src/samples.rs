//! Registrations for the tests of this crate.

use crate::{AuthMethod, Client};

/// A confidential client of one redirect URI, good for every grant.
pub fn client() -> Client {
    Client {
        name: "First client".into(),
        secret_digest: Some(vec![7; 32]),
        redirect_uris: vec!["https://app.example/cb".into()],
        post_logout_redirect_uris: vec!["https://app.example/out".into()],
        grant_types: ["authorization_code", "refresh_token", "client_credentials"].map(Into::into).into(),
        response_types: vec!["code".into()],
        ..Client::blank("c1", 0)
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
