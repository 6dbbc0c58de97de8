//! The keys of this installation, parsed once and ready: signs tokens, verifies our own, publishes the JWKS,
//! authenticates cookies. Rows come in through [`Ring::replace`]; a rotation swaps the whole set at once, so that a
//! request sees either the old keys or the new ones.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use jsonwebtoken::{Algorithm, DecodingKey};
use protocol::{Confirmation, Micros, SigningAlg};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::jwt::{self, Audience, InvalidJwt};
use crate::signer::Signer;
use crate::{KeyRow, MasterKey, Purpose, State};

/// Shared: a clone sees every later [`Ring::replace`].
#[derive(Clone)]
pub struct Ring(Arc<Shared>);

struct Shared {
    issuer: String,
    master: MasterKey,
    keys: RwLock<Arc<Keys>>,
}

/// How far ahead the clock of another node may be, in seconds.
const SKEW: i64 = 60;

/// The tokens that we sign, told apart by `typ` (S103).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// <https://openid.net/specs/openid-connect-core-1_0.html#IDToken>
    Id,
    /// <https://www.rfc-editor.org/rfc/rfc9068#section-2.1>
    Access,
    /// <https://www.rfc-editor.org/rfc/rfc8417#section-2.3>
    SecurityEvent,
    /// <https://openid.net/specs/openid-connect-backchannel-1_0.html#LogoutToken>
    Logout,
    /// <https://openid.net/specs/oauth-v2-jarm.html#name-the-jwt-response-document>
    AuthorizationResponse,
    /// <https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse>
    UserInfo,
    /// <https://www.rfc-editor.org/rfc/rfc9701#section-5>
    Introspection,
}

impl Token {
    const ALL: [Token; 7] = [
        Token::Id,
        Token::Access,
        Token::SecurityEvent,
        Token::Logout,
        Token::AuthorizationResponse,
        Token::UserInfo,
        Token::Introspection,
    ];

    /// The header's `typ`. Kinds for which no specification names one say what clients expect, `JWT`; their claims tell
    /// them apart: of those only an ID token has both `sub` and `exp`.
    const fn typ(self) -> &'static str {
        match self {
            Token::Id | Token::AuthorizationResponse | Token::UserInfo => "JWT",
            Token::Access => "at+jwt",
            Token::SecurityEvent => "secevent+jwt",
            Token::Logout => "logout+jwt",
            Token::Introspection => "token-introspection+jwt",
        }
    }
}

/// The claims of an access token (RFC 9068 §2.2), as we write them and as we read them back. Times are Unix seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    /// The person; the client itself where no person is involved.
    pub sub: String,
    pub aud: Audience,
    pub client_id: String,
    pub jti: String,
    pub iat: i64,
    pub exp: i64,
    pub scope: String,
    /// The grant in which the token's state lives (private claim); absent for `client_credentials`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<String>,
    /// The client of that grant (private claim), where it is another: the token came of an exchange.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gcl: Option<String>,
    /// Who alone may use it; anybody who bears it where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who acts for the person (RFC 8693, section 4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Value>,
    /// What was agreed to in detail (RFC 9396).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Value>,
    /// How and when the person signed in (RFC 9068, section 2.2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
}

/// What we believe of an ID token that comes back as a hint: it was ours, whenever that was.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IdTokenHint {
    iss: String,
    pub sub: String,
    pub aud: Audience,
    #[serde(default)]
    pub sid: Option<String>,
    pub exp: i64,
    pub iat: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum RingError {
    #[error("the key {id} does not open: the master key is not the one that it was sealed with")]
    Sealed { id: String },
    #[error("the key {id} ({purpose}) opens but is damaged")]
    Damaged { id: String, purpose: Purpose },
    #[error("there is no current key for {0}")]
    Missing(Purpose),
}

#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("there is no current {} key", .0.as_str())]
    NoKey(SigningAlg),
    #[error("the claims have no JSON form: {0}")]
    Claims(#[from] serde_json::Error),
    #[error("the key could not sign")]
    Failed,
}

struct Keys {
    signing: HashMap<SigningAlg, Arc<SigningKey>>,
    /// By `kid`: lookups go to our own keys only, whatever the header says (S105).
    verifying: HashMap<String, (Algorithm, DecodingKey)>,
    jwks: Bytes,
    /// The first is current.
    cookie: Vec<hmac::Key>,
    pairwise: Option<hmac::Key>,
}

struct SigningKey {
    signer: Signer,
    /// In the order of [`Token::ALL`], encoded.
    headers: [String; 7],
}

