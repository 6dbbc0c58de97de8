//! A DPoP proof: its `jti` is good once, at the token endpoint and at the resources.

use serde_json::json;
use tests::ClientKey;

use super::{Two, at, now, races, winner};

races! {
    // S67: fapi2-security-profile-final-dpop-negative-tests
    async fn a_proof_is_believed_once_at_the_token_endpoint(two: &Two) {
        let key = ClientKey::new("one");
        let app = two.app("racing", &json!({ "grant_types": ["client_credentials"], "redirect_uris": [], "response_types": [] }));
        let proof = key.dpop("POST", &format!("{}/oauth2/token", app.issuer), None, now());
        let fields = [("grant_type", "client_credentials")];
        let answers =
            two.at_once(|origin| at(origin, &app).post("/oauth2/token", &fields).header("dpop", &proof)).await;
        let won = winner(&answers, 200, &[(400, "invalid_dpop_proof")]);
        assert_eq!(won.text("token_type"), "DPoP");
    }

    // S67, S85
    async fn a_proof_is_believed_once_at_userinfo(two: &Two) {
        let (person, key) = (two.person(), ClientKey::new("one"));
        let app = two.app("racing", &json!({}));
        let code = app.code(&person, "openid").await;
        let proof = key.dpop("POST", &format!("{}/oauth2/token", app.issuer), None, now());
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code.code),
            ("redirect_uri", &*app.redirect_uri),
            ("code_verifier", &*code.verifier),
        ];
        let redeemed = tests::Answer::of(app.post("/oauth2/token", &fields).header("dpop", proof)).await.expect(200);
        let token = redeemed.text("access_token").to_owned();
        let proof = key.dpop("GET", &format!("{}/api/auth/userinfo", app.issuer), Some(&token), now());
        let answers = two.at_once(|origin| {
            app.http
                .get(format!("{origin}/api/auth/userinfo"))
                .header("authorization", format!("DPoP {token}"))
                .header("dpop", &proof)
        });
        winner(&answers.await, 200, &[(401, "invalid_dpop_proof"), (401, "invalid_token")]);
    }
}
