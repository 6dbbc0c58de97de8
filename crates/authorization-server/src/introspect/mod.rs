//! Introspection: what a token stands for now. <https://www.rfc-editor.org/rfc/rfc7662>

mod signed;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    web::Data,
};
use bytes::Bytes;
use keyring::Audience;
use protocol::{Client, Confirmation, OAuthError, seconds};
use serde::Serialize;
use serde_json::Value;
use web::{Access, ClientAuthentication, Core, OAuthFailure};

use crate::State;

/// > If the introspection call is properly authorized but the token is not active […] the authorization
/// > server MUST return an introspection response with the "active" field set to "false". […] the
/// > authorization server SHOULD NOT include any additional information about an inactive token
///
/// <https://www.rfc-editor.org/rfc/rfc7662#section-2.2>
const INACTIVE: &[u8] = br#"{"active":false}"#;

/// <https://www.rfc-editor.org/rfc/rfc7662#section-2.2>
#[derive(Serialize)]
struct Active<'a> {
    active: bool,
    iss: &'a str,
    sub: &'a str,
    /// Absent where a person made the token for themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    scope: String,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a Audience>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    /// Absent for refresh tokens, which are of no type that RFC 6749 §5.1 knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    /// Who alone may use it: <https://www.rfc-editor.org/rfc/rfc9449#section-6.2>,
    /// <https://www.rfc-editor.org/rfc/rfc8705#section-3.2>
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<&'a Confirmation>,
    /// Who acts for the person: <https://www.rfc-editor.org/rfc/rfc8693#section-7.3>
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'a Value>,
    /// What it is for in detail: <https://www.rfc-editor.org/rfc/rfc9396#section-9.2>
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_details: Option<&'a Value>,
    /// The sign-in behind it: <https://www.rfc-editor.org/rfc/rfc9470#section-6.2>
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
}

// S86
pub async fn introspect(
    core: Data<Core>,
    state: Data<State>,
    http: HttpRequest,
    caller: ClientAuthentication,
) -> Result<HttpResponse, OAuthFailure> {
    // > the endpoint MUST also require some form of authorization to access this endpoint
    if caller.client.is_public() {
        return Err(OAuthFailure::invalid_client(false).because("a public client asks"));
    }
    let parameters = caller.form.oauth();
    if parameters.repeated().is_some() {
        return Err(OAuthError::invalid_request("A parameter came more than once.").into());
    }
    let Some(token) = parameters.one("token") else {
        return Err(OAuthError::invalid_request("The parameter token is missing.").into());
    };
    let answer = match core.access(token).await? {
        Some(access) if may_know(&caller.client, access.client_id.as_deref()) => {
            of_access_token(&core, &access)?
        }
        Some(access)
            if access.audience.iter().any(|one| state.policy.introspects(&caller.client.id, one)) =>
        {
            of_access_token(&core, &access)?
        }
        Some(_) => Bytes::from_static(INACTIVE),
        None => of_refresh_token(&core, &caller.client, token).await?,
    };
    let (content_type, answer) = match signed::asked(&http, &caller.client) {
        Some(alg) => (signed::MEDIA_TYPE, signed::sign(&core, &caller.client, alg, &answer)?),
        None => ("application/json", answer),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, content_type))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(answer))
}

/// Pinned for S86: its own tokens, or everybody's for a registered resource server; the client of a resource also those
/// for that resource ([`protocol::Policy::introspects`]). Those that a person made for
/// themselves are no client's.
fn may_know(caller: &Client, owner: Option<&str>) -> bool {
    caller.resource_server || owner == Some(caller.id.as_str())
}

/// The answer is kept with what it was made from, and dies with it.
fn of_access_token(core: &Core, access: &Access) -> Result<Bytes, OAuthFailure> {
    if let Some(ready) = access.introspection.get() {
        return Ok(ready);
    }
    let grant = access.grant.as_ref();
    let active = Active {
        active: true,
        iss: &core.site.issuer,
        sub: &access.subject,
        client_id: access.client_id.as_deref(),
        scope: access.scopes.to_string(),
        iat: seconds(access.issued_at),
        exp: seconds(access.expires_at),
        aud: Some(&access.audience),
        jti: Some(&access.jti),
        token_type: Some(access.token_type()),
        cnf: access.confirmation.as_ref(),
        act: access.act.as_ref(),
        authorization_details: access.authorization_details.as_ref(),
        acr: grant.and_then(|grant| grant.acr.as_deref()),
        auth_time: grant.map(|grant| seconds(grant.auth_time)).filter(|time| *time > 0),
    };
    Ok(access.introspection.keep(write(&active)?))
}

async fn of_refresh_token(core: &Core, caller: &Client, token: &str) -> Result<Bytes, OAuthFailure> {
    let inactive = Ok(Bytes::from_static(INACTIVE));
    let digest = keyring::digest(token.as_bytes());
    let Some((token, grant)) = core.store.live_refresh_token(&digest, core.now()).await? else {
        return inactive;
    };
    let Some(owner) = core.store.client(&grant.client_id).await? else { return inactive };
    if !may_know(caller, Some(&owner.id)) {
        return inactive;
    }
    write(&Active {
        active: true,
        iss: &core.site.issuer,
        sub: &core.subject(&owner, &grant.user_id),
        client_id: Some(&grant.client_id),
        scope: grant.scopes.intersect(&owner.allowed_scopes()).to_string(),
        iat: seconds(token.created_at),
        exp: seconds(token.expires_at),
        aud: None,
        jti: None,
        token_type: None,
        cnf: None,
        act: None,
        authorization_details: None,
        acr: None,
        auth_time: None,
    })
}

fn write(active: &Active<'_>) -> Result<Bytes, OAuthFailure> {
    serde_json::to_vec(active).map(Bytes::from).map_err(OAuthFailure::internal)
}
