use actix_web::test::TestRequest;
use protocol::SECOND;

use super::{
    house::{House, on_both},
    wire::{CALLBACK, authorize, forged, post, text},
};

/// The handle in a redirect of ours.
fn interaction(location: &str) -> String {
    location.split(['=', '/', '&', '?']).find(|part| part.len() == 43).unwrap().to_owned()
}

// S1, S2
async fn an_untrusted_address_gets_a_page() {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    for (name, value) in [
        ("client_id", "unknown"),
        ("client_id", ""),
        ("redirect_uri", "https://evil.test/cb"),
        ("redirect_uri", ""),
    ] {
        let answer = house.get(&authorize(&client, &[(name, value)])).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, ""), "{name}={value}");
        assert!(answer.is_page("error"));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}
on_both!(an_untrusted_address_gets_a_page);

// S4, S10, S11, S25, S29
async fn errors_go_back_with_state_and_issuer() {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    let answer = house.get(&authorize(&client, &[("response_type", "token")])).await;
    assert_eq!(answer.status, 303);
    assert!(answer.location().starts_with("https://app.test/cb?keep=1#error=unsupported_response_type&"));
    assert_eq!(answer.parameter("state").as_deref(), Some("a state+%"));
    assert_eq!(answer.parameter("iss").as_deref(), Some("https://op.test"));
    assert_eq!(answer.header("access-control-allow-origin"), "");
}
on_both!(errors_go_back_with_state_and_issuer);

async fn sign_in_consent_and_a_code() {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    let user = house.person("u1").await;
    let answer = house.get(&authorize(&client, &[("scope", "openid email")])).await;
    assert!(answer.location().starts_with("/login?interaction="), "{}", answer.location());
    let id = interaction(answer.location());
    let hub = format!("/oauth2/authorize/{id}");

    house.clock.advance(SECOND);
    house.sign_in(&user).await;
    assert_eq!(house.get(&hub).await.location(), format!("/consent?interaction={id}"));
    house.agree(&user, &client, "openid email", Some(&id)).await;
    let answer = house.get(&hub).await;
    assert!(answer.parameter("code").is_some_and(|code| code.len() == 43), "{}", answer.location());
    assert_eq!(answer.parameter("state").as_deref(), Some("a state+%"));

    // S32: pressing the button again gives no second code and no server error.
    let again = house.get(&hub).await;
    assert_eq!((again.status.as_u16(), again.location()), (400, ""));
    assert!(again.is_page("error"));
    // From now on nothing is asked.
    assert!(house.get(&authorize(&client, &[("prompt", "none")])).await.parameter("code").is_some());
}
on_both!(sign_in_consent_and_a_code);

// S28
async fn another_browser_is_turned_away() {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    let user = house.person("u1").await;
    let started = house.get(&authorize(&client, &[])).await;
    let hub = format!("/oauth2/authorize/{}", interaction(started.location()));
    house.forget_browser();
    house.sign_in(&user).await;
    let answer = house.get(&hub).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (403, ""));
}
on_both!(another_browser_is_turned_away);

// S18, S36
async fn a_post_from_another_site_is_stored_and_asked_again() {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    let user = house.person("u1").await;
    house.sign_in(&user).await;
    // The browser knows us already.
    house.get("/oauth2/logout").await;
    let url = authorize(&client, &[]);
    let pairs: Vec<_> =
        url::form_urlencoded::parse(url.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    let form: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let foreign = post("/oauth2/authorize", &form).insert_header(("sec-fetch-site", "cross-site"));
    let stored = house.anonymous(foreign).await;
    assert_eq!((stored.status.as_u16(), stored.header("set-cookie")), (303, ""));
    let hub = stored.location().to_owned();
    assert!(hub.starts_with("/oauth2/authorize/"));
    let answer = house.get(&hub).await;
    assert!(answer.parameter("code").is_some(), "{} {}", answer.status, answer.location());
    for request in [TestRequest::put(), TestRequest::delete()] {
        let answer = house.anonymous(request.uri("/oauth2/authorize")).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "GET, HEAD, POST"));
    }
}
on_both!(a_post_from_another_site_is_stored_and_asked_again);

async fn a_posted_request_belongs_to_the_first_browser() {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    let url = authorize(&client, &[]);
    let pairs: Vec<_> =
        url::form_urlencoded::parse(url.split_once('?').unwrap().1.as_bytes()).into_owned().collect();
    let form: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let hub = house.post("/oauth2/authorize", &form).await.location().to_owned();
    assert!(house.get(&hub).await.location().starts_with("/login"));
    assert!(house.get(&hub).await.location().starts_with("/login"), "reloading is fine");
    house.forget_browser();
    assert_eq!(house.get(&hub).await.status, 403);
}
on_both!(a_posted_request_belongs_to_the_first_browser);

// S14, S15, S16
async fn prompts_and_ages() {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    let user = house.person("u1").await;
    let silent = authorize(&client, &[("prompt", "none")]);
    assert_eq!(house.get(&silent).await.parameter("error").as_deref(), Some("login_required"));
    house.sign_in(&user).await;
    assert!(house.get(&silent).await.parameter("code").is_some());

    house.clock.advance(2 * SECOND);
    for (name, value) in [("prompt", "login"), ("max_age", "1"), ("max_age", "0")] {
        let answer = house.get(&authorize(&client, &[(name, value)])).await;
        assert!(answer.location().starts_with("/login?"), "{name}={value}");
        let hub = format!("/oauth2/authorize/{}", interaction(answer.location()));
        assert!(house.get(&hub).await.location().starts_with("/login?"), "going back without signing in");
        house.clock.advance(SECOND);
        house.sign_in(&user).await;
        assert!(house.get(&hub).await.parameter("code").is_some(), "{name}={value}");
        house.clock.advance(2 * SECOND);
    }
    assert!(house.get(&authorize(&client, &[("max_age", "10000")])).await.parameter("code").is_some());
}
on_both!(prompts_and_ages);

