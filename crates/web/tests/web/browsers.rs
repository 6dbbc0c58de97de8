//! Browsers: cookies, sessions, CSRF.

use actix_web::cookie::Cookie;
use actix_web::dev::ServiceResponse;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpRequest, HttpResponse, web::Data};
use protocol::SECOND;
use web::{Browser, Core, Endpoint, Hygiene, MaybeSignedIn, Posted, SignedIn, paths, session};

use crate::house::{House, ISSUER, NOW};

const BROWSER: &str = "__Host-visage-browser";
const SESSION: &str = "__Host-visage-session";

async fn show(browser: Browser, again: Browser) -> HttpResponse {
    assert_eq!(browser.digest(), again.digest(), "one request, one browser");
    HttpResponse::Ok().body(browser.csrf())
}

async fn change(form: Posted) -> HttpResponse {
    HttpResponse::Ok().body(form.get("name").unwrap_or_default().to_owned())
}

async fn sign_in(core: Data<Core>, request: HttpRequest) -> HttpResponse {
    let (_, cookie) = session::begin(&core, &request, "u1", "pwd").await.unwrap();
    HttpResponse::Ok().cookie(cookie).finish()
}

async fn account(person: SignedIn) -> HttpResponse {
    HttpResponse::Ok().body(person.user.id)
}

async fn maybe(person: MaybeSignedIn) -> HttpResponse {
    HttpResponse::Ok().body(person.into_inner().map(|person| person.user.id).unwrap_or_default())
}

async fn ask(house: &House, request: TestRequest) -> ServiceResponse {
    let app = App::new().wrap(Hygiene::new(&house.core)).app_data(house.core.clone()).configure(|cfg| {
        Endpoint::at(paths::CONSENT).get(show).post(change).mount(cfg);
        Endpoint::at(paths::LOGIN).get(maybe).post(sign_in).mount(cfg);
        Endpoint::at(paths::ACCOUNT).get(account).mount(cfg);
        Endpoint::at("/api/users/mine").get(account).mount(cfg);
    });
    call_service(&init_service(app).await, request.to_request()).await
}

fn cookie(response: &ServiceResponse, name: &str) -> Cookie<'static> {
    let cookie = response.response().cookies().find(|cookie| cookie.name() == name);
    cookie.expect("the cookie is set").into_owned()
}

async fn text(response: ServiceResponse) -> String {
    String::from_utf8(read_body(response).await.to_vec()).unwrap()
}

// S33
#[actix_web::test]
async fn cookies_have_every_attribute() {
    let house = House::new().await;
    let page = ask(&house, TestRequest::get().uri(paths::CONSENT)).await;
    let signed_in = ask(&house, TestRequest::post().uri(paths::LOGIN)).await;
    for cookie in [cookie(&page, BROWSER), cookie(&signed_in, SESSION)] {
        assert_eq!(cookie.value().len(), 43, "256 bits");
        assert_eq!((cookie.secure(), cookie.http_only(), cookie.path()), (Some(true), Some(true), Some("/")));
        assert_eq!(cookie.same_site(), Some(actix_web::cookie::SameSite::Lax));
        assert_eq!(cookie.domain(), None);
    }
    // A browser that has its cookie gets no other.
    let again = TestRequest::get().uri(paths::CONSENT).cookie(cookie(&page, BROWSER));
    assert_eq!(ask(&house, again).await.response().cookies().count(), 0);
    let made_up = TestRequest::get().uri(paths::CONSENT).cookie(Cookie::new(BROWSER, "short"));
    assert_eq!(cookie(&ask(&house, made_up).await, BROWSER).value().len(), 43);
}

