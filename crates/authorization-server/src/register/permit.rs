//! Who may register a client, and who may look after one.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;
use keyring::Secret;
use protocol::{Client, ErrorCode, Micros, OAuthError, SECOND, client::BY_ANYBODY, policy::Registration};
use web::{Core, OAuthFailure, Peer, Refused};

use crate::State;

const HOUR: Micros = 3600 * SECOND;

/// Leave to register one client.
pub struct Permit {
    pub registered_by: String,
    /// The id of the initial access token of which this is a use.
    pub token: Option<String>,
}

/// > To support open registration and facilitate wider interoperability, the client registration endpoint SHOULD allow
/// > registration requests with no authorization … These requests MAY be rate-limited or otherwise limited to prevent a
/// > denial-of-service attack
///
/// <https://www.rfc-editor.org/rfc/rfc7591#section-3>. Whoever shows an initial access token is not limited: its uses are.
// S76
pub async fn of(
    core: &Core,
    state: &State,
    request: &HttpRequest,
    peer: Peer,
) -> Result<Permit, OAuthFailure> {
    if state.policy.registration == Registration::Closed {
        let error =
            OAuthError::new(ErrorCode::AccessDenied, "Clients are registered by an administrator here.");
        return Err(OAuthFailure::new(StatusCode::FORBIDDEN, error));
    }
    if let Some(token) = bearer(request)? {
        let known = core.store.initial_access_token(&token.digest(), core.now()).await?;
        let id = known.ok_or_else(|| refused("unknown initial access token"))?;
        return Ok(Permit { registered_by: format!("token:{id}"), token: Some(id) });
    }
    if state.policy.registration == Registration::Token {
        return Err(unauthorized("Bearer").because("no initial access token"));
    }
    count(core, state, &peer.network()).await?;
    Ok(Permit { registered_by: BY_ANYBODY.to_owned(), token: None })
}

/// One more change of a client's registration by itself. Who let itself in counts with the registrations of its network,
/// since its next registration would give it another count; any other client counts for itself.
// S77
pub async fn changes(core: &Core, state: &State, client: &Client, peer: Peer) -> Result<(), OAuthFailure> {
    let network = client.let_itself_in().then(|| peer.network());
    count(core, state, &network.unwrap_or_else(|| format!("client\0{}", client.id))).await
}

async fn count(core: &Core, state: &State, who: &str) -> Result<(), OAuthFailure> {
    let digest = keyring::digest(format!("registration\0{who}").as_bytes());
    let most = i64::from(state.policy.registrations_per_hour);
    match core.store.count_up(digest.to_vec(), most, HOUR, core.now()).await? {
        None => Ok(()),
        Some(until) => {
            let seconds = protocol::seconds(until - core.now()).max(1);
            let error =
                OAuthError::new(ErrorCode::TemporarilyUnavailable, "Too many registrations. Try later.");
            let failure = OAuthFailure::new(StatusCode::TOO_MANY_REQUESTS, error);
            Err(failure.with_header(RETRY_AFTER, &seconds.to_string()))
        }
    }
}

/// A client that shows its registration access token, at its own address.
pub struct Managing {
    pub client: Arc<Client>,
    pub token: Secret,
}

/// > If the registration access token used to make this request is not valid, the server MUST respond with an error as
/// > described in the OAuth Bearer Token Usage specification. If the client does not exist on this server, the server
/// > MUST respond with HTTP 401 Unauthorized
///
/// <https://www.rfc-editor.org/rfc/rfc7592#section-2.1>
// S77
impl FromRequest for Managing {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let core = Core::of(&request)?;
            let id = request.match_info().query("client");
            let token = bearer(&request)?.ok_or_else(|| unauthorized("Bearer"))?;
            let client = core.store.client(id).await.map_err(OAuthFailure::from)?;
            // The work is the same for a client that is not there.
            let expected = client.as_ref().and_then(|client| client.management_digest.as_deref());
            let fits = keyring::same(&token.digest(), expected.unwrap_or(&[0; 32])) && expected.is_some();
            match client {
                Some(client) if fits && client.is_active => Ok(Managing { client, token }),
                _ => Err(refused("not the registration access token of this client").into()),
            }
        })
    }
}

/// 401 for a token that is none.
pub fn refused(why: &str) -> OAuthFailure {
    unauthorized(r#"Bearer error="invalid_token""#).because(why)
}

fn unauthorized(challenge: &str) -> OAuthFailure {
    let error = OAuthError::new(ErrorCode::InvalidToken, "The access token is missing, invalid or used up.");
    OAuthFailure::from(error).with_header(WWW_AUTHENTICATE, challenge)
}

/// The token in the header; none without a header.
fn bearer(request: &HttpRequest) -> Result<Option<Secret>, OAuthFailure> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else { return Ok(None) };
    let token = header.to_str().ok().and_then(|text| text.split_once(' '));
    match token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer")) {
        Some((_, token)) if headers.next().is_none() => Ok(Some(Secret::new(token.trim()))),
        _ => Err(refused("an Authorization header that is none")),
    }
}
