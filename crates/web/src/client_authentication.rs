//! Who calls an OAuth endpoint: `client_secret_basic`, `client_secret_post`, `client_secret_jwt`, `private_key_jwt`, a
//! certificate, or nothing but a name (S50 to S55). The form comes along, since the body can be read only once.

use std::sync::Arc;

use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::LocalBoxFuture;
use keyring::assertion::{self, AssertionClaims};
use keyring::{Audience, InvalidJwt, Secret, client_secret};
use protocol::client_assertion::{self, Assertion};
use protocol::fapi2::{self, needs_confirmation};
use protocol::{AuthMethod, Client, Confirmation, OAuthError};

use crate::form::{Params, params, read_form};
use crate::{Core, OAuthFailure, Peer, Refused, paths};

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
            core.note_client_use(&client).await.map_err(OAuthFailure::from)?;
            let confirmation = confirmation(core, &request, &client).await?;
            Ok(ClientAuthentication { client, form, confirmation })
        })
    }
}

/// The key to which codes and tokens may be bound, where they are asked for; elsewhere a proof is not looked at, and so
/// stays unused.
async fn confirmation(
    core: &Core,
    request: &HttpRequest,
    client: &Client,
) -> Result<Option<Confirmation>, OAuthFailure> {
    if ![paths::TOKEN, paths::PAR].contains(&request.path()) {
        return Ok(None);
    }
    if let Some(key) = core.shown_key(request, None).await? {
        return Ok(Some(Confirmation::of_key(key)));
    }
    // > tls_client_certificate_bound_access_tokens […] indicating the client's intention to use mutual-TLS client
    // > certificate-bound access tokens. https://www.rfc-editor.org/rfc/rfc8705#section-3.4
    let binds = client.metadata.tls_client_certificate_bound_access_tokens || needs_confirmation(client);
    let certificate = binds.then(|| core.client_certificate(request)).flatten();
    Ok(certificate.map(|certificate| Confirmation::of_certificate(certificate.thumbprint())))
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
    let client = core.client(id, Peer::of(request)).await?.filter(|client| client.is_active);
    // The answers for an unknown client and for a wrong secret are the same, and so is the work (S50).
    let expected = client.as_ref().and_then(|client| client.secret_digest.as_deref());
    let secret_fits =
        |secret: &Secret| keyring::same(&secret.digest(), expected.unwrap_or(&[0; 32])) && expected.is_some();
    let (method, proven) = match &shown {
        Shown::Basic { secret, .. } => (AuthMethod::SecretBasic, secret_fits(secret)),
        Shown::Post { secret, .. } => (AuthMethod::SecretPost, secret_fits(secret)),
        // > the client MUST include the "client_id" parameter […] so that the authorization server can easily identify the
        // > client independently from the content of the certificate
        // > https://www.rfc-editor.org/rfc/rfc8705#section-2
        Shown::Name { .. } => match &client {
            Some(client) if client.auth_method.by_certificate() => {
                (client.auth_method, core.certificate_proves(request, client).await)
            }
            _ => (AuthMethod::None, true),
        },
        Shown::Assertion { jwt, .. } => match &client {
            Some(client) if client.auth_method.signs_with_secret() => {
                (client.auth_method, assertion_holds(core, request, client, jwt).await?)
            }
            Some(client) if client.auth_method == AuthMethod::PrivateKeyJwt => {
                (client.auth_method, assertion_holds(core, request, client, jwt).await?)
            }
            _ => (AuthMethod::PrivateKeyJwt, false),
        },
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
            let id = assertion::claimed_subject(&jwt);
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

/// Signature by a registered key or the client's secret, claims as S55 says, and only once.
async fn assertion_holds(
    core: &Core,
    request: &HttpRequest,
    client: &Client,
    jwt: &str,
) -> Result<bool, OAuthFailure> {
    let claims = match signature_holds(core, client, jwt).await {
        Ok(claims) => claims,
        Err(error) => return Err(OAuthFailure::invalid_client(false).because(format!("assertion: {error}"))),
    };
    let aud: Vec<&str> = claims.aud.iter().collect();
    let is_list = matches!(claims.aud, Audience::Many(_));
    if !fapi2::is_audience(client, &aud, is_list, &core.site.issuer) {
        return Err(OAuthFailure::invalid_client(false).because("the assertion is not for the issuer alone"));
    }
    let assertion = Assertion {
        iss: &claims.iss,
        sub: &claims.sub,
        aud: &aud,
        exp: claims.exp,
        iat: claims.iat,
        nbf: claims.nbf,
        jti: claims.jti.as_deref(),
    };
    let audiences = audiences(core, request.path());
    let audiences: Vec<&str> = audiences.iter().map(String::as_str).collect();
    let once = match client_assertion::check(&assertion, &client.id, &audiences, core.now()) {
        Ok(once) => once,
        Err(error) => return Err(OAuthFailure::from(error).because("the assertion's claims")),
    };
    // The client's id goes in front with its length: no other client's jti can collide with it.
    let marked = format!("{}:{}{}", client.id.len(), client.id, once.jti);
    Ok(core.store.use_assertion(&keyring::digest(marked.as_bytes()), once.until).await?)
}

// S102: which algorithms will do follows from the client's method and registration, never from the assertion.
async fn signature_holds(core: &Core, client: &Client, jwt: &str) -> Result<AssertionClaims, InvalidJwt> {
    if client.auth_method.signs_with_secret() {
        let secret = client_secret::open(client, core.ring.master()).ok_or(InvalidJwt::NoKey)?;
        return assertion::verify_shared(&secret, jwt);
    }
    let registered = client.metadata.token_endpoint_auth_signing_alg.as_deref();
    let mut algs = fapi2::assertion_algs(client).to_vec();
    algs.retain(|alg| registered.is_none_or(|registered| registered == *alg));
    core.with_client_keys(client, |jwks: &str| assertion::verify(jwks, jwt, &algs)).await
}

/// The issuer, or the endpoint that is called.
///
/// > the authorization server MUST accept its issuer identifier, token endpoint URL, or pushed authorization request endpoint
/// > URL as values that identify it as an intended audience.
///
/// <https://www.rfc-editor.org/rfc/rfc9126#section-2>
fn audiences(core: &Core, path: &str) -> Vec<String> {
    let mut audiences = core.site.addresses(path);
    if path == paths::PAR {
        audiences.extend(core.site.addresses(paths::TOKEN));
    }
    audiences.push(core.site.issuer.clone());
    audiences
}
