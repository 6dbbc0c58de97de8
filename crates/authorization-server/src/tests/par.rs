//! Requests that are pushed first.

use actix_web::test::TestRequest;
use protocol::{Client, Policy, SECOND};

use super::{
    house::{House, on_both},
    wire::{Answer, CALLBACK, CHALLENGE, authorize, text},
};

/// What a client pushes, with some parameters changed; an empty value takes one away.
fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "pushed"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        form.retain(|(own, _)| own != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    form
}

async fn push(house: &House, client: &Client, changes: &[(&str, &str)]) -> Answer {
    house.post_as(client, "/oauth2/par", &form(changes)).await
}

async fn pushed(house: &House, client: &Client) -> String {
    let answer = push(house, client, &[]).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    text(&answer.json(), "request_uri").to_owned()
}

async fn go(house: &House, client_id: &str, request_uri: &str) -> Answer {
    // What stands beside the reference counts for nothing.
    let query =
        [("client_id", client_id), ("request_uri", request_uri), ("scope", "profile"), ("state", "other")];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    house.get(&format!("/oauth2/authorize?{query}")).await
}

fn interaction(answer: &Answer) -> String {
    answer.location().split('=').next_back().unwrap().to_owned()
}

/// Somebody who is signed in and agreed.
async fn furnished() -> (House, Client) {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    let user = house.person("u1").await;
    house.agree(&user, &client, "openid email", None).await;
    house.sign_in(&user).await;
    (house, client)
}

// S73. fapi2-security-profile-final-happy-flow
async fn a_pushed_request_is_spent_by_its_answer() {
    let (house, client) = furnished().await;
    let answer = push(&house, &client, &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (201, "no-cache, no-store"));
    let json = answer.json();
    assert_eq!(json["expires_in"], 90);
    let uri = text(&json, "request_uri");
    assert_eq!(uri.strip_prefix("urn:ietf:params:oauth:request_uri:").map(str::len), Some(43));

    let answer = go(&house, "c1", uri).await;
    let code = answer.parameter("code").unwrap_or_else(|| panic!("{}", answer.location()));
    assert_eq!(answer.parameter("state").as_deref(), Some("pushed"));
    let tokens = house.redeem(&client, &code).await.json();
    assert_eq!(text(&tokens, "scope"), "openid email");
    // S21. fapi2-security-profile-final-par-attempt-reuse-request_uri
    let again = go(&house, "c1", uri).await;
    assert_eq!((again.status.as_u16(), again.location()), (400, ""));
    assert!(again.is_page("error") && again.body.contains("invalid_request_uri"));
}
on_both!(a_pushed_request_is_spent_by_its_answer);

// S21, S32. fapi2-security-profile-final-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds
async fn a_page_may_be_reloaded_and_one_answer_comes_of_it() {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    let user = house.person("u1").await;
    let uri = pushed(&house, &client).await;
    let first = interaction(&go(&house, "c1", &uri).await);
    let second = interaction(&go(&house, "c1", &uri).await);
    assert_ne!(first, second);
    house.clock.advance(600 * SECOND);
    house.sign_in(&user).await;
    // Whoever began in time may take their time; only one of the tabs gets the code.
    assert!(house.get(&format!("/oauth2/authorize/{second}")).await.parameter("code").is_some());
    let late = house.get(&format!("/oauth2/authorize/{first}")).await;
    assert_eq!((late.status.as_u16(), late.location()), (400, ""));
}
on_both!(a_page_may_be_reloaded_and_one_answer_comes_of_it);

// S21
async fn a_refusal_is_an_answer_too() {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    let uri = pushed(&house, &client).await;
    let hub = format!("/oauth2/authorize/{}", interaction(&go(&house, "c1", &uri).await));
    assert_eq!(
        house.get(&format!("{hub}?cancel=1")).await.parameter("error").as_deref(),
        Some("access_denied")
    );
    assert_eq!(go(&house, "c1", &uri).await.status, 400);
    let silent = push(&house, &client, &[("prompt", "none")]).await.json();
    let silent = text(&silent, "request_uri");
    assert_eq!(go(&house, "c1", silent).await.parameter("error").as_deref(), Some("login_required"));
    assert_eq!(go(&house, "c1", silent).await.status, 400);
}
on_both!(a_refusal_is_an_answer_too);

// S21. fapi2-security-profile-final-par-attempt-to-use-request_uri-for-different-client
async fn it_is_for_its_client_and_for_a_while() {
    let (house, client) = furnished().await;
    let other = house.client("c2", |_| {}).await;
    let uri = pushed(&house, &client).await;
    for (who, uri) in [("c2", &*uri), ("c1", "urn:ietf:params:oauth:request_uri:x"), ("c1", "urn:example:x")]
    {
        let answer = go(&house, who, uri).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, ""), "{who} {uri}");
        assert!(answer.body.contains("invalid_request_uri"));
    }
    // An address that is the client's own hears of it.
    let told = house.get(&authorize(&other, &[("request_uri", &uri)])).await;
    assert_eq!(told.parameter("error").as_deref(), Some("invalid_request_uri"));
    // By POST as well.
    let posted = [("client_id", "c1"), ("request_uri", &*uri)];
    let answer = house.post("/oauth2/authorize", &posted).await;
    assert!(answer.location().starts_with("/oauth2/authorize/"), "{}", answer.location());
    house.clock.advance(90 * SECOND);
    assert_eq!(go(&house, "c1", &uri).await.status, 400);
}
on_both!(it_is_for_its_client_and_for_a_while);

