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

// S79
on_both!(a_logo_comes_through_us_or_is_a_letter, house => {
    let client = house.client("rivage").await;
    let browser = house.browser();
    let id = house.waiting(&browser, &client, &[]).await;
    let path = format!("/login?interaction={}", id.as_str());
    browser.get(&path).await.is(200, "login").hides("<img");
    assert_eq!(browser.get("/assets/logos/rivage").await.status, 404);
    assert_eq!(browser.get("/assets/logos/nobody").await.status, 404);

    // Plain http is never fetched, nor is our own network; a page has its picture all the same.
    for (logo, shown) in [("http://rivage.example/logo.png", false), ("https://127.0.0.1/logo.png", true)] {
        let client = protocol::Client { logo_uri: Some(logo.into()), ..client.clone() };
        house.core.store.update_client(client).await.unwrap();
        let page = browser.get(&path).await;
        page.is(200, "login").hides(logo);
        assert_eq!(page.body.contains("<img class=\"tile\" src=\"/assets/logos/rivage?v="), shown, "{}", page.body);
    }
    let picture = browser.get("/assets/logos/rivage?v=00000000").await;
    assert_eq!((picture.status.as_u16(), picture.header("content-type").as_str()), (200, "image/svg+xml"));
    assert_eq!(picture.header("cache-control"), "no-store");
    assert!(picture.header("content-security-policy").contains("sandbox"));
    picture.says(">A</text>");
});
