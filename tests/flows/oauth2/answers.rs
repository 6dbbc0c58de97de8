//! Every way of answering, through the whole house: codes and tokens from the front, plain and signed, and what is said
//! in them. Modules of the certification suite that ask for it are named above the tests.

use serde_json::{Value, json};
use tests::{App, Browser, Engine, House, Person, app::parameter};
use url::Url;
use visage::{commands::client_details::Details, demo::browser::Page};

const KINDS: [&str; 6] =
    ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"];

/// Each becomes two tests, on a house that offers every response type.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use super::*;

            async fn journey(engine: Engine) {
                let kinds = format!("{KINDS:?}");
                let house = House::with(engine, &[("oauth.response_types", &kinds)]).await;
                super::$name(&house).await;
                house.stop().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                journey(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                journey(Engine::Postgres).await;
            }
        }
    )+};
}

on_both!(
    every_type_signs_a_person_in,
    a_form_brings_it_too,
    signed_answers_say_the_same,
    refusals_travel_as_the_answer_would,
    every_standard_claim_arrives,
    wishes_of_the_registration_count,
);

async fn app(house: &House) -> App {
    let response_types = KINDS.map(str::to_owned).into();
    house.register("front", Details { response_types, ..Details::default() }).await
}

/// What the front brought, by name.
fn field(page: &Page, name: &str) -> Option<String> {
    match page.location() {
        Some(back) => parameter(&back, name),
        None => {
            let value = page.body.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
            Some(value.split('"').next()?.replace("&#x3D;", "=").replace("&#61;", "="))
        }
    }
}

async fn answer(app: &App, person: &Person, scope: &str, extra: &[(&str, &str)]) -> (Page, String) {
    let begun = app.begin(scope, extra);
    let page = app.walk(&mut Browser::new(app.http.clone()), &begun, person).await;
    (page, begun.verifier)
}

async fn tokens(app: &App, code: String, verifier: String) -> Value {
    let code = tests::app::Code { code, verifier, nonce: String::new() };
    app.redeem(&code).await.expect(200).body
}

// oidcc-server, oidcc-userinfo-get (implicit, hybrid)
async fn every_type_signs_a_person_in(house: &House) {
    let (app, person) = (app(house).await, house.person("grace@example.test").await);
    for kind in KINDS {
        let (page, verifier) = answer(&app, &person, "openid email", &[("response_type", kind)]).await;
        let back = page.location().unwrap_or_else(|| panic!("{kind}: {} {}", page.status, page.body));
        assert_eq!(back.fragment().is_some(), kind != "code", "{back}");
        let of_front = field(&page, "id_token").map(|token| App::claims(&token));
        if let Some(claims) = &of_front {
            assert_eq!(claims["sub"], person.id, "{kind}");
            assert_eq!(claims.get("email").is_some(), kind == "id_token", "{kind}");
        }
        if let Some(token) = field(&page, "access_token") {
            let userinfo = app.userinfo(&token).await.expect(200);
            assert_eq!(userinfo.text("email"), person.email, "{kind}");
            assert_eq!(app.introspect(&token).await["active"], true, "{kind}");
        }
        if let Some(code) = field(&page, "code") {
            let tokens = tokens(&app, code, verifier).await;
            let claims = App::claims(tokens["id_token"].as_str().unwrap());
            assert_eq!((&claims["iss"], &claims["sub"]), (&json!(house.issuer), &json!(person.id)));
            app.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200);
        }
    }
}

// oidcc-server (form_post, in every type)
async fn a_form_brings_it_too(house: &House) {
    let (app, person) = (app(house).await, house.person("grace@example.test").await);
    for kind in KINDS {
        let extra = [("response_type", kind), ("response_mode", "form_post")];
        let (page, _) = answer(&app, &person, "openid", &extra).await;
        assert_eq!(page.name().as_deref(), Some("form-post"), "{kind}");
        for word in kind.split(' ') {
            let name = if word == "token" { "access_token" } else { word };
            assert!(field(&page, name).is_some(), "{kind} has no {name}: {}", page.body);
        }
    }
}

async fn signed_answers_say_the_same(house: &House) {
    let (app, person) = (app(house).await, house.person("grace@example.test").await);
    for kind in ["code", "code id_token token"] {
        let (page, verifier) =
            answer(&app, &person, "openid", &[("response_type", kind), ("response_mode", "jwt")]).await;
        assert_eq!(field(&page, "code"), None, "all of it is inside");
        let claims = App::claims(&field(&page, "response").unwrap());
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(house.issuer), &json!("front")));
        let code = claims["code"].as_str().unwrap().to_owned();
        tokens(&app, code, verifier).await;
    }
}

