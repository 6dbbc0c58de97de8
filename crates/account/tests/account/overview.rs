//! `/account` and what it changes.

use protocol::Scopes;
use store::{
    codes::{Code, Ground, Spent},
    consents::Consent,
    grants::Grant,
};

use crate::{
    house::{CALLBACK, House, SECOND},
    on_both,
};

/// What the page says at its top; the photo editor has places of its own.
const NOTICE: &str = "flash-notice\" role=\"status\"";
const PROBLEM: &str = "id=\"problem\" role=\"alert\"";

async fn connected(house: &House, client: &str, agreed: bool) -> String {
    let scopes = Scopes::parse("openid profile").unwrap();
    let now = house.clock_now();
    if agreed {
        let consent = Consent {
            user_id: "person-ada".into(),
            client_id: client.into(),
            scopes: scopes.clone(),
            granted_at: now,
            updated_at: now,
        };
        house.core.store.record_consent(consent, b"none", false).await.unwrap();
    }
    let grant = Grant {
        id: house.core.random.id(),
        client_id: client.into(),
        user_id: "person-ada".into(),
        sid: None,
        scopes,
        offline: true,
        claims: None,
        auth_time: now,
        amr: "pwd".into(),
        created_at: now,
        expires_at: now + 3600 * SECOND,
        revoked_at: None,
        confirmation: None,
        resources: None,
        authorization_details: None,
        acr: None,
    };
    // As grants are made: by spending a code.
    let (id, digest) = (grant.id.clone(), keyring::digest(grant.id.as_bytes()).to_vec());
    let code = Code {
        digest: digest.clone(),
        client_id: client.into(),
        user_id: "person-ada".into(),
        sid: None,
        redirect_uri: CALLBACK.into(),
        redirect_uri_given: true,
        code_challenge: None,
        scopes: grant.scopes.clone(),
        offline: true,
        nonce: None,
        claims: None,
        auth_time: now,
        amr: "pwd".into(),
        failures: 0,
        grant_id: None,
        created_at: now,
        expires_at: now + 60 * SECOND,
        used_at: None,
        dpop_jkt: None,
        resources: None,
        authorization_details: None,
        acr: None,
    };
    house.core.store.issue_code(code, Ground::default()).await.unwrap();
    let spent = house.core.store.spend_code(&digest, grant, None, now).await.unwrap();
    assert_eq!(spent, Spent::Redeemed { sid: None });
    id
}

on_both!(a_name_is_changed, house => {
    house.person("ada").await;
    let browser = house.signed_in("ada@example.test").await;
    let page = browser.get("/account").await;
    page.is(200, "account").says("ada@example.test").hides("Administrator").says("href=\"/oauth2/logout\"");
    let answer = browser.fill("/account", "/account/name", &[("name", " Ada <b>King</b> ")]).await;
    answer.leads_to("/account?done=name-updated");
    let page = browser.get("/account?done=name-updated").await;
    page.says("Your name has been saved.").says("Ada &#60;b&#62;King&#60;/b&#62;").says(NOTICE);
    browser.fill("/account", "/account/name", &[("name", "  ")]).await.is(400, "account").says(PROBLEM);
    browser.post("/account/name", &[("name", "Mallory")]).await.is(403, "error");
    assert_eq!(browser.get("/account/name").await.status, 405);
    let user = house.core.store.user("person-ada").await.unwrap().unwrap();
    assert_eq!(user.name.as_deref(), Some("Ada <b>King</b>"));
});

on_both!(only_our_own_sentences_are_said, house => {
    house.person("root").await;
    let browser = house.signed_in("root@example.test").await;
    browser.get("/account?problem=photo-too-large").await.is(200, "account").says("larger than 5 MB").says("Administrator");
    browser.get("/account?done=photo-updated").await.says(NOTICE);
    for other in ["done=administrator-made", "problem=%3Cscript%3E", "done=Call+0900", "problem=photo-updated"] {
        let page = browser.get(&format!("/account?{other}")).await;
        page.is(200, "account").hides(NOTICE).hides(PROBLEM).hides("<script>");
    }
    // The language of the browser.
    let request = actix_web::test::TestRequest::get().uri("/account").insert_header(("accept-language", "fr-CA"));
    browser.send(request).await.is(200, "account").says("Applications connectées");
});

on_both!(an_application_is_withdrawn_with_its_tokens, house => {
    house.person("ada").await;
    house.client("rivage").await;
    house.client("other").await;
    let (mine, other) = (connected(&house, "rivage", true).await, connected(&house, "other", false).await);
    let browser = house.signed_in("ada@example.test").await;
    let page = browser.get("/account").await;
    // The second one is trusted: nobody was asked, and it is there all the same.
    assert_eq!(page.body.matches("class=\"application\"").count(), 2);
    page.says("app.rivage.example").says("See and change your profile and photo").says("Since 15 January 2027");

    browser.post("/account/applications/withdraw", &[("client_id", "rivage")]).await.is(403, "error");
    assert!(house.core.store.grant(&mine).await.unwrap().unwrap().revoked_at.is_none());
    let answer = browser.fill("/account", "/account/applications/withdraw", &[("client_id", "rivage")]).await;
    answer.leads_to("/account?done=application-withdrawn");
    assert!(house.core.store.grant(&mine).await.unwrap().unwrap().revoked_at.is_some());
    assert!(house.core.store.grant(&other).await.unwrap().unwrap().revoked_at.is_none());
    assert!(house.core.store.consent("person-ada", "rivage").await.unwrap().is_none());
    assert_eq!(browser.get("/account").await.body.matches("class=\"application\"").count(), 1);
    browser.fill("/account", "/account/applications/withdraw", &[("client_id", "other")]).await;
    assert!(house.core.store.grant(&other).await.unwrap().unwrap().revoked_at.is_some());
    // Twice, or somebody else's: nothing to see.
    let again = browser.fill("/account", "/account/applications/withdraw", &[("client_id", "rivage")]).await;
    again.leads_to("/account?done=application-withdrawn");
});
