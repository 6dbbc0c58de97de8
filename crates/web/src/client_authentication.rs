//! Who calls an OAuth endpoint: `client_secret_basic`, `client_secret_post`, `private_key_jwt` or nothing but a name
//! (S50 to S55). The form comes along, since the body can be read only once.

use std::sync::Arc;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::LocalBoxFuture;
use keyring::Secret;
use protocol::client_assertion::{self, Assertion};
use protocol::{AuthMethod, Client, Confirmation, OAuthError};

use crate::form::{Params, params, read_form};
use crate::{Core, OAuthFailure, Refused, paths};

/// An authenticated (or, if public, named) client and what it sent.
#[derive(Clone, Debug)]
pub struct ClientAuthentication {
    pub client: Arc<Client>,
    /// Credentials included; nobody looks at them again.
    pub form: Params,
    /// Which key the caller has shown to hold, by DPoP or by a client certificate.
    pub confirmation: Option<Confirmation>,
}

/// What was shown, before it is believed.
#[derive(Debug)]
enum Shown {
    Basic { id: String, secret: Secret },
    Post { id: String, secret: Secret },
    Assertion { id: String, jwt: String },
    Name { id: String },
}

impl FromRequest for ClientAuthentication {
    type Error = Refused;
    type Future = LocalBoxFuture<'static, Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let form = read_form(&request, &mut payload).await?;
            let core = Core::of(&request)?;
            let client = authenticate(core, &request, &form).await?;
            let confirmation = confirmation(core, &request).await?;
            Ok(ClientAuthentication { client, form, confirmation })
        })
    }
}

/// The key to which codes and tokens may be bound, where they are asked for; elsewhere a proof is not looked at, and so
/// stays unused.
async fn confirmation(core: &Core, request: &HttpRequest) -> Result<Option<Confirmation>, OAuthFailure> {
    if ![paths::TOKEN, paths::PAR].contains(&request.path()) {
        return Ok(None);
    }
    Ok(core.shown_key(request, None).await?.map(Confirmation::of_key))
}

async fn authenticate(
    core: &Core,
    request: &HttpRequest,
    form: &Params,
) -> Result<Arc<Client>, OAuthFailure> {
    let shown = shown(request, form)?;
    let tried_basic = matches!(shown, Shown::Basic { .. });
    let refused = |why: &str| OAuthFailure::invalid_client(tried_basic).because(why);
    let (Shown::Basic { id, .. } | Shown::Post { id, .. } | Shown::Assertion { id, .. } | Shown::Name { id }) =
        &shown;
    let client = core.store.client(id).await?.filter(|client| client.is_active);
    // The answers for an unknown client and for a wrong secret are the same, and so is the work (S50).
    let expected = client.as_ref().and_then(|client| client.secret_digest.as_deref());
    let secret_fits =
        |secret: &Secret| keyring::same(&secret.digest(), expected.unwrap_or(&[0; 32])) && expected.is_some();
    let (method, proven) = match &shown {
        Shown::Basic { secret, .. } => (AuthMethod::SecretBasic, secret_fits(secret)),
        Shown::Post { secret, .. } => (AuthMethod::SecretPost, secret_fits(secret)),
        Shown::Name { .. } => (AuthMethod::None, true),
        Shown::Assertion { jwt, .. } => {
            let proven = match &client {
                Some(client) => assertion_holds(core, request, client, jwt).await?,
                None => false,
            };
            (AuthMethod::PrivateKeyJwt, proven)
        }
    };
    // The registered method only (S53 as pinned): a confidential client that sends its name alone fails here (S54).
    match client {
        None => Err(refused("unknown or inactive client")),
        Some(client) if client.auth_method != method => {
            Err(refused("another method than the registered one"))
        }
        Some(_) if !proven => Err(refused("wrong secret or assertion")),
        Some(client) => Ok(client),
    }
}

