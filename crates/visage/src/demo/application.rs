//! The demo's application as an OAuth client: everything it says to the provider, through the `openidconnect` crate.
//! It knows nothing of Visage but its address; another provider would do.

use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl,
    RefreshToken, Scope, TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenClaims, CoreTokenResponse},
};
use serde_json::Value;
use url::Url;

use crate::failure::Failure;

/// Everything that the demo's pages show.
const SCOPES: [&str; 4] = ["profile", "email", "phone", "offline_access"];

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

pub struct Application {
    http: reqwest::Client,
    metadata: ProviderMetadataWithLogout,
    client: Client,
    issuer: String,
}

/// How the application is registered.
#[derive(Clone, Debug)]
pub struct Registration {
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uri: String,
    pub post_logout_redirect_uri: String,
}

/// A sign-in that was begun: what must be remembered until the browser comes back.
pub struct Begun {
    pub url: Url,
    pub state: String,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// What the application holds for a person who signed in.
#[derive(Clone)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub id_token: CoreIdToken,
    pub subject: String,
}

impl Application {
    /// Reads the provider's discovery document and keys.
    pub async fn discover(http: reqwest::Client, issuer: &str, own: &Registration) -> Result<Self, Failure> {
        let metadata = ProviderMetadataWithLogout::discover_async(
            IssuerUrl::new(issuer.to_owned()).map_err(failed("issuer"))?,
            &|request| send(&http, request),
        )
        .await
        .map_err(failed("discovery"))?;
        let client = CoreClient::from_provider_metadata(
            metadata.clone(),
            ClientId::new(own.client_id.clone()),
            Some(ClientSecret::new(own.client_secret.clone())),
        )
        .set_redirect_uri(RedirectUrl::new(own.redirect_uri.clone()).map_err(failed("redirect URI"))?);
        Ok(Self { http, metadata, client, issuer: issuer.to_owned() })
    }

