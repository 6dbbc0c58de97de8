//! Requests by which tokens leave the authorization endpoint itself: who may ask so, and what they must bring.

use super::*;
use crate::{ErrorCode, policy::Pkce, samples};

fn everything_goes() -> (Client, Policy) {
    let kinds = ResponseType::ALL.map(|kind| kind.as_str().to_owned());
    let grants = ["authorization_code", "refresh_token", IMPLICIT].map(str::to_owned);
    let client = Client { response_types: kinds.into(), grant_types: grants.into(), ..samples::client() };
    let policy =
        Policy { response_types: ResponseType::ALL.into(), pkce: Pkce::Public, ..Policy::new("https://op") };
    (client, policy)
}

fn asking(kind: &str) -> AuthorizationRequest {
    AuthorizationRequest {
        client_id: Some("c1".into()),
        redirect_uri: Some("https://app.example/cb".into()),
        response_type: Some(kind.into()),
        scope: Some("openid email offline_access".into()),
        nonce: Some("n".into()),
        ..AuthorizationRequest::default()
    }
}

fn refused(request: &AuthorizationRequest, client: &Client, policy: &Policy) -> (ErrorCode, Carrier) {
    match validate(request, client, policy) {
        Err(Rejection::Redirect { to, error }) => (error.code, to.mode.carrier),
        other => panic!("not sent back: {other:?}"),
    }
}

// S7, S13
#[test]
fn each_type_is_good_where_operator_and_registration_have_it() {
    let (client, policy) = everything_goes();
    for kind in ResponseType::ALL {
        let request = asking(kind.as_str());
        let valid = validate(&request, &client, &policy).unwrap();
        assert_eq!(valid.response_type, kind);
        assert_eq!(valid.scopes.contains("offline_access"), kind.gives_code(), "{kind:?}");
        let by_fragment = kind != ResponseType::Code;
        assert_eq!(valid.to.mode.carrier == Carrier::Fragment, by_fragment, "{kind:?}");

        let carrier = valid.to.mode.carrier;
        let nobody = Policy { response_types: Vec::new(), ..policy.clone() };
        assert_eq!(refused(&request, &client, &nobody), (ErrorCode::UnsupportedResponseType, carrier));
        let unregistered = Client { response_types: Vec::new(), ..client.clone() };
        assert_eq!(refused(&request, &unregistered, &policy), (ErrorCode::UnauthorizedClient, carrier));
        let without_grants = Client { grant_types: vec!["refresh_token".into()], ..client.clone() };
        assert_eq!(refused(&request, &without_grants, &policy), (ErrorCode::UnauthorizedClient, carrier));
    }
}

#[test]
fn an_id_token_needs_a_nonce_and_openid() {
    let (client, policy) = everything_goes();
    for kind in ResponseType::ALL {
        let bare = AuthorizationRequest { nonce: None, ..asking(kind.as_str()) };
        let plain = AuthorizationRequest { scope: Some("email".into()), ..asking(kind.as_str()) };
        for request in [bare, plain] {
            if kind.gives_id_token() {
                let invalid = (ErrorCode::InvalidRequest, Carrier::Fragment);
                assert_eq!(refused(&request, &client, &policy), invalid, "{kind:?}");
            } else {
                assert!(validate(&request, &client, &policy).is_ok(), "{kind:?}");
            }
        }
    }
}

#[test]
fn a_token_that_is_bound_to_a_key_never_leaves_here() {
    let (mut client, policy) = everything_goes();
    client.metadata.dpop_bound_access_tokens = true;
    for kind in ResponseType::ALL {
        let good = validate(&asking(kind.as_str()), &client, &policy).is_ok();
        assert_eq!(good, !kind.gives_token(), "{kind:?}");
    }
}

// S9
#[test]
fn the_proof_is_of_the_code() {
    let (client, policy) = everything_goes();
    let always = Policy { pkce: Pkce::Always, ..policy };
    for kind in ResponseType::ALL {
        let good = validate(&asking(kind.as_str()), &client, &always).is_ok();
        assert_eq!(good, !kind.gives_code(), "{kind:?}");
    }
}

// S16
#[test]
fn the_registered_age_counts_where_the_request_says_none() {
    let (mut client, policy) = everything_goes();
    client.metadata.default_max_age = Some(60);
    let mut request = asking("code");
    assert_eq!(validate(&request, &client, &policy).unwrap().max_age, Some(60));
    request.max_age = Some("7".into());
    assert_eq!(validate(&request, &client, &policy).unwrap().max_age, Some(7));
}
