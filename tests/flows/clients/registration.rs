//! The `openidconnect` crate registers itself, and then signs somebody in with what it was given (RFC 7591).

use openidconnect::registration::EmptyAdditionalClientMetadata;
use openidconnect::{
    AuthorizationCode, ClientName, CsrfToken, IssuerUrl, LocalizedClaim, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, RedirectUrl, RegistrationUrl, Scope, TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreClientRegistrationRequest, CoreProviderMetadata},
};
use tests::{
    App, Browser, Engine, House,
    app::{Begun, parameter},
    house::CALLBACK,
};

use super::send;

// oidcc-server (code, dynamic_client)
async fn registers_itself(engine: Engine) {
    let house = House::with(engine, &[("oauth.registration", "open")]).await;
    let person = house.person("grace@example.org").await;
    let http = |request| send(&house.http, request);
    let issuer = IssuerUrl::new(house.issuer.clone()).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.unwrap();
    let endpoint: RegistrationUrl =
        metadata.registration_endpoint().expect("a registration_endpoint").clone();
    let callback = RedirectUrl::new(CALLBACK.to_owned()).unwrap();

    let registered =
        CoreClientRegistrationRequest::new(vec![callback.clone()], EmptyAdditionalClientMetadata {})
            .set_client_name(Some(LocalizedClaim::from(ClientName::new("Just arrived".to_owned()))))
            .register_async(&endpoint, &http)
            .await
            .unwrap();
    let secret = registered.client_secret().expect("a secret").clone();
    let client =
        CoreClient::from_provider_metadata(metadata, registered.client_id().clone(), Some(secret.clone()))
            .set_redirect_uri(callback);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, _, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let app = App {
        issuer: house.issuer.clone(),
        endpoint: house.issuer.clone(),
        client_id: registered.client_id().to_string(),
        secret: Some(secret.secret().clone()),
        redirect_uri: CALLBACK.to_owned(),
        http: house.http.clone(),
    };
    let begun = Begun { url, ..app.begin("openid", &[]) };
    let back = app
        .walk(&mut Browser::new(house.http.clone()), &begun, &person)
        .await
        .location()
        .expect("a way back");
    let code = AuthorizationCode::new(parameter(&back, "code").unwrap());
    let tokens =
        client.exchange_code(code).unwrap().set_pkce_verifier(verifier).request_async(&http).await.unwrap();
    let verifier = client.id_token_verifier();
    let claims = tokens.id_token().expect("an ID token").claims(&verifier, &nonce).expect("that verifies");
    assert_eq!(claims.subject().as_str(), person.id);
    app.userinfo(tokens.access_token().secret()).await.expect(200);
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    registers_itself(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    registers_itself(Engine::Postgres).await;
}