// S8, S9, S73. fapi2-security-profile-final-par-ensure-pkce-required, …-par-plain-pkce-rejected,
// …-par-authorization-request-containing-request_uri-form-param, …-par-without-duplicate-parameters
async fn whatever_authorize_refuses_is_refused_here() {
    let (house, client) = furnished().await;
    for (name, value, error) in [
        ("redirect_uri", "https://evil.test/cb", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("scope", "unknown", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("id_token_hint", "a.b.c", "invalid_request"),
        ("resource", "https://unknown", "invalid_target"),
        ("client_id", "c2", "invalid_request"),
    ] {
        let answer = push(&house, &client, &[(name, value)]).await;
        assert_eq!(answer.error(), (400, error.into()), "{name}={value}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let mut twice = form(&[]);
    twice.push(("state", "b"));
    assert_eq!(house.post_as(&client, "/oauth2/par", &twice).await.error(), (400, "invalid_request".into()));
    assert_eq!(house.get("/oauth2/par").await.status, 405);
}
on_both!(whatever_authorize_refuses_is_refused_here);

// S74
async fn who_pushes_shows_who_it_is() {
    let (house, _) = furnished().await;
    let public = house.public_client("p1").await;
    let other = house.client("c2", |_| {}).await;
    let named = form(&[("client_id", "c1")]);
    assert_eq!(house.post("/oauth2/par", &named).await.error(), (401, "invalid_client".into()));
    assert_eq!(house.post_as(&other, "/oauth2/par", &named).await.error(), (400, "invalid_request".into()));
    assert_eq!(house.post("/oauth2/par", &form(&[])).await.status, 401);
    let answer = house.post("/oauth2/par", &form(&[("client_id", &public.id)])).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
}
on_both!(who_pushes_shows_who_it_is);

// S22. fapi2-security-profile-final-ensure-unsigned-authorization-request-without-using-par-fails
async fn a_client_may_have_to_push() {
    let house = House::new().await;
    let must = house.client("c1", |c| c.metadata.require_pushed_authorization_requests = true).await;
    let answer = house.get(&authorize(&must, &[])).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"));
    // Saying that one was pushed does not make it so.
    let answer = house.get(&authorize(&must, &[("pushed", "true")])).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"));
    let uri = pushed(&house, &must).await;
    assert!(go(&house, "c1", &uri).await.location().starts_with("/login"));

    let strict = House::with(|policy: &mut Policy| policy.require_pushed_authorization_requests = true).await;
    let any = strict.client("c1", |_| {}).await;
    assert_eq!(
        strict.get(&authorize(&any, &[])).await.parameter("error").as_deref(),
        Some("invalid_request")
    );
    let document = strict.send(TestRequest::get().uri("/.well-known/openid-configuration")).await.json();
    assert_eq!(document["require_pushed_authorization_requests"], true);
    assert_eq!(document["pushed_authorization_request_endpoint"], "https://op.test/oauth2/par");
}
on_both!(a_client_may_have_to_push);

// Anybody may push for a public client, whose id is all that it takes.
#[actix_web::test]
async fn one_network_takes_a_part_of_what_a_public_client_may_have_waiting() {
    let house = House::new().await;
    let (client, confidential) = (house.public_client("spa").await, house.client("c1", |_| {}).await);
    let push_as_public = async || {
        let mut form = form(&[]);
        form.push(("client_id", "spa"));
        house.post("/oauth2/par", &form).await
    };
    for _ in 0..store::pushed_requests::MOST / 10 {
        assert_eq!(push_as_public().await.status, 201);
    }
    let refused = push_as_public().await;
    assert_eq!(refused.error(), (429, "temporarily_unavailable".into()));
    assert_eq!(refused.header("retry-after"), "90");
    assert_eq!(push(&house, &confidential, &[]).await.status, 201, "it proved who it is");
    house.clock.advance(91 * SECOND);
    assert_eq!(push_as_public().await.status, 201);
    assert!(client.is_public());
}

// Each is kept whole until its time is over.
#[actix_web::test]
async fn what_is_pushed_has_a_size() {
    let (house, client) = furnished().await;
    let quotes = |count: usize| "\"".repeat(count);
    let names: Vec<String> = (0..700).map(|name| format!("\"{name}\":null")).collect();
    let claims = format!("{{\"userinfo\":{{{}}}}}", names.join(","));
    let (state, words, nonce) = (quotes(4096), quotes(2048), quotes(1024));
    let changes = [("state", &*state), ("login_hint", &words), ("ui_locales", &words), ("nonce", &nonce)];
    assert_eq!(push(&house, &client, &changes).await.status, 201);
    let mut more = changes.to_vec();
    more.push(("claims", &claims));
    assert_eq!(push(&house, &client, &more).await.error(), (413, "invalid_request".into()));
    let mut many = form(&[]);
    many.extend(std::iter::repeat_n(("resource", "https://op.test"), 21));
    let answer = house.post_as(&client, "/oauth2/par", &many).await;
    assert_eq!(answer.error(), (400, "invalid_target".into()));
}
