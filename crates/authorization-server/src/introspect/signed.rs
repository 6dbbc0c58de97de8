//! Introspection answers that the resource server can keep as evidence: signed by us, for it alone.
//! <https://www.rfc-editor.org/rfc/rfc9701>

use actix_web::{HttpRequest, http::header::ACCEPT};
use bytes::Bytes;
use keyring::Token;
use protocol::{Client, SigningAlg, seconds};
use serde::Serialize;
use serde_json::Value;
use web::{Core, OAuthFailure};

pub const MEDIA_TYPE: &str = "application/token-introspection+jwt";

/// > The JWT MAY include other claims, including those from the "OAuth Token Introspection Response" registry […] the JWT
/// > SHOULD NOT include the "sub" and "exp" claims […] as an additional measure to prevent misuse of the JWT as an access
/// > token.
///
/// <https://www.rfc-editor.org/rfc/rfc9701#section-5>
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    token_introspection: Value,
}

/// The algorithm, where the answer is to be signed: the caller is registered so, or says it this once.
///
/// > The resource server requests a JWT introspection response by sending an introspection request with an Accept HTTP
/// > header field set to "application/token-introspection+jwt".
///
/// <https://www.rfc-editor.org/rfc/rfc9701#section-4>; RS256 where nothing is registered (section 6).
pub fn asked(http: &HttpRequest, caller: &Client) -> Option<SigningAlg> {
    let registered = caller.metadata.introspection_signed_response_alg.as_deref();
    let accepts = || {
        let accept = http.headers().get(ACCEPT)?.to_str().ok()?;
        accept
            .split(',')
            .any(|one| one.split(';').next().unwrap_or_default().trim() == MEDIA_TYPE)
            .then_some(())
    };
    match registered {
        Some(alg) => SigningAlg::parse(alg),
        None => accepts().map(|()| SigningAlg::RS256),
    }
}

/// `answer`: the plain one, JSON.
pub fn sign(core: &Core, caller: &Client, alg: SigningAlg, answer: &[u8]) -> Result<Bytes, OAuthFailure> {
    let claims = Claims {
        iss: &core.site.issuer,
        aud: &caller.id,
        iat: seconds(core.now()),
        token_introspection: serde_json::from_slice(answer).map_err(OAuthFailure::internal)?,
    };
    Ok(core.ring.sign(alg, Token::Introspection, &claims)?.into())
}
