//! Refresh tokens: rotation, reuse, lifetimes, and what ends them.

use futures_util::future::join_all;
use tests::on_both;

on_both! {
    /// S62, I2: an old token that comes again ends its family, and only its family.
    async fn reuse_kills_the_family_and_only_it(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.public_app("phone").await;
        let other = app.tokens(&person, "openid offline_access").await;
        let first = app.tokens(&person, "openid offline_access").await;
        let old = first["refresh_token"].as_str().unwrap();
        let second = app.refresh(old).await.expect(200);
        assert_ne!(second.text("refresh_token"), old, "public clients rotate");
        let third = app.refresh(second.text("refresh_token")).await.expect(200);

        app.refresh(old).await.expect_error(400, "invalid_grant");
        for dead in [second.text("refresh_token"), third.text("refresh_token")] {
            app.refresh(dead).await.expect_error(400, "invalid_grant");
        }
        for dead in [first["access_token"].as_str().unwrap(), third.text("access_token")] {
            app.userinfo(dead).await.expect_error(401, "invalid_token");
        }
        app.userinfo(other["access_token"].as_str().unwrap()).await.expect(200);
        app.refresh(other["refresh_token"].as_str().unwrap()).await.expect(200);
    }

    /// I2: of many rotations at once one wins; the losers are reuse, so the family ends.
    async fn one_rotation_of_many_at_once(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.public_app("phone").await;
        let tokens = app.tokens(&person, "openid offline_access").await;
        let old = tokens["refresh_token"].as_str().unwrap();
        let answers = join_all((0..16).map(|_| app.refresh(old))).await;
        let successes: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(successes.len(), 1, "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
        app.refresh(successes[0].text("refresh_token")).await.expect_error(400, "invalid_grant");
        app.userinfo(successes[0].text("access_token")).await.expect_error(401, "invalid_token");
    }

    // oidcc-refresh-token, fapi2-security-profile-final-refresh-token
    /// S63: a confidential client keeps its token, so that a lost answer costs nothing.
    async fn a_confidential_client_keeps_its_token(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("server").await;
        let tokens = app.tokens(&person, "openid offline_access").await;
        let kept = tokens["refresh_token"].as_str().unwrap();
        for _ in 0..3 {
            let answer = app.refresh(kept).await.expect(200);
            let again = answer.text("refresh_token");
            assert!(again.is_empty() || again == kept, "it rotated");
            app.userinfo(answer.text("access_token")).await.expect(200);
        }
    }

    /// S61: less is possible, more is not; and what is left out comes back.
    async fn scopes_shrink_and_never_grow(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("server").await;
        let tokens = app.tokens(&person, "openid email offline_access").await;
        let token = tokens["refresh_token"].as_str().unwrap();
        let ask = async |scope: &str| {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
            tests::Answer::of(app.post("/oauth2/token", &fields)).await
        };
        let less = ask("openid").await.expect(200);
        let claims = app.userinfo(less.text("access_token")).await.expect(200);
        assert!(claims.body.get("email").is_none(), "{:#}", claims.body);
        ask("openid profile").await.expect_error(400, "invalid_scope");
        let whole = app.refresh(token).await.expect(200);
        assert_eq!(app.userinfo(whole.text("access_token")).await.expect(200).text("email"), "grace@example.org");
    }

    /// S64: unused too long, or lived too long, however often it was used.
    async fn idle_and_absolute_lifetimes(house: &House) {
        const DAY: i64 = 86_400;
        let person = house.person("grace@example.org").await;
        let app = house.public_app("phone").await;
        let idle = app.tokens(&person, "openid offline_access").await;
        let mut used = app.tokens(&person, "openid offline_access").await["refresh_token"].as_str().unwrap().to_owned();
        for day in (0..364).step_by(28) {
            let answer = app.refresh(&used).await;
            assert_eq!(answer.status, 200, "day {day}: {:#}", answer.body);
            used = answer.text("refresh_token").to_owned();
            house.advance(28 * DAY);
        }
        app.refresh(idle["refresh_token"].as_str().unwrap()).await.expect_error(400, "invalid_grant");
        house.advance(3 * DAY);
        app.refresh(&used).await.expect_error(400, "invalid_grant");
    }

    /// S88, S37: what ends a grant ends its tokens.
    async fn revoked_withdrawn_disabled(house: &House) {
        let person = house.person("grace@example.org").await;
        let app = house.app("server").await;

        let tokens = app.tokens(&person, "openid offline_access").await;
        app.revoke(tokens["refresh_token"].as_str().unwrap()).await.expect(200);
        app.userinfo(tokens["access_token"].as_str().unwrap()).await.expect_error(401, "invalid_token");

        // A single access token goes alone.
        let tokens = app.tokens(&person, "openid offline_access").await;
        app.revoke(tokens["access_token"].as_str().unwrap()).await.expect(200);
        app.userinfo(tokens["access_token"].as_str().unwrap()).await.expect_error(401, "invalid_token");
        let renewed = app.refresh(tokens["refresh_token"].as_str().unwrap()).await.expect(200);
        app.userinfo(renewed.text("access_token")).await.expect(200);

        house.store().set_active(&person.id, false, web::Clock::now(&house.clock)).await.unwrap();
        app.userinfo(renewed.text("access_token")).await.expect_error(401, "invalid_token");
        app.refresh(tokens["refresh_token"].as_str().unwrap()).await.expect_error(400, "invalid_grant");
    }
}
