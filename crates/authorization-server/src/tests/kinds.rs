//! A value of one kind is never accepted as another: every kind at every door (I3, S103).

use actix_web::test::TestRequest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    house::{House, on_both},
    wire::{authorize, text},
};

const KINDS: [&str; 8] = [
    "code",
    "refresh token",
    "access token",
    "ID token",
    "session",
    "interaction",
    "CSRF token",
    "personal token",
];

/// Which doors accept a value.
async fn doors(house: &House, client: &protocol::Client, value: &str) -> Vec<&'static str> {
    let mut open = Vec::new();
    let mut note = |door, is_open| {
        if is_open {
            open.push(door);
        }
    };
    // A good hint of another client than the one named is refused; a bad hint is none.
    note("logout with another client", {
        let answer = house
            .anonymous(TestRequest::get().uri(&format!("/oauth2/logout?id_token_hint={value}&client_id=c2")))
            .await;
        answer.status == 400
    });
    let hint = authorize(client, &[("prompt", "none"), ("id_token_hint", value)]);
    let hinted = house.anonymous(TestRequest::get().uri(&hint)).await;
    note("hint", hinted.parameter("error").as_deref() != Some("invalid_request"));
    let cookie = format!("{}={value}", house.core.site.session_cookie());
    let silent =
        TestRequest::get().uri(&authorize(client, &[("prompt", "none")])).insert_header(("cookie", cookie));
    note("session", house.anonymous(silent).await.parameter("code").is_some());
    note("hub", house.get(&format!("/oauth2/authorize/{value}")).await.status == 303);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "c1"),
        ("client_assertion_type", protocol::client_assertion::TYPE),
        ("client_assertion", value),
    ];
    note("assertion", house.post("/oauth2/token", &form).await.status == 200);
    note("bearer", house.core.access(value).await.unwrap().is_some());
    let answer = house.post_as(client, "/oauth2/introspect", &[("token", value)]).await;
    note("introspection", answer.json()["active"] == true);
    note("refresh", house.refresh(client, value).await.status == 200);
    note("redemption", house.redeem(client, value).await.status == 200);
    open
}

// I3, S103
async fn only_the_diagonal_passes() {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    house.client("c2", |_| {}).await;
    let started = house.get(&authorize(&client, &[])).await;
    let interaction = started.location().rsplit('=').next().unwrap().to_owned();
    let user = house.person("u1").await;
    let signed_in = house.sign_in(&user).await;
    let personal = house.personal_token(&user, &signed_in).await;
    let tokens = house.tokens(&client, "openid offline_access").await;
    let code = house.code(&client, "openid").await;
    let session = house.cookie(house.core.site.session_cookie());
    let page = house.get("/oauth2/logout").await.body;
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let values = [
        code.as_str(),
        text(&tokens, "refresh_token"),
        text(&tokens, "access_token"),
        text(&tokens, "id_token"),
        &session,
        &interaction,
        &csrf,
        &personal,
    ];
    let expected: [&[&str]; 8] = [
        &["redemption"],
        &["introspection", "refresh"],
        &["bearer", "introspection"],
        &["logout with another client", "hint"],
        &["session"],
        &["hub"],
        &[],
        &["bearer"],
    ];
    for ((kind, value), expected) in KINDS.into_iter().zip(values).zip(expected) {
        assert_eq!(doors(&house, &client, value).await, expected, "{kind}");
    }
}
on_both!(only_the_diagonal_passes);

// S86, S87: a resource server may know a personal token, no other client; nobody but its person ends it.
async fn a_personal_token_is_no_client_s() {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    let resource = house.client("api", |client| client.resource_server = true).await;
    let user = house.person("u1").await;
    let session = house.sign_in(&user).await;
    let token = house.personal_token(&user, &session).await;
    let form = [("token", token.as_str())];
    assert_eq!(
        house.post_as(&client, "/oauth2/introspect", &form).await.json(),
        serde_json::json!({"active": false})
    );
    let known = house.post_as(&resource, "/oauth2/introspect", &form).await.json();
    assert_eq!((&known["active"], &known["sub"]), (&true.into(), &user.id.clone().into()));
    assert_eq!((&known["scope"], &known["token_type"]), (&"openid profile".into(), &"Bearer".into()));
    assert!(known.get("client_id").is_none(), "{known}");
    for caller in [&client, &resource] {
        let refused = house.post_as(caller, "/oauth2/revoke", &form).await;
        assert_eq!(refused.error(), (400, "invalid_request".to_owned()));
    }
    assert!(house.core.access(&token).await.unwrap().is_some());
    house.core.store.set_active(&user.id, false, house.core.now()).await.unwrap();
    assert_eq!(
        house.post_as(&resource, "/oauth2/introspect", &form).await.json(),
        serde_json::json!({"active": false})
    );
    assert_eq!(
        house.post_as(&client, "/oauth2/revoke", &form).await.status,
        200,
        "one that is dead is unknown"
    );
}
on_both!(a_personal_token_is_no_client_s);

// S109: longer than any token of ours, or deeper than any JSON: refused before anybody works on it.
async fn absurd_tokens_open_nothing() {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    house.sign_in(&house.person("u1").await).await;
    let tokens = house.tokens(&client, "openid").await;
    let long = format!("{}{}", text(&tokens, "access_token"), "A".repeat(17_000));
    let deep = URL_SAFE_NO_PAD.encode("[".repeat(10_000));
    for value in [long, format!("{deep}.{deep}.{deep}"), "..".into(), "%00".into(), "\u{202e}".into()] {
        let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        assert_eq!(doors(&house, &client, &encoded).await, [""; 0]);
        let answer = house.post_as(&client, "/oauth2/introspect", &[("token", &value)]).await;
        assert_eq!(answer.json(), serde_json::json!({"active": false}));
    }
}
on_both!(absurd_tokens_open_nothing);
