//! Whether this operator offers what is registered: asked of every registration, whoever makes it. A request is held to the
//! operator's choices again where it uses them, since they may have changed.

use std::fmt;

use crate::{
    AuthMethod, Client, ErrorCode, OAuthError, Policy, Scopes,
    authorization::{ResponseType, request_object},
    policy::Certificates,
};

/// What the operator does not offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotOffered {
    ResponseType(String),
    Grant(String),
    AuthMethod(AuthMethod),
    /// Tokens bound to certificates, where none reaches us.
    Certificates,
    UnsignedRequestObjects,
    Scopes {
        known: Scopes,
    },
}

impl fmt::Display for NotOffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ResponseType(kind) => write!(f, "The response_type {kind} is not supported here."),
            Self::Grant(grant) => write!(f, "The grant_type {grant} is not supported here."),
            Self::AuthMethod(method) => {
                write!(f, "The token_endpoint_auth_method {} is not supported here.", method.as_str())
            }
            Self::Certificates => f.write_str("Client certificates do not reach this server."),
            Self::UnsignedRequestObjects => {
                f.write_str("This request_object_signing_alg is not supported here.")
            }
            Self::Scopes { known } => write!(f, "A scope is not known here. Known are: {known}."),
        }
    }
}

impl From<NotOffered> for OAuthError {
    fn from(what: NotOffered) -> Self {
        Self::new(ErrorCode::InvalidClientMetadata, what.to_string())
    }
}

pub fn offered(client: &Client, policy: &Policy) -> Result<(), NotOffered> {
    let kinds = &policy.response_types;
    let is_offered = |kind: &String| ResponseType::parse(kind).is_some_and(|kind| kinds.contains(&kind));
    if let Some(kind) = client.response_types.iter().find(|kind| !is_offered(kind)) {
        return Err(NotOffered::ResponseType(kind.clone()));
    }
    let grants = policy.grants();
    if let Some(grant) = client.grant_types.iter().find(|grant| !grants.contains(&grant.as_str())) {
        return Err(NotOffered::Grant(grant.clone()));
    }
    if !policy.auth_methods().contains(&client.auth_method) {
        return Err(NotOffered::AuthMethod(client.auth_method));
    }
    // It would never get a token.
    if client.metadata.tls_client_certificate_bound_access_tokens
        && policy.certificates == Certificates::Absent
    {
        return Err(NotOffered::Certificates);
    }
    let object_alg = client.metadata.request_object_signing_alg.as_deref();
    if object_alg.is_some_and(|alg| !request_object::offered(policy).any(|offered| offered == alg)) {
        return Err(NotOffered::UnsignedRequestObjects);
    }
    if !client.scopes.is_subset(&policy.known_scopes()) {
        return Err(NotOffered::Scopes { known: policy.known_scopes() });
    }
    Ok(())
}
