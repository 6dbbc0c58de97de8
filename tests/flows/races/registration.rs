//! An initial access token that is good for one registration.

use serde_json::{Value, json};

use super::{Two, races, winner};

races! {
    // S76
    async fn an_initial_token_registers_one_client(two: &Two) {
        let made = two.place.run(&["client", "initial-token", "add", "--name", "racing", "--uses", "1", "--json"], "");
        let made: Value = serde_json::from_str(&made).unwrap();
        let token = made["initial_access_token"].as_str().expect("the token");
        let registration = json!({ "client_name": "Racing", "redirect_uris": ["https://app.example/callback"] });
        let answers = two.at_once(|origin| {
            tests::http().post(format!("{origin}/oauth2/register")).bearer_auth(token).json(&registration)
        });
        let won = winner(&answers.await, 201, &[(401, "invalid_token")]);
        assert!(!won.text("registration_access_token").is_empty());
        let all: Value = serde_json::from_str(&two.place.run(&["client", "list", "--json"], "")).unwrap();
        let registered = all.as_array().unwrap().iter().filter(|client| client["client_name"] == "Racing").count();
        assert_eq!(registered, 1);
    }
}
