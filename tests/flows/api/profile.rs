//! `/api/auth/userinfo` and `/api/auth/profile`: what each scope shows, and what may be changed (seed 003).

use serde_json::{Value, json};
use tests::{Answer, App, House, on_both};
use visage::demo::picture;

fn keys(body: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

async fn token(house: &House, app: &App, scope: &str) -> String {
    let person = house.person(&format!("{}@example.org", scope.replace(' ', "-"))).await;
    app.tokens(&person, scope).await["access_token"].as_str().unwrap().to_owned()
}

async fn profile(house: &House, token: &str) -> Answer {
    Answer::of(house.http.get(house.url("/api/auth/profile")).bearer_auth(token)).await
}

async fn put(house: &House, token: &str, body: &Value) -> Answer {
    Answer::of(house.http.put(house.url("/api/auth/profile")).bearer_auth(token).json(body)).await
}

on_both! {
    /// S80, S81, S82, S83, S137: userinfo by header, by POST and by form, with the claims of the granted scopes alone.
    async fn userinfo_by_scope(house: &House) {
        let app = house.app("reading").await;
        let narrow = token(house, &app, "openid").await;
        assert_eq!(keys(&app.userinfo(&narrow).await.expect(200).body), ["sub"]);
        let email = token(house, &app, "openid email").await;
        assert_eq!(keys(&app.userinfo(&email).await.expect(200).body), ["email", "email_verified", "sub"]);

        let wide = token(house, &app, "openid profile email").await;
        let first = app.userinfo(&wide).await.expect(200);
        assert_eq!(first.headers["content-type"], "application/json");
        assert_eq!(first.headers["cache-control"], "no-store");
        let expected = [
            "created_at", "email", "email_verified", "family_name", "given_name", "is_active", "name", "picture",
            "picture_stable", "social_accounts", "sub", "updated_at",
        ];
        assert_eq!(keys(&first.body), expected);
        assert!(first.body["updated_at"].as_i64().unwrap() < 100_000_000_000, "seconds");
        assert_eq!(first.body["social_accounts"], json!([]));
        assert!(!first.text("picture").contains(first.text("sub")), "the subject is in no URL");
        let picture = house.http.get(first.text("picture")).send().await.unwrap();
        assert_eq!((picture.status().as_u16(), &picture.headers()["content-type"]), (200, &"image/jpeg".parse().unwrap()));

        let url = house.url("/api/auth/userinfo");
        let posted = Answer::of(house.http.post(&url).bearer_auth(&wide)).await.expect(200);
        let form = Answer::of(house.http.post(&url).form(&[("access_token", &wide)])).await.expect(200);
        assert_eq!((&posted.body, &form.body), (&first.body, &first.body));
        Answer::of(house.http.get(format!("{url}?access_token={wide}"))).await.expect(401);

        let missing = Answer::of(house.http.get(&url)).await.expect(401);
        let challenge = missing.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Bearer resource_metadata=") && !challenge.contains("error"), "{challenge}");
        let unknown = app.userinfo("eyJhbGciOiJub25lIn0.e30.").await.expect(401);
        assert!(unknown.headers["www-authenticate"].to_str().unwrap().contains("invalid_token"));
        let no_openid = token(house, &app, "profile").await;
        let refused = app.userinfo(&no_openid).await.expect_error(403, "insufficient_scope");
        assert!(refused.headers["www-authenticate"].to_str().unwrap().contains("scope=\"openid\""));
    }

    /// Seed 003, sections 3 and 4; CONTRACT §4.
    async fn what_is_sent_is_changed_and_the_rest_kept(house: &House) {
        let app = house.app("writing").await;
        let token = token(house, &app, "openid profile phone").await;
        let before = profile(house, &token).await.expect(200).body;
        assert_eq!(before["name"], "Grace Garden");
        assert!(before.get("email").is_none(), "the scope email was not granted: {before:#}");
        house.advance(60);

        let sent = json!({
            "given_name": "John", "family_name": "Doe", "phone_number": "+33123456789", "locale": "fr",
            "picture_url": "https://example.com/photo.jpg", "sub": "somebody-else", "email": "x@example.com", "is_admin": true,
        });
        let changed = put(house, &token, &sent).await.expect(200).body;
        assert_eq!(changed["success"], true);
        assert!(changed["message"].is_string());
        // The person was made by the system's clock, a moment after the house's own stood still.
        let updated_at = changed["profile"]["updated_at"].as_i64().unwrap();
        assert!((30..=60).contains(&(updated_at - before["updated_at"].as_i64().unwrap())));
        assert_eq!(changed["profile"], json!({
            "given_name": "John", "family_name": "Doe", "phone_number": "+33123456789", "locale": "fr",
            "picture": "https://example.com/photo.jpg", "updated_at": updated_at,
        }));
        let after = profile(house, &token).await.expect(200).body;
        assert_eq!((&after["sub"], &after["name"]), (&before["sub"], &json!("John Doe")));
        assert_eq!(after["picture"], "https://example.com/photo.jpg");
        assert_eq!(app.userinfo(&token).await.expect(200).text("picture"), "https://example.com/photo.jpg");

        put(house, &token, &json!({ "locale": null })).await.expect(200);
        let after = profile(house, &token).await.expect(200).body;
        assert_eq!((&after["given_name"], after.get("locale")), (&json!("John"), None));
        put(house, &token, &json!({})).await.expect(200);
    }

    /// A client that sends back the picture it has read keeps the photo; another address of ours is refused.
    async fn the_picture_sent_back_is_no_change(house: &House) {
        let app = house.app("writing").await;
        let token = token(house, &app, "openid profile").await;
        let initials = app.userinfo(&token).await.expect(200).text("picture").to_owned();
        put(house, &token, &json!({ "picture_url": initials, "locale": "fr" })).await.expect(200);
        let url = app.upload(&token, visage::demo::picture::png(640, 10)).await.expect(200).text("picture").to_owned();
        for same in [url.clone(), url.replace(".jpg", "_96.jpg"), initials] {
            let answer = put(house, &token, &json!({ "picture_url": same })).await.expect(200).body;
            assert_eq!(answer["profile"]["picture"], url, "{same}");
        }
        let strange = json!({ "picture_url": url.replace(".jpg", "x.jpg"), "locale": "en" });
        put(house, &token, &strange).await.expect_error(400, "picture_url_invalid");
        assert_eq!(profile(house, &token).await.expect(200).body["locale"], "fr");
        house.advance(60);
        assert_eq!(house.http.get(&url).send().await.unwrap().status(), 200, "the photo is still there");
    }

    /// CONTRACT §4: bad input is a clear 400 and changes nothing; without the scope it is 403.
    async fn bad_changes_are_refused(house: &House) {
        let app = house.app("writing").await;
        let token = token(house, &app, "openid profile").await;
        let before = profile(house, &token).await.expect(200).body;
        for bad in [
            json!({ "given_name": 7, "family_name": "Kept" }),
            json!({ "given_name": "a\u{0}b" }),
            json!({ "locale": "not a language" }),
            json!({ "phone_number": "none" }),
            json!({ "picture_url": "javascript:alert(1)" }),
            json!({ "picture_url": "http://example.com/a.jpg" }),
            json!({ "picture_url": "/relative.jpg" }),
            json!([]),
        ] {
            let answer = put(house, &token, &bad).await;
            assert_eq!(answer.status, 400, "{bad}: {:#}", answer.body);
            assert!(answer.body["success"] == false && answer.text("message").len() > 10, "{:#}", answer.body);
        }
        let request = || house.http.put(house.url("/api/auth/profile")).bearer_auth(&token);
        Answer::of(request().header("content-type", "application/json").body("{\"given_name\": \"\\ud800\"}")).await.expect(400);
        Answer::of(request().header("content-type", "application/json").body("{")).await.expect(400);
        Answer::of(request().body("given_name=John")).await.expect(400);
        assert_eq!(profile(house, &token).await.expect(200).body, before);

        let narrow = app.tokens(&house.person("narrow@example.org").await, "openid").await;
        let narrow = narrow["access_token"].as_str().unwrap();
        put(house, narrow, &json!({})).await.expect_error(403, "insufficient_scope");
        profile(house, narrow).await.expect_error(403, "insufficient_scope");
    }

    /// An address elsewhere supersedes an uploaded photo, whose objects go; a phone number is not shown to a client that
    /// may not read it.
    async fn an_address_elsewhere_supersedes_a_photo(house: &House) {
        let app = house.app("writing").await;
        let token = token(house, &app, "openid profile").await;
        let uploaded = app.upload(&token, picture::png(640, 3)).await.expect(200).text("picture").to_owned();
        put(house, &token, &json!({ "given_name": "Ada" })).await.expect(200);
        assert_eq!(app.userinfo(&token).await.expect(200).text("picture"), uploaded, "the photo is kept");

        let changed = put(house, &token, &json!({ "phone_number": "112" })).await.expect(200).body;
        assert_eq!(changed["profile"]["phone_number"], "112", "whoever wrote it sees it");
        let changed = put(house, &token, &json!({ "picture_url": "https://example.com/a.png" })).await.expect(200).body;
        assert!(changed["profile"].get("phone_number").is_none());
        assert_eq!(changed["profile"]["picture"], "https://example.com/a.png");
        assert_eq!(house.store().deletions_waiting().await.unwrap(), 4);

        let back = app.upload(&token, picture::png(640, 4)).await.expect(200).text("picture").to_owned();
        assert_eq!(app.userinfo(&token).await.expect(200).text("picture"), back);
    }
}
