//! A code is good for one redemption, by whomever, however many try at once, on however many nodes.

use futures_util::future::join_all;
use tests::{App, Code, on_both};

const AT_ONCE: usize = 32;

/// Redeems one code many times at the same moment, the attempts spread over the given servers.
async fn race(apps: &[App], code: &Code) -> Vec<tests::Answer> {
    join_all((0..AT_ONCE).map(|i| {
        let app = apps[i % apps.len()].clone();
        let code = code.clone();
        async move { tokio::spawn(async move { app.redeem(&code).await }).await.unwrap() }
    }))
    .await
}

fn assert_one_success(answers: &[tests::Answer]) {
    let successes: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(successes.len(), 1, "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!((refused.status, refused.text("error")), (400, "invalid_grant"), "{:#}", refused.body);
    }
}

on_both! {
    /// I1; S58: whoever loses the race is a replay, so the winner's tokens are dead in the end.
    async fn one_of_many_at_once(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("racer").await;
        let code = app.code(&person, "openid offline_access").await;
        let answers = race(std::slice::from_ref(&app), &code).await;
        assert_one_success(&answers);
        let winner = answers.into_iter().find(|answer| answer.status == 200).unwrap();
        app.userinfo(winner.text("access_token")).await.expect_error(401, "invalid_token");
        assert_eq!(app.introspect(winner.text("access_token")).await, serde_json::json!({ "active": false }));
        app.refresh(winner.text("refresh_token")).await.expect_error(400, "invalid_grant");
    }

    // fapi2-security-profile-final-incorrect-pkce-code-verifier-rejected,
    // fapi2-security-profile-final-ensure-token-endpoint-fails-with-expired-auth-code
    /// S57: every way in which a code can be wrong has one answer.
    async fn every_wrong_code_has_the_same_answer(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("one").await;
        let other = house.app("two").await;
        let code = app.code(&person, "openid").await;
        let unknown = Code { code: "x".repeat(43), ..code.clone() };
        let wrong_verifier = Code { verifier: "v".repeat(43), ..code.clone() };
        let mut answers = vec![app.redeem(&unknown).await, app.redeem(&wrong_verifier).await];
        // S59: another client's try leaves the code with its owner.
        answers.push(other.redeem(&code).await);
        for answer in &answers {
            assert_eq!((answer.status, &answer.body), (400, &answers[0].body));
            assert_eq!(answer.text("error"), "invalid_grant");
            assert_eq!(answer.headers["cache-control"], "no-store"); // S49
        }
        app.redeem(&code).await.expect(200);

        let late = app.code(&person, "openid").await;
        house.advance(61);
        app.redeem(&late).await.expect_error(400, "invalid_grant"); // S23
    }

    // oidcc-codereuse, oidcc-codereuse-30seconds,
    // fapi2-security-profile-final-attempt-reuse-authorization-code-after-one-second
    /// S58: a replay kills what the first use gave out, and nothing else.
    async fn a_replay_kills_its_own_tokens(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("replayed").await;
        let spared = app.tokens(&person, "openid offline_access").await;
        let code = app.code(&person, "openid offline_access").await;
        let first = app.redeem(&code).await.expect(200);
        app.userinfo(first.text("access_token")).await.expect(200);
        app.redeem(&code).await.expect_error(400, "invalid_grant");
        app.userinfo(first.text("access_token")).await.expect_error(401, "invalid_token");
        app.refresh(first.text("refresh_token")).await.expect_error(400, "invalid_grant");
        app.userinfo(spared["access_token"].as_str().unwrap()).await.expect(200);
        app.refresh(spared["refresh_token"].as_str().unwrap()).await.expect(200);
    }
}

/// I1 over processes: two servers on one PostgreSQL.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_many_at_once_on_two_servers() {
    let place = crate::crashes::Place::new(tests::Engine::Postgres).await;
    let person = place.person("grace@example.org");
    let app = place.app("racer", &[]);
    let (first, second) = (place.start().await, place.start_second().await);
    let on_second = App { endpoint: place.second_origin.clone(), ..app.clone() };
    for _ in 0..3 {
        let code = app.code(&person, "openid offline_access").await;
        let answers = race(&[app.clone(), on_second.clone()], &code).await;
        assert_one_success(&answers);
        let winner = answers.into_iter().find(|answer| answer.status == 200).unwrap();
        // The node that answered last knows at once, the other within its lease (1.5 s).
        for app in [&app, &on_second] {
            crate::crashes::eventually("the replayed tokens are dead on every node", async || {
                app.userinfo(winner.text("access_token")).await.status == 401
            })
            .await;
        }
    }
    drop((first, second));
}
