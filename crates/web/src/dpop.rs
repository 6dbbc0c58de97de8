//! DPoP: who sends a token or asks for one shows that they hold a key (RFC 9449). The signature is read by
//! `keyring::dpop`, the claims are judged by `protocol::dpop`; here a proof meets its request, and counts only once.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, WWW_AUTHENTICATE};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::dpop::{self, Proof, Target};
use protocol::{ErrorCode, Micros, OAuthError, SECOND};
use store::StoreError;
use views::Message;

use crate::{ApiError, Core, OAuthFailure};

pub const DPOP: HeaderName = HeaderName::from_static("dpop");
pub const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A nonce is good in the window in which it was given out and in the next.
const NONCE_WINDOW: Micros = 150 * SECOND;
const NONCE: &str = "dpop nonce";

/// Why no key has been shown.
#[derive(Debug)]
pub enum Refusal {
    /// For the client's developer.
    Invalid(String),
    /// > the authorization server requires a nonce in the DPoP proof
    ///
    /// The nonce to be used.
    NonceWanted(String),
    Store(StoreError),
}

impl Core {
    /// The thumbprint of the key that the sender of `request` proves to hold; `None` without a proof.
    ///
    /// `token`: the access token that comes along, at a resource.
    // S67, S85
    pub async fn shown_key(
        &self,
        request: &HttpRequest,
        token: Option<&str>,
    ) -> Result<Option<String>, Refusal> {
        let invalid = |why: &str| Refusal::Invalid(why.to_owned());
        let mut headers = request.headers().get_all(DPOP);
        let Some(header) = headers.next() else { return Ok(None) };
        // > 1. there is not more than one DPoP HTTP request header field
        // > https://www.rfc-editor.org/rfc/rfc9449#section-4.3
        if headers.next().is_some() {
            return Err(invalid("There is more than one DPoP header."));
        }
        let text = header.to_str().map_err(|_| invalid("The DPoP header cannot be read."))?;
        let proof = keyring::dpop::verify(text, &dpop::ALGS)
            .map_err(|error| Refusal::Invalid(format!("The DPoP proof: {error}.")))?;
        let claims = &proof.claims;
        let addresses = self.site.addresses(request.path());
        let hash = token.map(|token| URL_SAFE_NO_PAD.encode(keyring::digest(token.as_bytes())));
        let target = Target {
            method: request.method().as_str(),
            uris: &addresses.iter().map(String::as_str).collect::<Vec<_>>(),
            access_token_hash: hash.as_deref(),
        };
        let said = Proof {
            jti: &claims.jti,
            htm: &claims.htm,
            htu: &claims.htu,
            iat: claims.iat,
            nbf: claims.nbf,
            exp: claims.exp,
            ath: claims.ath.as_deref(),
        };
        let once =
            dpop::check(&said, &target, self.now()).map_err(|wrong| Refusal::Invalid(wrong.to_string()))?;
        // > 10. if the server provided a nonce value to the client, the nonce claim matches the server-provided nonce value
        if self.limits.dpop_nonces && !claims.nonce.as_deref().is_some_and(|nonce| self.is_fresh(nonce)) {
            return Err(Refusal::NonceWanted(self.dpop_nonce()));
        }
        // > servers can store […] the jti value of each DPoP proof for the time window in which the respective DPoP proof JWT
        // > would be accepted to prevent multiple uses of the same DPoP proof.
        // > https://www.rfc-editor.org/rfc/rfc9449#section-11.1
        // In the database, so that it is used once on all nodes together. The key goes in front: nobody can use up
        // what is another's.
        let marked = format!("dpop:{}:{}", proof.jkt, once.jti);
        match self.store.use_assertion(&keyring::digest(marked.as_bytes()), once.until).await {
            Ok(true) => Ok(Some(proof.jkt)),
            Ok(false) => {
                metrics::counter!("visage_replays_total", "kind" => "dpop_proof").increment(1);
                Err(invalid("The DPoP proof was used before (jti)."))
            }
            Err(error) => Err(Refusal::Store(error)),
        }
    }

    /// A nonce for the next proof. No node remembers it: only we can have made it, and it says when.
    /// <https://www.rfc-editor.org/rfc/rfc9449#section-8>
    pub fn dpop_nonce(&self) -> String {
        self.nonce_of(self.now().div_euclid(NONCE_WINDOW))
    }

    fn nonce_of(&self, window: i64) -> String {
        format!("{window:x}.{}", self.ring.cookie_mac(NONCE, &window.to_be_bytes()))
    }

    fn is_fresh(&self, nonce: &str) -> bool {
        let now = self.now().div_euclid(NONCE_WINDOW);
        let Some((window, mac)) = nonce.split_once('.') else { return false };
        // The next one too: another node's clock may be a little ahead.
        i64::from_str_radix(window, 16).is_ok_and(|window| {
            (now - 1..=now + 1).contains(&window)
                && self.ring.verify_cookie_mac(NONCE, &window.to_be_bytes(), mac)
        })
    }
}

impl From<Refusal> for OAuthFailure {
    fn from(refusal: Refusal) -> OAuthFailure {
        match refusal {
            Refusal::Invalid(why) => OAuthError::new(ErrorCode::InvalidDpopProof, why).into(),
            Refusal::NonceWanted(nonce) => OAuthFailure::from(OAuthError::new(
                ErrorCode::UseDpopNonce,
                "The DPoP proof must carry the nonce of the header DPoP-Nonce.",
            ))
            .with_header(DPOP_NONCE, &nonce),
            Refusal::Store(error) => error.into(),
        }
    }
}

/// > the protected resource […] a 401 response with […] WWW-Authenticate: DPoP
///
/// <https://www.rfc-editor.org/rfc/rfc9449#section-7.1>
impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> ApiError {
        let refused = |code: ErrorCode, message| {
            ApiError::new(StatusCode::UNAUTHORIZED, code.as_str(), message)
                .with_header(WWW_AUTHENTICATE, &format!(r#"{}, error="{}""#, challenge(), code.as_str()))
        };
        match refusal {
            Refusal::Invalid(_) => refused(ErrorCode::InvalidDpopProof, Message::ProofInvalid),
            Refusal::NonceWanted(nonce) => {
                refused(ErrorCode::UseDpopNonce, Message::ProofNonceWanted).with_header(DPOP_NONCE, &nonce)
            }
            Refusal::Store(error) => error.into(),
        }
    }
}

/// What `WWW-Authenticate` says of this scheme, before any error.
pub(crate) fn challenge() -> String {
    format!(r#"DPoP algs="{}""#, dpop::ALGS.join(" "))
}
