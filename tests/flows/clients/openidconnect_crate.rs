//! The `openidconnect` crate: discovery, code with PKCE, ID token verification, userinfo, refresh, introspection,
//! revocation, logout.

use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IntrospectionUrl,
    IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, RefreshToken, RevocationUrl, Scope, TokenIntrospectionResponse,
    TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreRevocableToken, CoreUserInfoClaims},
};
use tests::{
    Browser, House,
    app::{Begun, parameter},
    house::SIGNED_OUT,
    on_both,
};
use visage::commands::client_details::Details;

use super::send;

on_both! {
    async fn the_whole_job(house: &House) {
        whole_job(house, "RS256").await;
    }

    /// Every algorithm that discovery lists verifies in somebody else's code (S69).
    async fn es256(house: &House) {
        whole_job(house, "ES256").await;
    }

    async fn eddsa(house: &House) {
        whole_job(house, "EdDSA").await;
    }
}

async fn whole_job(house: &House, alg: &str) {
    let person = house.person("grace@example.org").await;
    let details = Details { id_token_alg: Some(alg.to_owned()), ..Details::default() };
    let app = house.register("foreign", details).await;
    let http = |request| send(&house.http, request);

    let issuer = IssuerUrl::new(house.issuer.clone()).unwrap();
    let metadata = ProviderMetadataWithLogout::discover_async(issuer, &http).await.unwrap();
    let secure = |path: &str| house.url(path).replace("http://", "https://");
    let client = CoreClient::from_provider_metadata(
        metadata.clone(),
        ClientId::new(app.client_id.clone()),
        Some(ClientSecret::new(app.secret.clone().unwrap())),
    )
    .set_redirect_uri(RedirectUrl::new(app.redirect_uri.clone()).unwrap())
    .set_introspection_url(IntrospectionUrl::new(house.url("/oauth2/introspect")).unwrap())
    .set_revocation_url(RevocationUrl::new(secure("/oauth2/revoke")).unwrap());

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let (url, state, nonce) = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(["profile", "email", "offline_access"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    let begun = Begun { url, ..app.begin("openid", &[]) };
    let mut browser = Browser::new(house.http.clone());
    let back = app.walk(&mut browser, &begun, &person).await.location().expect("a way back");
    assert_eq!(parameter(&back, "state").as_ref(), Some(state.secret()));

    let tokens = client
        .exchange_code(AuthorizationCode::new(parameter(&back, "code").unwrap()))
        .unwrap()
        .set_pkce_verifier(verifier)
        .request_async(&http)
        .await
        .unwrap();
    let id_token = tokens.id_token().expect("an ID token");
    let id_token_verifier = client.id_token_verifier();
    let claims = id_token.claims(&id_token_verifier, &nonce).expect("an ID token that verifies");
    assert_eq!(claims.subject().as_str(), person.id);
    let at_hash = AccessTokenHash::from_token(
        tokens.access_token(),
        id_token.signing_alg().unwrap(),
        id_token.signing_key(&id_token_verifier).unwrap(),
    );
    assert_eq!(claims.access_token_hash(), Some(&at_hash.unwrap()));

    let user: CoreUserInfoClaims = client
        .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
        .unwrap()
        .request_async(&http)
        .await
        .unwrap();
    assert_eq!(user.email().map(|email| email.as_str()), Some("grace@example.org"));
    let picture =
        user.picture().and_then(|picture| picture.get(None)).expect("a picture").as_str().to_owned();
    let image = house.http.get(picture).send().await.unwrap();
    assert_eq!(image.headers()["content-type"], "image/jpeg"); // S83: it works, for anybody

    let refresh_token = RefreshToken::new(tokens.refresh_token().expect("a refresh token").secret().clone());
    let renewed = client.exchange_refresh_token(&refresh_token).unwrap().request_async(&http).await.unwrap();
    let renewed_id = renewed.id_token().expect("an ID token");
    let renewed_claims = renewed_id.claims(&id_token_verifier, |_: Option<&Nonce>| Ok(())).unwrap();
    assert_eq!(renewed_claims.subject(), claims.subject()); // S61
    assert_eq!(renewed_claims.auth_time(), claims.auth_time());

    let token = AccessToken::new(renewed.access_token().secret().clone());
    assert!(client.introspect(&token).request_async(&http).await.unwrap().active());
    client.revoke_token(CoreRevocableToken::from(token.clone())).unwrap().request_async(&http).await.unwrap();
    assert!(!client.introspect(&token).request_async(&http).await.unwrap().active());

    let endpoint =
        metadata.additional_metadata().end_session_endpoint.clone().expect("an end_session_endpoint");
    let url = LogoutRequest::from(endpoint)
        .set_id_token_hint(renewed_id)
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(SIGNED_OUT.to_owned()).unwrap())
        .set_state(CsrfToken::new("bye".to_owned()))
        .http_get_url();
    let page = browser.get(&url).await.unwrap();
    let page = browser.follow(page, &house.issuer.parse().unwrap()).await.unwrap();
    let back = page.location().expect("straight back, since the hint is good (S97)");
    assert_eq!(back.as_str(), format!("{SIGNED_OUT}?state=bye"));
    // Signed out: the next request asks for the password.
    let page = browser.get(&app.begin("openid", &[]).url).await.unwrap();
    let page = browser.follow(page, &house.issuer.parse().unwrap()).await.unwrap();
    assert_eq!(page.name().as_deref(), Some("login"));
}
