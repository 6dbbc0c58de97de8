//! Killed while a code is redeemed, while a refresh token rotates.

use tests::{Answer, App, Engine};
use visage::stopwatch::Stopwatch;

use super::{Place, Sides, moment, on_both_engines};

on_both_engines!(redemption, rotation);

/// The answer, if the server lived long enough to give it.
async fn whole_answer(request: reqwest::RequestBuilder) -> Option<Answer> {
    let response = request.send().await.ok()?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let bytes = response.bytes().await.ok()?;
    Some(Answer { status, headers, body: serde_json::from_slice(&bytes).ok()? })
}

fn redeeming(app: &App, code: &tests::Code) -> reqwest::RequestBuilder {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code.code),
        ("redirect_uri", &app.redirect_uri),
        ("code_verifier", &code.verifier),
    ];
    app.post("/oauth2/token", &fields)
}

/// I1, F1 to F4: over the crash and the client's second try, one success at most; what a replay follows is dead.
async fn redemption(engine: Engine) {
    let place = Place::new(engine).await;
    let person = place.person("grace@example.org");
    let app = place.app("crashing", &[]);
    let mut sides = Sides::default();
    while sides.wants_more() {
        let server = place.start().await;
        let measured = app.code(&person, "openid offline_access").await;
        let watch = Stopwatch::default();
        app.redeem(&measured).await.expect(200);
        let longest = sides.window(watch.milliseconds());
        let code = app.code(&person, "openid offline_access").await;
        let first = tokio::spawn(whole_answer(redeeming(&app, &code)));
        tokio::time::sleep(moment(longest)).await;
        server.kill();
        let first = first.await.unwrap().filter(|answer| answer.status == 200);

        let server = place.start().await;
        let second = app.redeem(&code).await;
        match (&first, second.status) {
            // Never happened: the second try is the first.
            (None, 200) => {
                sides.before += 1;
                app.userinfo(second.text("access_token")).await.expect(200);
            }
            // Happened, whether or not the client heard of it: this was a replay, so everything of it is dead.
            (_, 400) => {
                sides.after += 1;
                assert_eq!(second.text("error"), "invalid_grant");
                if let Some(first) = &first {
                    app.userinfo(first.text("access_token")).await.expect_error(401, "invalid_token");
                    app.refresh(first.text("refresh_token")).await.expect_error(400, "invalid_grant");
                }
            }
            (first, status) => panic!("first {:?}, second {status}", first.as_ref().map(|a| a.status)),
        }
        // And never a third.
        app.redeem(&code).await.expect_error(400, "invalid_grant");
        server.kill();
    }
    sides.assert_both();
}

/// I2, F5, F6: after the crash at most one member of the family is accepted; who presents an old one ends it.
async fn rotation(engine: Engine) {
    let place = Place::new(engine).await;
    let person = place.person("grace@example.org");
    let app = place.app("crashing", &["--public"]);
    let mut sides = Sides::default();
    while sides.wants_more() {
        let server = place.start().await;
        let measured = app.tokens(&person, "openid offline_access").await;
        let watch = Stopwatch::default();
        app.refresh(measured["refresh_token"].as_str().unwrap()).await.expect(200);
        let longest = sides.window(watch.milliseconds());
        let tokens = app.tokens(&person, "openid offline_access").await;
        let old = tokens["refresh_token"].as_str().unwrap().to_owned();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", old.as_str())];
        let first = tokio::spawn(whole_answer(app.post("/oauth2/token", &fields)));
        tokio::time::sleep(moment(longest)).await;
        server.kill();
        let first = first.await.unwrap().filter(|answer| answer.status == 200);

        let server = place.start().await;
        if let Some(first) = &first {
            sides.after += 1;
            // The client heard of the rotation and goes on from there.
            let next = app.refresh(first.text("refresh_token")).await.expect(200);
            app.refresh(&old).await.expect_error(400, "invalid_grant");
            app.refresh(next.text("refresh_token")).await.expect_error(400, "invalid_grant");
        } else {
            // It did not, and tries the old one: a first use, or a reuse that ends the family.
            let again = app.refresh(&old).await;
            if again.status == 200 {
                sides.before += 1;
                app.userinfo(again.text("access_token")).await.expect(200);
            } else {
                sides.after += 1;
                again.expect_error(400, "invalid_grant");
                app.userinfo(tokens["access_token"].as_str().unwrap())
                    .await
                    .expect_error(401, "invalid_token");
            }
        }
        server.kill();
    }
    sides.assert_both();
}
