use actix_web::test::TestRequest;
use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::{Client, SECOND, SigningAlg, policy::Pkce};
use serde_json::json;

use super::{
    house::{House, ISSUER, START, on_both},
    wire::{CALLBACK, authorize, basic, parts, post, redemption, secret_of, text},
};

fn invalid_grant() -> (u16, String) {
    (400, "invalid_grant".into())
}

/// A house in which `u1` is signed in and the client is trusted.
async fn furnished(change: impl FnOnce(&mut Client)) -> (House, Client) {
    let house = House::new().await;
    let client = house
        .client("c1", |client| {
            client.trusted = true;
            change(client);
        })
        .await;
    house.sign_in(&house.person("u1").await).await;
    (house, client)
}

// S48, S61, S68, S69, S70, S111, S112
async fn what_the_tokens_say() {
    for alg in SigningAlg::ALL {
        let (house, client) = furnished(|client| client.id_token_alg = alg).await;
        let code = house.code(&client, "openid email offline_access").await;
        house.clock.advance(5 * SECOND);
        let answer = house.redeem(&client, &code).await;
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
        let tokens = answer.json();
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 600);
        assert_eq!(tokens["scope"], "openid email offline_access");
        assert_eq!(text(&tokens, "refresh_token").len(), 43);

        let access_token = text(&tokens, "access_token");
        let (header, claims) = parts(access_token);
        let start = START / SECOND;
        assert_eq!((header["typ"].as_str(), header["alg"].as_str()), (Some("at+jwt"), Some("ES256")));
        assert_eq!(claims["exp"], start + 605);
        assert_eq!((text(&claims, "iss"), text(&claims, "aud")), (ISSUER, ISSUER));
        assert_eq!((text(&claims, "sub"), text(&claims, "client_id")), ("u1", "c1"));

        let id_token = text(&tokens, "id_token");
        assert!(house.core.ring.verify_id_token_hint(id_token).is_ok());
        let (header, claims) = parts(id_token);
        assert_eq!(header["alg"], alg.as_str());
        assert_eq!((text(&claims, "iss"), text(&claims, "aud"), text(&claims, "sub")), (ISSUER, "c1", "u1"));
        assert_eq!((claims["auth_time"].as_i64(), claims["iat"].as_i64()), (Some(start), Some(start + 5)));
        assert_eq!((text(&claims, "nonce"), &claims["amr"]), ("n-1", &json!(["pwd"])));
        assert_eq!(text(&claims, "at_hash"), protocol::token::half_hash(access_token, alg));
        assert!(claims.get("email").is_none());
        assert_eq!(text(&claims, "acr"), "1");

        house.clock.advance(5 * SECOND);
        let renewed = house.refresh(&client, text(&tokens, "refresh_token")).await.json();
        let (_, renewed) = parts(text(&renewed, "id_token"));
        assert_eq!((&renewed["sub"], &renewed["aud"]), (&claims["sub"], &claims["aud"]));
        assert_eq!(renewed["auth_time"], claims["auth_time"]);
        assert!(renewed.get("nonce").is_none());
    }
}
on_both!(what_the_tokens_say);

async fn plain_oauth_has_no_id_token() {
    let (house, client) = furnished(|_| {}).await;
    let tokens = house.tokens(&client, "email").await;
    assert!(tokens.get("id_token").is_none());
    assert!(tokens.get("refresh_token").is_some(), "the registration has the grant");
    let online = house.tokens(&client, "openid").await;
    assert!(online.get("refresh_token").is_none());
}
on_both!(plain_oauth_has_no_id_token);

// S30
async fn claims_that_the_client_wanted_are_in_the_id_token() {
    let (house, client) = furnished(|_| {}).await;
    let wishes = r#"{"id_token":{"email":{"essential":true},"nickname":null}}"#;
    let url = authorize(&client, &[("claims", wishes)]);
    let code = house.get(&url).await.parameter("code").unwrap();
    let tokens = house.redeem(&client, &code).await.json();
    let (_, claims) = parts(text(&tokens, "id_token"));
    assert_eq!(text(&claims, "email"), "u1@example.test");
    assert!(claims.get("name").is_none() && claims.get("nickname").is_none());
    assert_eq!(tokens["scope"], "openid", "the token does not get the scope");
}
on_both!(claims_that_the_client_wanted_are_in_the_id_token);

