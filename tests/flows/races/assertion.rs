//! A client's assertion (`private_key_jwt`): its `jti` is good once, wherever it is shown.

use serde_json::json;
use tests::{ClientKey, client_key::ASSERTION_TYPE};

use super::{Two, now, races, winner};

races! {
    // S55
    async fn an_assertion_is_believed_once(two: &Two) {
        let key = ClientKey::new("one");
        let app = two.app("racing", &json!({
            "token_endpoint_auth_method": "private_key_jwt",
            "grant_types": ["client_credentials"],
            "redirect_uris": [],
            "response_types": [],
            "jwks": key.jwks(),
        }));
        let assertion = key.assertion(&app.client_id, &app.issuer, now());
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &*assertion),
        ];
        let answers = two.at_once(|origin| app.http.post(format!("{origin}/oauth2/token")).form(&fields)).await;
        winner(&answers, 200, &[(401, "invalid_client")]);
    }
}
