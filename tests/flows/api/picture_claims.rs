//! What clients get of a photo beside `picture`: every size by its side, the thumbhash, and an address to keep for good.

use std::collections::BTreeMap;

use reqwest::{Response, header::LOCATION};
use serde_json::{Value, json};
use tests::{Answer, App, House, app::parameter, on_both};
use visage::demo::{browser::Browser, picture};

const OURS: [&str; 3] = ["picture_variants", "thumbhash", "picture_stable"];

fn token(tokens: &Value) -> &str {
    tokens["access_token"].as_str().unwrap()
}

async fn get(house: &House, url: &str) -> Response {
    house.http.get(url).send().await.unwrap()
}

/// Where a stable address leads; none for 404.
async fn leads_to(house: &House, url: &str) -> Option<String> {
    let answer = get(house, url).await;
    assert_eq!(answer.headers()["cache-control"], "no-store", "{url}");
    match answer.status().as_u16() {
        307 => Some(answer.headers()[LOCATION].to_str().unwrap().to_owned()),
        404 => None,
        status => panic!("{status} from {url}"),
    }
}

fn variants(body: &Value) -> BTreeMap<u32, String> {
    let object = body["picture_variants"].as_object().expect("picture_variants");
    object.iter().map(|(size, url)| (size.parse().unwrap(), url.as_str().unwrap().to_owned())).collect()
}

/// The tokens of a request with the `claims` parameter.
async fn tokens_with_claims(house: &House, app: &App, email: &str, scope: &str, claims: &Value) -> Value {
    let person = house.person(email).await;
    let begun = app.begin(scope, &[("claims", &claims.to_string())]);
    let mut browser = Browser::new(house.http.clone());
    let page = app.walk(&mut browser, &begun, &person).await;
    let back = page.location().expect("a way back");
    let code = parameter(&back, "code").expect("a code");
    app.redeem(&tests::Code { code, verifier: begun.verifier, nonce: begun.nonce }).await.expect(200).body
}

