//! What leaves the authorization endpoint itself: tokens beside the code or instead of it, and signed answers.

use protocol::{
    Client, Policy, SECOND, SigningAlg,
    authorization::{IMPLICIT, ResponseType},
    token::half_hash,
};
use serde_json::{Value, json};
use store::sessions::Session;

use super::{
    house::{House, ISSUER, START, on_both},
    wire::{Answer, authorize, parts, text},
};

fn every_type(policy: &mut Policy) {
    policy.response_types = ResponseType::ALL.into();
}

/// A client that may ask for everything, and somebody who is signed in; nobody is asked.
async fn furnished(change: impl FnOnce(&mut Client)) -> (House, Client, Session) {
    let house = House::with(every_type).await;
    let client = house
        .client("c1", |client| {
            client.response_types = ResponseType::ALL.map(|kind| kind.as_str().to_owned()).into();
            client.grant_types.push(IMPLICIT.to_owned());
            client.trusted = true;
            change(client);
        })
        .await;
    let session = house.sign_in(&house.person("u1").await).await;
    (house, client, session)
}

async fn ask(house: &House, client: &Client, kind: ResponseType, changes: &[(&str, &str)]) -> Answer {
    let mut all =
        vec![("response_type", kind.as_str()), ("nonce", "n-1"), ("scope", "openid email offline_access")];
    all.retain(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    all.extend(changes);
    house.get(&authorize(client, &all)).await
}

// S69, S112; oidcc-server (implicit and hybrid)
async fn each_token_names_what_comes_with_it() {
    for alg in SigningAlg::ALL {
        let (house, client, session) = furnished(|client| client.id_token_alg = alg).await;
        house.clock.advance(SECOND);
        for kind in ResponseType::ALL.into_iter().skip(1) {
            let answer = ask(&house, &client, kind, &[]).await;
            assert!(answer.location().starts_with("https://app.test/cb?keep=1#"), "{}", answer.location());
            assert_eq!(answer.parameter("state").as_deref(), Some("a state+%"));
            assert_eq!(answer.parameter("iss").as_deref(), Some(ISSUER));
            let (code, token) = (answer.parameter("code"), answer.parameter("access_token"));
            assert_eq!(
                (code.is_some(), token.is_some()),
                (kind.gives_code(), kind.gives_token()),
                "{kind:?}"
            );
            if let Some(token) = &token {
                assert_eq!(answer.parameter("token_type").as_deref(), Some("Bearer"));
                assert_eq!(answer.parameter("expires_in").as_deref(), Some("600"));
                assert!(house.core.access(token).await.unwrap().is_some(), "{kind:?}");
            }
            let id_token = answer.parameter("id_token");
            assert_eq!(id_token.is_some(), kind.gives_id_token(), "{kind:?}");
            let Some(id_token) = id_token else { continue };
            assert!(house.core.ring.verify_id_token_hint(&id_token).is_ok());
            let (header, claims) = parts(&id_token);
            assert_eq!(header["alg"], alg.as_str());
            assert_eq!((text(&claims, "nonce"), text(&claims, "sid")), ("n-1", session.sid.as_str()));
            assert_eq!(claims["auth_time"], START / SECOND);
            let hash =
                |value: Option<&String>| value.map_or(Value::Null, |value| half_hash(value, alg).into());
            assert_eq!(
                (&claims["at_hash"], &claims["c_hash"]),
                (&hash(token.as_ref()), &hash(code.as_ref()))
            );
            assert_eq!(claims["s_hash"], hash(Some(&"a state+%".to_owned())));
            // Claims of the scopes come with the ID token where it is all there is.
            assert_eq!(claims.get("email").is_some(), kind == ResponseType::IdToken, "{kind:?}");
            assert!(claims.get("name").is_none(), "not a scope that was asked for");
        }
    }
}
on_both!(each_token_names_what_comes_with_it);

// S58; oidcc-codereuse, oidcc-codereuse-30seconds (hybrid)
async fn tokens_that_left_with_a_code_share_its_fate() {
    let (house, client, _) = furnished(|_| {}).await;
    for kind in [ResponseType::CodeToken, ResponseType::CodeIdTokenToken] {
        let answer = ask(&house, &client, kind, &[]).await;
        let (code, front) = (answer.parameter("code").unwrap(), answer.parameter("access_token").unwrap());
        house.clock.advance(SECOND);
        let tokens = house.redeem(&client, &code).await.json();
        let (_, of_front) = parts(&front);
        let (_, of_back) = parts(text(&tokens, "access_token"));
        assert_eq!(of_front["gid"], of_back["gid"], "one grant");
        assert!(tokens.get("refresh_token").is_some());
        let (_, id_token) = parts(text(&tokens, "id_token"));
        assert_eq!((text(&id_token, "nonce"), id_token.get("c_hash")), ("n-1", None));
        assert!(house.core.access(&front).await.unwrap().is_some());

        assert_eq!(house.redeem(&client, &code).await.error(), (400, "invalid_grant".to_owned()));
        assert!(house.core.access(&front).await.unwrap().is_none());
        assert!(!house.lives(&tokens).await);
    }
}
on_both!(tokens_that_left_with_a_code_share_its_fate);

async fn a_code_gives_nothing_once_its_tokens_were_taken_back() {
    let (house, client, _) = furnished(|_| {}).await;
    let answer = ask(&house, &client, ResponseType::CodeToken, &[]).await;
    let (_, claims) = parts(&answer.parameter("access_token").unwrap());
    assert!(house.core.store.revoke_grant(text(&claims, "gid"), house.core.now()).await.unwrap());
    let code = answer.parameter("code").unwrap();
    assert_eq!(house.redeem(&client, &code).await.error(), (400, "invalid_grant".to_owned()));
    assert_eq!(house.redeem(&client, &code).await.error(), (400, "invalid_grant".to_owned()));
}
on_both!(a_code_gives_nothing_once_its_tokens_were_taken_back);

async fn an_expired_code_leaves_the_tokens_that_left_with_it_alone() {
    let (house, client, session) = furnished(|_| {}).await;
    let answer = ask(&house, &client, ResponseType::CodeToken, &[("scope", "openid")]).await;
    house.clock.advance(61 * SECOND);
    let code = answer.parameter("code").unwrap();
    assert_eq!(house.redeem(&client, &code).await.error(), (400, "invalid_grant".to_owned()));
    let front = answer.parameter("access_token").unwrap();
    assert!(house.core.access(&front).await.unwrap().is_some());
    // Signing out ends it like every other.
    house.core.store.end_session(&session.sid, house.core.now()).await.unwrap();
    assert!(house.core.access(&front).await.unwrap().is_none());
}
on_both!(an_expired_code_leaves_the_tokens_that_left_with_it_alone);

// S7; oidcc-ensure-request-without-nonce-fails
async fn what_is_missing_is_said_in_the_fragment() {
    let (house, client, _) = furnished(|_| {}).await;
    for changes in [[("nonce", "")], [("scope", "email")], [("response_mode", "query")]] {
        let answer = ask(&house, &client, ResponseType::CodeIdToken, &changes).await;
        assert!(
            answer.location().starts_with("https://app.test/cb?keep=1#error=invalid_request&"),
            "{changes:?}"
        );
        assert_eq!(answer.parameter("state").as_deref(), Some("a state+%"));
    }
    let code_token = ask(&house, &client, ResponseType::CodeToken, &[("nonce", "")]).await;
    assert!(code_token.parameter("access_token").is_some(), "{}", code_token.location());
    let silent = [("prompt", "none")];
    house.forget_browser();
    let answer = ask(&house, &client, ResponseType::IdToken, &silent).await;
    assert!(answer.location().starts_with("https://app.test/cb?keep=1#error=login_required&"));
}
on_both!(what_is_missing_is_said_in_the_fragment);

// oidcc-server (form_post)
async fn a_form_takes_everything_along() {
    let (house, client, _) = furnished(|_| {}).await;
    let form = [("response_mode", "form_post")];
    let answer = ask(&house, &client, ResponseType::CodeIdTokenToken, &form).await;
    assert_eq!((answer.status.as_u16(), answer.is_page("form-post")), (200, true));
    for name in ["code", "id_token", "access_token", "token_type", "expires_in", "scope", "state", "iss"] {
        assert!(answer.body.contains(&format!("name=\"{name}\"")), "{name}");
    }
    assert!(answer.header("content-security-policy").contains("form-action 'self' https://app.test"));
    let refused = ask(&house, &client, ResponseType::IdToken, &[form[0], ("nonce", "")]).await;
    assert!(refused.body.contains("name=\"error\" value=\"invalid_request\""), "{}", refused.body);
}
on_both!(a_form_takes_everything_along);

async fn an_id_token_that_cannot_be_encrypted_does_not_leave() {
    let (house, client, _) = furnished(|client| {
        client.metadata.id_token_encrypted_response_alg = Some("RSA-OAEP-256".to_owned());
        client.metadata.jwks_uri = Some("https://127.0.0.1:9/keys.json".to_owned());
    })
    .await;
    let answer = ask(&house, &client, ResponseType::CodeIdToken, &[]).await;
    assert_eq!(answer.parameter("error").as_deref(), Some("server_error"), "{}", answer.location());
    assert_eq!((answer.parameter("code"), answer.parameter("id_token")), (None, None));
    assert_eq!(answer.header("cache-control"), "no-store");
}
on_both!(an_id_token_that_cannot_be_encrypted_does_not_leave);

/// The one field of a signed answer, wherever it is.
fn signed(answer: &Answer, mode: &str) -> String {
    let location = answer.location();
    match mode {
        "query.jwt" => assert!(location.starts_with("https://app.test/cb?keep=1&response="), "{location}"),
        "fragment.jwt" => assert!(location.starts_with("https://app.test/cb?keep=1#response="), "{location}"),
        _ => {
            let rest = answer.body.split("name=\"response\" value=\"").nth(1).unwrap();
            return rest.split('"').next().unwrap().to_owned();
        }
    }
    assert!(!location.contains("state="), "all of it is inside: {location}");
    answer.parameter("response").unwrap()
}

// <https://openid.net/specs/oauth-v2-jarm.html>
async fn a_signed_answer_says_who_whom_and_until_when() {
    for alg in SigningAlg::ALL {
        let (house, client, _) = furnished(|client| {
            client.metadata.authorization_signed_response_alg = Some(alg.as_str().to_owned());
        })
        .await;
        let code = ResponseType::Code;
        for (kind, asked, arrives) in [
            (code, "jwt", "query.jwt"),
            (code, "query.jwt", "query.jwt"),
            (code, "fragment.jwt", "fragment.jwt"),
            (code, "form_post.jwt", "form_post.jwt"),
            (ResponseType::CodeIdTokenToken, "jwt", "fragment.jwt"),
        ] {
            let answer = ask(&house, &client, kind, &[("response_mode", asked)]).await;
            let (header, claims) = parts(&signed(&answer, arrives));
            assert_eq!(header["alg"], alg.as_str());
            let now = house.core.now() / SECOND;
            assert_eq!((text(&claims, "iss"), text(&claims, "aud")), (ISSUER, "c1"));
            assert_eq!((claims["exp"].as_i64(), text(&claims, "state")), (Some(now + 300), "a state+%"));
            assert_eq!(claims.get("id_token").is_some(), kind.gives_id_token());
            assert_eq!(house.redeem(&client, text(&claims, "code")).await.status, 200);

            let refused = ask(&house, &client, kind, &[("response_mode", asked), ("max_age", "x")]).await;
            let (_, claims) = parts(&signed(&refused, arrives));
            assert_eq!((&claims["error"], text(&claims, "aud")), (&json!("invalid_request"), "c1"));
        }
        let leaky = ask(&house, &client, ResponseType::CodeToken, &[("response_mode", "query.jwt")]).await;
        let (_, claims) = parts(&signed(&leaky, "fragment.jwt"));
        assert_eq!(claims["error"], "invalid_request");
    }
}
on_both!(a_signed_answer_says_who_whom_and_until_when);

async fn what_the_operator_has_not_switched_on_is_not_there() {
    let house = House::new().await;
    let hybrid = |client: &mut Client| {
        client.response_types = vec!["code id_token".into()];
        client.grant_types.push(IMPLICIT.to_owned());
    };
    let client = house.client("c1", hybrid).await;
    let answer = ask(&house, &client, ResponseType::CodeIdToken, &[]).await;
    assert!(answer.location().starts_with("https://app.test/cb?keep=1#error=unsupported_response_type&"));
}
on_both!(what_the_operator_has_not_switched_on_is_not_there);
