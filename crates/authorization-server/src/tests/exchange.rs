//! Token exchange (RFC 8693): less scope, who acts, and an end with the grant.

use protocol::{Client, DetailType, SECOND, token::ExchangePolicy};
use serde_json::json;

use super::{
    holder::Holder,
    house::{House, on_both},
    wire::{Answer, authorize, parts, redemption, text},
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

// S67: a thief of a bound token does not get one that is bound to nothing.
#[actix_web::test]
async fn a_bound_token_is_exchanged_by_who_holds_its_key() {
    let house = House::new().await;
    let (app, gateway) = (house.public_client("app").await, gateway(&house, all()).await);
    let user = house.person("ada").await;
    house.sign_in(&user).await;
    house.agree(&user, &app, "openid", None).await;
    let (holder, other) = (Holder::new(), Holder::new());
    let code = house.code(&app, "openid").await;
    let bound = holder.token(&house, &app, &redemption(&code)).await.json();
    let bound = text(&bound, "access_token");
    let form = [("grant_type", GRANT), ("subject_token", bound), ("subject_token_type", ACCESS_TOKEN)];
    let refused = (400, "invalid_request".to_owned());
    assert_eq!(house.token(&gateway, &form).await.error(), refused);
    assert_eq!(other.token(&house, &gateway, &form).await.error(), refused);
    let exchanged = holder.token(&house, &gateway, &form).await.json();
    assert_eq!(parts(text(&exchanged, "access_token")).1["cnf"], json!({ "jkt": holder.jkt() }));
    // Who acts holds to the same.
    let plain = house.tokens(&app, "openid").await;
    let own = other.token(&house, &gateway, &[("grant_type", "client_credentials")]).await.json();
    let acting = [("actor_token", text(&own, "access_token")), ("actor_token_type", ACCESS_TOKEN)];
    let answer = exchange(&house, &gateway, text(&plain, "access_token"), &acting).await;
    assert_eq!(answer.error(), refused);
}

const SMALL: &str = r#"[{"type":"payment","amount":"10"}]"#;
const BOTH: &str = r#"[{"type":"payment","amount":"10"},{"type":"payment","amount":"9999"}]"#;

// I6
#[actix_web::test]
async fn an_exchanged_token_has_no_details_that_the_one_brought_has_not() {
    let payment = DetailType {
        name: "payment".into(),
        words: "Pay {amount}".into(),
        required: vec!["amount".into()],
        ..DetailType::default()
    };
    let house = House::with(|policy| policy.detail_types = vec![payment]).await;
    let app = house.client("app", |client| client.trusted = true).await;
    let gateway = gateway(&house, all()).await;
    house.sign_in(&house.person("ada").await).await;
    let answer = house.get(&authorize(&app, &[("authorization_details", BOTH)])).await;
    let code = answer.parameter("code").unwrap();
    let mut form = redemption(&code);
    form.push(("authorization_details", SMALL));
    let tokens = house.token(&app, &form).await.json();
    let brought = text(&tokens, "access_token");
    let small: serde_json::Value = serde_json::from_str(SMALL).unwrap();
    assert_eq!(parts(brought).1["authorization_details"], small);
    let exchanged = exchange(&house, &gateway, brought, &[]).await.json();
    assert_eq!(parts(text(&exchanged, "access_token")).1["authorization_details"], small);
    let more = exchange(&house, &gateway, brought, &[("authorization_details", BOTH)]).await;
    assert_eq!(more.error(), (400, "invalid_authorization_details".into()));
    let without = house.tokens(&app, "openid").await;
    let without = text(&without, "access_token");
    let exchanged = exchange(&house, &gateway, without, &[]).await.json();
    assert_eq!(parts(text(&exchanged, "access_token")).1.get("authorization_details"), None);
}
