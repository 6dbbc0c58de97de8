//! A device without a browser, as the crates `oauth2` and `openidconnect` ask for it (RFC 8628).

use oauth2::{
    AuthType, ClientId, DeviceAuthorizationUrl, Scope, StandardDeviceAuthorizationResponse, TokenResponse,
    TokenUrl, basic::BasicClient,
};
use openidconnect::{
    IssuerUrl, Nonce, TokenResponse as _,
    core::{CoreClient, CoreDeviceAuthorizationResponse, CoreProviderMetadata},
};
use tests::{
    App, House,
    device::{GRANT, approve},
    on_both,
};
use visage::commands::client_details::Details;

use super::send;

async fn television(house: &House) -> App {
    let grants = [GRANT, "refresh_token"].map(str::to_owned).to_vec();
    house.register("television", Details { public: true, grants, ..Details::default() }).await
}

on_both! {
    async fn with_oauth2(house: &House) {
        let (person, app) = (house.person("grace@example.org").await, television(house).await);
        let client = BasicClient::new(ClientId::new(app.client_id.clone()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::new(house.url("/oauth2/token")).unwrap())
            .set_device_authorization_url(DeviceAuthorizationUrl::new(house.url("/oauth2/device_authorization")).unwrap());
        let http = |request| send(&house.http, request);
        let asked: StandardDeviceAuthorizationResponse = client
            .exchange_device_code()
            .add_scope(Scope::new("profile".to_owned()))
            .request_async(&http)
            .await
            .unwrap();
        approve(asked.verification_uri_complete().unwrap().secret(), &person).await;
        let tokens = client
            .exchange_device_access_token(&asked)
            .request_async(&http, tokio::time::sleep, None)
            .await
            .unwrap();
        // It has no `openid`, but it is hers.
        assert_eq!(App::claims(tokens.access_token().secret())["sub"], person.id.as_str());
        // A second television cannot take what the first one was given.
        let again = client.exchange_device_access_token(&asked).request_async(&http, tokio::time::sleep, None).await;
        assert!(again.is_err(), "S66");
    }

    async fn with_openidconnect(house: &House) {
        let (person, app) = (house.person("grace@example.org").await, television(house).await);
        let http = |request| send(&house.http, request);
        let issuer = IssuerUrl::new(house.issuer.clone()).unwrap();
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.unwrap();
        let client = CoreClient::from_provider_metadata(metadata, ClientId::new(app.client_id.clone()), None)
            .set_auth_type(AuthType::RequestBody)
            .set_device_authorization_url(DeviceAuthorizationUrl::new(house.url("/oauth2/device_authorization")).unwrap());
        let asked: CoreDeviceAuthorizationResponse = client
            .exchange_device_code()
            .add_scope(Scope::new("email".to_owned()))
            .request_async(&http)
            .await
            .unwrap();
        approve(asked.verification_uri_complete().unwrap().secret(), &person).await;
        let tokens = client
            .exchange_device_access_token(&asked)
            .unwrap()
            .request_async(&http, tokio::time::sleep, None)
            .await
            .unwrap();
        let verifier = client.id_token_verifier();
        let claims = tokens.id_token().expect("an ID token").claims(&verifier, |_: Option<&Nonce>| Ok(())).unwrap();
        assert_eq!(claims.subject().as_str(), person.id);
        assert_eq!(app.userinfo(tokens.access_token().secret()).await.expect(200).text("email"), "grace@example.org");
    }
}
