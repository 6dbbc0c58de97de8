//! What every answer carries, and how errors look.

use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse, web::to};
use store::StoreError;
use web::{ApiError, Endpoint, Form, Hygiene, OAuthFailure, PageError, Query, paths};

use crate::house::House;

const CSP: &str = "content-security-policy";

async fn fine() -> HttpResponse {
    HttpResponse::Ok().body("fine")
}

async fn ask(house: &House, request: TestRequest) -> ServiceResponse {
    async fn leading_away() -> HttpResponse {
        web::page(actix_web::http::StatusCode::OK, "page".into(), Some("https://app.example"))
    }
    async fn query(query: Query) -> HttpResponse {
        HttpResponse::Ok().body(query.0.pairs().len().to_string())
    }
    async fn form(form: Form) -> HttpResponse {
        HttpResponse::Ok().body(form.0.pairs().len().to_string())
    }
    let app = App::new()
        .wrap(Hygiene::new(&house.core))
        .app_data(house.core.clone())
        .configure(|cfg| {
            for path in
                [paths::LOGIN, paths::JWKS, paths::PROFILE, paths::ACCOUNT, paths::TOKEN, "/media/a.jpg"]
            {
                Endpoint::at(path).get(fine).put(fine).mount(cfg);
            }
            Endpoint::at(paths::CONSENT).get(leading_away).mount(cfg);
            Endpoint::at(paths::AUTHORIZE).get(query).post(form).mount(cfg);
            Endpoint::at("/api/broken")
                .get(|| async { Err::<&str, _>(ApiError::internal("secret cause at /srv/db.rs")) })
                .mount(cfg);
            Endpoint::at("/api/away")
                .get(|| async { Err::<&str, _>(ApiError::from(StoreError::Unavailable("pool".into()))) })
                .mount(cfg);
            Endpoint::at(paths::REVOKE)
                .post(|| async { Err::<&str, _>(OAuthFailure::from(StoreError::Unavailable("pool".into()))) })
                .mount(cfg);
            Endpoint::at("/login/broken")
                .get(|| async { Err::<&str, _>(PageError::from(StoreError::Fault("SELECT secret".into()))) })
                .mount(cfg);
            Endpoint::at("/api/foreign")
                .get(|| async { Err::<&str, _>(actix_web::error::ErrorBadRequest("secret words")) })
                .mount(cfg);
        })
        .default_service(to(web::endpoint::not_found));
    call_service(&init_service(app).await, request.to_request()).await
}

fn header<'a>(response: &'a ServiceResponse, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

async fn text(response: ServiceResponse) -> String {
    String::from_utf8(read_body(response).await.to_vec()).unwrap()
}

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

// S26, S27
#[actix_web::test]
async fn pages_are_closed() {
    let house = House::new().await;
    let page = ask(&house, get(paths::LOGIN).insert_header(("origin", "https://evil.example"))).await;
    let policy = header(&page, CSP).unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "img-src 'self' https://photos.example;",
        "form-action 'self';",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe"));
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ] {
        assert_eq!(header(&page, name), Some(value), "{name}");
    }
    assert_eq!(header(&page, "access-control-allow-origin"), None);
    assert_eq!(header(&page, "cross-origin-opener-policy"), None, "clients open it in popups");
    let account = ask(&house, get(paths::ACCOUNT)).await;
    assert_eq!(header(&account, "cross-origin-opener-policy"), Some("same-origin"));
    let leading = ask(&house, get(paths::CONSENT)).await;
    assert!(header(&leading, CSP).unwrap().contains("form-action 'self' https://app.example;"));
    let preflight = TestRequest::default()
        .method(Method::OPTIONS)
        .uri(paths::LOGIN)
        .insert_header(("origin", "https://evil.example"))
        .insert_header(("access-control-request-method", "POST"));
    let preflight = ask(&house, preflight).await;
    assert_eq!((preflight.status().as_u16(), header(&preflight, "access-control-allow-origin")), (405, None));
}

// S90, and CORS where browser clients need it.
#[actix_web::test]
async fn some_paths_are_shared_across_origins() {
    let house = House::new().await;
    for path in [paths::JWKS, paths::PROFILE, paths::TOKEN] {
        let answer = ask(&house, get(path)).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(header(&answer, "access-control-allow-credentials"), None);
        let preflight = TestRequest::default()
            .method(Method::OPTIONS)
            .uri(path)
            .insert_header(("access-control-request-method", "PUT"))
            .insert_header(("access-control-request-headers", "authorization"));
        let preflight = ask(&house, preflight).await;
        assert_eq!(preflight.status(), 204);
        assert!(header(&preflight, "access-control-allow-methods").unwrap().contains("PUT"));
        assert!(header(&preflight, "access-control-allow-headers").unwrap().contains("authorization"));
    }
    let media = ask(&house, get("/media/a.jpg")).await;
    assert_eq!(header(&media, "cross-origin-resource-policy"), Some("cross-origin"));
    assert_eq!(header(&media, CSP), Some("default-src 'none'; sandbox"), "S133");
}

