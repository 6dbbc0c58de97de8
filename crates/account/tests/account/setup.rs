//! `/setup/{token}`

use crate::{house::PASSWORD, on_both};

const FIELDS: [(&str, &str); 3] =
    [("name", "Grace Hopper"), ("email", "Grace@example.test"), ("password", PASSWORD)];

// S113
on_both!(the_first_administrator_is_made_once, house => {
    let store = &house.core.store;
    let void = account::setup::offer(store, &house.core.random).await.unwrap().unwrap();
    let token = account::setup::offer(store, &house.core.random).await.unwrap().unwrap();
    let path = format!("/setup/{}", token.expose());
    let browser = house.browser();
    // The link of an earlier start, or a guess.
    browser.get(&format!("/setup/{}", void.expose())).await.is(404, "error");
    browser.get("/setup/guess").await.is(404, "error");
    // Looking takes nothing (S44), and nothing is stored in plain text (S113).
    browser.get(&path).await.is(200, "setup");
    browser.get(&path).await.is(200, "setup");
    assert_ne!(store.setting("first_administrator").await.unwrap().as_deref(), Some(token.expose()));

    browser.post(&path, &FIELDS).await.is(403, "error");
    for (name, value, sentence) in [
        ("email", "nobody", "does not look like an e-mail address"),
        ("password", "12345678", "most common"),
        ("name", " ", "A name has up to"),
    ] {
        let mut fields = FIELDS;
        fields.iter_mut().filter(|field| field.0 == name).for_each(|field| field.1 = value);
        browser.fill(&path, &path, &fields).await.is(400, "setup").says(sentence).hides(PASSWORD);
    }
    browser.fill(&path, &path, &FIELDS).await.leads_to("/account");
    browser.get("/account").await.is(200, "account").says("Grace Hopper").says("Administrator");
    let user = store.user_by_email("grace@example.test").await.unwrap().unwrap();
    assert!(user.is_admin && user.is_active);

    browser.get(&path).await.is(404, "error");
    browser.fill("/account", &path, &FIELDS).await.is(404, "error");
    assert!(account::setup::offer(store, &house.core.random).await.unwrap().is_none());
});

on_both!(two_at_the_same_time_make_one, house => {
    let token = account::setup::offer(&house.core.store, &house.core.random).await.unwrap().unwrap();
    let path = format!("/setup/{}", token.expose());
    let browsers: Vec<_> = (0..4).map(|_| house.browser()).collect();
    let emails: Vec<String> = (0..4).map(|number| format!("root{number}@example.test")).collect();
    let tries = browsers.iter().zip(&emails).map(|(browser, email)| {
        let path = &path;
        async move {
            let fields = [("name", "Grace"), ("email", email.as_str()), ("password", PASSWORD)];
            // The set-up page is gone for whoever is late; the sign-in page has the browser's secret too.
            browser.fill("/login", path, &fields).await.status.as_u16()
        }
    });
    let mut statuses = futures_util::future::join_all(tries).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 404, 404, 404]);
    assert_eq!(house.core.store.users("", 10).await.unwrap().len(), 1);
});

on_both!(where_somebody_is_there_is_no_link, house => {
    let token = account::setup::offer(&house.core.store, &house.core.random).await.unwrap().unwrap();
    house.person("ada").await;
    house.browser().get(&format!("/setup/{}", token.expose())).await.is(404, "error");
});
