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

// S98: an ID token of a session that is over says nothing about the one that is.
async fn the_hint_of_an_earlier_session_is_asked_about() {
    let (house, client, hint) = furnished().await;
    let user = house.core.store.user("u1").await.unwrap().unwrap();
    house.sign_in(&user).await;
    let answer = house.get(&format!("/oauth2/logout?id_token_hint={hint}")).await;
    assert!(answer.is_page("logout"));
    assert!(is_signed_in(&house, &client).await);
    let own = house.tokens(&client, "openid").await;
    let answer = house
        .get(&format!("/oauth2/logout?id_token_hint={}&logout_hint=U1@example.test", text(&own, "id_token")))
        .await;
    assert_eq!(answer.location(), "/signed-out");
}
on_both!(the_hint_of_an_earlier_session_is_asked_about);

// S97, S116
async fn a_pairwise_client_speaks_of_the_person_by_its_own_name() {
    let house = House::new().await;
    let client = house
        .client("c1", |client| {
            client.trusted = true;
            client.metadata.subject_type = Some("pairwise".into());
        })
        .await;
    house.sign_in(&house.person("u1").await).await;
    let tokens = house.tokens(&client, "openid").await;
    let answer =
        house.get(&format!("/oauth2/logout?id_token_hint={}&{OUT}", text(&tokens, "id_token"))).await;
    assert_eq!(answer.location(), "https://app.test/out?state=s%2B1");
}
on_both!(a_pairwise_client_speaks_of_the_person_by_its_own_name);

// S27, S100: oidcc-frontchannel-rp-initiated-logout
async fn frames_tell_the_clients_before_the_person_is_sent_on() {
    let house = House::new().await;
    let listens = |uri: &'static str| {
        move |client: &mut Client| {
            client.trusted = true;
            client.metadata.frontchannel_logout_uri = Some(uri.into());
        }
    };
    let one = house.client("c1", listens("https://app.test/front?a=b")).await;
    let two = house.client("c2", listens("https://app.test/other")).await;
    house.client("c3", listens("https://app.test/never")).await;
    let silent = house.client("c4", |client| client.trusted = true).await;
    let session = house.sign_in(&house.person("u1").await).await;
    for client in [&two, &silent, &one] {
        house.code(client, "openid").await;
    }
    let tokens = house.tokens(&one, "openid").await;
    let hint = text(&tokens, "id_token");
    let answer = house.get(&format!("/oauth2/logout?id_token_hint={hint}&{OUT}")).await;
    assert!(answer.status == 200 && answer.is_page("signed-out"), "{}", answer.body);
    let frame = format!("iss=https%3A%2F%2Fop.test&#38;sid={}\"></iframe>", session.sid);
    assert!(
        answer.body.contains(&format!("src=\"https://app.test/front?a=b&#38;{frame}")),
        "{}",
        answer.body
    );
    assert!(answer.body.contains(&format!("src=\"https://app.test/other?{frame}")));
    assert_eq!(answer.body.matches("<iframe").count(), 2);
    assert!(answer.body.contains("id=\"continue\" href=\"https://app.test/out?state=s%2B1\""));
    assert!(answer.header("content-security-policy").contains("; frame-src https://app.test;"));
    let none = house.get(&authorize(&one, &[("prompt", "none")])).await;
    assert_eq!(none.parameter("error").as_deref(), Some("login_required"));
    // Once is enough: the page that was left behind tells nobody again.
    let again = house.get(&format!("/oauth2/logout?id_token_hint={hint}&{OUT}")).await;
    assert_eq!(again.location(), "https://app.test/out?state=s%2B1");
}
on_both!(frames_tell_the_clients_before_the_person_is_sent_on);

// oidcc-session-management-rp-initiated-logout
async fn the_state_of_a_session_is_told_and_changes_with_it() {
    let (house, client, hint) = furnished().await;
    let state = |answer: &crate::tests::wire::Answer| answer.parameter("session_state").unwrap();
    /// As the frame computes it.
    fn is_unchanged(house: &House, state: &str) -> bool {
        let salt = state.split_once('.').unwrap().1;
        let browser = house.cookie("__Host-visage-state");
        let now = protocol::logout::session_state::session_state("c1", "https://app.test/cb", &browser, salt);
        now.as_deref() == Some(state)
    }
    let answer = house.get(&authorize(&client, &[])).await;
    let first = state(&answer);
    assert!(is_unchanged(&house, &first));
    let second = state(&house.get(&authorize(&client, &[])).await);
    assert!(first != second && is_unchanged(&house, &second), "each has its own salt");
    let plain = house.get(&authorize(&client, &[("scope", "profile")])).await;
    assert_eq!(plain.parameter("session_state"), None, "no sign-in, no session to watch");

    // A client's POST comes without the session's cookie, which does not mean that there is none.
    let state_alone = post("/oauth2/logout", &[("id_token_hint", &hint)])
        .insert_header(("cookie", format!("__Host-visage-state={}", house.cookie("__Host-visage-state"))));
    assert_eq!(house.anonymous(state_alone).await.headers.get_all("set-cookie").count(), 0);

    let left = house.get(&format!("/oauth2/logout?id_token_hint={hint}")).await;
    let gone: Vec<_> = left.headers.get_all("set-cookie").map(|value| value.to_str().unwrap()).collect();
    let gone = gone.iter().find(|cookie| cookie.starts_with("__Host-visage-state=;")).unwrap();
    for part in ["Path=/", "Secure", "SameSite=None", "Max-Age=0"] {
        assert!(gone.contains(part), "{gone}");
    }
    assert!(!gone.contains("HttpOnly"));
    assert!(!is_unchanged(&house, &first));

    // Somebody else who signs in is another state; so is a session that was ended from elsewhere, once it is noticed.
    let other = house.sign_in(&house.person("u2").await).await;
    let third = state(&house.get(&authorize(&client, &[])).await);
    assert!(is_unchanged(&house, &third) && !is_unchanged(&house, &first));
    house.core.store.end_session(&other.sid, house.core.now()).await.unwrap();
    assert!(is_unchanged(&house, &third), "nobody has asked us yet");
    assert!(!is_signed_in(&house, &client).await);
    assert!(!is_unchanged(&house, &third));
}
on_both!(the_state_of_a_session_is_told_and_changes_with_it);

// S27, S91: oidcc-session-management-discovery-endpoint-verification, and those of front and back channel
async fn the_frame_is_for_pages_of_others() {
    let house = House::new().await;
    let document = house.get("/.well-known/openid-configuration").await.json();
    let frame =
        text(&document, "check_session_iframe").strip_prefix(super::house::ISSUER).unwrap().to_owned();
    for name in ["frontchannel_logout", "backchannel_logout"] {
        for kind in ["supported", "session_supported"] {
            assert_eq!(document[format!("{name}_{kind}")], true);
        }
    }
    let answer = house.get(&frame).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("frame-ancestors"), "{policy}");
    assert_eq!(answer.header("x-frame-options"), "");
    assert!(answer.body.contains("<script src=\"/assets/check-session-"));
    assert_eq!(answer.headers.get_all("set-cookie").count(), 0);
}
on_both!(the_frame_is_for_pages_of_others);