// S17
async fn hints_of_another_person_or_of_nobody() {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    let (ada, ben) = (house.person("u1").await, house.person("u2").await);
    house.sign_in(&ada).await;
    let tokens = house.tokens(&client, "openid").await;
    let hint = text(&tokens, "id_token");
    house.clock.advance(3600 * SECOND);
    let silent = authorize(&client, &[("prompt", "none"), ("id_token_hint", hint)]);
    assert!(house.get(&silent).await.parameter("code").is_some(), "an expired hint is one");
    house.sign_in(&ben).await;
    assert_eq!(house.get(&silent).await.parameter("error").as_deref(), Some("login_required"));
    let answer = house.get(&authorize(&client, &[("id_token_hint", &forged(hint))])).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("invalid_request"));
}
on_both!(hints_of_another_person_or_of_nobody);

// S24
async fn saying_no() {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    let answer = house.get(&authorize(&client, &[])).await;
    let hub = format!("/oauth2/authorize/{}", interaction(answer.location()));
    let answer = house.get(&format!("{hub}?cancel=1")).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("access_denied"));
    assert!(answer.parameter("state").is_some() && answer.parameter("iss").is_some());
    assert_eq!(house.get(&hub).await.status, 400);

    let answer = house.get(&authorize(&client, &[])).await;
    let id = interaction(answer.location());
    house.core.store.deny_interaction(&keyring::digest(id.as_bytes())).await.unwrap();
    let answer = house.get(&format!("/oauth2/authorize/{id}")).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("access_denied"));
}
on_both!(saying_no);

async fn by_form_post() {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    house.sign_in(&house.person("u1").await).await;
    let answer = house.get(&authorize(&client, &[("response_mode", "form_post"), ("state", "\"><b>")])).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains(&format!("action=\"{CALLBACK}\"")), "{}", answer.body);
    assert!(answer.body.contains("name=\"code\"") && answer.body.contains("name=\"iss\""));
    assert!(!answer.body.contains("\"><b>"));
    assert!(answer.header("content-security-policy").contains("form-action 'self' https://app.test"));
    let refused = house.get(&authorize(&client, &[("response_mode", "form_post"), ("prompt", "x")])).await;
    assert!(refused.body.contains("invalid_request") && refused.location().is_empty());
}
on_both!(by_form_post);

// S32
async fn a_hundred_tabs() {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    let user = house.person("u1").await;
    house.get("/oauth2/logout").await;
    let mut hubs = Vec::new();
    for _ in 0..100 {
        let answer = house.get(&authorize(&client, &[])).await;
        hubs.push(format!("/oauth2/authorize/{}", interaction(answer.location())));
    }
    house.sign_in(&user).await;
    for hub in hubs {
        assert!(house.get(&hub).await.parameter("code").is_some());
    }
}
on_both!(a_hundred_tabs);

/// What anybody can post without being anybody does not pile up.
async fn a_posted_request_waits_two_minutes_for_its_browser() {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    let pairs = |changes: &[(&str, &str)]| {
        let url = authorize(&client, changes);
        let query = url.split_once('?').unwrap().1.to_owned();
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect::<Vec<_>>()
    };
    let send = async |changes: &[(&str, &str)]| {
        let pairs = pairs(changes);
        let form: Vec<_> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        house.post("/oauth2/authorize", &form).await
    };
    let (late, opened) = (send(&[]).await, send(&[]).await);
    assert!(house.get(opened.location()).await.location().starts_with("/login"));
    house.clock.advance(120 * SECOND);
    assert_eq!(house.get(late.location()).await.status, 400);
    assert!(
        house.get(opened.location()).await.location().starts_with("/login"),
        "it has an hour from then on"
    );
    let unverified = send(&[("id_token_hint", "x.y.z")]).await;
    assert_eq!(unverified.parameter("error").as_deref(), Some("invalid_request"));
}
on_both!(a_posted_request_waits_two_minutes_for_its_browser);

async fn an_hour_is_enough() {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    let answer = house.get(&authorize(&client, &[])).await;
    house.clock.advance(house.core.limits.interaction);
    let answer = house.get(&format!("/oauth2/authorize/{}", interaction(answer.location()))).await;
    assert_eq!(answer.status, 400);
    for nonsense in ["x", "..%2f", &"a".repeat(43)] {
        assert_eq!(house.get(&format!("/oauth2/authorize/{nonsense}")).await.status, 400);
    }
}
on_both!(an_hour_is_enough);

// S26, S27
async fn pages_are_guarded() {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    house.sign_in(&house.person("u1").await).await;
    for path in ["/oauth2/logout".to_owned(), authorize(&client, &[("client_id", "unknown")])] {
        let foreign = TestRequest::get().uri(&path).insert_header(("origin", "https://evil.test"));
        let answer = house.send(foreign).await;
        assert_eq!(answer.header("access-control-allow-origin"), "");
        let policy = answer.header("content-security-policy");
        for directive in ["frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"] {
            assert!(policy.contains(directive), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe-"));
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), value, "{path} {name}");
        }
        assert!(answer.header("strict-transport-security").contains("includeSubDomains"));
    }
    let preflight = TestRequest::with_uri("/oauth2/authorize")
        .method(actix_web::http::Method::OPTIONS)
        .insert_header(("origin", "https://evil.test"))
        .insert_header(("access-control-request-method", "POST"));
    assert_eq!(house.anonymous(preflight).await.header("access-control-allow-origin"), "");
}
on_both!(pages_are_guarded);
