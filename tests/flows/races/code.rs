//! An authorization code.

use super::{Two, at, races, winner};

races! {
    // S58, I1
    async fn a_code_is_redeemed_once(two: &Two) {
        let (person, app) = (two.person(), two.place.app("racing", &[]));
        let code = app.code(&person, "openid offline_access").await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code.code),
            ("redirect_uri", &*app.redirect_uri),
            ("code_verifier", &*code.verifier),
        ];
        let answers = two.at_once(|origin| at(origin, &app).post("/oauth2/token", &fields)).await;
        let won = winner(&answers, 200, &[(400, "invalid_grant")]);
        // The others presented a used code: what the first one gave is dead.
        app.refresh(won.text("refresh_token")).await.expect_error(400, "invalid_grant");
    }
}
