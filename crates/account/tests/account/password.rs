//! `/account/password`

use crate::{house::PASSWORD, on_both};

const NEW: &str = "an entirely different phrase";

// S37, S34
on_both!(a_new_password_ends_everything_else, house => {
    house.person("ada").await;
    let (browser, other) = (house.signed_in("ada@example.test").await, house.signed_in("ada@example.test").await);
    let old_session = browser.cookie("__Host-visage-session").unwrap();
    let fields = [("current", PASSWORD), ("new", NEW), ("repeat", NEW)];
    browser.post("/account/password", &fields).await.is(403, "error");
    browser.fill("/account", "/account/password", &fields).await.leads_to("/account?done=password-changed");
    browser.get("/account?done=password-changed").await.is(200, "account").says("Your other sessions have ended");
    assert_ne!(browser.cookie("__Host-visage-session").unwrap(), old_session);
    other.get("/account").await.leads_to("/login");
    assert_eq!(house.core.store.sessions_of("person-ada").await.unwrap().len(), 1);
    other.sign_in("/login", "ada@example.test", PASSWORD).await.is(403, "login");
    other.sign_in("/login", "ada@example.test", NEW).await.leads_to("/account");
    let history = house.core.store.audit_of("person-ada", 10).await.unwrap();
    assert_eq!(history[0].action, "user.password_changed");
});

// S43
on_both!(weak_and_mistyped_ones_are_refused, house => {
    house.person("ada").await;
    let browser = house.signed_in("ada@example.test").await;
    for (current, new, repeat, sentence) in [
        (PASSWORD, NEW, "another one", "are not the same"),
        (PASSWORD, "short", "short", "at least 8 characters"),
        (PASSWORD, "password1", "password1", "most common"),
        ("not the one", NEW, NEW, "current password is not right"),
    ] {
        let fields = [("current", current), ("new", new), ("repeat", repeat)];
        browser.fill("/account", "/account/password", &fields).await.is(400, "account").says(sentence);
    }
    // 128 characters of any script, with spaces.
    let long = format!("пароль {}", "é".repeat(121));
    let fields = [("current", PASSWORD), ("new", long.as_str()), ("repeat", long.as_str())];
    browser.fill("/account", "/account/password", &fields).await.leads_to("/account?done=password-changed");
    browser.forget("__Host-visage-session");
    // Typed on another keyboard: decomposed.
    let decomposed = long.replace('é', "e\u{301}");
    browser.sign_in("/login", "ada@example.test", &decomposed).await.leads_to("/account");
});

on_both!(an_open_screen_is_no_oracle, house => {
    house.person("ada").await;
    let browser = house.signed_in("ada@example.test").await;
    let fields = [("current", "a guess, a guess"), ("new", NEW), ("repeat", NEW)];
    for _ in 0..6 {
        browser.fill("/account", "/account/password", &fields).await.is(400, "account");
    }
    let answer = browser.fill("/account", "/account/password", &fields).await;
    answer.is(429, "account");
    assert_eq!(answer.retry_after, Some(1));
});
