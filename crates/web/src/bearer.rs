//! Access tokens at the resources: `Bearer<scope::Profile>` is a person's token with that scope.
//!
//! The hot path: SHA-256 of the token, a look into the cache, a comparison of generations. What a token stands for is kept
//! only while [`store::Freshness`] says that nobody has changed it; the first use verifies the signature and reads the
//! database once. Tokens that people made for themselves ([`personal`]) are read from their row and kept the same way.

use std::hash::{BuildHasherDefault, Hasher};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, ResponseError, dev::Payload};
use bytes::Bytes;
use futures_util::TryFutureExt;
use futures_util::future::{Either, LocalBoxFuture, MapErr, MapOk, Ready as At, ready};
use keyring::{AccessClaims, Audience};
use protocol::{Confirmation, Micros, SECOND, Scopes};
use store::grants::Grant;
use store::{Stamp, StoreError, Subject};

use crate::form::{is_form, read_form};
use crate::scope::Scope;
use crate::{ApiError, Core, Refused, personal};

/// What the cache may hold, in bytes, as far as we can tell when something goes in.
const KEPT_BYTES: u64 = 32 * 1024 * 1024;
/// A token that was not renewed by then has expired, as a rule; one that has not is read again.
const KEPT_FOR: Duration = Duration::from_secs(600);
/// An entry without its texts: the struct, its place in the cache, two ready answers of usual size.
const ENTRY_BYTES: usize = 3072;

/// What a living access token stands for, or one that a person made for themselves.
#[derive(Debug)]
pub struct Access {
    /// None for a person's own token.
    pub client_id: Option<String>,
    /// The person; none for `client_credentials`.
    pub user_id: Option<String>,
    /// The grant of which the token is, where there is a person and a client.
    pub grant: Option<Grant>,
    pub scopes: Scopes,
    /// The id of the token.
    pub jti: String,
    pub issued_at: Micros,
    pub expires_at: Micros,
    pub subject: String,
    pub audience: Audience,
    /// Who alone may use it.
    pub confirmation: Option<Confirmation>,
    /// Who acts for the person (RFC 8693).
    pub act: Option<serde_json::Value>,
    /// What it is for in detail (RFC 9396).
    pub authorization_details: Option<serde_json::Value>,
    /// The ready answer of userinfo, kept as long as this is.
    pub userinfo: Ready,
    /// The ready answer of introspection.
    pub introspection: Ready,
    pub(crate) stamp: Stamp,
}

/// An answer that may be given again as long as the [`Access`] in which it lies is current: whatever changes the
/// answer (person, client, grant, token) makes the whole access be read anew.
#[derive(Debug, Default)]
pub struct Ready(OnceLock<Bytes>);

impl Ready {
    pub fn get(&self) -> Option<Bytes> {
        self.0.get().cloned()
    }

    /// Keeps an answer that was made from what was read after this access was.
    pub fn keep(&self, answer: Bytes) -> Bytes {
        self.0.get_or_init(|| answer).clone()
    }
}

/// A token with the scope `S` in `Authorization: Bearer`.
#[derive(Debug)]
pub struct Bearer<S> {
    /// Of a person, with the scope.
    access: Arc<Access>,
    scope: PhantomData<fn() -> S>,
}

/// The same, or in the body of a form that is posted: userinfo alone takes it there (S82).
/// <https://www.rfc-editor.org/rfc/rfc6750#section-2.2>
#[derive(Debug)]
pub struct BearerOrForm<S>(pub Bearer<S>);

/// The same with the scheme `Token` as well: the routes of seed 000 (CONTRACT §6) take it.
#[derive(Debug)]
pub struct BearerOrToken<S>(pub Bearer<S>);

/// In the place of a client's id, before the id of a token that a person made for themselves.
pub(crate) const PERSONAL: &str = "personal:";

impl Access {
    /// Who acts, for audit rows: the client, or the person whose own token it is.
    pub fn actor(&self) -> &str {
        self.client_id.as_deref().unwrap_or(&self.subject)
    }

    /// <https://www.rfc-editor.org/rfc/rfc9449#section-5>
    pub fn token_type(&self) -> &'static str {
        match &self.confirmation {
            Some(Confirmation { jkt: Some(_), .. }) => "DPoP",
            _ => "Bearer",
        }
    }

    /// Names the sender of a picture in its row: the client, or the person's own token.
    pub fn sender(&self) -> String {
        self.client_id.clone().unwrap_or_else(|| format!("{PERSONAL}{}", self.jti))
    }

    /// About how many bytes this takes: scopes lie here as text and as a set, and a `claims` parameter shapes the answer.
    fn weight(&self) -> usize {
        let asked = self.grant.as_ref().and_then(|grant| grant.claims.as_ref()).map_or(0, String::len);
        let details = self.grant.as_ref().and_then(|grant| grant.authorization_details.as_ref()).map_or(0, String::len);
        let asked = asked + details;
        let scopes: usize = self.scopes.iter().map(|scope| scope.len() + 1).sum();
        ENTRY_BYTES + 4 * scopes + 2 * asked
    }
}