// S57, S60
async fn a_code_wants_everything_right() {
    let (house, client) = furnished(|_| {}).await;
    let other = house.client("c2", |_| {}).await;
    let code = house.code(&client, "openid").await;
    let without =
        |name: &str| redemption(&code).into_iter().filter(|(own, _)| *own != name).collect::<Vec<_>>();
    let with = |name: &'static str, value: &'static str| {
        let mut form = without(name);
        form.push((name, value));
        form
    };
    let wrong = "x".repeat(43);
    for form in
        [without("redirect_uri"), with("redirect_uri", "https://app.test/cb"), without("code_verifier")]
    {
        assert_eq!(house.token(&client, &form).await.error(), invalid_grant());
    }
    assert_eq!(house.redeem(&other, &code).await.error(), invalid_grant());
    assert_eq!(house.redeem(&client, &wrong).await.error(), invalid_grant());
    // S59: that were four wrong tries at this code; its owner still has it.
    assert_eq!(house.redeem(&client, &code).await.status, 200);

    let burnt = house.code(&client, "openid").await;
    for _ in 0..5 {
        assert_eq!(house.redeem(&other, &burnt).await.error(), invalid_grant());
    }
    assert_eq!(house.redeem(&client, &burnt).await.error(), invalid_grant());

    // S23
    let late = house.code(&client, "openid").await;
    house.clock.advance(60 * SECOND);
    assert_eq!(house.redeem(&client, &late).await.error(), invalid_grant());
}
on_both!(a_code_wants_everything_right);

// S58
async fn a_replayed_code_kills_what_came_of_it() {
    let (house, client) = furnished(|_| {}).await;
    let sibling = house.tokens(&client, "openid offline_access").await;
    let code = house.code(&client, "openid offline_access").await;
    let tokens = house.redeem(&client, &code).await.json();
    assert!(house.lives(&tokens).await);
    // Long after the code would have expired.
    house.clock.advance(300 * SECOND);
    assert_eq!(house.redeem(&client, &code).await.error(), invalid_grant());
    assert!(!house.lives(&tokens).await);
    assert_eq!(house.refresh(&client, text(&tokens, "refresh_token")).await.error(), invalid_grant());
    assert!(house.lives(&sibling).await);
    assert_eq!(house.refresh(&client, text(&sibling, "refresh_token")).await.status, 200);
}
on_both!(a_replayed_code_kills_what_came_of_it);

// S58, I1
async fn of_many_at_once_one_wins() {
    let (house, client) = furnished(|_| {}).await;
    let code = house.code(&client, "openid").await;
    let tries = (0..32).map(|_| house.redeem(&client, &code));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let tokens = answers.iter().find(|answer| answer.status == 200).unwrap().json();
    assert!(!house.lives(&tokens).await, "the others were replays");
}
on_both!(of_many_at_once_one_wins);

// S37
async fn what_ends_a_code_on_its_way() {
    let (house, client) = furnished(|_| {}).await;
    let code = house.code(&client, "openid").await;
    house.core.store.set_active("u1", false, house.core.now()).await.unwrap();
    assert_eq!(house.redeem(&client, &code).await.error(), invalid_grant());

    let session = house.sign_in(&house.person("u2").await).await;
    let code = house.code(&client, "openid").await;
    house.core.store.end_session(&session.sid, house.core.now()).await.unwrap();
    assert_eq!(house.redeem(&client, &code).await.error(), invalid_grant());
}
on_both!(what_ends_a_code_on_its_way);

// S37, I1: whoever is first, nothing that was asked before outlives the change of the password.
async fn requests_that_race_a_new_password() {
    let (house, client) = furnished(|_| {}).await;
    let user = house.core.store.user("u1").await.unwrap().unwrap();
    for _ in 0..5 {
        house.sign_in(&user).await;
        let url = authorize(&client, &[("prompt", "none")]);
        let asks = futures_util::future::join_all((0..8).map(|_| house.get(&url)));
        let change = house.core.store.set_password("u1", "hash".into(), None, house.core.now());
        let (answers, changed) = futures_util::future::join(asks, change).await;
        assert!(changed.unwrap());
        for answer in answers {
            match answer.parameter("code") {
                Some(code) => assert_eq!(house.redeem(&client, &code).await.error(), invalid_grant()),
                None => assert_eq!(answer.parameter("error").as_deref(), Some("login_required")),
            }
        }
    }
}
on_both!(requests_that_race_a_new_password);