// S18, S47, S127, S140
#[actix_web::test]
async fn methods_are_known() {
    let house = House::new().await;
    for method in
        [Method::POST, Method::DELETE, Method::PATCH, Method::OPTIONS, Method::TRACE, Method::CONNECT]
    {
        let answer = ask(&house, get(paths::PROFILE).method(method.clone())).await;
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "allow")),
            (405, Some("GET, HEAD, PUT")),
            "{method}"
        );
        assert!(text(answer).await.contains("method_not_allowed"));
    }
    assert_eq!(ask(&house, get(paths::PROFILE).method(Method::HEAD)).await.status(), 200);
    let page = ask(&house, get(paths::CONSENT).method(Method::POST)).await;
    assert_eq!(header(&page, "content-type"), Some("text/html; charset=utf-8"));
}

#[actix_web::test]
async fn nothing_there_is_said_in_the_form_that_fits() {
    let house = House::new().await;
    let program = ask(&house, get("/api/nowhere")).await;
    assert_eq!(program.status(), 404);
    assert!(text(program).await.starts_with(r#"{"error":"not_found""#));
    let browser = ask(&house, get("/nowhere").insert_header(("accept", "text/html,*/*"))).await;
    assert_eq!(
        (browser.status().as_u16(), header(&browser, "content-type")),
        (404, Some("text/html; charset=utf-8"))
    );
    let curl = ask(&house, get("/nowhere").insert_header(("accept", "*/*"))).await;
    assert_eq!(header(&curl, "content-type"), Some("application/json"));
}

// S142: the cause is for the log, the id for both.
#[actix_web::test]
async fn errors_keep_their_causes() {
    let house = House::new().await;
    for path in ["/api/broken", "/login/broken", "/api/foreign"] {
        let answer = ask(&house, get(path).insert_header(("x-request-id", "abc-123"))).await;
        assert_eq!(header(&answer, "x-request-id"), Some("abc-123"));
        assert!(header(&answer, CSP).is_some());
        let is_unknown = answer.status() == 500;
        let body = text(answer).await;
        for hidden in ["secret", "SELECT", "/srv"] {
            assert!(!body.contains(hidden), "{body}");
        }
        assert!(!is_unknown || body.contains("abc-123"), "{body}");
    }
    let ours = ask(&house, get("/api/broken").insert_header(("x-request-id", "a b"))).await;
    assert_ne!(header(&ours, "x-request-id"), Some("a b"));
}

// S87, F16
#[actix_web::test]
async fn what_is_away_is_expected_back() {
    let house = House::new().await;
    for request in [get("/api/away"), TestRequest::post().uri(paths::REVOKE)] {
        let answer = ask(&house, request).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "retry-after")), (503, Some("1")));
        assert!(text(answer).await.contains("temporarily_unavailable"));
    }
}

// CONTRACT §4
#[actix_web::test]
async fn errors_speak_the_reader_s_language() {
    let house = House::new().await;
    let say = |language: &'static str| {
        let request = get("/api/nowhere").insert_header(("accept-language", language));
        async { text(ask(&house, request).await).await }
    };
    let english: serde_json::Value = serde_json::from_str(&say("de, en;q=0.5").await).unwrap();
    let french: serde_json::Value = serde_json::from_str(&say("fr").await).unwrap();
    for json in [&english, &french] {
        assert_eq!((&json["success"], &json["error"]), (&false.into(), &"not_found".into()));
    }
    assert_ne!(english["message"], french["message"]);
    let page = text(ask(&house, get("/login/broken?ui_locales=fr-CA")).await).await;
    assert!(page.contains(r#"lang="fr""#) && page.contains(r#"data-page="error""#), "{page}");
}

// S71, S141
#[actix_web::test]
async fn parameters_have_limits() {
    let house = House::new().await;
    let form = |body: String| {
        TestRequest::post()
            .uri(paths::AUTHORIZE)
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(body)
    };
    let status = |request: TestRequest| async { ask(&house, request).await.status().as_u16() };
    assert_eq!(status(form("a=b".into())).await, 200);
    assert_eq!(status(form("a=1&".repeat(1000))).await, 200);
    assert_eq!(status(form("a=1&".repeat(1001))).await, 400);
    assert_eq!(status(form(format!("a={}", "x".repeat(65_534)))).await, 200);
    assert_eq!(status(form(format!("a={}", "x".repeat(65_535)))).await, 413);
    for bad in ["a=%00", "a=%FF", "a=%ED%A0%80", "%C0%80=a"] {
        assert_eq!(status(form(bad.into())).await, 400, "{bad}");
        assert_eq!(status(get(&format!("{}?{bad}", paths::AUTHORIZE))).await, 400, "{bad}");
    }
    let zipped = form("a=b".into()).insert_header(("content-encoding", "gzip"));
    assert_eq!(status(zipped).await, 415);
}