impl<S> Bearer<S> {
    /// The person whose token it is.
    pub fn user_id(&self) -> &str {
        self.access.user_id.as_deref().unwrap_or_default()
    }

    pub fn access(&self) -> &Arc<Access> {
        &self.access
    }

    pub fn has(&self, scope: &str) -> bool {
        self.access.scopes.contains(scope)
    }
}

impl<S> Deref for Bearer<S> {
    type Target = Access;

    fn deref(&self) -> &Access {
        &self.access
    }
}

impl<S> Deref for BearerOrToken<S> {
    type Target = Bearer<S>;

    fn deref(&self) -> &Bearer<S> {
        &self.0
    }
}

impl<S> Deref for BearerOrForm<S> {
    type Target = Bearer<S>;

    fn deref(&self) -> &Bearer<S> {
        &self.0
    }
}

impl Core {
    /// What `token` stands for now; `None` for whatever is no living access token of ours.
    pub async fn access(&self, token: &str) -> Result<Option<Arc<Access>>, StoreError> {
        // Longer ones are refused before any cryptography, hashing included (S109).
        if token.len() > keyring::jwt::MAX_LENGTH {
            return Ok(None);
        }
        let digest = keyring::digest(token.as_bytes());
        match self.kept(&digest) {
            Some(access) => Ok(Some(access)),
            None if personal::is_one(token) => self.read_personal(digest).await,
            None => self.read_access(token, digest).await,
        }
    }

    fn kept(&self, digest: &[u8; 32]) -> Option<Arc<Access>> {
        let access = self.accesses.0.get(digest)?;
        let current = access.expires_at > self.now() && self.store.freshness().holds(&access.stamp);
        current.then_some(access)
    }

    async fn read_access(&self, token: &str, digest: [u8; 32]) -> Result<Option<Arc<Access>>, StoreError> {
        let Some(claims) = self.verified_access_token(token).await? else { return Ok(None) };
        let Ok(scopes) = Scopes::parse(&claims.scope) else { return Ok(None) };
        let (stamp, grant) = match self.grant_behind(&claims, &claims.sub).await? {
            // A pairwise client's token has another name for the person: once more, with a stamp that hears of their changes.
            Some((_, Some(grant))) if grant.user_id != claims.sub => {
                let Some(found) = self.grant_behind(&claims, &grant.user_id).await? else { return Ok(None) };
                found
            }
            Some(found) => found,
            None => return Ok(None),
        };
        // What the client may not have any more, its older tokens do not give either (I6).
        let client = self.store.client(&claims.client_id).await?.filter(|client| client.is_active);
        let Some(client) = client else { return Ok(None) };
        // S116: the name by which this client knows the person, and no other.
        if grant.as_ref().is_some_and(|grant| self.subject(&client, &grant.user_id) != claims.sub) {
            return Ok(None);
        }
        let scopes = scopes.intersect(&client.allowed_scopes());
        let access = Arc::new(Access {
            client_id: Some(claims.client_id),
            user_id: grant.as_ref().map(|grant| grant.user_id.clone()),
            grant,
            scopes,
            jti: claims.jti,
            issued_at: claims.iat * SECOND,
            expires_at: claims.exp * SECOND,
            subject: claims.sub,
            audience: claims.aud,
            confirmation: claims.cnf,
            act: claims.act,
            authorization_details: claims.authorization_details,
            userinfo: Ready::default(),
            introspection: Ready::default(),
            stamp,
        });
        self.keep(digest, &access);
        Ok(Some(access))
    }

    /// The grant of a token, if it is one of a person's, and a stamp that was taken before it was read: a change that races
    /// it voids the stamp. None for a token that is dead.
    async fn grant_behind(
        &self,
        claims: &AccessClaims,
        user_id: &str,
    ) -> Result<Option<(Stamp, Option<Grant>)>, StoreError> {
        let mut subjects =
            vec![Subject::Client(claims.client_id.clone()), Subject::Token(claims.jti.clone())];
        if let Some(grant) = &claims.gid {
            subjects.extend([Subject::Grant(grant.clone()), Subject::User(user_id.to_owned())]);
        }
        // An exchanged token is of another client's grant, and ends with that client too.
        subjects.extend(claims.gcl.clone().map(Subject::Client));
        let client_id = claims.gcl.as_ref().unwrap_or(&claims.client_id);
        let stamp = self.store.freshness().stamp(&subjects);
        Ok(match &claims.gid {
            Some(id) => self
                .store
                .live_grant(id, &claims.jti)
                .await?
                .filter(|grant| grant.client_id == *client_id)
                .map(|grant| (stamp, Some(grant))),
            None if self.store.client_token_is_live(&claims.client_id, &claims.jti).await? => {
                Some((stamp, None))
            }
            None => None,
        })
    }