on_both! {
    /// S83, S137: under `profile` alone; absent values are absent keys.
    async fn claims_come_with_the_scope_profile(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("showing").await;
        let narrow = app.tokens(&person, "openid email").await;
        let wide = app.tokens(&person, "openid profile").await;
        let before = app.userinfo(token(&wide)).await.expect(200).body;
        assert!(before.get("picture_variants").is_none() && before.get("thumbhash").is_none(), "{before:#}");
        assert!(before["picture_stable"].is_string());

        app.upload(token(&wide), picture::png(300, 1)).await.expect(200);
        let info = app.userinfo(token(&wide)).await.expect(200).body;
        let sizes = variants(&info);
        assert_eq!(sizes.keys().copied().collect::<Vec<_>>(), [48, 96, 256, 300]);
        assert_eq!(sizes[&300], info["picture"], "the largest is `picture`");
        for (side, url) in &sizes {
            let bytes = get(house, url).await.bytes().await.unwrap();
            let image = image::load_from_memory(&bytes).unwrap();
            assert_eq!((image.width(), image.height()), (*side, *side), "{url}");
        }
        use base64::Engine as _;
        let hash = base64::engine::general_purpose::STANDARD.decode(info["thumbhash"].as_str().unwrap()).unwrap();
        assert!((5..=25).contains(&hash.len()), "{hash:?}");

        let profile = Answer::of(house.http.get(house.url("/api/auth/profile")).bearer_auth(token(&wide))).await;
        for name in OURS {
            assert_eq!(profile.body[name], info[name], "{name}");
            assert!(app.userinfo(token(&narrow)).await.expect(200).body.get(name).is_none(), "{name}");
            assert!(App::claims(wide["id_token"].as_str().unwrap()).get(name).is_none(), "{name}");
        }
        let discovery = house.url("/.well-known/openid-configuration");
        let listed = Answer::of(house.http.get(discovery)).await.expect(200).body;
        for name in OURS {
            assert!(listed["claims_supported"].as_array().unwrap().contains(&json!(name)), "{name}");
        }
        // An address elsewhere has no sizes of ours.
        let put = house.http.put(house.url("/api/auth/profile")).bearer_auth(token(&wide));
        Answer::of(put.json(&json!({ "picture_url": "https://example.com/a.png" }))).await.expect(200);
        let info = app.userinfo(token(&wide)).await.expect(200).body;
        assert!(info.get("picture_variants").is_none() && info.get("thumbhash").is_none(), "{info:#}");
    }

    /// S30: one by one, at either place, as every other claim.
    async fn claims_come_by_name(house: &House) {
        let app = house.app("naming").await;
        let wished = json!({ "id_token": { "picture_stable": null, "thumbhash": null }, "userinfo": { "picture_stable": null } });
        let tokens = tokens_with_claims(house, &app, "ada@example.org", "openid", &wished).await;
        let id_token = App::claims(tokens["id_token"].as_str().unwrap());
        let stable = id_token["picture_stable"].as_str().expect("in the ID token");
        assert!(id_token.get("picture").is_none() && id_token.get("thumbhash").is_none(), "{id_token:#}");
        assert_eq!(app.userinfo(token(&tokens)).await.expect(200).body["picture_stable"], stable);
        assert!(leads_to(house, stable).await.unwrap().contains("/media/initials/"));
    }

    async fn a_stable_address_follows_the_photo(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("keeping").await;
        let tokens = app.tokens(&person, "openid profile").await;
        let stable = app.userinfo(token(&tokens)).await.expect(200).text("picture_stable").to_owned();
        assert!(stable.starts_with(&house.url("/picture/")), "{stable}");
        let initials = leads_to(house, &stable).await.unwrap();
        assert!(initials.contains("/media/initials/"), "{initials}");

        app.upload(token(&tokens), picture::png(600, 1)).await.expect(200);
        let info = app.userinfo(token(&tokens)).await.expect(200).body;
        assert_eq!(info["picture_stable"], stable, "the same for good");
        let sizes = variants(&info);
        for (asked, side) in [("", 512), ("?size=1", 48), ("?size=48", 48), ("?size=49", 96), ("?size=300", 512), ("?size=4000", 512)] {
            assert_eq!(leads_to(house, &format!("{stable}{asked}")).await.as_ref(), Some(&sizes[&side]), "{asked}");
        }
        for bad in ["0", "-1", "x", "99999999999"] {
            Answer::of(house.http.get(format!("{stable}?size={bad}"))).await.expect_error(400, "invalid_field");
        }
        let head = house.http.head(&stable).send().await.unwrap();
        assert_eq!((head.status().as_u16(), head.headers()[LOCATION].to_str().unwrap()), (307, sizes[&512].as_str()));
        // Pages of other origins may show it.
        assert_eq!(head.headers()["cross-origin-resource-policy"], "cross-origin");
        assert!(!head.headers().contains_key("set-cookie"));
        Answer::of(house.http.post(&stable)).await.expect(405);
        // S141: a NUL is in no name.
        for unknown in ["/picture/x", "/picture/aaaaaaaaaaaaaaaaaaaaaaaaaa", "/picture/", "/picture/aaaaaaaaaaaaaaaaaaaaaaaaa%00"] {
            assert_eq!(get(house, &house.url(unknown)).await.status().as_u16(), 404, "{unknown}");
        }

        app.upload(token(&tokens), picture::png(600, 2)).await.expect(200);
        let second = leads_to(house, &stable).await.unwrap();
        assert_ne!(second, sizes[&512]);
        assert_eq!(get(house, &second).await.status().as_u16(), 200);
        let url = house.url("/api/auth/profile/photo");
        Answer::of(house.http.delete(url).bearer_auth(token(&tokens))).await.expect(200);
        assert_eq!(leads_to(house, &stable).await, Some(initials.clone()));

        // Nobody is sent on to an address that a person chose, and ours is none that could be chosen.
        let put = |url: &str| {
            let request = house.http.put(house.url("/api/auth/profile")).bearer_auth(token(&tokens));
            Answer::of(request.json(&json!({ "picture_url": url })))
        };
        put("https://example.com/a.png").await.expect(200);
        assert_eq!(leads_to(house, &stable).await, Some(initials));
        put(&stable).await.expect_error(400, "picture_url_invalid");
    }

    /// Two clients of one person have nothing in common to compare; withdrawal ends one of them, for good.
    async fn a_stable_address_is_one_clients_own(house: &House) {
        let person = house.person("grace@example.org").await;
        let (one, two) = (house.app("one").await, house.app("two").await);
        let stable = async |app: &App| {
            let tokens = app.tokens(&person, "openid profile").await;
            app.userinfo(token(&tokens)).await.expect(200).text("picture_stable").to_owned()
        };
        let (first, second) = (stable(&one).await, stable(&two).await);
        assert_ne!(first, second);
        for url in [&first, &second] {
            assert!(!url.contains(&person.id) && !url.contains("one") && !url.contains("two"), "{url}");
        }
        assert_eq!(stable(&one).await, first, "another sign-in, the same address");

        let mut session = house.sign_in(&person).await;
        let account = house.url("/account").parse().unwrap();
        let form = visage::demo::browser::Form {
            action: house.url("/account/applications/withdraw").parse().unwrap(),
            fields: vec![("csrf".into(), session.csrf.clone()), ("client_id".into(), "one".into())],
        };
        assert_eq!(session.browser.submit(&account, &form).await.unwrap().status, 303);
        assert_eq!(leads_to(house, &first).await, None, "withdrawn");
        assert!(leads_to(house, &second).await.is_some(), "the other stays");
        let again = stable(&one).await;
        assert_ne!(again, first, "a new consent, a new address");
        assert_eq!(leads_to(house, &first).await, None);

        house.store().set_active(&person.id, false, 0).await.unwrap();
        assert_eq!(leads_to(house, &again).await, None, "a disabled person");
        house.store().set_active(&person.id, true, 0).await.unwrap();
        assert!(leads_to(house, &again).await.is_some());
        let entry = house.place().entry("client.deleted", "two", json!({}));
        house.store().delete_client("two", entry).await.unwrap();
        assert_eq!(leads_to(house, &second).await, None, "a deleted client");
        house.store().delete_user(&person.id, 0, 0).await.unwrap();
        assert_eq!(leads_to(house, &again).await, None, "a deleted person");
    }

    /// The first userinfo of a grant makes the address; many first ones make the same.
    async fn many_first_requests_agree(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("racing").await;
        let tokens = app.tokens(&person, "openid profile").await;
        let calls = (0..12).map(|_| app.userinfo(token(&tokens)));
        let answers = futures_util::future::join_all(calls).await;
        let stable = answers[0].text("picture_stable");
        assert!(!stable.is_empty() && answers.iter().all(|answer| answer.text("picture_stable") == stable));
    }
}

/// A house without a default picture has none to lead to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_photo_and_no_default_picture() {
    let house = House::with(tests::Engine::Sqlite, &[("photos.default", "none")]).await;
    let person = house.person("grace@example.org").await;
    let app = house.app("bare").await;
    let tokens = app.tokens(&person, "openid profile").await;
    let info = app.userinfo(token(&tokens)).await.expect(200).body;
    assert!(info.get("picture").is_none(), "{info:#}");
    let stable = info["picture_stable"].as_str().unwrap();
    assert_eq!(leads_to(&house, stable).await, None);
    app.upload(token(&tokens), picture::png(64, 1)).await.expect(200);
    assert!(leads_to(&house, stable).await.is_some());
    house.stop().await;
}
