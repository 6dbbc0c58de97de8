//! Tokens for the APIs of others: whom they are for, what they may do there, who may ask what they stand for.

use protocol::{Client, DetailType, Policy, Resource, SECOND, Scopes, TokenFormat};
use serde_json::{Value, json};

use super::{
    house::{House, on_both},
    wire::{Answer, authorize, parts, redemption, text},
};

const REPORTS: &str = "https://reports.test";
const LEDGER: &str = "https://ledger.test/v1";

fn offer(policy: &mut Policy) {
    let resource = |name: &str, audience: &str, scopes: &str, format| Resource {
        name: name.into(),
        audience: audience.into(),
        scopes: Scopes::parse(scopes).unwrap(),
        format,
        introspects: Some(format!("{name}-api")),
    };
    policy.resources = vec![
        resource("reports", REPORTS, "reports.read reports.write", TokenFormat::Jwt),
        resource("ledger", LEDGER, "ledger", TokenFormat::Opaque),
    ];
    policy.detail_types = vec![DetailType {
        name: "payment".into(),
        words: "Pay {amount} to {creditor}".into(),
        required: vec!["amount".into(), "creditor".into()],
        ..DetailType::default()
    }];
}

const ALL: &str = "openid email offline_access reports.read ledger";

/// Somebody who agreed to everything, and the APIs' own clients.
async fn furnished() -> (House, Client) {
    let house = House::with(offer).await;
    let client = house.client("c1", |client| client.scopes = Scopes::parse(ALL).unwrap()).await;
    for api in ["reports-api", "ledger-api"] {
        house.client(api, |_| {}).await;
    }
    let user = house.person("u1").await;
    house.agree(&user, &client, ALL, None).await;
    house.sign_in(&user).await;
    (house, client)
}

async fn code(house: &House, client: &Client, changes: &[(&str, &str)]) -> String {
    let mut asked = vec![("scope", ALL)];
    asked.extend(changes);
    let answer = house.get(&authorize(client, &asked)).await;
    answer.parameter("code").unwrap_or_else(|| panic!("no code: {}", answer.location()))
}

async fn redeem(house: &House, client: &Client, code: &str, resources: &[&str]) -> Answer {
    let mut form = redemption(code);
    form.extend(resources.iter().map(|resource| ("resource", *resource)));
    house.token(client, &form).await
}

async fn introspected(house: &House, by: &str, token: &str) -> Value {
    let by = Client::clone(&house.core.store.client(by).await.unwrap().unwrap());
    house.post_as(&by, "/oauth2/introspect", &[("token", token)]).await.json()
}

// S72
async fn a_token_is_for_what_was_named() {
    let (house, client) = furnished().await;
    // At the authorization endpoint: the whole grant is for it.
    let tokens =
        redeem(&house, &client, &code(&house, &client, &[("resource", REPORTS)]).await, &[]).await.json();
    let (_, claims) = parts(text(&tokens, "access_token"));
    assert_eq!((&claims["aud"], text(&claims, "scope")), (&json!(REPORTS), "reports.read"));
    assert_eq!(text(&tokens, "scope"), "reports.read");
    // At the token endpoint: another token of the same grant; ourselves too, for whoever signed in.
    let refresh = text(&tokens, "refresh_token").to_owned();
    let renew = async |resource: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", &*refresh), ("resource", resource)];
        house.token(&client, &form).await
    };
    let (_, claims) = parts(text(&renew("https://op.test").await.json(), "access_token"));
    assert_eq!(
        (&claims["aud"], text(&claims, "scope")),
        (&json!("https://op.test"), "openid email offline_access")
    );
    assert_eq!(renew(LEDGER).await.error(), (400, "invalid_target".into()));
    assert_eq!(renew("https://unknown").await.error(), (400, "invalid_target".into()));
    // Named at the token endpoint alone; without a name it is for us, without the scopes of others.
    let tokens = redeem(&house, &client, &code(&house, &client, &[]).await, &[REPORTS, "https://op.test/"])
        .await
        .json();
    let (_, claims) = parts(text(&tokens, "access_token"));
    assert_eq!(claims["aud"], json!([REPORTS, "https://op.test"]));
    let tokens = redeem(&house, &client, &code(&house, &client, &[]).await, &[]).await.json();
    let (_, claims) = parts(text(&tokens, "access_token"));
    assert_eq!(
        (&claims["aud"], text(&claims, "scope")),
        (&json!("https://op.test"), "openid email offline_access")
    );
    // A wrong name costs nobody their code.
    let code = code(&house, &client, &[("resource", REPORTS)]).await;
    assert_eq!(redeem(&house, &client, &code, &[LEDGER]).await.error(), (400, "invalid_target".into()));
    assert_eq!(redeem(&house, &client, &code, &[REPORTS]).await.status, 200);
    let answer = house.get(&authorize(&client, &[("resource", "https://unknown")])).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_target"));
}
on_both!(a_token_is_for_what_was_named);

