//! `/consent`

use protocol::Scopes;
use web::InteractionId;

use crate::{
    house::{Browser, House},
    on_both,
};

async fn asked(house: &House, person: &str, more: &[(&str, &str)]) -> (Browser, InteractionId, String) {
    let client = match house.core.store.client("rivage").await.unwrap() {
        Some(client) => (*client).clone(),
        None => house.client("rivage").await,
    };
    let browser = house.signed_in(&format!("{person}@example.test")).await;
    let id = house.waiting(&browser, &client, more).await;
    let path = format!("/consent?interaction={}", id.as_str());
    (browser, id, path)
}

// S40
on_both!(the_page_says_who_asks_for_what, house => {
    house.person("ada").await;
    let (browser, _, path) = asked(&house, "ada", &[]).await;
    let page = browser.get(&path).await;
    page.is(200, "consent").says("Atelier Rivage").says("app.rivage.example").says("Ada Laurent").says("/media/initials/AL-");
    page.says("See and change your profile and photo").says("See your e-mail address").hides("for_everyone");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action 'self' https://app.rivage.example;"), "{policy}");
    // Looking at it says nothing.
    assert!(house.core.store.consent("person-ada", "rivage").await.unwrap().is_none());
});

// S40, S79: oidcc-registration-policy-uri, oidcc-registration-tos-uri
on_both!(a_client_that_registered_itself_is_named_as_one, house => {
    house.person("ada").await;
    let (browser, _, path) = asked(&house, "ada", &[("ui_locales", "fr")]).await;
    browser.get(&path).await.is(200, "consent").hides("id=\"unchecked\"").says("Atelier Rivage");
    let client = house.core.store.client("rivage").await.unwrap().unwrap();
    let mut client = (*client).clone();
    client.registered_by = protocol::client::BY_ANYBODY.into();
    client.tos_uri = Some("https://rivage.example/terms".into());
    for (member, said) in [("client_name#fr-CA", "La rive"), ("policy_uri#fr", "https://rivage.example/vie-privee")] {
        client.metadata.localized.insert(member.into(), said.into());
    }
    house.core.store.update_client(client).await.unwrap();
    let page = browser.get(&path).await;
    page.is(200, "consent").says("id=\"unchecked\"").says("La rive").hides("Atelier Rivage");
    page.says("https://rivage.example/vie-privee").says("https://rivage.example/terms");
});

// Values that could turn the direction of reading stand between isolates.
on_both!(details_are_said_in_the_person_s_words_and_nobody_else_s, house => {
    house.person("ada").await;
    let payment = r#"[{"type":"payment","amount":"12.50 €","creditor":"<b>Ada</b>"}]"#;
    let (browser, _, path) = asked(&house, "ada", &[("authorization_details", payment)]).await;
    browser.get(&path).await.is(200, "consent").says("Pay \u{2068}12.50 €\u{2069} to &#60;b&#62;Ada&#60;/b&#62;").says("For this request alone");
    let (browser, _, path) =
        asked(&house, "ada", &[("authorization_details", payment), ("ui_locales", "fr")]).await;
    browser.get(&path).await.is(200, "consent").says("Payer \u{2068}12.50 €\u{2069} à").says("Pour cette demande seulement");
});

// S32, S40, S41
on_both!(a_yes_is_to_what_stands_in_the_row, house => {
    house.person("ada").await;
    let (browser, id, path) = asked(&house, "ada", &[]).await;
    let fields = [
        ("decision", "allow"),
        ("scope", "openid phone address offline_access"),
        ("client_id", "another"),
        ("redirect_uri", "https://evil.example/"),
    ];
    let answer = browser.fill(&path, &path, &fields).await;
    answer.leads_to(&format!("/oauth2/authorize/{}", id.as_str()));
    let agreed = Scopes::parse("openid profile email").unwrap();
    let consent = house.core.store.consent("person-ada", "rivage").await.unwrap().unwrap();
    assert_eq!((consent.scopes, consent.granted_at), (agreed.clone(), house.clock_now()));
    let interaction = house.interaction(&id, &browser).await.unwrap();
    assert_eq!((interaction.consented, interaction.denied), (Some(agreed.to_string()), false));
    // Twice is once.
    browser.fill(&path, &path, &fields).await.leads_to(&format!("/oauth2/authorize/{}", id.as_str()));

    // More is asked for, and said so; what was agreed to before stays.
    let (browser, _, path) = asked(&house, "ada", &[("scope", "openid phone")]).await;
    browser.get(&path).await.is(200, "consent").says("asks for more than you allowed before");
    browser.fill(&path, &path, &[("decision", "allow")]).await;
    let consent = house.core.store.consent("person-ada", "rivage").await.unwrap().unwrap();
    assert_eq!(consent.scopes, Scopes::parse("openid profile email phone").unwrap());
});

// S24
on_both!(a_no_goes_back_to_the_hub, house => {
    house.person("ada").await;
    let (browser, id, path) = asked(&house, "ada", &[]).await;
    let answer = browser.fill(&path, &path, &[("decision", "deny"), ("for_everyone", "yes")]).await;
    answer.leads_to(&format!("/oauth2/authorize/{}", id.as_str()));
    assert!(house.interaction(&id, &browser).await.unwrap().denied);
    assert!(house.core.store.consent("person-ada", "rivage").await.unwrap().is_none());
    for nonsense in [&[("decision", "maybe")][..], &[]] {
        browser.fill(&path, &path, nonsense).await.is(400, "error");
    }
});

// S40
on_both!(only_administrators_approve_for_everyone, house => {
    house.person("ada").await;
    house.person("root").await;
    let (browser, id, path) = asked(&house, "ada", &[]).await;
    browser.fill(&path, &path, &[("decision", "allow"), ("for_everyone", "yes")]).await.is(403, "error");
    assert!(house.interaction(&id, &browser).await.unwrap().consented.is_none());
    assert!(house.core.store.client("rivage").await.unwrap().unwrap().everyone_scopes.is_empty());

    let (browser, _, path) = asked(&house, "root", &[]).await;
    browser.get(&path).await.is(200, "consent").says("name=\"for_everyone\"");
    let answer = browser.fill(&path, &path, &[("decision", "allow"), ("for_everyone", "yes")]).await;
    assert_eq!(answer.status, 303);
    let client = house.core.store.client("rivage").await.unwrap().unwrap();
    assert_eq!(client.everyone_scopes, Scopes::parse("openid profile email").unwrap());
    let history = house.core.store.audit_of("rivage", 10).await.unwrap();
    assert_eq!(history[0].action, "client.approved_for_everyone");
});

// S28, S36
on_both!(it_takes_a_person_a_request_and_our_own_form, house => {
    house.person("ada").await;
    let (browser, id, path) = asked(&house, "ada", &[]).await;
    browser.get("/consent").await.is(400, "error");
    browser.post(&path, &[("decision", "allow")]).await.is(403, "error");
    let other = house.signed_in("ada@example.test").await;
    other.get(&path).await.is(400, "error");
    other.fill("/account", &path, &[("decision", "allow")]).await.is(400, "error");
    assert!(house.interaction(&id, &browser).await.unwrap().consented.is_none());
    browser.forget("__Host-visage-session");
    assert_eq!(browser.get(&path).await.status, 303);
});
