use protocol::Client;

use super::{
    house::{House, on_both},
    wire::{authorize, forged, post, text},
};

const OUT: &str = "post_logout_redirect_uri=https%3A%2F%2Fapp.test%2Fout&state=s%2B1";

async fn furnished() -> (House, Client, String) {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    house.sign_in(&house.person("u1").await).await;
    let tokens = house.tokens(&client, "openid").await;
    let hint = text(&tokens, "id_token").to_owned();
    (house, client, hint)
}

async fn is_signed_in(house: &House, client: &Client) -> bool {
    house.get(&authorize(client, &[("prompt", "none")])).await.parameter("code").is_some()
}

/// The value of a hidden field.
fn field(body: &str, name: &str) -> String {
    let at = body.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name} in {body}"));
    let from = at + body[at..].find("value=\"").unwrap() + 7;
    body[from..].split('"').next().unwrap().to_owned()
}

// S97, S99
async fn a_good_hint_signs_out_at_once() {
    let (house, client, hint) = furnished().await;
    let tokens = house.tokens(&client, "openid").await;
    let lasting = house.tokens(&client, "openid offline_access").await;
    let answer = house.get(&format!("/oauth2/logout?id_token_hint={hint}&{OUT}")).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "https://app.test/out?state=s%2B1"));
    assert!(!is_signed_in(&house, &client).await);
    assert!(!house.lives(&tokens).await, "its grant ends with the session");
    assert!(house.lives(&lasting).await, "offline_access outlives it");
    let again = house.get(&format!("/oauth2/logout?id_token_hint={hint}&{OUT}")).await;
    assert_eq!(again.status, 303, "nobody is signed in: nothing to ask");
}
on_both!(a_good_hint_signs_out_at_once);

// S97
async fn an_unregistered_address_is_refused() {
    let (house, client, hint) = furnished().await;
    for uri in ["https%3A%2F%2Fapp.test%2Fout%3Fx%3D1", "https%3A%2F%2Fevil.test%2F"] {
        let answer =
            house.get(&format!("/oauth2/logout?id_token_hint={hint}&post_logout_redirect_uri={uri}")).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, ""));
        assert!(answer.is_page("error"));
    }
    assert!(is_signed_in(&house, &client).await);
}
on_both!(an_unregistered_address_is_refused);

// S45, S98
async fn without_a_good_hint_the_person_is_asked() {
    let (house, client, hint) = furnished().await;
    let forged = format!("id_token_hint={}&{OUT}", forged(&hint));
    for query in ["", "state=x", OUT, &forged, "client_id=c1&ui_locales=fr"] {
        let answer = house.get(&format!("/oauth2/logout?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (200, ""), "{query}");
        assert!(answer.is_page("logout") && answer.body.contains("value=\"yes\""));
    }
    assert!(is_signed_in(&house, &client).await);

    let page = house.get(&format!("/oauth2/logout?client_id=c1&{OUT}")).await;
    let csrf = field(&page.body, "csrf");
    assert_eq!(field(&page.body, "state"), "s+1");
    let form = |csrf: &'static str| {
        vec![
            ("csrf", csrf),
            ("answer", "yes"),
            ("client_id", "c1"),
            ("post_logout_redirect_uri", "https://app.test/out"),
            ("state", "s+1"),
        ]
    };
    // S36
    let forged = house.send(post("/oauth2/logout", &form("wrong"))).await;
    assert_eq!(forged.status, 403);
    let csrf: &'static str = csrf.leak();
    let foreign = post("/oauth2/logout", &form(csrf)).insert_header(("sec-fetch-site", "cross-site"));
    assert_eq!(house.send(foreign).await.status, 403);
    assert!(is_signed_in(&house, &client).await);

    let answer = house.send(post("/oauth2/logout", &form(csrf))).await;
    assert_eq!(answer.location(), "https://app.test/out?state=s%2B1");
    assert!(!is_signed_in(&house, &client).await);
}
on_both!(without_a_good_hint_the_person_is_asked);

// S99
async fn a_client_s_post_is_led_to_the_question() {
    let (house, client, hint) = furnished().await;
    let form = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "https://app.test/out")];
    let answer = house.post("/oauth2/logout", &form).await;
    assert_eq!(answer.status, 303);
    assert!(is_signed_in(&house, &client).await);
    let there = answer.location().to_owned();
    assert!(there.starts_with("/oauth2/logout?id_token_hint="));
    assert_eq!(house.get(&there).await.location(), "https://app.test/out");
    assert!(!is_signed_in(&house, &client).await);
}
on_both!(a_client_s_post_is_led_to_the_question);

async fn nobody_to_sign_out() {
    let house = House::new().await;
    let answer = house.get("/oauth2/logout").await;
    assert_eq!(answer.location(), "/signed-out");
    assert!(house.get("/signed-out").await.is_page("signed-out"));
}
on_both!(nobody_to_sign_out);

async fn the_hint_of_somebody_else_is_asked_about() {
    let (house, client, hint) = furnished().await;
    house.sign_in(&house.person("u2").await).await;
    let answer = house.get(&format!("/oauth2/logout?id_token_hint={hint}")).await;
    assert!(answer.is_page("logout"));
    assert!(is_signed_in(&house, &client).await);
}
on_both!(the_hint_of_somebody_else_is_asked_about);