/// > The client MUST NOT use more than one authentication method in each request.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-2.3> (S52)
fn shown(request: &HttpRequest, form: &Params) -> Result<Shown, OAuthFailure> {
    let parameters = form.oauth();
    if let Some(name) = ["client_id", "client_secret", "client_assertion", "client_assertion_type"]
        .into_iter()
        .find(|name| parameters.is_repeated(name))
    {
        return Err(OAuthError::invalid_request(format!("{name} is given more than once.")).into());
    }
    let id = parameters.owned("client_id");
    let basic = basic(request)?;
    let secret = parameters.one("client_secret").map(Secret::new);
    let assertion = parameters.owned("client_assertion");
    if usize::from(basic.is_some()) + usize::from(secret.is_some()) + usize::from(assertion.is_some()) > 1 {
        let problem = "The client authenticates by more than one method.";
        return Err(OAuthError::invalid_request(problem).into());
    }
    let shown = match (basic, secret, assertion, id.clone()) {
        (Some((id, secret)), ..) => Shown::Basic { id, secret },
        (None, Some(secret), _, Some(id)) => Shown::Post { id, secret },
        (None, None, Some(jwt), _) => {
            // > client_assertion_type … The value MUST be "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".
            // > https://www.rfc-editor.org/rfc/rfc7523#section-2.2
            if parameters.one("client_assertion_type") != Some(client_assertion::TYPE) {
                return Err(OAuthError::invalid_request("client_assertion_type is not supported.").into());
            }
            let id = keyring::assertion::claimed_subject(&jwt);
            let id = id.ok_or_else(|| OAuthFailure::invalid_client(false).because("unreadable assertion"))?;
            Shown::Assertion { id, jwt }
        }
        (None, None, None, Some(id)) => Shown::Name { id },
        (None, _, _, None) => {
            return Err(OAuthFailure::invalid_client(false).because("no client is named"));
        }
    };
    let (Shown::Basic { id: authenticated, .. } | Shown::Assertion { id: authenticated, .. }) = &shown else {
        return Ok(shown);
    };
    match id {
        Some(id) if id != *authenticated => {
            Err(OAuthError::invalid_request("client_id is not the client that authenticates.").into())
        }
        _ => Ok(shown),
    }
}

/// > The client identifier is encoded using the "application/x-www-form-urlencoded" encoding algorithm …, and the encoded
/// > value is used as the username; the client password is encoded using the same algorithm
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1> (S51). `None` without a header or with one of another scheme.
fn basic(request: &HttpRequest) -> Result<Option<(String, Secret)>, OAuthFailure> {
    let mut headers = request.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else { return Ok(None) };
    if headers.next().is_some() {
        return Err(OAuthError::invalid_request("Authorization is given more than once.").into());
    }
    let unreadable = || OAuthFailure::invalid_client(true).because("unreadable Basic header");
    let text = header.to_str().map_err(|_| unreadable())?;
    let (scheme, encoded) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(OAuthFailure::invalid_client(true).because("an Authorization scheme other than Basic"));
    }
    let plain = STANDARD.decode(encoded.trim()).map_err(|_| unreadable())?;
    let at = plain.iter().position(|byte| *byte == b':').ok_or_else(unreadable)?;
    let id = params::decode(&plain[..at]).map_err(|_| unreadable())?;
    let secret = params::decode(&plain[at + 1..]).map_err(|_| unreadable())?;
    Ok(Some((id, Secret::new(secret))))
}

/// Signature by a registered key, claims as S55 says, and only once.
async fn assertion_holds(
    core: &Core,
    request: &HttpRequest,
    client: &Client,
    jwt: &str,
) -> Result<bool, OAuthFailure> {
    let verify = |jwks: &str| keyring::assertion::verify(jwks, jwt, &protocol::client::ASSERTION_ALGS);
    let claims = match core.with_client_keys(client, verify).await {
        Ok(claims) => claims,
        Err(error) => return Err(OAuthFailure::invalid_client(false).because(format!("assertion: {error}"))),
    };
    let assertion = Assertion {
        iss: &claims.iss,
        sub: &claims.sub,
        aud: &claims.aud.iter().collect::<Vec<_>>(),
        exp: claims.exp,
        iat: claims.iat,
        nbf: claims.nbf,
        jti: claims.jti.as_deref(),
    };
    let now = core.now();
    let endpoint = core.site.url(request.path());
    let once = match client_assertion::check(&assertion, &client.id, &[&core.site.issuer, &endpoint], now) {
        Ok(once) => once,
        Err(error) => return Err(OAuthFailure::from(error).because("the assertion's claims")),
    };
    // The client's id goes in front with its length: no other client's jti can collide with it.
    let marked = format!("{}:{}{}", client.id.len(), client.id, once.jti);
    Ok(core.store.use_assertion(&keyring::digest(marked.as_bytes()), once.until).await?)
}