    /// Where to send the browser, and what to remember.
    pub fn begin(&self) -> Begun {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = self.client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        for scope in SCOPES {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
        let (url, state, nonce) = request.set_pkce_challenge(challenge).url();
        Begun { url, state: state.secret().clone(), nonce, verifier }
    }

    /// The browser came back with a code: tokens, with the ID token verified.
    pub async fn finish(&self, begun: Begun, code: &str) -> Result<Tokens, Failure> {
        let response = self
            .client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(failed("token endpoint"))?
            .set_pkce_verifier(begun.verifier)
            .request_async(&|request| send(&self.http, request))
            .await
            .map_err(failed("code exchange"))?;
        let id_token =
            response.id_token().ok_or_else(|| Failure::new("the token response has no ID token"))?.clone();
        let claims = self.verified(&id_token, &begun.nonce)?;
        self.check_at_hash(&response, &id_token, claims)?;
        Ok(Tokens {
            access_token: response.access_token().secret().clone(),
            refresh_token: response.refresh_token().map(|token| token.secret().clone()),
            subject: claims.subject().to_string(),
            id_token,
        })
    }

    /// New tokens for the refresh token; what the answer leaves out stays as it was.
    pub async fn refresh(&self, tokens: &Tokens) -> Result<Tokens, Failure> {
        let refresh_token =
            tokens.refresh_token.clone().ok_or_else(|| Failure::new("there is no refresh token"))?;
        let response = self
            .client
            .exchange_refresh_token(&RefreshToken::new(refresh_token.clone()))
            .map_err(failed("token endpoint"))?
            .request_async(&|request| send(&self.http, request))
            .await
            .map_err(failed("refresh"))?;
        let mut renewed = tokens.clone();
        renewed.access_token = response.access_token().secret().clone();
        renewed.refresh_token =
            Some(response.refresh_token().map_or(refresh_token, |token| token.secret().clone()));
        if let Some(id_token) = response.id_token() {
            // An ID token of a refresh need not carry the nonce:
            // <https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse>
            let claims = id_token
                .claims(&self.client.id_token_verifier(), |_: Option<&Nonce>| Ok(()))
                .map_err(failed("ID token of the refresh"))?;
            if claims.subject().as_str() != tokens.subject {
                return Err(Failure::new("the ID token of the refresh names another person"));
            }
            renewed.id_token = id_token.clone();
        }
        Ok(renewed)
    }

    /// Where to send the browser to sign out.
    pub fn logout_url(&self, tokens: &Tokens, back_to: &str) -> Result<Url, Failure> {
        let endpoint = self
            .metadata
            .additional_metadata()
            .end_session_endpoint
            .clone()
            .ok_or_else(|| Failure::new("the provider has no end_session_endpoint"))?;
        let back_to = PostLogoutRedirectUrl::new(back_to.to_owned()).map_err(failed("post-logout URI"))?;
        let request = LogoutRequest::from(endpoint)
            .set_id_token_hint(&tokens.id_token)
            .set_post_logout_redirect_uri(back_to)
            .set_state(CsrfToken::new_random());
        Ok(request.http_get_url())
    }

    /// The claims of the person, `picture` among them.
    pub async fn userinfo(&self, tokens: &Tokens) -> Result<Value, Failure> {
        let endpoint =
            self.metadata.userinfo_endpoint().ok_or_else(|| Failure::new("there is no userinfo_endpoint"))?;
        let request = self.http.get(endpoint.url().clone()).bearer_auth(&tokens.access_token);
        let claims = answer(request).await?;
        // > The sub Claim in the UserInfo Response MUST be verified to exactly match the sub Claim in the ID Token.
        // <https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse>
        if claims["sub"] != tokens.subject.as_str() {
            return Err(Failure::new("userinfo is about another person than the ID token"));
        }
        Ok(claims)
    }

    /// Hands an upload on as it came: `content_type` carries the multipart boundary.
    pub async fn upload(
        &self,
        tokens: &Tokens,
        content_type: &str,
        body: bytes::Bytes,
    ) -> Result<Value, Failure> {
        let request = self
            .http
            .post(format!("{}/api/auth/profile/photo", self.issuer))
            .bearer_auth(&tokens.access_token)
            .header(reqwest::header::CONTENT_TYPE, content_type)
            .body(body);
        answer(request).await
    }

    /// Removes the photo.
    pub async fn remove_photo(&self, tokens: &Tokens) -> Result<Value, Failure> {
        let url = format!("{}/api/auth/profile/photo", self.issuer);
        answer(self.http.delete(url).bearer_auth(&tokens.access_token)).await
    }

    /// The key that the provider signs with, for one line of the check.
    pub fn key_count(&self) -> usize {
        self.metadata.jwks().keys().len()
    }

    fn verified<'a>(
        &self,
        id_token: &'a CoreIdToken,
        nonce: &Nonce,
    ) -> Result<&'a CoreIdTokenClaims, Failure> {
        id_token.claims(&self.client.id_token_verifier(), nonce).map_err(failed("ID token"))
    }

    fn check_at_hash(
        &self,
        response: &CoreTokenResponse,
        id_token: &CoreIdToken,
        claims: &CoreIdTokenClaims,
    ) -> Result<(), Failure> {
        let Some(expected) = claims.access_token_hash() else { return Ok(()) };
        let verifier = self.client.id_token_verifier();
        let actual = AccessTokenHash::from_token(
            response.access_token(),
            id_token.signing_alg().map_err(failed("ID token"))?,
            id_token.signing_key(&verifier).map_err(failed("ID token"))?,
        )
        .map_err(failed("at_hash"))?;
        if actual == *expected {
            Ok(())
        } else {
            Err(Failure::new("at_hash does not belong to the access token"))
        }
    }
}

/// A JSON answer, or the provider's sentence about why not.
async fn answer(request: reqwest::RequestBuilder) -> Result<Value, Failure> {
    let response = request.send().await.map_err(failed("request"))?;
    let status = response.status();
    let body: Value = response.json().await.map_err(failed("answer"))?;
    if status.is_success() {
        return Ok(body);
    }
    let sentence =
        body["message"].as_str().or(body["error_description"].as_str()).unwrap_or("no reason was given");
    Err(Failure::new(format!("{sentence} ({status})")))
}

/// What the OAuth crates want: one HTTP exchange, without following redirects.
pub async fn send(http: &reqwest::Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = http.execute(request.try_into()?).await?;
    let mut built = http::Response::new(Vec::new());
    *built.status_mut() = response.status();
    *built.headers_mut() = response.headers().clone();
    *built.body_mut() = response.bytes().await?.to_vec();
    Ok(built)
}

/// An error with everything that caused it, in one line.
fn failed<E: std::error::Error>(what: &'static str) -> impl Fn(E) -> Failure {
    move |error| {
        let mut text = format!("{what}: {error}");
        let mut source = error.source();
        while let Some(inner) = source {
            text.push_str(&format!(": {inner}"));
            source = inner.source();
        }
        Failure::new(text)
    }
}
