//! Clients that know people by a name that only clients of their sector share.
//! <https://openid.net/specs/openid-connect-core-1_0.html#PairwiseAlg>

use actix_web::test::TestRequest;
use protocol::Client;

use super::{
    house::{House, on_both},
    wire::{authorize, parts, text},
};

fn pairwise(client: &mut Client) {
    client.metadata.subject_type = Some("pairwise".into());
    client.trusted = true;
}

/// The name of the person of the house at this client, which must be one everywhere.
async fn subject(house: &House, client: &Client) -> (String, serde_json::Value) {
    let tokens = house.tokens(client, "openid offline_access").await;
    let (_, id_token) = parts(text(&tokens, "id_token"));
    let (_, access) = parts(text(&tokens, "access_token"));
    let subject = text(&id_token, "sub").to_owned();
    assert_eq!(text(&access, "sub"), subject);
    for token in ["access_token", "refresh_token"] {
        let told =
            house.post_as(client, "/oauth2/introspect", &[("token", text(&tokens, token))]).await.json();
        assert_eq!(told["sub"], subject, "{token}");
    }
    let found = house.core.access(text(&tokens, "access_token")).await.unwrap().unwrap();
    assert_eq!((found.subject.as_str(), found.user_id.as_deref()), (subject.as_str(), Some("u1")));
    (subject, tokens)
}

// S116
async fn each_sector_has_its_own_name_for_a_person() {
    let house = House::new().await;
    let one = house.client("c1", pairwise).await;
    let same_host = house.client("c2", pairwise).await;
    let elsewhere = house
        .client("c3", |client| {
            pairwise(client);
            client.metadata.sector_identifier_uri = Some("https://other.test/sector.json".into());
        })
        .await;
    let public = house.client("c4", |client| client.trusted = true).await;
    let person = house.person("u1").await;
    house.sign_in(&person).await;
    let (first, tokens) = subject(&house, &one).await;
    assert_eq!(subject(&house, &one).await.0, first, "stable");
    assert_eq!(subject(&house, &same_host).await.0, first, "of one sector");
    let other = subject(&house, &elsewhere).await.0;
    assert!(first != other && first != "u1" && other != "u1");
    assert_eq!(subject(&house, &public).await.0, "u1");

    // A hint by that name is understood; a changed person ends the token at once.
    let hint = text(&tokens, "id_token");
    let hinted = authorize(&one, &[("prompt", "none"), ("id_token_hint", hint)]);
    assert!(house.get(&hinted).await.parameter("code").is_some());
    let claims = format!(r#"{{"id_token":{{"sub":{{"value":"{first}"}}}}}}"#);
    assert!(
        house
            .get(&authorize(&one, &[("prompt", "none"), ("claims", &claims)]))
            .await
            .parameter("code")
            .is_some()
    );
    let by_id = r#"{"id_token":{"sub":{"value":"u1"}}}"#;
    let refused = house.get(&authorize(&one, &[("prompt", "none"), ("claims", by_id)])).await;
    assert_eq!(refused.parameter("error").as_deref(), Some("login_required"));
    let refreshed = house.refresh(&one, text(&tokens, "refresh_token")).await.json();
    assert_eq!(parts(text(&refreshed, "id_token")).1["sub"], first);
    house.core.store.set_active("u1", false, house.core.now()).await.unwrap();
    assert!(!house.lives(&tokens).await);
}

on_both!(each_sector_has_its_own_name_for_a_person);

// S116: a client that becomes pairwise is not told by its older tokens who a person is elsewhere.
#[actix_web::test]
async fn older_tokens_of_a_client_that_becomes_pairwise_are_dead() {
    let house = House::new().await;
    let client = house.client("c1", |client| client.trusted = true).await;
    let person = house.person("u1").await;
    house.sign_in(&person).await;
    let tokens = house.tokens(&client, "openid").await;
    assert!(house.lives(&tokens).await);
    let mut changed = client.clone();
    pairwise(&mut changed);
    house.core.store.update_client(changed).await.unwrap();
    assert!(!house.lives(&tokens).await);
    let config = house.anonymous(TestRequest::get().uri("/.well-known/openid-configuration")).await.json();
    assert_eq!(config["subject_types_supported"], serde_json::json!(["public", "pairwise"]));
}

/// The one parameter of this name in all frames of a page.
fn sids(page: &str) -> Vec<String> {
    let frames = page.split("&#38;sid=").skip(1);
    frames.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

// S116: what two sectors have in common would tell them that two names are one person.
#[actix_web::test]
async fn each_sector_has_its_own_name_for_a_session() {
    let house = House::new().await;
    let listens = |client: &mut Client| {
        pairwise(client);
        client.metadata.frontchannel_logout_uri = Some("https://app.test/front".into());
    };
    let one = house.client("c1", listens).await;
    let elsewhere = house
        .client("c2", |client| {
            listens(client);
            client.metadata.sector_identifier_uri = Some("https://other.test/sector.json".into());
        })
        .await;
    let session = house.sign_in(&house.person("u1").await).await;
    let (_, tokens) = subject(&house, &one).await;
    let (_, others) = subject(&house, &elsewhere).await;
    let sid = |tokens: &serde_json::Value| text(&parts(text(tokens, "id_token")).1, "sid").to_owned();
    let (first, second) = (sid(&tokens), sid(&others));
    assert!(first != second && first != session.sid && second != session.sid);
    let refreshed = house.refresh(&one, text(&tokens, "refresh_token")).await.json();
    assert_eq!(sid(&refreshed), first, "one name as long as the session lives");
    // The hint is understood by that name, and the frames say it.
    let hint = text(&tokens, "id_token");
    let left = house.get(&format!("/oauth2/logout?id_token_hint={hint}&logout_hint={first}")).await;
    assert!(left.is_page("signed-out"), "{}", left.body);
    let (mut told, mut known) = (sids(&left.body), vec![first, second]);
    told.sort();
    known.sort();
    assert_eq!(told, known);
}
