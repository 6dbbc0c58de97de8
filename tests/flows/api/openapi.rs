//! `/api/openapi.json`: every operation that it names is there, with the answers that it names.

use reqwest::Method;
use tests::{Answer, on_both};

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
}
