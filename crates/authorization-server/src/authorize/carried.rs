//! From what came to the request that counts: its parameters themselves, those of a request object, or those of a request
//! that was pushed.

use std::time::Duration;

use moka::sync::Cache;
use protocol::{
    Client, ErrorCode, Micros, OAuthError, SECOND,
    authorization::{AuthorizationRequest, request_object},
};
use std::sync::Arc;
use store::StoreError;
use url::Url;
use web::{Core, Turns, outbound::Bounds};

use crate::State;

/// What a request means, and the row that is spent with its answer.
pub struct Meant {
    pub request: AuthorizationRequest,
    pub pushed: Option<Vec<u8>>,
}

/// > the authorization server MUST […] if both request and request_uri parameters are used, […] an error
///
/// by <https://openid.net/specs/openid-connect-core-1_0.html#RequestUriParameter>. Whatever stands beside an object or a
/// reference is ignored (S20): only the `client_id` says whose it must be.
// S20, S21
pub async fn meant(
    core: &Core,
    state: &State,
    client: &Client,
    came: AuthorizationRequest,
) -> Result<Result<Meant, OAuthError>, StoreError> {
    let by_reference = came.request.is_some() || came.request_uri.is_some();
    if by_reference && came.repeated.is_some() {
        return Ok(Err(OAuthError::invalid_request("A parameter came more than once.")));
    }
    let object = match (&came.request, &came.request_uri) {
        (None, None) => return Ok(Ok(Meant { request: came, pushed: None })),
        (Some(_), Some(_)) => {
            return Ok(Err(OAuthError::invalid_request("Send request or request_uri, not both.")));
        }
        (Some(object), None) => Ok(Arc::from(object.as_str())),
        (None, Some(uri)) => match uri.strip_prefix(request_object::PUSHED) {
            Some(secret) => return pushed(core, client, secret).await,
            None => fetched(core, state, client, uri).await,
        },
    };
    Ok(match object {
        Ok(object) => {
            opened(core, state, client, &object).await.map(|request| Meant { request, pushed: None })
        }
        Err(error) => Err(error),
    })
}

/// > Since the request URI can be replayed, its lifetime SHOULD be short and preferably limited to one-time use. […] MAY
/// > allow for duplicate requests due to a user reloading/refreshing their user agent.
///
/// <https://www.rfc-editor.org/rfc/rfc9126#section-4>. So it is spent by the answer, not by the look.
async fn pushed(core: &Core, client: &Client, secret: &str) -> Result<Result<Meant, OAuthError>, StoreError> {
    let digest = keyring::digest(secret.as_bytes());
    let row = core.store.pushed_request(&digest, &client.id, core.now()).await?;
    let request = row.and_then(|row| serde_json::from_str(&row.parameters).ok());
    Ok(match request {
        Some(request) => Ok(Meant { request, pushed: Some(digest.into()) }),
        None => refuse("The request_uri is unknown, expired, used, or another client's."),
    })
}

/// The request in an object, once its signature holds.
pub async fn opened(
    core: &Core,
    state: &State,
    client: &Client,
    object: &str,
) -> Result<AuthorizationRequest, OAuthError> {
    let mut algs = request_object::algs(client, &state.policy);
    let may_be_unsigned = algs.contains(&request_object::UNSIGNED);
    algs.retain(|alg| *alg != request_object::UNSIGNED);
    let unsigned = may_be_unsigned.then(|| keyring::request_object::unsigned(object)).flatten();
    let signed = unsigned.is_none();
    let claims = match unsigned {
        Some(claims) => claims,
        None => {
            let verify = |jwks: &str| keyring::request_object::verify(jwks, object, &algs);
            core.with_client_keys(client, verify).await.map_err(|error| {
                let why = format!("The request object: {error}.");
                OAuthError::new(ErrorCode::InvalidRequestObject, why)
            })?
        }
    };
    let pairs = request_object::parameters(&claims, client, &state.policy, core.now())?;
    Ok(AuthorizationRequest { signed, ..AuthorizationRequest::parse(&pairs) })
}

/// Objects that were fetched, by their whole address: whoever changes one changes the fragment too, or waits.
pub struct Fetched {
    kept: Cache<String, (Option<Arc<str>>, Micros)>,
    turns: Turns,
}

const BOUNDS: Bounds =
    Bounds { largest: keyring::jwt::MAX_LENGTH, deadline: Duration::from_secs(4), redirects: 0 };
/// How long an object is not asked for again, and an address that gave none.
const KEPT: Micros = 60 * SECOND;
const KEPT_AWAY: Micros = 5 * SECOND;
/// All objects together, in bytes.
const MOST: u64 = 4 * 1024 * 1024;
/// People wait for each: more at once are no help to any. One at a time of one client.
const AT_ONCE: usize = 16;

impl Fetched {
    pub fn new() -> Self {
        let weight = |uri: &String, (object, _): &(Option<Arc<str>>, Micros)| {
            let bytes = uri.len() + object.as_ref().map_or(0, |object| object.len()) + 128;
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder().max_capacity(MOST).weigher(weight).build();
        Self { kept, turns: Turns::new(AT_ONCE) }
    }

    async fn get(&self, core: &Core, client: &Client, uri: &str) -> Option<Arc<str>> {
        if let Some(known) = self.known(core, uri) {
            return known;
        }
        let _turn = self.turns.take(client).await?;
        // Whoever had the turn before may have asked the same.
        if let Some(known) = self.known(core, uri) {
            return known;
        }
        let object = match ask(core, uri).await {
            Ok(object) => Some(object),
            Err(why) => {
                tracing::info!(uri, %why, "a request object cannot be fetched");
                None
            }
        };
        let kept = if object.is_some() { KEPT } else { KEPT_AWAY };
        self.kept.insert(uri.to_owned(), (object.clone(), core.now() + kept));
        object
    }

    fn known(&self, core: &Core, uri: &str) -> Option<Option<Arc<str>>> {
        self.kept.get(uri).filter(|(_, until)| core.now() < *until).map(|(object, _)| object)
    }
}

async fn ask(core: &Core, uri: &str) -> Result<Arc<str>, String> {
    let url = Url::parse(uri).map_err(|error| error.to_string())?;
    let bytes = core.outbound.get(&url, BOUNDS).await.map_err(|error| error.to_string())?;
    let text = std::str::from_utf8(&bytes).map_err(|error| error.to_string())?;
    Ok(text.trim().into())
}

/// > request_uri values used are pre-registered […] The OP MUST NOT [fetch others]
///
/// as `require_request_uri_registration` says: nobody makes us ask an address that its client did not register.
/// <https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata>
async fn fetched(core: &Core, state: &State, client: &Client, uri: &str) -> Result<Arc<str>, OAuthError> {
    if !client.metadata.request_uris.iter().any(|own| own == uri) {
        return refuse("The request_uri is not one that the client registered.");
    }
    match state.fetched.get(core, client, uri).await {
        Some(object) => Ok(object),
        None => refuse("The request_uri cannot be fetched."),
    }
}

fn refuse<T>(why: &'static str) -> Result<T, OAuthError> {
    Err(OAuthError::new(ErrorCode::InvalidRequestUri, why))
}
