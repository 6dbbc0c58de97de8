//! A device code: approved once, and then given to one poll.

use serde_json::json;
use tests::device::{GRANT, approve};

use super::{Two, at, races, winner};

races! {
    // S66
    async fn a_device_code_is_redeemed_once(two: &Two) {
        let person = two.person();
        let app = two.app("racing", &json!({
            "grant_types": [GRANT],
            "response_types": [],
            "token_endpoint_auth_method": "none",
        }));
        let asked = app.device("openid").await;
        approve(asked.text("verification_uri_complete"), &person).await;
        let fields = [("grant_type", GRANT), ("device_code", asked.text("device_code"))];
        let answers = two.at_once(|origin| at(origin, &app).post("/oauth2/token", &fields)).await;
        winner(&answers, 200, &[(400, "invalid_grant"), (400, "slow_down")]);
        app.poll(asked.text("device_code")).await.expect_error(400, "invalid_grant");
    }
}
