//! A refresh token that rotates.

use super::{Two, at, races, winner};

races! {
    // S62, I2
    async fn a_refresh_token_rotates_once(two: &Two) {
        let (person, app) = (two.person(), two.place.app("racing", &["--public"]));
        let tokens = app.tokens(&person, "openid offline_access").await;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"].as_str().unwrap())];
        let answers = two.at_once(|origin| at(origin, &app).post("/oauth2/token", &fields)).await;
        let won = winner(&answers, 200, &[(400, "invalid_grant")]);
        // The others reused it, which ends the family: nobody can tell who was the thief.
        app.refresh(won.text("refresh_token")).await.expect_error(400, "invalid_grant");
    }
}
