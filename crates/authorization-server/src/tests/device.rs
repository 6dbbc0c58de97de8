//! Devices without a browser (RFC 8628): from the device's first request to its tokens.

use protocol::{AuthMethod, Client, SECOND, authorization::Pending};
use serde_json::Value;
use store::interactions::Interaction;
use web::InteractionId;

use super::{
    house::{House, on_both},
    wire::{Answer, parts, text},
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn of_devices(client: &mut Client) {
    client.grant_types = vec![GRANT.into(), "refresh_token".into()];
    client.response_types.clear();
    client.redirect_uris.clear();
}

async fn television(house: &House) -> Client {
    let public = |client: &mut Client| {
        of_devices(client);
        client.auth_method = AuthMethod::None;
        client.secret_digest = None;
    };
    house.client("tv", public).await
}

async fn begin(house: &House, client: &Client, scope: &str) -> Value {
    let form = [("client_id", client.id.as_str()), ("scope", scope)];
    let answer = house.post("/oauth2/device_authorization", &form).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("cache-control")),
        (200, "no-store"),
        "{}",
        answer.body
    );
    answer.json()
}

async fn poll(house: &House, client: &Client, begun: &Value) -> Answer {
    house.token(client, &[("grant_type", GRANT), ("device_code", text(begun, "device_code"))]).await
}

/// What the page `/device` does: the path of the hub.
async fn typed(house: &House, begun: &Value) -> String {
    let known = house.cookie(house.core.site.browser_cookie());
    if known.is_empty() {
        house.get("/oauth2/authorize/x").await;
    }
    let browser = keyring::digest(house.cookie(house.core.site.browser_cookie()).as_bytes());
    let code = protocol::device::normalised(text(begun, "user_code")).unwrap();
    let store = &house.core.store;
    let now = house.core.now();
    let waiting = store.waiting_device(&keyring::digest(code.as_bytes()), now).await.unwrap().unwrap();
    let id = InteractionId::new(&house.core.random.secret());
    let interaction = Interaction {
        digest: id.digest().into(),
        browser: browser.into(),
        client_id: waiting.client_id,
        parameters: Pending::of_device(waiting.digest, code, waiting.scopes).to_json().unwrap(),
        consented: None,
        denied: false,
        created_at: now,
        expires_at: waiting.expires_at,
        pushed: None,
    };
    store.insert_interaction(interaction).await.unwrap();
    format!("/oauth2/authorize/{}", id.as_str())
}

/// Everything that a person does to say yes.
async fn approve(house: &House, client: &Client, begun: &Value, scopes: &str) -> Answer {
    let hub = typed(house, begun).await;
    let user = house.person("ada").await;
    house.sign_in(&user).await;
    house.agree(&user, client, scopes, hub.rsplit('/').next()).await;
    house.get(&hub).await
}

// S75
#[actix_web::test]
async fn what_a_device_is_told() {
    let house = House::new().await;
    let tv = television(&house).await;
    let begun = begin(&house, &tv, "openid profile unknown").await;
    assert!(text(&begun, "device_code").len() >= 43);
    let user_code = text(&begun, "user_code");
    assert!(user_code.len() == 9 && !user_code.contains(['A', 'E', 'I', 'O', 'U', 'Y']), "{user_code}");
    assert_eq!(text(&begun, "verification_uri"), "https://op.test/device");
    assert_eq!(
        text(&begun, "verification_uri_complete"),
        format!("https://op.test/device?user_code={user_code}")
    );
    assert_eq!((begun["expires_in"].as_i64(), begun["interval"].as_i64()), (Some(600), Some(5)));

    let refused =
        async |form: &[(&str, &str)]| house.post("/oauth2/device_authorization", form).await.error();
    assert_eq!(refused(&[("client_id", "tv")]).await, (400, "invalid_scope".into()));
    assert_eq!(refused(&[("client_id", "tv"), ("scope", "unknown")]).await, (400, "invalid_scope".into()));
    assert_eq!(
        refused(&[("client_id", "nobody"), ("scope", "openid")]).await,
        (401, "invalid_client".into())
    );
    let twice = [("client_id", "tv"), ("scope", "openid"), ("scope", "email")];
    assert_eq!(refused(&twice).await, (400, "invalid_request".into()));
    let other = house.public_client("web").await;
    assert_eq!(
        refused(&[("client_id", &other.id), ("scope", "openid")]).await,
        (400, "unauthorized_client".into())
    );
    house.client("box", of_devices).await;
    assert_eq!(refused(&[("client_id", "box"), ("scope", "openid")]).await, (401, "invalid_client".into()));
    let listed = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(text(&listed, "device_authorization_endpoint"), "https://op.test/oauth2/device_authorization");
}

