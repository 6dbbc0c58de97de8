//! The `oauth2` crate: code with PKCE without OpenID Connect, refresh, client credentials, introspection, revocation.

use oauth2::{
    AccessToken, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IntrospectionUrl,
    PkceCodeChallenge, RedirectUrl, RefreshToken, RevocationUrl, Scope, StandardRevocableToken,
    TokenIntrospectionResponse, TokenResponse, TokenUrl, basic::BasicClient,
};
use tests::{Browser, app::parameter, on_both};

use super::send;

on_both! {
    async fn code_refresh_introspection_revocation(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("plain-oauth").await;
        let client = BasicClient::new(ClientId::new(app.client_id.clone()))
            .set_client_secret(ClientSecret::new(app.secret.clone().unwrap()))
            .set_auth_type(AuthType::BasicAuth)
            .set_auth_uri(AuthUrl::new(house.url("/oauth2/authorize")).unwrap())
            .set_token_uri(TokenUrl::new(house.url("/oauth2/token")).unwrap())
            .set_introspection_url(IntrospectionUrl::new(house.url("/oauth2/introspect")).unwrap())
            .set_revocation_url(RevocationUrl::new(house.url("/oauth2/revoke").replace("http://", "https://")).unwrap())
            .set_redirect_uri(RedirectUrl::new(app.redirect_uri.clone()).unwrap());
        let http = |request| send(&house.http, request);

        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (url, state) = client
            .authorize_url(CsrfToken::new_random)
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge)
            .url();
        let begun = tests::app::Begun { url, ..app.begin("", &[]) };
        let page = app.walk(&mut Browser::new(house.http.clone()), &begun, &person).await;
        let back = page.location().unwrap();
        assert_eq!(parameter(&back, "state").as_ref(), Some(state.secret()));

        let tokens = client
            .exchange_code(AuthorizationCode::new(parameter(&back, "code").unwrap()))
            .set_pkce_verifier(verifier)
            .request_async(&http)
            .await
            .unwrap();
        // CONTRACT §3: without `openid` a client gets a refresh token when its registration has the grant.
        let refresh_token = tokens.refresh_token().expect("a refresh token").secret().clone();
        assert!(tokens.expires_in().unwrap().as_secs() <= 600);
        // S81: this token has no `openid`.
        app.userinfo(tokens.access_token().secret()).await.expect_error(403, "insufficient_scope");

        let renewed = client.exchange_refresh_token(&RefreshToken::new(refresh_token)).request_async(&http).await.unwrap();
        let token = AccessToken::new(renewed.access_token().secret().clone());
        let seen = client.introspect(&token).request_async(&http).await.unwrap();
        assert!(seen.active());
        assert_eq!(seen.client_id().map(|id| id.as_str()), Some("plain-oauth"));
        assert_eq!(seen.sub(), Some(person.id.as_str()));

        let revocable = StandardRevocableToken::AccessToken(token.clone());
        client.revoke_token(revocable).unwrap().request_async(&http).await.unwrap();
        assert!(!client.introspect(&token).request_async(&http).await.unwrap().active());

        let own = client.exchange_client_credentials().request_async(&http).await.unwrap();
        assert!(own.refresh_token().is_none(), "S65");
        let seen = client.introspect(own.access_token()).request_async(&http).await.unwrap();
        assert!(seen.active());
        assert_ne!(seen.sub(), Some(person.id.as_str()));
    }
}
