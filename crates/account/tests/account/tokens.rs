//! `/account/tokens`: made, shown once, listed, revoked.

use protocol::day;

use crate::{
    house::{Answer, Browser, House, PASSWORD, SECOND},
    on_both,
};

const DAY: i64 = 86_400 * SECOND;
const PAGE: &str = "/account/tokens";

/// The form, filled in well; `more` replaces.
async fn make(house: &House, browser: &Browser, more: &[(&str, &str)]) -> Answer {
    let ends = day::iso_date(house.clock_now() + 30 * DAY);
    let mut fields =
        vec![("name", "Nightly job"), ("scopes", "profile"), ("ends", ends.as_str()), ("current", PASSWORD)];
    fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    browser.fill(PAGE, PAGE, &fields).await
}

fn shown(answer: &Answer) -> String {
    let rest = answer.body.split_once("value=\"visage_pat_").expect("a token").1;
    format!("visage_pat_{}", rest.split_once('"').unwrap().0)
}

on_both!(a_token_is_shown_once_listed_and_revoked, house => {
    let ada = house.person("ada").await;
    let browser = house.signed_in("ada@example.test").await;
    browser.get(PAGE).await.is(200, "tokens").says("No token yet").hides("visage_pat_");
    let made = make(&house, &browser, &[("scopes", "profile"), ("scopes", "galleries"), ("scopes", "admin"), ("scopes", "offline_access")]).await;
    made.is(200, "tokens").says("Nightly job");
    assert_eq!(made.header("cache-control"), "no-store");
    let token = shown(&made);
    assert_eq!(token.len(), "visage_pat_".len() + 43);
    browser.get(PAGE).await.hides(&token).says("Nightly job").says("never used");
    browser.get("/account").await.says("You have one token.");

    let rows = house.core.store.personal_tokens(&ada.id, house.clock_now()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].scopes.to_string(), "profile galleries", "never admin, never offline_access");
    assert_eq!(rows[0].digest, keyring::digest(token.as_bytes()), "only the digest is kept");
    assert_eq!(day::iso_date(rows[0].expires_at - 1), day::iso_date(house.clock_now() + 30 * DAY));
    assert_eq!(rows[0].expires_at % DAY, 0);
    let access = house.core.access(&token).await.unwrap().unwrap();
    assert_eq!((access.user_id.as_deref(), access.client_id.as_deref()), (Some(ada.id.as_str()), None));

    // Nobody else's to revoke, and only from our page.
    house.person("bob").await;
    let bob = house.signed_in("bob@example.test").await;
    bob.get(PAGE).await.hides("Nightly job");
    bob.fill(PAGE, "/account/tokens/revoke", &[("id", &rows[0].id)]).await;
    browser.post("/account/tokens/revoke", &[("id", &rows[0].id)]).await.is(403, "error");
    assert!(house.core.access(&token).await.unwrap().is_some());
    let revoked = browser.fill(PAGE, "/account/tokens/revoke", &[("id", &rows[0].id)]).await;
    revoked.leads_to("/account/tokens?done=personal-token-revoked");
    assert!(house.core.access(&token).await.unwrap().is_none());
    browser.get(revoked.location.as_deref().unwrap()).await.says("does not work any more").says("No token yet");
    let audited = house.core.store.audit_of(&ada.id, 9).await.unwrap();
    let actions: Vec<&str> = audited.iter().map(|row| row.action.as_str()).collect();
    assert!(actions.contains(&"token.made") && actions.contains(&"token.revoked"), "{actions:?}");
    assert!(audited.iter().all(|row| !row.detail.contains("visage_pat")));
});

on_both!(what_is_not_right_makes_no_token, house => {
    let ada = house.person("ada").await;
    let browser = house.signed_in("ada@example.test").await;
    let day = |days: i64| day::iso_date(house.clock_now() + days * DAY);
    for (more, sentence) in [
        (vec![("name", " ")], "up to 120 characters"),
        (vec![("scopes", "admin")], "at least one thing"),
        (vec![("ends", "tomorrow")], "Choose a last day"),
        (vec![("ends", day(-1).as_str())], "Choose a last day"),
        (vec![("ends", day(366).as_str())], "Choose a last day"),
        (vec![("current", "not the pass phrase")], "The current password is not right"),
    ] {
        let answer = make(&house, &browser, &more).await;
        answer.is(400, "tokens").says(sentence).hides("visage_pat_");
    }
    make(&house, &browser, &[("current", "")]).await.is(400, "error");
    assert!(house.core.store.personal_tokens(&ada.id, house.clock_now()).await.unwrap().is_empty());
    // What was filled in stays, the password does not.
    let again = make(&house, &browser, &[("name", "Kept"), ("current", "wrong phrase")]).await;
    again.says("value=\"Kept\"").hides("wrong phrase");
    browser.post(PAGE, &[("name", "x"), ("scopes", "profile"), ("ends", &day(1)), ("current", PASSWORD)]).await.is(403, "error");
});

on_both!(no_more_than_so_many, house => {
    house.person("ada").await;
    let browser = house.signed_in("ada@example.test").await;
    for _ in 0..house.core.limits.personal_tokens {
        make(&house, &browser, &[]).await.is(200, "tokens");
    }
    browser.get(PAGE).await.says("as many tokens as").hides("id=\"token\"");
    let csrf_page = make(&house, &browser, &[]).await;
    csrf_page.is(400, "tokens").says("Revoke one first");
    house.clock.advance(40 * DAY);
});

// S37
on_both!(a_changed_password_ends_them, house => {
    house.person("ada").await;
    let browser = house.signed_in("ada@example.test").await;
    let token = shown(&make(&house, &browser, &[]).await);
    assert!(house.core.access(&token).await.unwrap().is_some());
    let new = "another long pass phrase";
    let fields = [("current", PASSWORD), ("new", new), ("repeat", new)];
    browser.fill("/account", "/account/password", &fields).await.leads_to("/account?done=password-changed");
    assert!(house.core.access(&token).await.unwrap().is_none());
});
