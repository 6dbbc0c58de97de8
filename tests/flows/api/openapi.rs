//! `/api/openapi.json`: every operation that it names is there, with the answers that it names.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, on_both};
use visage::demo::picture;

on_both! {
    async fn what_it_names_is_there(house: &House) {
        let document = Answer::of(house.http.get(house.url("/api/openapi.json"))).await.expect(200).body;
        assert_eq!(document["servers"][0]["url"], house.issuer);
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let method: Method = method.to_uppercase().parse().unwrap();
                let answer = Answer::of(house.http.request(method.clone(), house.url(path))).await;
                assert_eq!(answer.status, 401, "{method} {path} without a token");
                assert!(operation["responses"].get("401").is_some(), "{method} {path}");
                // CONTRACT §4: the body of every error.
                assert_eq!(answer.body["success"], false, "{method} {path}: {:#}", answer.body);
                assert!(answer.body["error"].is_string() && answer.body["message"].is_string());
                assert!(answer.headers.contains_key("www-authenticate"));
            }
        }
        let french = house.http.get(house.url("/api/auth/profile")).header("accept-language", "fr");
        let english = house.http.get(house.url("/api/auth/profile")).header("accept-language", "en");
        assert_ne!(Answer::of(french).await.text("message"), Answer::of(english).await.text("message"));
    }

    /// Nothing that an answer holds is missing in its schema, and nothing that the schema requires is missing in it.
    async fn real_answers_are_as_described(house: &House) {
        let document = Answer::of(house.http.get(house.url("/api/openapi.json"))).await.expect(200).body;
        let schemas = &document["components"]["schemas"];
        let check = |name: &str, body: &Value, schema: &Value| {
            for key in body.as_object().unwrap().keys() {
                assert!(schema["properties"].get(key).is_some(), "{name} does not name `{key}`");
            }
            for key in schema["required"].as_array().into_iter().flatten() {
                assert!(body.get(key.as_str().unwrap()).is_some(), "{name} requires {key}");
            }
        };
        let claims = json!({
            "given_name": "Grace", "family_name": "Garden", "middle_name": "B", "nickname": "G", "preferred_username": "grace",
            "profile": "https://grace.example/", "website": "https://grace.example/", "gender": "female",
            "birthdate": "1990-01-01", "zoneinfo": "Europe/Paris", "locale": "fr", "phone_number": "+33123456789",
            "phone_number_verified": true, "email_verified": true,
            "address": { "formatted": "1 rue X", "street_address": "1 rue X", "locality": "Lyon", "region": "R",
                         "postal_code": "69001", "country": "France" },
        });
        let person = house.person_with("full@example.org", &claims).await;
        let app = house.app("describing").await;
        let token = app.tokens(&person, "openid profile email phone address").await;
        let token = token["access_token"].as_str().unwrap();
        let userinfo = app.userinfo(token).await.expect(200).body;
        check("UserInfo", &userinfo, &schemas["UserInfo"]);
        check("UserInfo.address", &userinfo["address"], &schemas["UserInfo"]["properties"]["address"]);

        let profile = || house.http.get(house.url("/api/auth/profile")).bearer_auth(token);
        check("Profile", &Answer::of(profile()).await.expect(200).body, &schemas["Profile"]);
        let put = |body: Value| house.http.put(house.url("/api/auth/profile")).bearer_auth(token).json(&body);
        let changed = Answer::of(put(json!({ "given_name": "Ada" }))).await.expect(200).body;
        check("ProfileChanged", &changed, &schemas["ProfileChanged"]);
        check("ProfileChanged.profile", &changed["profile"], &schemas["ProfileChanged"]["properties"]["profile"]);
        let photo = app.upload(token, picture::png(64, 0)).await.expect(200).body;
        check("PhotoChanged", &photo, &schemas["PhotoChanged"]);
        let url = house.url("/api/auth/profile/photo");
        let removed = Answer::of(house.http.delete(&url).bearer_auth(token)).await.expect(200).body;
        check("PhotoRemoved", &removed, &schemas["PhotoRemoved"]);

        let refused = [
            Answer::of(put(json!({ "locale": 5 }))).await,
            Answer::of(put(json!({ "given_name": "x".repeat(1 << 20) }))).await,
            Answer::of(house.http.patch(&url).bearer_auth(token)).await.expect(405),
            app.upload(token, b"no picture".to_vec()).await.expect(400),
        ];
        let named = &document["paths"]["/api/auth/profile"]["put"]["responses"];
        for answer in &refused {
            check("Error", &answer.body, &schemas["Error"]);
        }
        for answer in &refused[..2] {
            assert!(named.get(answer.status.to_string()).is_some(), "{} is not named", answer.status);
        }
    }
}
