//! Introspection answers that are signed (RFC 9701).

use serde_json::json;

use super::{
    house::{House, ISSUER},
    wire::{basic, parts, post, text},
};

const MEDIA_TYPE: &str = "application/token-introspection+jwt";

// S86
#[actix_web::test]
async fn an_answer_is_signed_for_who_asks() {
    let house = House::new().await;
    let app = house.public_client("app").await;
    let api = house.client("api", |client| client.resource_server = true).await;
    let user = house.person("ada").await;
    house.sign_in(&user).await;
    house.agree(&user, &app, "openid", None).await;
    let tokens = house.tokens(&app, "openid").await;
    let form = [("token", text(&tokens, "access_token"))];
    let plain = house.post_as(&api, "/oauth2/introspect", &form).await;
    assert_eq!(plain.header("content-type"), "application/json");
    assert_eq!(plain.json()["auth_time"].as_i64(), Some(house.core.now() / 1_000_000));

    let accepting = post("/oauth2/introspect", &form)
        .insert_header(("authorization", basic("api")))
        .insert_header(("accept", format!("{MEDIA_TYPE}, application/json;q=0.5")));
    let signed = house.anonymous(accepting).await;
    assert_eq!((signed.status.as_u16(), signed.header("content-type")), (200, MEDIA_TYPE));
    let (header, claims) = parts(&signed.body);
    assert_eq!((text(&header, "typ"), text(&header, "alg")), ("token-introspection+jwt", "RS256"));
    assert_eq!((text(&claims, "iss"), text(&claims, "aud")), (ISSUER, "api"));
    assert_eq!((claims.get("sub"), claims.get("exp")), (None, None));
    assert_eq!(claims["token_introspection"], plain.json());
    // It is no token itself.
    assert!(house.core.access(&signed.body).await.unwrap().is_none());
}

#[actix_web::test]
async fn a_client_may_be_registered_for_it() {
    let house = House::new().await;
    let signed = |client: &mut protocol::Client| {
        client.resource_server = true;
        client.metadata.introspection_signed_response_alg = Some("EdDSA".into());
    };
    let api = house.client("api", signed).await;
    let answer = house.post_as(&api, "/oauth2/introspect", &[("token", "x")]).await;
    let (header, claims) = parts(&answer.body);
    assert_eq!(text(&header, "alg"), "EdDSA");
    assert_eq!(claims["token_introspection"], json!({ "active": false }));
}