// S66
async fn a_device_gets_its_tokens_once() {
    let house = House::new().await;
    let tv = television(&house).await;
    let begun = begin(&house, &tv, "openid offline_access").await;
    assert_eq!(poll(&house, &tv, &begun).await.error(), (400, "authorization_pending".into()));
    house.clock.advance(2 * SECOND);
    assert_eq!(poll(&house, &tv, &begun).await.error(), (400, "slow_down".into()));
    house.clock.advance(9 * SECOND);
    assert_eq!(poll(&house, &tv, &begun).await.error(), (400, "slow_down".into()), "ten seconds by now");
    house.clock.advance(15 * SECOND);
    assert_eq!(poll(&house, &tv, &begun).await.error(), (400, "authorization_pending".into()));

    let done = approve(&house, &tv, &begun, "openid offline_access").await;
    assert_eq!((done.status.as_u16(), done.location()), (303, "/device?done=connected"));
    let tokens = poll(&house, &tv, &begun).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
    let tokens = tokens.json();
    assert!(house.lives(&tokens).await);
    assert_eq!(parts(text(&tokens, "id_token")).1["sub"], "ada");
    assert_eq!(poll(&house, &tv, &begun).await.error(), (400, "invalid_grant".into()));
    assert!(house.lives(&tokens).await, "a second fetch ends nothing");
    let renewed = house.refresh(&tv, text(&tokens, "refresh_token")).await;
    assert_eq!(renewed.status, 200, "{}", renewed.body);
}
on_both!(a_device_gets_its_tokens_once);

// S75: an earlier yes and trust in the client are none to this device.
#[actix_web::test]
async fn everybody_is_asked_about_each_device() {
    let house = House::new().await;
    let trusted = |client: &mut Client| {
        of_devices(client);
        client.trusted = true;
    };
    let tv = house.client("tv", trusted).await;
    let form = [("scope", "openid")];
    let begun = house.post_as(&tv, "/oauth2/device_authorization", &form).await.json();
    let hub = typed(&house, &begun).await;
    let id = hub.rsplit('/').next().unwrap().to_owned();
    assert_eq!(house.get(&hub).await.location(), format!("/login?interaction={id}"));
    let user = house.person("ada").await;
    house.sign_in(&user).await;
    house.agree(&user, &tv, "openid", None).await;
    assert_eq!(house.get(&hub).await.location(), format!("/consent?interaction={id}"));
    assert_eq!(poll(&house, &tv, &begun).await.error(), (400, "authorization_pending".into()));
    house.agree(&user, &tv, "openid", Some(&id)).await;
    // The yes of one browser is none of another.
    house.forget_browser();
    assert_eq!(house.get(&hub).await.status, 403);
}

// S66
#[actix_web::test]
async fn a_no_and_a_late_answer() {
    let house = House::new().await;
    let tv = television(&house).await;
    let begun = begin(&house, &tv, "openid").await;
    let hub = typed(&house, &begun).await;
    let denied = house.get(&format!("{hub}?cancel=1")).await;
    assert_eq!((denied.status.as_u16(), denied.location()), (303, "/device?done=denied"));
    assert_eq!(poll(&house, &tv, &begun).await.error(), (400, "access_denied".into()));
    assert_eq!(house.get(&hub).await.status, 400, "it is over");

    let begun = begin(&house, &tv, "openid").await;
    house.clock.advance(600 * SECOND);
    assert_eq!(poll(&house, &tv, &begun).await.error(), (400, "expired_token".into()));
    let other = house.client("box", of_devices).await;
    assert_eq!(poll(&house, &other, &begun).await.error(), (400, "invalid_grant".into()));
    assert_eq!(
        house.token(&tv, &[("grant_type", GRANT), ("device_code", "x")]).await.error(),
        (400, "invalid_grant".into())
    );
}

// S37: signing out before the device came ends what was said.
#[actix_web::test]
async fn nothing_is_fetched_after_a_sign_out() {
    let house = House::new().await;
    let tv = television(&house).await;
    let begun = begin(&house, &tv, "openid").await;
    approve(&house, &tv, &begun, "openid").await;
    let sessions = house.core.store.sessions_of("ada").await.unwrap();
    house.core.store.end_session(&sessions[0].sid, house.core.now()).await.unwrap();
    assert_eq!(poll(&house, &tv, &begun).await.error(), (400, "invalid_grant".into()));
}

// Anybody may begin for a public client: one host must not fill the places of all of its devices.
#[actix_web::test]
async fn one_network_takes_a_part_of_what_may_wait() {
    let house = House::new().await;
    let television = television(&house).await;
    for _ in 0..store::device_codes::MOST / 10 {
        begin(&house, &television, "openid").await;
    }
    let form = [("client_id", television.id.as_str()), ("scope", "openid")];
    let refused = house.post("/oauth2/device_authorization", &form).await;
    assert_eq!(refused.error(), (429, "temporarily_unavailable".into()));
    house.clock.advance(house.state.policy.device_code_ttl + SECOND);
    begin(&house, &television, "openid").await;
}
