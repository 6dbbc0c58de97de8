//! Changes that want a sign-in of now (RFC 9470).

use actix_web::test::TestRequest;
use protocol::SECOND;
use store::codes::{Given, Ground, Issued};
use store::grants::Grant;
use web::{StepUp, paths};

use crate::bearer::{Said, ask};
use crate::house::{House, NOW};

const WANTED: &str = r#"Bearer error="insufficient_user_authentication", error_description="Another or a more recent sign-in is needed.""#;

async fn change(house: &House, token: &str) -> Said {
    ask(
        house,
        TestRequest::put().uri(paths::PROFILE).insert_header(("authorization", format!("Bearer {token}"))),
    )
    .await
}

#[actix_web::test]
async fn a_change_wants_a_sign_in_of_now() {
    let demand = StepUp::new(Some(300 * SECOND), Vec::new());
    let house = House::with(|core| core.step_up = demand).await.with_cache().await;
    let token = house.token("u1", "openid profile").await;
    assert_eq!(change(&house, &token).await.0, 200);
    house.clock.set(NOW + 299 * SECOND);
    assert_eq!(change(&house, &token).await.0, 200);
    house.clock.set(NOW + 302 * SECOND);
    let (status, challenge, error) = change(&house, &token).await;
    assert_eq!((status, error.as_str()), (401, "insufficient_user_authentication"));
    assert!(challenge.starts_with(&format!(r#"{WANTED}, max_age="300""#)), "{challenge}");
    // Reading goes on, and userinfo may be posted to.
    let authorization = ("authorization", format!("Bearer {token}"));
    let read = TestRequest::get().uri(paths::PROFILE).insert_header(authorization.clone());
    assert_eq!(ask(&house, read).await.0, 200);
    let userinfo = TestRequest::post().uri(paths::USERINFO).insert_header(authorization);
    assert_eq!(ask(&house, userinfo).await.0, 200);
    // Nobody signs in behind a token that a person made for themselves.
    let own = house.personal("u2", "profile").await;
    assert_eq!(change(&house, &own).await.0, 401);
}

#[actix_web::test]
async fn a_change_wants_a_class_of_sign_in() {
    let demand = StepUp::new(None, vec!["urn:example:gold".into(), "urn:example:silver".into()]);
    let house = House::with(|core| core.step_up = demand).await;
    let token = house.token("u1", "profile").await;
    let (status, challenge, _) = change(&house, &token).await;
    let expected = format!(r#"{WANTED}, acr_values="urn:example:gold urn:example:silver""#);
    assert!(status == 401 && challenge.starts_with(&expected), "{challenge}");
    let grant = house.grant("u2", "profile").await;
    let grant = Grant { id: "of gold".into(), acr: Some("urn:example:silver".into()), ..grant };
    let given = Given { code: None, grant: Some(grant.clone()) };
    assert_eq!(house.core.store.issue(given, Ground::default()).await.unwrap(), Issued::Written);
    assert_eq!(change(&house, &house.sign(&house.claims(&grant))).await.0, 200);
}

#[test]
fn nothing_is_demanded_by_nothing() {
    assert_eq!(StepUp::new(None, Vec::new()), None);
}