impl Ring {
    /// An empty ring; it signs nothing until [`Ring::replace`] fills it.
    pub fn new(issuer: impl Into<String>, master: MasterKey) -> Ring {
        let keys = Keys {
            signing: HashMap::new(),
            verifying: HashMap::new(),
            jwks: Bytes::from_static(br#"{"keys":[]}"#),
            cookie: Vec::new(),
            pairwise: None,
        };
        Ring(Arc::new(Shared { issuer: issuer.into(), master, keys: RwLock::new(Arc::new(keys)) }))
    }

    /// Opens and parses every row and takes them all at once; on an error the old keys stay (F42).
    pub fn replace(&self, rows: &[KeyRow]) -> Result<(), RingError> {
        let keys = Arc::new(Keys::open(rows, &self.0.master)?);
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    fn keys(&self) -> Arc<Keys> {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the rows are sealed with.
    pub fn master(&self) -> &MasterKey {
        &self.0.master
    }

    /// A signed JWT in compact form, by the current key of `alg`.
    pub fn sign(&self, alg: SigningAlg, token: Token, claims: &impl Serialize) -> Result<String, SignError> {
        let keys = self.keys();
        let key = keys.signing.get(&alg).ok_or(SignError::NoKey(alg))?;
        let header = &key.headers[token as usize];
        let claims = serde_json::to_vec(claims)?;
        let mut jwt = String::with_capacity(header.len() + claims.len() * 4 / 3 + 360);
        jwt.push_str(header);
        URL_SAFE_NO_PAD.encode_string(claims, &mut jwt);
        key.signer.sign_onto(&mut jwt).map_err(|_| SignError::Failed)?;
        Ok(jwt)
    }

    /// The published keys, as JSON that is ready to send (S92).
    pub fn jwks_json(&self) -> Bytes {
        self.keys().jwks.clone()
    }

    /// An access token of ours: signature, `typ`, `iss` and times. Whether its grant still lives, and whether its
    /// audience is us, is for the caller.
    pub fn verify_access_token(&self, jwt: &str, now: Micros) -> Result<AccessClaims, InvalidJwt> {
        let claims: AccessClaims = self.verify(jwt, "at+jwt", false)?;
        jwt::times(claims.exp, None, Some(claims.iat), now, SKEW)?;
        if claims.iss == self.0.issuer { Ok(claims) } else { Err(InvalidJwt::Claims) }
    }

    /// An ID token of ours that a client sends back. It may have expired.
    ///
    /// > The OP SHOULD accept ID Tokens … even when the exp time has passed.
    ///
    /// <https://openid.net/specs/openid-connect-rpinitiated-1_0.html#RPLogout>
    pub fn verify_id_token_hint(&self, jwt: &str) -> Result<IdTokenHint, InvalidJwt> {
        let hint: IdTokenHint = self.verify(jwt, "JWT", true)?;
        if hint.iss == self.0.issuer && jwt::sane(hint.exp) && jwt::sane(hint.iat) {
            Ok(hint)
        } else {
            Err(InvalidJwt::Claims)
        }
    }

    fn verify<T: serde::de::DeserializeOwned>(
        &self,
        jwt: &str,
        typ: &str,
        typ_may_be_absent: bool,
    ) -> Result<T, InvalidJwt> {
        let (header, alg) = jwt::header(jwt, &SigningAlg::ALL.map(algorithm))?;
        if !jwt::typ_is(&header, &[typ], typ_may_be_absent) {
            return Err(InvalidJwt::Type);
        }
        let keys = self.keys();
        let (own, key) =
            header.kid.as_ref().and_then(|kid| keys.verifying.get(kid)).ok_or(InvalidJwt::NoKey)?;
        if *own != alg {
            return Err(InvalidJwt::Algorithm);
        }
        jwt::verified(jwt, key, alg, &["exp", "iss", "sub", "aud"])
    }

    /// Authenticates `value` for one purpose: a MAC that only our nodes can make.
    pub fn cookie_mac(&self, purpose: &str, value: &[u8]) -> String {
        // Without a key nothing verifies, which is the safe answer; `visage` never serves without one.
        let keys = self.keys();
        keys.cookie.first().map(|key| URL_SAFE_NO_PAD.encode(mac(key, purpose, value))).unwrap_or_default()
    }

    /// In constant time, under the current cookie key or one that rotated away.
    pub fn verify_cookie_mac(&self, purpose: &str, value: &[u8], given: &str) -> bool {
        let Ok(given) = URL_SAFE_NO_PAD.decode(given) else { return false };
        self.keys().cookie.iter().any(|key| crate::same(mac(key, purpose, value).as_ref(), &given))
    }

    /// The subject of a person towards one sector: stable, and not to be traced to another sector's.
    /// <https://openid.net/specs/openid-connect-core-1_0.html#PairwiseAlg>
    ///
    /// # Panics
    /// Where the ring was never filled: a subject made by another key would be another person.
    pub fn pairwise_subject(&self, sector: &str, user_id: &str) -> String {
        self.pairwise(sector, user_id)
    }

    /// The name of a session towards one sector: one that all had would tell them that their subjects are one person.
    ///
    /// # Panics
    /// As [`Ring::pairwise_subject`].
    pub fn pairwise_session(&self, sector: &str, sid: &str) -> String {
        // No sector has a space in it, so that no session is ever named like a person.
        self.pairwise(&format!("sid {sector}"), sid)
    }

    #[expect(clippy::expect_used, reason = "a ring without keys serves nobody")]
    fn pairwise(&self, sector: &str, value: &str) -> String {
        let keys = self.keys();
        let key = keys.pairwise.as_ref().expect("Ring::replace refuses rows without a pairwise key");
        URL_SAFE_NO_PAD.encode(mac(key, sector, value.as_bytes()))
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kids: Vec<_> = self.keys().verifying.keys().cloned().collect();
        kids.sort();
        write!(f, "Ring({})", kids.join(", "))
    }
}

impl Keys {
    fn open(rows: &[KeyRow], master: &MasterKey) -> Result<Keys, RingError> {
        let mut rows: Vec<&KeyRow> = rows.iter().collect();
        // Current first: cookies are made with the first key, and a careless client takes the first key of the set.
        rows.sort_by_key(|row| (row.state != State::Current, row.purpose, row.state, row.created_at));
        let mut keys = Keys {
            signing: HashMap::new(),
            verifying: HashMap::new(),
            jwks: Bytes::new(),
            cookie: Vec::new(),
            pairwise: None,
        };
        let mut published = Vec::new();
        for row in &rows {
            let private = row.open(master).map_err(|_| RingError::Sealed { id: row.id.clone() })?;
            match row.purpose {
                Purpose::Signing(alg) => {
                    let damaged = || RingError::Damaged { id: row.id.clone(), purpose: row.purpose };
                    let signer = Signer::from_pkcs8(alg, &private).map_err(|_| damaged())?;
                    // Made from the private key again, not from the row: what is published is what signs.
                    let jwk = signer.public_jwk(&row.id);
                    let parsed = serde_json::from_str(&jwk).map_err(|_| damaged())?;
                    let decoding = DecodingKey::from_jwk(&parsed).map_err(|_| damaged())?;
                    keys.verifying.insert(row.id.clone(), (algorithm(alg), decoding));
                    published.push(jwk);
                    if row.state == State::Current {
                        keys.signing.insert(alg, Arc::new(SigningKey::new(signer, alg, &row.id)));
                    }
                }
                Purpose::Cookie => keys.cookie.push(hmac::Key::new(hmac::HMAC_SHA256, &private)),
                Purpose::Pairwise if row.state == State::Current => {
                    keys.pairwise = Some(hmac::Key::new(hmac::HMAC_SHA256, &private));
                }
                Purpose::Pairwise => {}
            }
        }
        for purpose in Purpose::ALL {
            if !rows.iter().any(|row| row.purpose == purpose && row.state == State::Current) {
                return Err(RingError::Missing(purpose));
            }
        }
        keys.jwks = Bytes::from(format!("{{\"keys\":[{}]}}", published.join(",")));
        Ok(keys)
    }
}

impl SigningKey {
    fn new(signer: Signer, alg: SigningAlg, kid: &str) -> SigningKey {
        let headers = Token::ALL.map(|token| {
            let json = format!(r#"{{"alg":"{}","typ":"{}","kid":"{kid}"}}"#, alg.as_str(), token.typ());
            URL_SAFE_NO_PAD.encode(json) + "."
        });
        SigningKey { headers, signer }
    }
}

fn algorithm(alg: SigningAlg) -> Algorithm {
    match alg {
        SigningAlg::RS256 => Algorithm::RS256,
        SigningAlg::PS256 => Algorithm::PS256,
        SigningAlg::ES256 => Algorithm::ES256,
        SigningAlg::EdDSA => Algorithm::EdDSA,
    }
}

/// The length of the purpose goes first, so that no two pairs run together into the same bytes.
fn mac(key: &hmac::Key, purpose: &str, value: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    context.update(&(purpose.len() as u64).to_be_bytes());
    context.update(purpose.as_bytes());
    context.update(value);
    context.sign()
}