// S36
#[actix_web::test]
async fn a_form_must_come_from_our_page_in_this_browser() {
    let house = House::new().await;
    let visit = || async {
        let page = ask(&house, TestRequest::get().uri(paths::CONSENT)).await;
        (cookie(&page, BROWSER), text(page).await)
    };
    let ((mine, csrf), (other, others_csrf)) = (visit().await, visit().await);
    let post = |cookie: &Cookie<'static>, csrf: &str| {
        TestRequest::post()
            .uri(paths::CONSENT)
            .cookie(cookie.clone())
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(format!("csrf={csrf}&name=Ada"))
    };
    assert_eq!(text(ask(&house, post(&mine, &csrf)).await).await, "Ada");
    let own =
        post(&mine, &csrf).insert_header(("origin", ISSUER)).insert_header(("sec-fetch-site", "same-origin"));
    assert_eq!(ask(&house, own).await.status(), 200);
    for (what, request) in [
        ("no token", post(&mine, "")),
        ("another browser's token", post(&mine, &others_csrf)),
        ("another browser", post(&other, &csrf)),
        ("no cookie", post(&Cookie::new("x", "y"), &csrf)),
        ("a foreign origin", post(&mine, &csrf).insert_header(("origin", "https://evil.example"))),
        ("a hidden origin", post(&mine, &csrf).insert_header(("origin", "null"))),
        ("cross-site", post(&mine, &csrf).insert_header(("sec-fetch-site", "cross-site"))),
        ("same-site", post(&mine, &csrf).insert_header(("sec-fetch-site", "same-site"))),
    ] {
        assert_eq!(ask(&house, request).await.status(), 403, "{what}");
    }
}

// S34, S35, S37
#[actix_web::test]
async fn a_session_lives_and_dies_on_the_server() {
    let house = House::new().await;
    let sign_in = |old: Option<Cookie<'static>>| {
        let request = TestRequest::post().uri(paths::LOGIN);
        old.into_iter().fold(request, TestRequest::cookie)
    };
    let first = cookie(&ask(&house, sign_in(None)).await, SESSION);
    let status = |cookie: &Cookie<'static>| {
        let request = TestRequest::get().uri(paths::ACCOUNT).cookie(cookie.clone());
        async { ask(&house, request).await.status().as_u16() }
    };
    assert_eq!(status(&first).await, 200);
    let second = cookie(&ask(&house, sign_in(Some(first.clone()))).await, SESSION);
    assert_ne!(first.value(), second.value());
    assert_eq!((status(&first).await, status(&second).await), (303, 200), "the old one is dead");

    let day = 24 * 3600 * SECOND;
    for _ in 0..3 {
        house.clock.advance(13 * day);
        assert_eq!(status(&second).await, 200, "seen within fourteen days");
    }
    house.clock.advance(15 * day);
    assert_eq!(status(&second).await, 303, "idle");

    house.clock.set(NOW);
    let third = cookie(&ask(&house, sign_in(None)).await, SESSION);
    for _ in 0..9 {
        assert_eq!(status(&third).await, 200);
        house.clock.advance(10 * day);
    }
    assert_eq!(status(&third).await, 303, "ninety days are the end");

    let fourth = cookie(&ask(&house, sign_in(None)).await, SESSION);
    house.core.store.set_active("u1", false, NOW).await.unwrap();
    assert_eq!(status(&fourth).await, 303);
}

#[actix_web::test]
async fn whoever_is_not_signed_in_is_led_or_told() {
    let house = House::new().await;
    let page = ask(&house, TestRequest::get().uri(paths::ACCOUNT)).await;
    assert_eq!(
        (page.status().as_u16(), page.headers().get("location").unwrap().as_bytes()),
        (303, &b"/login"[..])
    );
    let api = ask(&house, TestRequest::get().uri("/api/users/mine")).await;
    assert_eq!(api.status(), 401);
    assert!(text(api).await.contains("sign_in_required"));
    let forged = TestRequest::get().uri(paths::LOGIN).cookie(Cookie::new(SESSION, "a".repeat(43)));
    assert_eq!(text(ask(&house, forged).await).await, "");
}
