//! Token exchange (RFC 8693): less scope, who acts, and an end with the grant.

use protocol::{Client, SECOND, token::ExchangePolicy};
use serde_json::json;

use super::{
    house::{House, on_both},
    wire::{Answer, parts, text},
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

async fn gateway(house: &House, policy: ExchangePolicy) -> Client {
    let exchanger = |client: &mut Client| {
        client.grant_types = vec![GRANT.into(), "client_credentials".into()];
        client.response_types.clear();
        client.redirect_uris.clear();
        client.metadata.token_exchange = Some(policy);
    };
    house.client("gateway", exchanger).await
}

fn all() -> ExchangePolicy {
    ExchangePolicy { clients: vec!["*".into()], ..ExchangePolicy::default() }
}

async fn exchange(house: &House, client: &Client, token: &str, more: &[(&str, &str)]) -> Answer {
    let mut form =
        vec![("grant_type", GRANT), ("subject_token", token), ("subject_token_type", ACCESS_TOKEN)];
    form.extend(more);
    house.token(client, &form).await
}

async fn an_exchanged_token_says_who_acts_and_ends_with_its_grant() {
    let house = House::new().await;
    let (app, gateway) = (house.public_client("app").await, gateway(&house, all()).await);
    let user = house.person("ada").await;
    house.sign_in(&user).await;
    house.agree(&user, &app, "openid profile email", None).await;
    let brought = house.tokens(&app, "openid profile email").await;
    house.clock.advance(300 * SECOND);

    let answer = exchange(&house, &gateway, text(&brought, "access_token"), &[("scope", "profile")]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let exchanged = answer.json();
    assert_eq!(text(&exchanged, "issued_token_type"), ACCESS_TOKEN);
    assert_eq!((text(&exchanged, "scope"), exchanged["expires_in"].as_i64()), ("profile", Some(300)));
    assert_eq!((exchanged.get("refresh_token"), exchanged.get("id_token")), (None, None));
    let claims = parts(text(&exchanged, "access_token")).1;
    assert_eq!((text(&claims, "sub"), text(&claims, "client_id")), ("ada", "gateway"));
    assert_eq!(claims["act"], json!({ "sub": "gateway", "client_id": "gateway" }));
    assert!(house.lives(&exchanged).await);
    let introspected = [("token", text(&exchanged, "access_token"))];
    let told = house.post_as(&gateway, "/oauth2/introspect", &introspected).await.json();
    assert_eq!((&told["active"], &told["act"]), (&json!(true), &claims["act"]));

    let second = exchange(&house, &gateway, text(&exchanged, "access_token"), &[]).await.json();
    assert_eq!(parts(text(&second, "access_token")).1["act"]["act"], claims["act"]);

    house.core.store.withdraw_consent("ada", "app", house.core.now()).await.unwrap();
    assert!(!house.lives(&exchanged).await && !house.lives(&second).await);
    let dead = exchange(&house, &gateway, text(&brought, "access_token"), &[]).await;
    assert_eq!(dead.error(), (400, "invalid_request".into()));
}
on_both!(an_exchanged_token_says_who_acts_and_ends_with_its_grant);

#[actix_web::test]
async fn what_may_not_be_exchanged() {
    let house = House::new().await;
    let app = house.public_client("app").await;
    let named = ExchangePolicy { clients: vec!["other".into()], ..ExchangePolicy::default() };
    let gateway = gateway(&house, named).await;
    let user = house.person("ada").await;
    let session = house.sign_in(&user).await;
    house.agree(&user, &app, "openid", None).await;
    let tokens = house.tokens(&app, "openid").await;
    let refused = async |token: &str| exchange(&house, &gateway, token, &[]).await.error();
    assert_eq!(refused(text(&tokens, "access_token")).await, (400, "invalid_request".into()), "another's");
    assert_eq!(refused(text(&tokens, "id_token")).await, (400, "invalid_request".into()));
    assert_eq!(refused("x").await, (400, "invalid_request".into()));
    let own = house.personal_token(&user, &session).await;
    assert_eq!(refused(&own).await, (400, "invalid_request".into()), "a person's own");
    let of_client = house.token(&gateway, &[("grant_type", "client_credentials")]).await.json();
    assert_eq!(refused(text(&of_client, "access_token")).await, (400, "invalid_request".into()));
    // A disabled client's exchanged tokens are dead too, and a client without a policy has none.
    let plain = |client: &mut Client| {
        client.grant_types.push(GRANT.into());
    };
    let plain = house.client("plain", plain).await;
    let answer = exchange(&house, &plain, text(&tokens, "access_token"), &[]).await;
    assert_eq!(answer.error(), (400, "unauthorized_client".into()));
}

// I4: whoever holds a token of a client that was disabled since has nothing.
#[actix_web::test]
async fn nothing_is_left_of_a_disabled_client() {
    for disabled in ["app", "gateway"] {
        let house = House::new().await;
        let (app, gateway) = (house.public_client("app").await, gateway(&house, all()).await);
        let user = house.person("ada").await;
        house.sign_in(&user).await;
        house.agree(&user, &app, "openid", None).await;
        let tokens = house.tokens(&app, "openid").await;
        let exchanged = exchange(&house, &gateway, text(&tokens, "access_token"), &[]).await.json();
        assert!(house.lives(&exchanged).await);
        let client = if disabled == "app" { app } else { gateway };
        let off = Client { is_active: false, ..client };
        house.core.store.update_client(off).await.unwrap();
        assert!(!house.lives(&exchanged).await, "{disabled}");
    }
}