// oidcc-response-type-missing, oidcc-ensure-request-without-nonce-fails, oidcc-prompt-none-not-logged-in
async fn refusals_travel_as_the_answer_would(house: &House) {
    let app = app(house).await;
    for (extra, error, by_fragment) in [
        ([("response_type", ""), ("x", "y")], "invalid_request", false),
        ([("response_type", "code id_token"), ("nonce", "")], "invalid_request", true),
        ([("response_type", "id_token"), ("prompt", "none")], "login_required", true),
        ([("response_type", "id_token token"), ("response_mode", "query")], "invalid_request", true),
        ([("response_type", "token"), ("x", "y")], "unsupported_response_type", true),
    ] {
        let begun = app.begin("openid", &extra);
        let page = Browser::new(house.http.clone()).get(&begun.url).await.unwrap();
        let back: Url = page.location().unwrap_or_else(|| panic!("{extra:?}: {}", page.body));
        assert_eq!(parameter(&back, "error").as_deref(), Some(error), "{back}");
        assert_eq!(parameter(&back, "state"), Some(begun.state), "{back}");
        assert_eq!((back.fragment().is_some(), back.query().is_none()), (by_fragment, by_fragment), "{back}");
    }
}

// oidcc-scope-all, oidcc-scope-address, oidcc-scope-phone, oidcc-claims-essential
async fn every_standard_claim_arrives(house: &House) {
    let of_profile = json!({
        "given_name": "Grace", "family_name": "Garden", "middle_name": "B", "nickname": "G",
        "preferred_username": "grace", "profile": "https://grace.example/", "website": "https://grace.example/site",
        "gender": "female", "birthdate": "1906-12-09", "zoneinfo": "Europe/Zurich", "locale": "fr",
    });
    let others = json!({
        "email_verified": true, "phone_number": "+41 44 668 18 00", "phone_number_verified": true,
        "address": {"street_address": "1 Main Street", "locality": "Zurich", "postal_code": "8001", "country": "CH"},
    });
    let all: serde_json::Map<String, Value> =
        [&of_profile, &others].into_iter().flat_map(|part| part.as_object().unwrap().clone()).collect();
    let (app, person) =
        (app(house).await, house.person_with("grace@example.test", &all.clone().into()).await);
    let everything = "openid profile email phone address";
    let (page, _) = answer(&app, &person, everything, &[("response_type", "id_token token")]).await;
    let userinfo = app.userinfo(&field(&page, "access_token").unwrap()).await.expect(200).body;
    let (page, _) = answer(&app, &person, everything, &[("response_type", "id_token")]).await;
    let id_token = App::claims(&field(&page, "id_token").unwrap());
    for (name, value) in &all {
        assert_eq!((&userinfo[name], &id_token[name]), (value, value), "{name}");
    }
    assert!(userinfo["updated_at"].is_i64() && userinfo["picture"].is_string(), "{userinfo}");

    // A claim by name, at both places, and one that there is in one language only.
    let wishes = r#"{"userinfo":{"name":{"essential":true}},"id_token":{"nickname":null,"auth_time":{"essential":true}}}"#;
    let extra = [("response_type", "code id_token"), ("claims", wishes), ("claims_locales", "de fr")];
    let (page, verifier) = answer(&app, &person, "openid", &extra).await;
    let at_once = App::claims(&field(&page, "id_token").unwrap());
    assert_eq!((&at_once["nickname"], at_once["auth_time"].is_i64()), (&json!("G"), true));
    let tokens = tokens(&app, field(&page, "code").unwrap(), verifier).await;
    let userinfo = app.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200).body;
    assert_eq!((&userinfo["name"], userinfo.get("nickname")), (&json!("Grace Garden"), None));
}

// oidcc-ensure-request-with-acr-values-succeeds, oidcc-max-age-1, oidcc-max-age-10000
async fn wishes_of_the_registration_count(house: &House) {
    let (app, person) = (app(house).await, house.person("grace@example.test").await);
    let mut client = house.store().client("front").await.unwrap().unwrap().as_ref().clone();
    client.metadata.default_max_age = Some(60);
    client.metadata.require_auth_time = true;
    client.metadata.default_acr_values = vec!["1".to_owned()];
    assert!(house.store().update_client(client).await.unwrap());
    let mut browser = Browser::new(app.http.clone());
    let kind = ("response_type", "id_token");
    let begun = app.begin("openid", &[kind, ("acr_values", "2 1")]);
    let page = app.walk(&mut browser, &begun, &person).await;
    let claims = App::claims(&field(&page, "id_token").unwrap());
    assert_eq!((&claims["acr"], claims["auth_time"].is_i64()), (&json!("1"), true));

    house.advance(61);
    let silent = [kind, ("prompt", "none")];
    let page = browser.get(&app.begin("openid", &silent).url).await.unwrap();
    assert_eq!(field(&page, "error").as_deref(), Some("login_required"), "the registered age has passed");
    let patient = [kind, ("prompt", "none"), ("max_age", "10000")];
    let page = browser.get(&app.begin("openid", &patient).url).await.unwrap();
    let again = App::claims(&field(&page, "id_token").unwrap());
    assert_eq!(again["auth_time"], claims["auth_time"], "what the request says counts more");
}
