//! `/login`

use actix_web::test::TestRequest;

use crate::{house::PASSWORD, on_both};

// S26, S27
on_both!(a_person_signs_in_for_their_own_account, house => {
    let person = house.person("ada").await;
    let browser = house.browser();
    browser.get("/account").await.leads_to("/login");
    let page = browser.get("/login").await;
    page.is(200, "login").hides("id=\"cancel\"");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self';"), "{policy}");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.header("access-control-allow-origin").is_empty());

    browser.sign_in("/login", "ada@example.test", "not the password").await.is(403, "login").says("is not right");
    browser.sign_in("/login", " ADA@example.test ", PASSWORD).await.leads_to("/account");
    browser.get("/account").await.is(200, "account").says("Ada Laurent");
    // Signed in already: nothing to do here.
    browser.get("/login").await.leads_to("/account");
    let session = house.core.store.sessions_of(&person.id).await.unwrap().remove(0);
    assert_eq!((session.amr.as_str(), session.auth_time), ("pwd", house.clock_now()));
});

// S34
on_both!(every_sign_in_makes_a_new_session_and_ends_the_old_one, house => {
    house.person("ada").await;
    let client = house.client("rivage").await;
    let browser = house.signed_in("ada@example.test").await;
    let first = browser.cookie("__Host-visage-session").unwrap();
    let id = house.waiting(&browser, &client, &[("prompt", "login")]).await;
    let page = format!("/login?interaction={}", id.as_str());
    browser.sign_in(&page, "ada@example.test", PASSWORD).await.leads_to(&format!("/oauth2/authorize/{}", id.as_str()));
    let second = browser.cookie("__Host-visage-session").unwrap();
    assert_ne!(first, second);
    browser.keep("__Host-visage-session", &first);
    browser.get("/account").await.leads_to("/login");
    browser.keep("__Host-visage-session", &second);
    browser.get("/account").await.is(200, "account");
    // A session that somebody chose beforehand is not taken over.
    let victim = house.browser();
    victim.keep("__Host-visage-session", &"A".repeat(43));
    victim.sign_in("/login", "ada@example.test", PASSWORD).await.leads_to("/account");
    assert_ne!(victim.cookie("__Host-visage-session").unwrap(), "A".repeat(43));
});

// S35
on_both!(sessions_end_by_the_servers_clock, house => {
    house.person("ada").await;
    let browser = house.signed_in("ada@example.test").await;
    let day = 24 * 3600 * crate::house::SECOND;
    for _ in 0..6 {
        house.clock.advance(13 * day);
        browser.get("/account").await.is(200, "account");
    }
    house.clock.advance(13 * day);
    browser.get("/account").await.leads_to("/login");
    let browser = house.signed_in("ada@example.test").await;
    house.clock.advance(14 * day + 1);
    browser.get("/account").await.leads_to("/login");
});

// S42: whoever is not there, is disabled or has no password: the same words.
on_both!(nobody_learns_who_has_an_account, house => {
    let disabled = house.person("eve").await;
    house.core.store.set_active(&disabled.id, false, house.clock_now()).await.unwrap();
    house.person("ada").await;
    let mut answers = Vec::new();
    for (name, password) in [("eve", PASSWORD), ("ada", "wrong wrong"), ("nobody", PASSWORD), ("' or 1=1 --", "x")] {
        let email = format!("{name}@example.test");
        let browser = house.browser();
        let answer = browser.sign_in("/login", &email, password).await;
        assert!(browser.cookie("__Host-visage-session").is_none());
        let html = answer.is(403, "login").body.replace(&email.replace('\'', "&#39;"), "ADDRESS");
        let csrf = html.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        answers.push(html.replace(&csrf, "CSRF"));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
});

// S36
on_both!(a_forged_form_is_refused, house => {
    house.person("ada").await;
    let fields = [("username", "ada@example.test"), ("password", PASSWORD)];
    let browser = house.browser();
    browser.post("/login", &fields).await.is(403, "error");
    // The token of another browser.
    let other = house.browser();
    let html = other.get("/login").await.body;
    let token = html.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    browser.get("/login").await;
    browser.post("/login", &[("csrf", &token), fields[0], fields[1]]).await.is(403, "error");
    // The right token, but the browser says that another site sent it.
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")] {
        let request = TestRequest::post().uri("/login").insert_header((name, value));
        let form = [("csrf", token.as_str()), fields[0], fields[1]];
        other.send(request.set_form(form)).await.is(403, "error");
    }
    other.post("/login", &[("csrf", &token), fields[0], fields[1]]).await.leads_to("/account");
    assert!(browser.cookie("__Host-visage-session").is_none());
});

// S31, S79
on_both!(the_page_is_about_the_client_that_waits, house => {
    house.person("ada").await;
    let client = house.client("rivage").await;
    let browser = house.browser();
    let id = house.waiting(&browser, &client, &[("login_hint", "\"><script>"), ("ui_locales", "fr")]).await;
    let path = format!("/login?interaction={}", id.as_str());
    let page = browser.get(&path).await;
    page.is(200, "login").says("Atelier Rivage").says("href=\"https://rivage.example/privacy\"").says("lang=\"fr\"");
    // Links that a person may follow, nothing else; the hint is text.
    page.hides("javascript:").hides("<script>").says("value=\"&#34;&#62;&#60;script&#62;\"");
    page.says(&format!("<a id=\"cancel\" href=\"/oauth2/authorize/{}?cancel=1\">", id.as_str()));
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://app.rivage.example;"), "{policy}");
    browser.sign_in(&path, "ada@example.test", "wrong wrong").await.is(403, "login").says("lang=\"fr\"").says("id=\"cancel\"");

    // The same person is named when they sign in again, and nobody where an account is to be chosen.
    let browser = house.signed_in("ada@example.test").await;
    let id = house.waiting(&browser, &client, &[("prompt", "login")]).await;
    let page = browser.get(&format!("/login?interaction={}", id.as_str())).await;
    page.is(200, "login").says("Confirm that it is you").says("value=\"ada@example.test\"").says("Ada Laurent");
    let id = house.waiting(&browser, &client, &[("prompt", "select_account")]).await;
    browser.get(&format!("/login?interaction={}", id.as_str())).await.is(200, "login").hides("ada@example.test");
});

// S28
on_both!(a_request_is_bound_to_the_browser_that_began_it, house => {
    house.person("ada").await;
    let client = house.client("rivage").await;
    let browser = house.browser();
    let id = house.waiting(&browser, &client, &[]).await;
    let path = format!("/login?interaction={}", id.as_str());
    let other = house.browser();
    other.get(&path).await.is(400, "error").hides("Atelier");
    let other = house.signed_in("ada@example.test").await;
    other.get(&path).await.is(400, "error");
    for nonsense in ["/login?interaction=x", "/login?interaction=../../x", "/login?interaction=%00"] {
        other.get(nonsense).await.is(400, "error");
    }
    house.clock.advance(3600 * crate::house::SECOND);
    browser.get(&path).await.is(400, "error").says("took too long");
});

// S43
on_both!(other_methods_are_named, house => {
    let browser = house.browser();
    let answer = browser.send(TestRequest::put().uri("/login")).await;
    answer.is(405, "error");
    assert_eq!(answer.header("allow"), "GET, HEAD, POST");
    // A megabyte of password is not hashed.
    let long = "a".repeat(1 << 20);
    let answer = browser.post("/login", &[("username", "a@b"), ("password", &long)]).await;
    assert_eq!(answer.status, 413);
    let answer = browser.fill("/login", "/login", &[("username", "a@b")]).await;
    answer.is(400, "error");
});
