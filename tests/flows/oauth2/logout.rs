//! `/oauth2/logout`: RP-initiated logout.

use tests::{Browser, House, app::parameter, house::SIGNED_OUT, on_both};
use url::Url;

fn logout_url(house: &House, parameters: &[(&str, &str)]) -> Url {
    let mut url: Url = house.url("/oauth2/logout").parse().unwrap();
    url.query_pairs_mut().extend_pairs(parameters);
    url
}

on_both! {
    // oidcc-rp-initiated-logout, oidcc-rp-initiated-logout-bad-post-logout-redirect-uri,
    // oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri
    /// S97, S98: straight back with a good hint, the error page for an address that is not registered.
    async fn with_a_good_hint(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("leaving").await;
        let origin: Url = house.issuer.parse().unwrap();
        let mut browser = Browser::new(house.http.clone());
        let code = app.code_in(&mut browser, &person, "openid").await;
        let tokens = app.redeem(&code).await.expect(200);
        let hint = tokens.text("id_token");

        for unregistered in ["https://evil.example/", "https://app.example/signed-out?more=1"] {
            let url = logout_url(house, &[("id_token_hint", hint), ("post_logout_redirect_uri", unregistered)]);
            let page = browser.get(&url).await.unwrap();
            let page = browser.follow(page, &origin).await.unwrap();
            assert_eq!((page.location(), page.name().as_deref()), (None, Some("error")), "{unregistered}");
        }
        // Still signed in: a code comes without a page.
        app.code_in(&mut browser, &person, "openid").await;

        // The hint is good although it has expired.
        house.advance(3600);
        let url = logout_url(house, &[("id_token_hint", hint), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "s 1")]);
        let page = browser.get(&url).await.unwrap();
        let page = browser.follow(page, &origin).await.unwrap();
        let back = page.location().unwrap();
        assert!(back.as_str().starts_with(SIGNED_OUT), "{back}");
        assert_eq!(parameter(&back, "state").as_deref(), Some("s 1"));
        let page = browser.get(&app.begin("openid", &[]).url).await.unwrap();
        let page = browser.follow(page, &origin).await.unwrap();
        assert_eq!(page.name().as_deref(), Some("login"));
    }

    // oidcc-rp-initiated-logout-no-params
    /// S45, S98: without a hint a page asks; signing out ends tokens without `offline_access`, the others stay.
    async fn without_a_hint_a_page_asks(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("leaving").await;
        let origin: Url = house.issuer.parse().unwrap();
        let mut browser = Browser::new(house.http.clone());
        let short = app.code_in(&mut browser, &person, "openid").await;
        let short = app.redeem(&short).await.expect(200);
        let offline = app.code_in(&mut browser, &person, "openid offline_access").await;
        let offline = app.redeem(&offline).await.expect(200);

        let page = browser.get(&logout_url(house, &[])).await.unwrap();
        let page = browser.follow(page, &origin).await.unwrap();
        assert_eq!(page.name().as_deref(), Some("logout"));
        app.userinfo(short.text("access_token")).await.expect(200);
        let form = page.form("logout").unwrap().with("answer", "yes");
        let page = browser.submit(&page.url, &form).await.unwrap();
        let page = browser.follow(page, &origin).await.unwrap();
        assert_eq!(page.name().as_deref(), Some("signed-out"));
        app.userinfo(short.text("access_token")).await.expect_error(401, "invalid_token");
        app.userinfo(offline.text("access_token")).await.expect(200);
        app.refresh(offline.text("refresh_token")).await.expect(200);
    }

    /// S101, S34: the cookie is dead on the server, whatever a browser keeps.
    async fn the_old_cookie_is_dead(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("leaving").await;
        let origin: Url = house.issuer.parse().unwrap();
        let mut browser = Browser::new(house.http.clone());
        app.code_in(&mut browser, &person, "openid").await;
        let stolen = browser.cookies.clone();
        let page = browser.get(&logout_url(house, &[])).await.unwrap();
        let page = browser.follow(page, &origin).await.unwrap();
        browser.submit(&page.url, &page.form("logout").unwrap().with("answer", "yes")).await.unwrap();
        let mut thief = Browser::new(house.http.clone());
        thief.cookies = stolen;
        let page = thief.get(&app.begin("openid", &[]).url).await.unwrap();
        let page = thief.follow(page, &origin).await.unwrap();
        assert_eq!(page.name().as_deref(), Some("login"));
    }
}
