//! A pushed authorization request: many browsers open it, and see the sign-in page again and again; one of them gets the code.

use serde_json::json;
use tests::Answer;

use super::{MANY, Two, races, visitor::Visitor};

races! {
    // S21: fapi2-security-profile-final-par-attempt-reuse-request_uri
    async fn a_pushed_request_is_spent_once(two: &Two) {
        let (person, app) = (two.person(), two.app("racing", &json!({ "require_pushed_authorization_requests": true })));
        let begun = app.begin("openid", &[]);
        let fields: Vec<_> = begun.url.query_pairs().collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let pushed = Answer::of(app.post("/oauth2/par", &fields)).await.expect(201);
        let query = [("client_id", &*app.client_id), ("request_uri", pushed.text("request_uri"))];
        let path = format!("/oauth2/authorize?{}", serde_urlencoded(&query));

        // Signed in beforehand, so that nothing but the request itself is left to race for.
        let origins = [two.place.issuer.clone(), two.place.second_origin.clone()];
        let mut visitors = Vec::new();
        for number in 0..MANY {
            visitors.push(Visitor::signed_in(two, &person, &origins[number % 2]).await);
        }
        let start = std::sync::Arc::new(tokio::sync::Barrier::new(visitors.len()));
        let visiting: Vec<_> = visitors
            .into_iter()
            .map(|mut visitor| {
                let (start, path, callback) = (start.clone(), path.clone(), app.redirect_uri.clone());
                tokio::spawn(async move {
                    start.wait().await;
                    visitor.until(&path, &callback).await
                })
            })
            .collect();
        let mut codes = Vec::new();
        for one in visiting {
            codes.extend(one.await.unwrap());
        }
        assert_eq!(codes.len(), 1, "a code for each: {codes:?}");
        let code = tests::Code { code: codes.remove(0), verifier: begun.verifier, nonce: begun.nonce };
        app.redeem(&code).await.expect(200);
    }
}

fn serde_urlencoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
