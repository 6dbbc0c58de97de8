//! Access tokens at the resources: `Bearer<scope::Profile>` is a person's token with that scope.
//! What it stands for is in [`crate::access`]; here it is found in the request, and its sender judged.

use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, ResponseError, dev::Payload};
use futures_util::TryFutureExt;
use futures_util::future::{Either, LocalBoxFuture, MapErr, MapOk, Ready as At, ready};
use protocol::Confirmation;

use crate::form::{is_form, read_form};
use crate::scope::Scope;
use crate::{Access, ApiError, Core, Refused};

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
