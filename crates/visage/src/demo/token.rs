//! An access token for the demo's `curl` lines: from a client of its own, which is trusted, so that the consent page
//! of the demo's application is still new when a person comes to it.

use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl, Scope, TokenResponse,
    TokenUrl, basic::BasicClient,
};
use url::Url;

use super::{Demo, application::send, browser::Browser};
use crate::{
    commands::{client, client_details::Details},
    failure::Failure,
    place::Place,
};

const CLIENT_ID: &str = "demo-curl";

/// A public client at a loopback address at which nobody needs to listen.
const REDIRECT_URI: &str = "http://127.0.0.1/demo-curl";

pub async fn register(place: &Place) -> Result<(), Failure> {
    let details = Details {
        name: Some("curl".to_owned()),
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        public: true,
        trusted: Some(true),
        ..Details::default()
    };
    client::create(place, Some(CLIENT_ID.to_owned()), details).await.map(drop)
}

pub async fn obtain(demo: &Demo) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(format!("cannot get a token for the curl lines: {error}"))
    };
    let issuer: Url = demo.issuer.parse().map_err(|e| failed(&e))?;
    let url = |path: &str| format!("{}{path}", demo.issuer);
    let client = BasicClient::new(ClientId::new(CLIENT_ID.to_owned()))
        .set_auth_uri(AuthUrl::new(url(web::paths::AUTHORIZE)).map_err(|e| failed(&e))?)
        .set_token_uri(TokenUrl::new(url(web::paths::TOKEN)).map_err(|e| failed(&e))?)
        .set_redirect_uri(RedirectUrl::new(REDIRECT_URI.to_owned()).map_err(|e| failed(&e))?);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let scopes =
        ["openid", "profile", "email", "phone", "galleries"].map(|scope| Scope::new(scope.to_owned()));
    let (begin, _) =
        client.authorize_url(CsrfToken::new_random).add_scopes(scopes).set_pkce_challenge(challenge).url();

    let http = super::client();
    let mut browser = Browser::new(http.clone());
    let page = browser.get(&begin).await?;
    let page = browser.follow(page, &issuer).await?;
    let form =
        page.form("login")?.with("username", &demo.person.email).with("password", &demo.person.password);
    let page = browser.submit(&page.url, &form).await?;
    let page = browser.follow(page, &issuer).await?;
    let back = page.location().ok_or_else(|| failed(&"no way back"))?;
    let code = back.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());

    let response = client
        .exchange_code(AuthorizationCode::new(code.ok_or_else(|| failed(&"no code"))?))
        .set_pkce_verifier(verifier)
        .request_async(&|request| send(&http, request))
        .await
        .map_err(|e| failed(&e))?;
    Ok(response.access_token().secret().clone())
}
