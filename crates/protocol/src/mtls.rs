//! Where clients are asked for their certificates.
//! <https://www.rfc-editor.org/rfc/rfc8705#section-5>

use serde::Serialize;

use crate::{Policy, metadata::Endpoints};

/// > An authorization server wishing to support mTLS and conventional clients […] can host its endpoints on separate hosts
/// > or ports.
///
/// Those at which a client authenticates, or may use a token that is bound to its certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Aliases {
    pub token_endpoint: String,
    pub pushed_authorization_request_endpoint: String,
    pub device_authorization_endpoint: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub userinfo_endpoint: String,
}

/// Nothing where certificates are asked for at the usual addresses, or nowhere.
pub fn aliases(policy: &Policy, endpoints: &Endpoints) -> Option<Aliases> {
    let host = policy.mtls_url.as_deref()?;
    let there = |endpoint: &str| {
        let path = endpoint.strip_prefix(&policy.issuer).unwrap_or(endpoint);
        format!("{host}{path}")
    };
    Some(Aliases {
        token_endpoint: there(&endpoints.token),
        pushed_authorization_request_endpoint: there(&endpoints.pushed_authorization_request),
        device_authorization_endpoint: there(&endpoints.device_authorization),
        introspection_endpoint: there(&endpoints.introspection),
        revocation_endpoint: there(&endpoints.revocation),
        userinfo_endpoint: there(&endpoints.userinfo),
    })
}
