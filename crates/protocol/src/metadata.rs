//! The discovery document, made of the same tables that enforce.
//! <https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata>,
//! <https://www.rfc-editor.org/rfc/rfc8414#section-2>

use serde::Serialize;

use crate::{
    AuthMethod, ContentEncryption, KeyEncryption, Policy, SigningAlg,
    authorization::{ACR_VALUES, CODE_CHALLENGE_METHODS, Prompt, RESPONSE_MODES, request_object},
    claims, client, dpop, mtls,
    policy::{Certificates, Registration},
    scopes,
};

/// Absolute addresses of the endpoints.
#[derive(Clone, Debug)]
pub struct Endpoints {
    pub authorization: String,
    pub token: String,
    pub userinfo: String,
    pub jwks: String,
    pub introspection: String,
    pub revocation: String,
    pub end_session: String,
    pub check_session: String,
    pub device_authorization: String,
    pub pushed_authorization_request: String,
    pub registration: String,
}

/// Truthful: what is listed works, what is not listed is refused (S91).
#[derive(Clone, Debug, Serialize)]
pub struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub userinfo_endpoint: String,
    pub jwks_uri: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
    pub end_session_endpoint: String,
    /// <https://openid.net/specs/openid-connect-session-1_0.html#OPMetadata>
    pub check_session_iframe: String,
    /// <https://openid.net/specs/openid-connect-frontchannel-1_0.html#OPLogout>
    pub frontchannel_logout_supported: bool,
    pub frontchannel_logout_session_supported: bool,
    /// <https://openid.net/specs/openid-connect-backchannel-1_0.html#BCSupport>
    pub backchannel_logout_supported: bool,
    pub backchannel_logout_session_supported: bool,
    pub device_authorization_endpoint: String,
    pub pushed_authorization_request_endpoint: String,
    pub require_pushed_authorization_requests: bool,
    /// Where clients may be registered by others than administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub client_id_metadata_document_supported: bool,
    pub scopes_supported: Vec<String>,
    pub response_types_supported: Vec<&'static str>,
    pub response_modes_supported: Vec<&'static str>,
    pub grant_types_supported: Vec<&'static str>,
    pub subject_types_supported: Vec<&'static str>,
    pub id_token_signing_alg_values_supported: Vec<&'static str>,
    pub id_token_encryption_alg_values_supported: Vec<&'static str>,
    pub id_token_encryption_enc_values_supported: Vec<&'static str>,
    pub userinfo_signing_alg_values_supported: Vec<&'static str>,
    pub userinfo_encryption_alg_values_supported: Vec<&'static str>,
    pub userinfo_encryption_enc_values_supported: Vec<&'static str>,
    /// Of signed authorization responses.
    pub authorization_signing_alg_values_supported: Vec<&'static str>,
    pub token_endpoint_auth_methods_supported: Vec<&'static str>,
    pub token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    /// <https://www.rfc-editor.org/rfc/rfc9701#section-7>
    pub introspection_signing_alg_values_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    pub dpop_signing_alg_values_supported: Vec<&'static str>,
    pub tls_client_certificate_bound_access_tokens: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtls_endpoint_aliases: Option<mtls::Aliases>,
    pub code_challenge_methods_supported: Vec<&'static str>,
    pub prompt_values_supported: Vec<&'static str>,
    pub acr_values_supported: Vec<&'static str>,
    pub claim_types_supported: Vec<&'static str>,
    pub claims_supported: Vec<&'static str>,
    pub claims_parameter_supported: bool,
    pub request_parameter_supported: bool,
    pub request_object_signing_alg_values_supported: Vec<&'static str>,
    pub request_uri_parameter_supported: bool,
    pub require_request_uri_registration: bool,
    pub authorization_response_iss_parameter_supported: bool,
    pub ui_locales_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types_supported: Vec<String>,
    /// <https://www.rfc-editor.org/rfc/rfc9728#section-4>
    pub protected_resources: Vec<String>,
}