    pub(crate) fn keep(&self, digest: [u8; 32], access: &Arc<Access>) {
        if self.store.freshness().is_leased() {
            self.accesses.0.insert(digest, Arc::clone(access));
        }
    }
}

impl<S: Scope> Bearer<S> {
    fn check(core: &Core, request: &HttpRequest, access: Option<Arc<Access>>) -> Result<Bearer<S>, ApiError> {
        // A token for another audience is no token here.
        let access = access.filter(|access| access.audience.contains(&core.site.issuer));
        let access = access.ok_or_else(ApiError::token_invalid)?;
        if !access.scopes.contains(S::NAME) {
            Err(ApiError::scope_missing(S::NAME))
        } else if access.user_id.is_none() {
            Err(ApiError::person_missing())
        } else {
            if let Some(step_up) = &core.step_up {
                step_up.check::<S>(request.method(), &access, core.now())?;
            }
            Ok(Bearer { access, scope: PhantomData })
        }
    }
}

type Found<S> = Either<At<Result<Bearer<S>, Refused>>, LocalBoxFuture<'static, Result<Bearer<S>, Refused>>>;

impl<S: Scope> Bearer<S> {
    fn in_header(request: &HttpRequest, schemes: &'static [Scheme]) -> Found<S> {
        let outcome = Core::of(request).and_then(|core| {
            let shown = shown_token(request, schemes)?.ok_or_else(ApiError::token_missing)?;
            // The hot path: nothing is awaited, boxed or looked at closely; what is in the cache was looked at before.
            match core.kept(&keyring::digest(shown.token.as_bytes())) {
                Some(access) if access.confirmation.is_none() && shown.scheme != Scheme::Dpop => {
                    Ok(Some(Bearer::check(core, request, Some(access))?))
                }
                _ => well_formed(shown.token).map(|_| None).map_err(Refused::from),
            }
        });
        match outcome {
            Ok(Some(bearer)) => Either::Left(ready(Ok(bearer))),
            Err(refused) => Either::Left(ready(Err(refused))),
            Ok(None) => {
                let request = request.clone();
                Either::Right(Box::pin(async move {
                    let core = Core::of(&request)?;
                    let shown = shown_token(&request, schemes)?.ok_or_else(ApiError::token_missing)?;
                    Ok(core.bearer(&request, shown).await?)
                }))
            }
        }
    }
}

impl Core {
    async fn bearer<S: Scope>(
        &self,
        request: &HttpRequest,
        shown: ShownToken<'_>,
    ) -> Result<Bearer<S>, ApiError> {
        let access = self.access_of_sender(request, shown).await?;
        let bearer = Bearer::check(self, request, access);
        if shown.scheme == Scheme::Dpop { bearer.map_err(ApiError::by_dpop) } else { bearer }
    }

    /// What a token stands for, once its sender has shown to be the one who may use it.
    // S85
    async fn access_of_sender(
        &self,
        request: &HttpRequest,
        shown: ShownToken<'_>,
    ) -> Result<Option<Arc<Access>>, ApiError> {
        let Some(access) = self.access(shown.token).await? else { return Ok(None) };
        let bound = access.confirmation.as_ref();
        let holds = match shown.scheme {
            // > the resource server […] MUST ensure that the public key of the DPoP proof matches the one to which the access
            // > token is bound
            // > https://www.rfc-editor.org/rfc/rfc9449#section-4.3
            Scheme::Dpop => {
                let key = self.shown_key(request, Some(shown.token)).await?;
                key.is_some() && bound.is_some_and(|bound| bound.jkt == key)
            }
            // > When a DPoP-bound access token is […] received as a bearer token […] the protected resource MUST reject it
            // > https://www.rfc-editor.org/rfc/rfc9449#section-7.2
            //
            // > the protected resource MUST […] verify that the client certificate […] matches the certificate associated with
            // > the access token. https://www.rfc-editor.org/rfc/rfc8705#section-3
            Scheme::Bearer | Scheme::Token => match bound {
                None => true,
                Some(Confirmation { jkt: None, x5t_s256: Some(wanted) }) => {
                    self.client_certificate(request).is_some_and(|shown| shown.thumbprint() == *wanted)
                }
                Some(_) => false,
            },
        };
        Ok(holds.then_some(access))
    }
}

impl<S: Scope> FromRequest for Bearer<S> {
    type Error = Refused;
    type Future = Found<S>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        Bearer::in_header(request, BEARER)
    }
}

