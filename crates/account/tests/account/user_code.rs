//! `/device`

use protocol::{Scopes, device};
use store::device_codes::DeviceCode;

use crate::{
    house::{House, SECOND},
    on_both,
};

const CODE: &str = "WDJB-MJHT";

/// A television that waits.
async fn television(house: &House) {
    house.client("tv").await;
    let waiting = DeviceCode {
        digest: vec![1; 32],
        user_code: keyring::digest(b"WDJBMJHT").to_vec(),
        client_id: "tv".into(),
        scopes: Scopes::parse("openid profile").unwrap(),
        resources: Some(r#"["https://orders.example/"]"#.into()),
        authorization_details: None,
        state: device::PENDING.into(),
        grant_id: None,
        poll_interval: device::INTERVAL,
        poll_after: house.clock_now(),
        created_at: house.clock_now(),
        expires_at: house.clock_now() + 600 * SECOND,
    };
    house.core.store.insert_device_code(waiting).await.unwrap();
}

// S75
on_both!(a_code_leads_to_the_consent_page_that_shows_it, house => {
    house.person("ada").await;
    television(&house).await;
    let browser = house.browser();
    browser.get("/device").await.is(200, "device").says("name=\"user_code\"");
    browser.get(&format!("/device?user_code={CODE}")).await.is(200, "device").says(CODE).says("Is this the code");
    let answer = browser.fill("/device", "/device", &[("user_code", "wdjb mjht")]).await;
    let hub = answer.location.clone().unwrap();
    let id = hub.strip_prefix("/oauth2/authorize/").unwrap_or_else(|| panic!("{hub}"));
    let consent = format!("/consent?interaction={id}");
    browser.sign_in(&format!("/login?interaction={id}"), "ada@example.test", crate::house::PASSWORD).await;
    let page = browser.get(&consent).await;
    page.is(200, "consent").says("Atelier Rivage").says(CODE).says("Allow it only if").says("https://orders.example/").hides("app.rivage.example");
    // Only whoever typed it sees it.
    house.signed_in("ada@example.test").await.get(&consent).await.is(400, "error");
    browser.fill(&consent, &consent, &[("decision", "allow")]).await.leads_to(&hub);
    browser.get("/device?done=connected").await.is(200, "device-done").says("Your device is connected");
    browser.get("/device?done=denied").await.is(200, "device-done").says("not connected");
});

// S36
on_both!(a_code_is_taken_from_our_own_form_only, house => {
    television(&house).await;
    let browser = house.browser();
    browser.get("/device").await;
    let forged = browser.post("/device", &[("user_code", CODE)]).await;
    assert_eq!(forged.status, 403, "{}", forged.body);
    browser.get("/device?user_code=%22%3E%3Cscript%3E").await.is(200, "device").hides("<script>");
});

// S75
on_both!(guessing_is_slowed, house => {
    television(&house).await;
    let browser = house.browser();
    // What can be no code costs nothing.
    for _ in 0..9 {
        browser.fill("/device", "/device", &[("user_code", "AEIO-UAEI")]).await.is(404, "device").says("No device");
    }
    for _ in 0..6 {
        browser.fill("/device", "/device", &[("user_code", "BBBB-BBBB")]).await.is(404, "device");
    }
    let slowed = browser.fill("/device", "/device", &[("user_code", CODE)]).await;
    slowed.is(429, "device").says("Too many tries");
    assert_eq!(slowed.retry_after, Some(1));
    house.clock.advance(2 * SECOND);
    assert_eq!(browser.fill("/device", "/device", &[("user_code", CODE)]).await.status, 303);

    // New browsers of the same network do not help for long; another network is not slowed by them.
    let mut outcomes = Vec::new();
    for _ in 0..20 {
        let fresh = house.browser();
        outcomes.push(fresh.fill("/device", "/device", &[("user_code", "CCCC-CCCC")]).await.status.as_u16());
    }
    assert_eq!((outcomes.first(), outcomes.last()), (Some(&404), Some(&429)), "{outcomes:?}");
    let mut elsewhere = house.browser();
    elsewhere.address = "198.51.100.7".into();
    assert_eq!(elsewhere.fill("/device", "/device", &[("user_code", CODE)]).await.status, 303);

    house.clock.advance(3600 * SECOND);
    elsewhere.fill("/device", "/device", &[("user_code", CODE)]).await.is(404, "device");
});