/// What we say of our own APIs, to clients that come to them first.
/// <https://www.rfc-editor.org/rfc/rfc9728#section-2>
#[derive(Clone, Debug, Serialize)]
pub struct ProtectedResource {
    pub resource: String,
    pub authorization_servers: [String; 1],
    pub jwks_uri: String,
    pub scopes_supported: Vec<&'static str>,
    pub bearer_methods_supported: [&'static str; 2],
    pub resource_name: &'static str,
    pub resource_documentation: String,
    pub tls_client_certificate_bound_access_tokens: bool,
    pub dpop_signing_alg_values_supported: Vec<&'static str>,
    pub dpop_bound_access_tokens_required: bool,
}

/// `documentation`: the address of the API's description. The body takes a token at userinfo alone.
pub fn protected_resource(
    policy: &Policy,
    endpoints: &Endpoints,
    documentation: String,
) -> ProtectedResource {
    ProtectedResource {
        resource: policy.issuer.clone(),
        authorization_servers: [policy.issuer.clone()],
        jwks_uri: endpoints.jwks.clone(),
        scopes_supported: scopes::KNOWN.into(),
        bearer_methods_supported: ["header", "body"],
        resource_name: "Visage",
        resource_documentation: documentation,
        tls_client_certificate_bound_access_tokens: policy.certificates != Certificates::Absent,
        dpop_signing_alg_values_supported: dpop::ALGS.into(),
        dpop_bound_access_tokens_required: false,
    }
}

/// Claims of the ID token that no scope releases.
const OF_THE_SIGN_IN: [&str; 10] =
    ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid"];

pub fn document(policy: &Policy, endpoints: Endpoints, ui_locales: &[&'static str]) -> Metadata {
    let methods: Vec<&str> = policy.auth_methods().into_iter().map(AuthMethod::as_str).collect();
    let confidential: Vec<&str> = methods.iter().copied().filter(|method| *method != "none").collect();
    let assertion_algs: Vec<&str> =
        client::ASSERTION_ALGS.into_iter().chain([client::SHARED_ASSERTION_ALG]).collect();
    let mtls_endpoint_aliases = mtls::aliases(policy, &endpoints);
    let released = claims::BY_SCOPE.iter().flat_map(|(_, claims)| claims.iter().copied());
    Metadata {
        issuer: policy.issuer.clone(),
        authorization_endpoint: endpoints.authorization,
        token_endpoint: endpoints.token,
        userinfo_endpoint: endpoints.userinfo,
        jwks_uri: endpoints.jwks,
        introspection_endpoint: endpoints.introspection,
        revocation_endpoint: endpoints.revocation,
        end_session_endpoint: endpoints.end_session,
        check_session_iframe: endpoints.check_session,
        frontchannel_logout_supported: true,
        frontchannel_logout_session_supported: true,
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        device_authorization_endpoint: endpoints.device_authorization,
        pushed_authorization_request_endpoint: endpoints.pushed_authorization_request,
        require_pushed_authorization_requests: policy.require_pushed_authorization_requests,
        client_id_metadata_document_supported: policy.client_id_metadata_documents,
        registration_endpoint: (policy.registration != Registration::Closed)
            .then_some(endpoints.registration),
        scopes_supported: policy.known_scopes().iter().map(str::to_owned).collect(),
        response_types_supported: policy.response_types.iter().map(|kind| kind.as_str()).collect(),
        response_modes_supported: RESPONSE_MODES.into(),
        grant_types_supported: policy.grants(),
        subject_types_supported: vec!["public", "pairwise"],
        id_token_signing_alg_values_supported: SigningAlg::ALL.map(SigningAlg::as_str).into(),
        id_token_encryption_alg_values_supported: KeyEncryption::ALL.map(KeyEncryption::as_str).into(),
        id_token_encryption_enc_values_supported: ContentEncryption::ALL
            .map(ContentEncryption::as_str)
            .into(),
        userinfo_signing_alg_values_supported: SigningAlg::ALL.map(SigningAlg::as_str).into(),
        userinfo_encryption_alg_values_supported: KeyEncryption::ALL.map(KeyEncryption::as_str).into(),
        userinfo_encryption_enc_values_supported: ContentEncryption::ALL
            .map(ContentEncryption::as_str)
            .into(),
        authorization_signing_alg_values_supported: SigningAlg::ALL.map(SigningAlg::as_str).into(),
        token_endpoint_auth_methods_supported: methods.clone(),
        token_endpoint_auth_signing_alg_values_supported: assertion_algs.clone(),
        introspection_endpoint_auth_methods_supported: confidential,
        introspection_endpoint_auth_signing_alg_values_supported: assertion_algs.clone(),
        introspection_signing_alg_values_supported: SigningAlg::ALL.map(SigningAlg::as_str).into(),
        revocation_endpoint_auth_methods_supported: methods,
        revocation_endpoint_auth_signing_alg_values_supported: assertion_algs,
        dpop_signing_alg_values_supported: dpop::ALGS.into(),
        tls_client_certificate_bound_access_tokens: policy.certificates != Certificates::Absent,
        mtls_endpoint_aliases,
        code_challenge_methods_supported: CODE_CHALLENGE_METHODS.into(),
        prompt_values_supported: Prompt::ALL.map(Prompt::as_str).into(),
        acr_values_supported: ACR_VALUES.into(),
        claim_types_supported: vec!["normal"],
        claims_supported: OF_THE_SIGN_IN.into_iter().chain(released).collect(),
        claims_parameter_supported: true,
        request_parameter_supported: true,
        request_object_signing_alg_values_supported: request_object::offered(policy).collect(),
        request_uri_parameter_supported: true,
        require_request_uri_registration: true,
        authorization_response_iss_parameter_supported: true,
        ui_locales_supported: ui_locales.into(),
        authorization_details_types_supported: policy
            .detail_types
            .iter()
            .map(|kind| kind.name.clone())
            .collect(),
        protected_resources: std::iter::once(&policy.issuer)
            .chain(policy.resources.iter().map(|resource| &resource.audience))
            .cloned()
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Client, authorization::ResponseType, registration, samples};

    fn sample(policy: &Policy) -> Metadata {
        let endpoint = |name: &str| format!("https://op/{name}");
        let endpoints = Endpoints {
            authorization: endpoint("authorize"),
            token: endpoint("token"),
            userinfo: endpoint("userinfo"),
            jwks: endpoint("jwks"),
            introspection: endpoint("introspect"),
            revocation: endpoint("revoke"),
            end_session: endpoint("logout"),
            check_session: endpoint("check_session"),
            pushed_authorization_request: endpoint("par"),
            device_authorization: endpoint("device_authorization"),
            registration: endpoint("register"),
        };
        document(policy, endpoints, &["en"])
    }

    // S91: what is listed can be registered, what is not listed cannot.
    #[test]
    fn a_client_can_be_registered_with_what_is_listed_and_nothing_else() {
        let policy = Policy::new("https://op");
        let every = Policy { response_types: ResponseType::ALL.into(), ..Policy::new("https://op") };
        for policy in [policy, every] {
            registered(&policy);
        }
    }

    fn registered(policy: &Policy) {
        let document = sample(policy);
        let check = |client: &Client| {
            registration::check(client).and_then(|()| Ok(registration::offered(client, policy)?))
        };
        let listed = |list: &[&str], name: &str| list.contains(&name);
        for grant in ["authorization_code", "refresh_token", "client_credentials", "password", "implicit"] {
            let mut client = samples::client();
            client.grant_types.push(grant.into());
            let good = check(&client).is_ok();
            assert_eq!(good, listed(&document.grant_types_supported, grant), "{grant}");
        }
        for kind in ["code", "token", "id_token", "id_token token", "code id_token", "code id_token token"] {
            let mut client = Client { response_types: vec![kind.into()], ..samples::client() };
            let grants = ResponseType::parse(kind).into_iter().flat_map(ResponseType::grants);
            client.grant_types = grants.map(str::to_owned).collect();
            let good = check(&client).is_ok();
            assert_eq!(good, listed(&document.response_types_supported, kind), "{kind}");
        }
        let methods =
            ["none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"];
        assert_eq!(document.token_endpoint_auth_methods_supported, methods);
        for alg in ["RS256", "ES256", "EdDSA", "none", "HS256", "PS256", "RS512"] {
            let listed = listed(&document.id_token_signing_alg_values_supported, alg);
            assert_eq!(SigningAlg::parse(alg).is_some(), listed, "{alg}");
        }
        assert!(!listed(&document.introspection_endpoint_auth_methods_supported, "none"));
        assert!(!document.token_endpoint_auth_signing_alg_values_supported.contains(&"none"));
    }

    #[test]
    fn no_claim_is_listed_twice() {
        let mut claims = sample(&Policy::new("https://op")).claims_supported;
        let all = claims.len();
        claims.sort_unstable();
        claims.dedup();
        assert_eq!(claims.len(), all);
    }

    // S91: by certificate only where certificates reach us.
    #[test]
    fn certificates_are_offered_where_they_can_be_judged() {
        let with = |certificates| Policy { certificates, ..Policy::new("https://op") };
        let by_certificate = |policy: &Policy| {
            let methods = policy.auth_methods().into_iter().filter(|method| method.by_certificate());
            methods.map(AuthMethod::as_str).collect::<Vec<_>>()
        };
        assert!(by_certificate(&with(Certificates::Absent)).is_empty());
        assert_eq!(by_certificate(&with(Certificates::Unchecked)), ["self_signed_tls_client_auth"]);
        let both = ["tls_client_auth", "self_signed_tls_client_auth"];
        let policy = Policy { mtls_url: Some("https://mtls.op".into()), ..with(Certificates::Checked) };
        assert_eq!(by_certificate(&policy), both);
    }
}