impl<S: Scope> FromRequest for BearerOrToken<S> {
    type Error = Refused;
    type Future = MapOk<MapErr<Found<S>, fn(Refused) -> Refused>, fn(Bearer<S>) -> BearerOrToken<S>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let challenged: fn(Refused) -> Refused = also_by_token;
        Bearer::in_header(request, BEARER_OR_TOKEN).map_err(challenged).map_ok(BearerOrToken)
    }
}

/// A challenge for each scheme that would have done.
/// <https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1>
fn also_by_token(refused: Refused) -> Refused {
    match refused.status_code() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => refused.with(WWW_AUTHENTICATE, "Token"),
        _ => refused,
    }
}

impl<S: Scope> FromRequest for BearerOrForm<S> {
    type Error = Refused;
    type Future = Either<
        MapOk<<Bearer<S> as FromRequest>::Future, fn(Bearer<S>) -> BearerOrForm<S>>,
        LocalBoxFuture<'static, Result<Self, Refused>>,
    >;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if request.method() != Method::POST || !is_form(request) {
            return Either::Left(Bearer::from_request(request, payload).map_ok(BearerOrForm));
        }
        let (request, mut payload) = (request.clone(), payload.take());
        Either::Right(Box::pin(async move {
            let core = Core::of(&request)?;
            let form = read_form(&request, &mut payload).await?;
            let mut posted = form.pairs().iter().filter(|(name, _)| name == "access_token");
            let shown = match (shown_token(&request, BEARER)?, posted.next(), posted.next()) {
                (Some(shown), None, None) => well_formed(shown.token).map(|_| shown)?,
                (None, Some((_, token)), None) => ShownToken { scheme: Scheme::Bearer, token },
                (None, None, None) => return Err(ApiError::token_missing().into()),
                // > Clients MUST NOT use more than one method to transmit the token in each request.
                // > https://www.rfc-editor.org/rfc/rfc6750#section-2
                _ => return Err(ApiError::token_malformed().into()),
            };
            Ok(BearerOrForm(core.bearer(&request, shown).await?))
        }))
    }
}

/// How a token is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Bearer,
    /// With a proof beside it: <https://www.rfc-editor.org/rfc/rfc9449#section-7.1>
    Dpop,
    /// Of seed 000.
    Token,
}

/// A token before anybody has looked at it.
#[derive(Clone, Copy)]
struct ShownToken<'a> {
    scheme: Scheme,
    token: &'a str,
}

const BEARER: &[Scheme] = &[Scheme::Bearer, Scheme::Dpop];
const BEARER_OR_TOKEN: &[Scheme] = &[Scheme::Bearer, Scheme::Token, Scheme::Dpop];

impl Scheme {
    const fn as_str(self) -> &'static str {
        match self {
            Scheme::Bearer => "Bearer",
            Scheme::Dpop => "DPoP",
            Scheme::Token => "Token",
        }
    }
}

/// The token in the header; `None` where there is no header, or one of another scheme.
fn shown_token<'a>(request: &'a HttpRequest, schemes: &[Scheme]) -> Result<Option<ShownToken<'a>>, ApiError> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else { return Ok(None) };
    if headers.next().is_some() {
        return Err(ApiError::token_malformed());
    }
    let text = header.to_str().map_err(|_| ApiError::token_malformed())?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    let Some(scheme) = schemes.iter().copied().find(|one| scheme.eq_ignore_ascii_case(one.as_str())) else {
        return Ok(None);
    };
    let token = token.trim_start_matches(' ');
    if token.len() > keyring::jwt::MAX_LENGTH {
        return Err(ApiError::token_invalid());
    }
    Ok(Some(ShownToken { scheme, token }))
}

/// > b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
///
/// <https://www.rfc-editor.org/rfc/rfc6750#section-2.1>
fn well_formed(token: &str) -> Result<&str, ApiError> {
    let readable = |c: u8| c.is_ascii_alphanumeric() || b"-._~+/=".contains(&c);
    if !token.is_empty() && token.bytes().all(readable) {
        Ok(token)
    } else {
        Err(ApiError::token_malformed())
    }
}

/// What tokens stand for, by their digest.
pub(crate) struct Cache(moka::sync::Cache<[u8; 32], Arc<Access>, BuildHasherDefault<FirstBytes>>);

impl Cache {
    pub fn new() -> Cache {
        let cache = moka::sync::Cache::builder()
            .weigher(|_, access: &Arc<Access>| u32::try_from(access.weight()).unwrap_or(u32::MAX))
            .max_capacity(KEPT_BYTES)
            .time_to_live(KEPT_FOR)
            .build_with_hasher(Default::default());
        Cache(cache)
    }
}

/// The keys are digests: their first bytes are as good as any hash of them.
#[derive(Default)]
pub(crate) struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 ^= u64::from_ne_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
