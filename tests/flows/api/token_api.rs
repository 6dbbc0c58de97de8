//! Seed 000, CONTRACT §6: every `fetch` of the seed, field for field, with access tokens and with personal ones.

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tests::{Answer, House, on_both, personal};
use visage::demo::picture;

const UPLOAD: &str = "/api/auth/upload-photo/";
const PROFILE: &str = "/api/auth/user-profile/";

async fn upload(house: &House, authorization: &str, field: &str, bytes: Vec<u8>) -> Answer {
    let form = Form::new().part(field.to_owned(), Part::bytes(bytes).file_name("me.png"));
    let request = house.http.post(house.url(UPLOAD)).header("authorization", authorization);
    Answer::of(request.multipart(form)).await
}

async fn show(house: &House, authorization: &str) -> Answer {
    Answer::of(house.http.get(house.url(PROFILE)).header("authorization", authorization)).await
}

async fn put(house: &House, authorization: &str, body: &Value) -> Answer {
    Answer::of(house.http.put(house.url(PROFILE)).header("authorization", authorization).json(body)).await
}

on_both! {
    async fn every_example_of_the_seed(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("reading").await;
        let tokens = app.tokens(&person, "openid profile").await;
        let access = tokens["access_token"].as_str().unwrap().to_owned();
        let own = personal::token_of(&house.issuer, &person, &["profile"]).await;
        for (hue, token) in [(1, access), (20, own)] {
            let by_token = format!("Token {token}");
            // fetch('/api/auth/upload-photo/', { headers: { 'Authorization': `Token ${userToken}` }, body: formData })
            let answer = upload(house, &by_token, "profile_picture", picture::png(640, hue)).await.expect(200);
            let url = answer.text("profile_picture_url").to_owned();
            assert_eq!(answer.body, json!({ "success": true, "profile_picture_url": url }));
            assert!(url.starts_with(&house.issuer), "absolute: {url}");
            let picture = house.http.get(&url).send().await.unwrap();
            assert_eq!((picture.status().as_u16(), &picture.headers()["content-type"]), (200, &"image/jpeg".parse().unwrap()));

            // fetch('/api/auth/user-profile/', …).then(data => data.profile.profile_picture_url)
            for authorization in [&by_token, &format!("Bearer {token}"), &format!("token {token}")] {
                let shown = show(house, authorization).await.expect(200);
                assert_eq!(shown.body["profile"]["profile_picture_url"], url);
            }
            // PUT keeps the photo, whatever it says of it; what was read can be sent back.
            let before = show(house, &by_token).await.expect(200).body;
            let mut sent = before.clone();
            sent["profile"]["preferred_language"] = "fr".into();
            sent["profile"]["profile_picture_url"] = Value::Null;
            sent["picture_url"] = "https://example.com/other.png".into();
            let changed = put(house, &by_token, &sent).await.expect(200).body;
            assert_eq!((&changed["success"], &changed["message"]), (&json!(true), &json!("Profile updated successfully")));
            assert_eq!(changed["profile"]["preferred_language"], "fr");
            assert_eq!(changed["profile"]["profile_picture_url"], url, "the photo is kept");
            put(house, &by_token, &json!({ "given_name": "Ada", "preferred_language": "en" })).await.expect(200);
            let after = show(house, &by_token).await.expect(200).body;
            assert_eq!((&after["profile"]["given_name"], &after["profile"]["preferred_language"]), (&json!("Ada"), &json!("en")));
            assert_eq!(after["profile"]["profile_picture_url"], url);
        }
    }

    async fn what_it_shows(house: &House) {
        let person = house.person("grace@example.org").await;
        let own = format!("Token {}", personal::token_of(&house.issuer, &person, &["profile"]).await);
        let shown = show(house, &own).await.expect(200).body;
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&shown), ["profile", "success", "user"]);
        assert_eq!(keys(&shown["user"]), ["created_at", "is_active", "name", "sub"], "e-mail needs its own scope");
        assert_eq!(shown["user"]["sub"], person.id);
        assert_eq!(
            keys(&shown["profile"]),
            ["family_name", "given_name", "preferred_language", "profile_picture_url", "updated_at"]
        );
        assert_eq!(shown["profile"]["profile_picture_url"], Value::Null, "none, as the seed's page expects");
        let wide = personal::token_of(&house.issuer, &person, &["profile", "email", "phone"]).await;
        let wide = show(house, &format!("Token {wide}")).await.expect(200).body;
        assert_eq!(wide["user"]["email"], person.email);
        // Without the slash, and without a word of the body of others.
        let bare = house.http.get(house.url("/api/auth/user-profile")).header("authorization", &own);
        Answer::of(bare).await.expect(200);
    }

    /// The seed's validations; refused uploads leave the photo as it was.
    async fn what_it_refuses(house: &House) {
        let person = house.person("grace@example.org").await;
        let own = format!("Token {}", personal::token_of(&house.issuer, &person, &["profile"]).await);
        let url = upload(house, &own, "profile_picture", picture::png(300, 1)).await.expect(200);
        let url = url.text("profile_picture_url").to_owned();
        for (field, bytes) in [
            ("photo", picture::png(300, 2)),
            ("profile_picture", b"<svg/>".to_vec()),
            ("profile_picture", Vec::new()),
            ("profile_picture", vec![0; 5_242_881]),
        ] {
            let refused = upload(house, &own, field, bytes).await.expect(400);
            assert!(refused.body["success"] == false && !refused.text("message").is_empty(), "{:#}", refused.body);
        }
        assert_eq!(show(house, &own).await.expect(200).body["profile"]["profile_picture_url"], url);
        let refused = put(house, &own, &json!({ "preferred_language": "no language" })).await;
        let refused = refused.expect_error(400, "invalid_field");
        assert_eq!(refused.text("message"), "The field “preferred_language” is not valid.");
        let form = house.http.put(house.url(PROFILE)).header("authorization", &own).form(&[("given_name", "Ada")]);
        let refused = Answer::of(form).await.expect_error(400, "invalid_request");
        assert!(refused.text("message").contains("JSON"), "{:#}", refused.body);

        let nobody = Answer::of(house.http.post(house.url(UPLOAD))).await.expect(401);
        let challenges: Vec<_> = nobody.headers.get_all("www-authenticate").iter().collect();
        assert!(challenges[0].to_str().unwrap().starts_with("Bearer resource_metadata="), "{challenges:?}");
        assert_eq!(challenges[1..], [r#"DPoP algs="ES256 EdDSA PS256""#, "Token"]);
        show(house, "Token visage_pat_nothing").await.expect_error(401, "invalid_token");
        let narrow = personal::token_of(&house.issuer, &person, &["email"]).await;
        show(house, &format!("Token {narrow}")).await.expect_error(403, "insufficient_scope");
        upload(house, &format!("Token {narrow}"), "profile_picture", picture::png(300, 3)).await.expect(403);
        // Elsewhere the scheme is none.
        let elsewhere = house.http.get(house.url("/api/auth/profile")).header("authorization", &own);
        Answer::of(elsewhere).await.expect(401);
    }

    /// S37, I4: on the house that serves it, at once.
    async fn a_personal_token_ends(house: &House) {
        let person = house.person("grace@example.org").await;
        let mut browser = tests::Browser::new(house.http.clone());
        personal::sign_in(&mut browser, &house.issuer, &person).await;
        let token = personal::token(&mut browser, &house.issuer, &person, &["profile"]).await;
        let own = format!("Token {token}");
        show(house, &own).await.expect(200);
        assert!(!house.database.dump().await.contains(&token), "only its digest is kept");
        let store = house.store();
        assert_eq!(store.personal_tokens(&person.id, 0).await.unwrap().len(), 1);
        personal::revoke_all(&mut browser, &house.issuer).await;
        show(house, &own).await.expect(401);

        let token = personal::token(&mut browser, &house.issuer, &person, &["profile"]).await;
        house.advance(91 * 86_400);
        show(house, &format!("Token {token}")).await.expect(401);
    }

    /// Wherever an access token is, as far as its scopes reach; never where a session or a client is meant.
    async fn a_personal_token_elsewhere(house: &House) {
        let person = house.person("grace@example.org").await;
        let wide = personal::token_of(&house.issuer, &person, &["openid", "profile", "galleries"]).await;
        let narrow = personal::token_of(&house.issuer, &person, &["profile"]).await;
        let get = async |path: &str, token: &str| Answer::of(house.http.get(house.url(path)).bearer_auth(token)).await;
        let userinfo = get("/api/auth/userinfo", &wide).await.expect(200);
        assert_eq!(userinfo.text("sub"), person.id);
        assert!(userinfo.body.get("picture_stable").is_none() && userinfo.body.get("email").is_none());
        get("/api/auth/userinfo", &narrow).await.expect_error(403, "insufficient_scope");
        get("/api/auth/profile", &narrow).await.expect(200);
        get("/rooms/list-image-temp/", &wide).await.expect(200);
        get("/rooms/list-image-temp/", &narrow).await.expect_error(403, "insufficient_scope");
        // Staged with one, confirmed with another: the person is the same.
        let part = Part::bytes(picture::png(300, 7)).file_name("me.png");
        let form = Form::new().part("image", part);
        let staged = house.http.post(house.url("/api/users/upload-profile-picture/")).bearer_auth(&narrow);
        let staged = Answer::of(staged.multipart(form)).await.expect(201);
        let confirm = house.http.post(house.url("/api/users/confirm-profile-picture/")).bearer_auth(&wide);
        Answer::of(confirm.json(&json!({ "upload_id": staged.body["id"] }))).await.expect(200);

        let admin = get("/api/admin/photos", &wide).await;
        assert!([401, 403].contains(&admin.status), "{}", admin.status);
        let app = house.app("nosy").await;
        assert_eq!(app.introspect(&wide).await, json!({ "active": false }));
        app.revoke(&wide).await.expect_error(400, "invalid_request");
        app.refresh(&wide).await.expect_error(400, "invalid_grant");
        get("/api/auth/profile", &wide).await.expect(200);
    }
}
