//! What a registration makes us fetch: sector files, keys, logos; and clients that are known by the address of their
//! metadata.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbaImage};
use serde_json::{Value, json};
use tests::{Answer, App, Browser, ClientKey, Engine, House, client_key::ASSERTION_TYPE, house::CALLBACK};

use super::website::Website;

const ALLOWED: &str = "['127.0.0.0/8', '::1']";

/// Each becomes two tests, on a house that anybody may register at and whose applications are on this machine.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            use super::*;

            async fn journey(engine: Engine) {
                let settings = [("outbound.allow_networks", ALLOWED), ("oauth.registration", "open")];
                let house = House::with(engine, &settings).await;
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

on_both!(a_sector_is_vouched_for, keys_at_an_address_may_change, a_logo_is_made_anew_once);

async fn register(house: &House, body: Value) -> Answer {
    Answer::of(house.http.post(house.url("/oauth2/register")).json(&body)).await
}

// S78, S116: oidcc-registration-sector-uri, oidcc-registration-sector-bad
async fn a_sector_is_vouched_for(house: &House) {
    let site = Website::start();
    let (one, two) = ("https://one.example/cb", "https://two.example/cb");
    let body = |path: &str| json!({ "redirect_uris": [one, two], "subject_type": "pairwise", "sector_identifier_uri": site.url(path) });
    site.put("/all.json", json!([two, "https://three.example/cb", one]).to_string());
    site.put("/some.json", json!(["https://example.com/op", one]).to_string());
    site.put("/other.json", r#"{"redirect_uris": []}"#);
    let told = register(house, body("/all.json")).await.expect(201);
    assert_eq!(
        (told.text("subject_type"), told.text("sector_identifier_uri")),
        ("pairwise", site.url("/all.json").as_str())
    );
    for bad in ["/some.json", "/other.json", "/missing.json"] {
        register(house, body(bad)).await.expect_error(400, "invalid_client_metadata");
    }
    // It is asked for at registration, and never again.
    assert_eq!(site.asked("/all.json"), 1);
    let bare = json!({ "redirect_uris": [one, two], "subject_type": "pairwise" });
    register(house, bare).await.expect_error(400, "invalid_client_metadata");
}

// S55, S94: oidcc-registration-jwks-uri, oidcc-refresh-token-rp-key-rotation
async fn keys_at_an_address_may_change(house: &House) {
    let site = Website::start();
    let (first, second) = (ClientKey::new("first"), ClientKey::new("second"));
    site.put("/jwks", first.jwks().to_string());
    let told = register(
        house,
        json!({ "grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": site.url("/jwks") }),
    )
    .await
    .expect(201);
    let id = told.text("client_id").to_owned();
    let ask = async |key: &ClientKey| {
        let assertion = key.assertion(&id, &house.issuer, house.clock_now() / protocol::SECOND);
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", "profile"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        Answer::of(house.http.post(house.url("/oauth2/token")).form(&form)).await
    };
    for _ in 0..3 {
        ask(&first).await.expect(200);
    }
    assert_eq!(site.asked("/jwks"), 1);
    // The client changes its key: at once the new one works, and the old one does not.
    site.put("/jwks", second.jwks().to_string());
    ask(&second).await.expect(200);
    ask(&first).await.expect_error(401, "invalid_client");
    for number in 0..20 {
        ask(&ClientKey::new(&format!("nobody's {number}"))).await.expect_error(401, "invalid_client");
    }
    assert_eq!(site.asked("/jwks"), 2);
}

// S79: oidcc-registration-logo-uri
async fn a_logo_is_made_anew_once(house: &House) {
    let site = Website::start();
    let mut png = Vec::new();
    let picture =
        RgbaImage::from_fn(600, 400, |x, y| image::Rgba([(x % 255) as u8, (y % 255) as u8, 9, 200]));
    DynamicImage::from(picture).write_to(&mut Cursor::new(&mut png), ImageFormat::Png).unwrap();
    site.put("/logo.png", png.clone());
    site.put("/logo.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
    let of = |path: &str| json!({ "redirect_uris": [CALLBACK], "client_name": "Atelier", "logo_uri": site.url(path) });
    let told = register(house, of("/logo.png")).await.expect(201);
    let id = told.text("client_id").to_owned();
    let logo = house.url(&format!("/client-logo/{id}"));
    let shown = async || {
        let answer = house.http.get(&logo).send().await.unwrap();
        let header =
            |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let headers = (header("content-type"), header("cache-control"));
        (answer.status().as_u16(), headers, answer.bytes().await.unwrap())
    };
    for _ in 0..3 {
        let (status, (kind, cache), bytes) = shown().await;
        assert_eq!((status, kind.as_str(), cache.as_str()), (200, "image/jpeg", "public, max-age=86400"));
        let decoded = image::load_from_memory(&bytes).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (256, 256));
    }
    assert_eq!(site.asked("/logo.png"), 1);
    // Another address: another picture. One that is none: the first letter.
    let uri = told.text("registration_client_uri");
    let mut other = of("/logo.svg");
    other["client_id"] = json!(id);
    let change = house.http.put(uri).bearer_auth(told.text("registration_access_token")).json(&other);
    Answer::of(change).await.expect(200);
    for _ in 0..3 {
        let (status, (kind, cache), bytes) = shown().await;
        assert_eq!((status, kind.as_str(), cache.as_str()), (200, "image/svg+xml", "no-store"));
        assert!(String::from_utf8_lossy(&bytes).contains(">A</text>"));
    }
    assert_eq!(site.asked("/logo.svg"), 1);
    let nobody = house.http.get(house.url("/client-logo/nobody")).send().await.unwrap();
    assert_eq!(nobody.status(), 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_known_by_the_address_of_its_metadata() {
    let folder = tempfile::tempdir().unwrap();
    crate::house::tls::certify(folder.path(), "site");
    visage::place::install_tls();
    let site = Website::start_tls(folder.path());
    let roots = folder.path().join("site.pem").display().to_string();
    let settings = [
        ("outbound.allow_networks", ALLOWED),
        ("outbound.ca_file", roots.as_str()),
        ("oauth.client_id_metadata_documents", "true"),
    ];
    let house = House::with(Engine::Sqlite, &settings).await;
    let person = house.person("grace@example.org").await;
    let id = site.url("/oauth/client.json");
    let document =
        |id: &str, name: &str| json!({ "client_id": id, "client_name": name, "redirect_uris": [CALLBACK] });
    site.put("/oauth/client.json", document(&id, "Editor").to_string());
    site.put("/oauth/liar.json", document(&id, "Liar").to_string());
    let app = |id: String| App {
        issuer: house.issuer.clone(),
        endpoint: house.issuer.clone(),
        client_id: id,
        secret: None,
        redirect_uri: CALLBACK.to_owned(),
        http: house.http.clone(),
    };
    let editor = app(id.clone());
    let tokens = editor.tokens(&person, "openid profile").await;
    editor.userinfo(tokens["access_token"].as_str().unwrap()).await.expect(200);
    assert_eq!(site.asked("/oauth/client.json"), 1);
    let client = house.store().client(&id).await.unwrap().unwrap();
    assert_eq!((client.name.as_str(), client.registered_by.as_str()), ("Editor", "document"));

    // Another's document, one that is not there, and an identifier that could be written in two ways.
    for bad in [
        site.url("/oauth/liar.json"),
        site.url("/oauth/missing.json"),
        site.url("/oauth/../oauth/client.json"),
    ] {
        let begun = app(bad.clone()).begin("openid", &[]);
        let page = house.http.get(begun.url).send().await.unwrap();
        assert_eq!(page.status(), 400, "{bad}");
        assert!(house.store().client(&bad).await.unwrap().is_none());
    }
    assert_eq!(site.asked("/oauth/missing.json"), 1);

    // What changes there changes here within the hour; what an administrator said stays.
    let disabled = protocol::Client { trusted: true, ..(*client).clone() };
    house.store().update_client(disabled).await.unwrap();
    site.put("/oauth/client.json", document(&id, "Better editor").to_string());
    house.advance(3600);
    editor.code_in(&mut Browser::new(house.http.clone()), &person, "openid").await;
    let client = house.store().client(&id).await.unwrap().unwrap();
    assert_eq!((client.name.as_str(), client.trusted), ("Better editor", true));
    assert_eq!(site.asked("/oauth/client.json"), 2);
    house.stop().await;
}