// I6
async fn a_narrowed_client_gets_less() {
    let (house, client) = furnished(|_| {}).await;
    let narrow = async |scopes: &str| {
        let scopes = protocol::Scopes::parse(scopes).unwrap();
        house.core.store.update_client(Client { scopes, ..client.clone() }).await.unwrap();
    };
    let tokens = house.tokens(&client, "openid email offline_access").await;
    let wishes = r#"{"id_token":{"email":null}}"#;
    let named = house.get(&authorize(&client, &[("claims", wishes)])).await.parameter("code").unwrap();
    let code = house.code(&client, "openid email offline_access").await;
    let only_email = house.code(&client, "email").await;
    narrow("openid offline_access").await;
    assert_eq!(house.redeem(&client, &code).await.json()["scope"], "openid offline_access");
    assert_eq!(house.redeem(&client, &only_email).await.error(), invalid_grant());
    let (_, claims) = parts(text(&house.redeem(&client, &named).await.json(), "id_token"));
    assert!(claims.get("email").is_none(), "nor by name");
    let refresh = text(&tokens, "refresh_token");
    assert_eq!(house.refresh(&client, refresh).await.json()["scope"], "openid offline_access");
    narrow("phone").await;
    assert_eq!(house.refresh(&client, refresh).await.error(), invalid_grant());
}
on_both!(a_narrowed_client_gets_less);

// S62
async fn reuse_kills_the_family_and_only_it() {
    let house = House::new().await;
    let user = house.person("u1").await;
    let client = house.public_client("p1").await;
    house.sign_in(&user).await;
    house.agree(&user, &client, "openid offline_access", None).await;
    let sibling = house.tokens(&client, "openid offline_access").await;
    let first = house.tokens(&client, "openid offline_access").await;
    let old = text(&first, "refresh_token");
    let second = house.refresh(&client, old).await.json();
    let tip = text(&second, "refresh_token");
    assert_ne!(old, tip);
    assert!(house.lives(&first).await && house.lives(&second).await);
    assert_eq!(house.refresh(&client, old).await.error(), invalid_grant());
    assert!(!house.lives(&first).await && !house.lives(&second).await);
    assert_eq!(house.refresh(&client, tip).await.error(), invalid_grant());
    assert!(house.lives(&sibling).await);
    assert_eq!(house.refresh(&client, text(&sibling, "refresh_token")).await.status, 200);
}
on_both!(reuse_kills_the_family_and_only_it);

// S62, I2
async fn of_many_rotations_at_once_one_wins() {
    let (house, client) = furnished(|client| client.rotate_refresh = true).await;
    let tokens = house.tokens(&client, "openid offline_access").await;
    let tries = (0..16).map(|_| house.refresh(&client, text(&tokens, "refresh_token")));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(!house.lives(&tokens).await);
}
on_both!(of_many_rotations_at_once_one_wins);

// S61, S63, S64
async fn a_confidential_client_keeps_its_token() {
    let (house, client) = furnished(|_| {}).await;
    let tokens = house.tokens(&client, "openid email offline_access").await;
    let token = text(&tokens, "refresh_token");
    let day = 24 * 3600 * SECOND;
    for _ in 0..12 {
        house.clock.advance(29 * day);
        let renewed = house.refresh(&client, token).await.json();
        assert_eq!(text(&renewed, "refresh_token"), token);
    }
    let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", "openid")];
    assert_eq!(house.token(&client, &form).await.json()["scope"], "openid");
    let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", "openid profile")];
    assert_eq!(house.token(&client, &form).await.error(), (400, "invalid_scope".into()));
    let other = house.client("c2", |_| {}).await;
    assert_eq!(house.refresh(&other, token).await.error(), invalid_grant());
    // 12 times 29 days were 348; after 365 nothing helps.
    house.clock.advance(17 * day);
    assert_eq!(house.refresh(&client, token).await.error(), invalid_grant());

    house.sign_in(&house.person("u2").await).await;
    let idle = house.tokens(&client, "openid offline_access").await;
    house.clock.advance(30 * day);
    assert_eq!(house.refresh(&client, text(&idle, "refresh_token")).await.error(), invalid_grant());
}
on_both!(a_confidential_client_keeps_its_token);

// S65
async fn a_client_on_its_own_behalf() {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    let answer =
        house.token(&client, &[("grant_type", "client_credentials"), ("scope", "email openid")]).await;
    let tokens = answer.json();
    assert_eq!(tokens["scope"], "email");
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none());
    let (_, claims) = parts(text(&tokens, "access_token"));
    assert_eq!(text(&claims, "sub"), "c1");
    assert!(claims.get("gid").is_none() && house.lives(&tokens).await);
    let public = house.public_client("p1").await;
    let answer = house.token(&public, &[("grant_type", "client_credentials")]).await;
    assert_eq!(answer.error(), (400, "unauthorized_client".into()));
}
on_both!(a_client_on_its_own_behalf);