// S72, S86
async fn the_api_s_own_client_may_ask() {
    let (house, client) = furnished().await;
    let tokens =
        redeem(&house, &client, &code(&house, &client, &[("resource", REPORTS)]).await, &[]).await.json();
    let token = text(&tokens, "access_token");
    let known = introspected(&house, "reports-api", token).await;
    assert_eq!(
        (&known["active"], &known["aud"], &known["scope"]),
        (&json!(true), &json!(REPORTS), &json!("reports.read"))
    );
    assert_eq!(introspected(&house, "ledger-api", token).await, json!({ "active": false }));
    // Not ours, so no token here.
    assert!(
        house
            .core
            .access(token)
            .await
            .unwrap()
            .is_some_and(|access| !access.audience.contains("https://op.test"))
    );
}
on_both!(the_api_s_own_client_may_ask);

// S86, S88, S89
async fn an_opaque_token_says_nothing_by_itself() {
    let (house, client) = furnished().await;
    let tokens =
        redeem(&house, &client, &code(&house, &client, &[("resource", LEDGER)]).await, &[]).await.json();
    let token = text(&tokens, "access_token").to_owned();
    assert!(token.starts_with("visage_at_") && token.len() == 53, "{token}");
    let known = introspected(&house, "ledger-api", &token).await;
    assert_eq!((text(&known, "aud"), text(&known, "scope"), text(&known, "sub")), (LEDGER, "ledger", "u1"));
    assert_eq!(text(&known, "token_type"), "Bearer");
    assert_eq!(introspected(&house, "reports-api", &token).await, json!({ "active": false }));
    assert_eq!(introspected(&house, "ledger-api", &format!("{token}x")).await, json!({ "active": false }));
    // It ends by itself, by revocation, and with its grant.
    let answer = house.post_as(&client, "/oauth2/revoke", &[("token", &token)]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(introspected(&house, "ledger-api", &token).await, json!({ "active": false }));
    let next = house.refresh(&client, text(&tokens, "refresh_token")).await.json();
    let next = text(&next, "access_token");
    assert_eq!(introspected(&house, "ledger-api", next).await["active"], true);
    house.clock.advance(601 * SECOND);
    assert_eq!(introspected(&house, "ledger-api", next).await, json!({ "active": false }));
    let last = house.refresh(&client, text(&tokens, "refresh_token")).await.json();
    house.post_as(&client, "/oauth2/revoke", &[("token", text(&tokens, "refresh_token"))]).await;
    assert_eq!(
        introspected(&house, "ledger-api", text(&last, "access_token")).await,
        json!({ "active": false })
    );
}
on_both!(an_opaque_token_says_nothing_by_itself);

// S65, S72
async fn a_client_by_itself_names_resources_too() {
    let (house, client) = furnished().await;
    let ask = async |extra: &[(&str, &str)]| {
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(extra);
        house.token(&client, &form).await
    };
    let tokens = ask(&[("resource", REPORTS), ("scope", "reports.read")]).await.json();
    let (_, claims) = parts(text(&tokens, "access_token"));
    assert_eq!(
        (&claims["aud"], text(&claims, "scope"), text(&claims, "sub")),
        (&json!(REPORTS), "reports.read", "c1")
    );
    let opaque = ask(&[("resource", LEDGER)]).await.json();
    assert_eq!(introspected(&house, "ledger-api", text(&opaque, "access_token")).await["client_id"], "c1");
    let both = ask(&[("resource", LEDGER), ("resource", REPORTS)]).await;
    assert_eq!(both.error(), (400, "invalid_target".into()), "two formats");
    let stranger = house.client("c2", |client| client.scopes = Scopes::parse("email").unwrap()).await;
    let form = [("grant_type", "client_credentials"), ("resource", REPORTS)];
    assert_eq!(house.token(&stranger, &form).await.error(), (400, "invalid_target".into()));
}
on_both!(a_client_by_itself_names_resources_too);

const PAYMENT: &str = r#"[{"type":"payment","amount":"12.50 EUR","creditor":"Ada"}]"#;

async fn details_are_asked_about_each_time() {
    let (house, client) = furnished().await;
    let user = house.core.store.user("u1").await.unwrap().unwrap();
    let started = house.get(&authorize(&client, &[("authorization_details", PAYMENT)])).await;
    assert!(started.location().starts_with("/consent?interaction="), "{}", started.location());
    let id = started.location().split('=').next_back().unwrap().to_owned();
    let digest = keyring::digest(id.as_bytes());
    let row = house.core.store.interaction_of_any_browser(&digest, house.core.now()).await;
    assert!(row.unwrap().unwrap().parameters.contains("Pay 12.50 EUR to Ada"));
    house.agree(&user, &client, ALL, Some(&id)).await;
    let code = house.get(&format!("/oauth2/authorize/{id}")).await.parameter("code").unwrap();
    let tokens = redeem(&house, &client, &code, &[]).await.json();
    let details: Value = serde_json::from_str(PAYMENT).unwrap();
    let token = text(&tokens, "access_token");
    let (_, claims) = parts(token);
    assert_eq!((&tokens["authorization_details"], &claims["authorization_details"]), (&details, &details));
    assert_eq!(introspected(&house, "c1", token).await["authorization_details"], details);

    let silent =
        house.get(&authorize(&client, &[("authorization_details", PAYMENT), ("prompt", "none")])).await;
    assert_eq!(silent.parameter("error").as_deref(), Some("consent_required"));
    for bad in ["[]", "x", r#"[{"type":"unknown"}]"#] {
        let answer = house.get(&authorize(&client, &[("authorization_details", bad)])).await;
        assert_eq!(answer.parameter("error").as_deref(), Some("invalid_authorization_details"), "{bad}");
    }
    // Nobody was asked.
    let alone = [("grant_type", "client_credentials"), ("authorization_details", PAYMENT)];
    assert_eq!(house.token(&client, &alone).await.error(), (400, "invalid_authorization_details".into()));
}
on_both!(details_are_asked_about_each_time);

#[actix_web::test]
async fn what_is_offered_is_said() {
    let house = House::with(offer).await;
    let document = house.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(document["protected_resources"], json!(["https://op.test", REPORTS, LEDGER]));
    assert_eq!(document["authorization_details_types_supported"], json!(["payment"]));
    assert!(document["scopes_supported"].as_array().unwrap().contains(&json!("reports.write")));
    // Of our own APIs: <https://www.rfc-editor.org/rfc/rfc9728>
    let answer = house.get("/.well-known/oauth-protected-resource").await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let own = answer.json();
    assert_eq!(
        (&own["resource"], &own["authorization_servers"]),
        (&json!("https://op.test"), &json!(["https://op.test"]))
    );
    assert_eq!(own["bearer_methods_supported"], json!(["header", "body"]));
}
