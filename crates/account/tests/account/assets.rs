//! `/assets/…`

use crate::on_both;

on_both!(pages_name_assets_that_are_there_for_ever, house => {
    let browser = house.browser();
    let page = browser.get("/login").await;
    let mut seen = 0;
    for part in page.body.split('"').filter(|part| part.starts_with("/assets/")) {
        let asset = browser.get(part).await;
        assert_eq!(asset.status, 200, "{part}");
        assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(asset.header("x-content-type-options"), "nosniff");
        seen += 1;
    }
    assert!(seen >= 3, "{seen}");
    assert_eq!(browser.get("/assets/visage-0000000000000000.css").await.status, 404);
    assert_eq!(browser.get("/assets/..%2f..%2fCargo.toml").await.status, 404);
});

// S79: oidcc-registration-logo-uri
on_both!(a_logo_comes_through_us, house => {
    let client = house.client("rivage").await;
    let browser = house.browser();
    let id = house.waiting(&browser, &client, &[]).await;
    let path = format!("/login?interaction={}", id.as_str());
    browser.get(&path).await.is(200, "login").hides("<img");
    let logo = "https://rivage.example/logo.png";
    let client = protocol::Client { logo_uri: Some(logo.into()), ..client.clone() };
    house.core.store.update_client(client).await.unwrap();
    let page = browser.get(&path).await;
    page.is(200, "login").hides(logo);
    page.says("<img class=\"tile\" src=\"/client-logo/rivage?v=");
});