// S50, S51, S52, S53, S54
async fn who_may_ask() {
    let house = House::new().await;
    let basic_client = house.client("c1", |_| {}).await;
    let by_post = |client: &mut Client| client.auth_method = protocol::AuthMethod::SecretPost;
    let post_client = house.client("c2", by_post).await;
    let grant = ("grant_type", "client_credentials");
    let (secret1, secret2) = (secret_of("c1"), secret_of("c2"));
    let good = [grant, ("client_id", "c2"), ("client_secret", secret2.as_str())];
    assert_eq!(house.post("/oauth2/token", &good).await.status, 200);
    assert_eq!(house.post_as(&basic_client, "/oauth2/token", &[grant]).await.status, 200);
    assert_eq!(
        house.post_as(&basic_client, "/oauth2/token", &[grant, ("client_id", "c1")]).await.status,
        200
    );

    let unknown = house
        .anonymous(post("/oauth2/token", &[grant]).insert_header(("authorization", basic("nobody"))))
        .await;
    let wrong = format!("Basic {}", STANDARD.encode("c1:wrong"));
    let wrong =
        house.anonymous(post("/oauth2/token", &[grant]).insert_header(("authorization", wrong))).await;
    assert_eq!(unknown.error(), (401, "invalid_client".into()));
    assert_eq!((unknown.body, unknown.status), (wrong.body.clone(), wrong.status));
    assert!(wrong.header("www-authenticate").starts_with("Basic realm="));
    for form in [
        vec![grant],
        vec![grant, ("client_id", "c1")],
        vec![grant, ("client_id", "c1"), ("client_secret", &secret1)],
        vec![grant, ("client_id", "c2"), ("client_secret", "x")],
    ] {
        assert_eq!(
            house.post("/oauth2/token", &form).await.error(),
            (401, "invalid_client".into()),
            "{form:?}"
        );
    }
    let answer = house.post_as(&post_client, "/oauth2/token", &[grant]).await;
    assert_eq!(answer.error(), (401, "invalid_client".into()));
    let both = [grant, ("client_id", "c1"), ("client_secret", &secret1)];
    assert_eq!(
        house.post_as(&basic_client, "/oauth2/token", &both).await.error(),
        (400, "invalid_request".into())
    );
    let other = [grant, ("client_id", "c2")];
    assert_eq!(
        house.post_as(&basic_client, "/oauth2/token", &other).await.error(),
        (400, "invalid_request".into())
    );
}
on_both!(who_may_ask);

// S47, S49, S56
#[actix_web::test]
async fn malformed_requests() {
    let house = House::new().await;
    let client = house.client("c1", |_| {}).await;
    for request in [TestRequest::get(), TestRequest::put()] {
        let answer = house.anonymous(request.uri("/oauth2/token")).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, "POST"));
    }
    let json = TestRequest::post()
        .uri("/oauth2/token?grant_type=client_credentials")
        .insert_header(("authorization", basic("c1")))
        .insert_header(("content-type", "application/json"))
        .set_payload("{}");
    let answer = house.anonymous(json).await;
    assert_eq!(answer.error(), (400, "invalid_request".into()));
    assert_eq!(answer.header("cache-control"), "no-store");
    let in_query = post("/oauth2/token?grant_type=client_credentials", &[])
        .insert_header(("authorization", basic("c1")));
    assert_eq!(house.anonymous(in_query).await.error(), (400, "invalid_request".into()));
    let answer = house.token(&client, &[("grant_type", "password")]).await;
    assert_eq!(answer.error(), (400, "unsupported_grant_type".into()));
}

// S9
async fn without_a_proof_where_the_operator_lets_it() {
    let house = House::with(|policy| policy.pkce = Pkce::Public).await;
    let client = house.client("c1", |client| client.trusted = true).await;
    house.sign_in(&house.person("u1").await).await;
    let bare = authorize(&client, &[("code_challenge", ""), ("code_challenge_method", "")]);
    let code = house.get(&bare).await.parameter("code").unwrap();
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
    assert_eq!(house.redeem(&client, &code).await.error(), invalid_grant(), "a verifier without a challenge");
    assert_eq!(house.token(&client, &form).await.status, 200);
}
on_both!(without_a_proof_where_the_operator_lets_it);

// S113
#[actix_web::test]
async fn nothing_that_was_issued_is_in_the_database() {
    let (house, client) = furnished(|_| {}).await;
    let code = house.code(&client, "openid offline_access").await;
    let tokens = house.redeem(&client, &code).await.json();
    let found = |plain: &str| {
        let folder = std::fs::read_dir(house.folder()).unwrap();
        folder.flatten().any(|file| {
            let bytes = std::fs::read(file.path()).unwrap_or_default();
            bytes.windows(plain.len()).any(|window| window == plain.as_bytes())
        })
    };
    for secret in [&code, text(&tokens, "refresh_token"), text(&tokens, "access_token"), &secret_of("c1")] {
        assert!(!found(secret));
    }
    assert!(found("https://app.test/cb"), "the test looks at the right files");
}
