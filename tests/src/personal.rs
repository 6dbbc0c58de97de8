//! A person in their browser, on our own pages; and the token that they make there for a script.

use url::Url;
use visage::demo::browser::{Browser, Form, Page};

use crate::house::Person;

/// Signs in; the page is the account page.
pub async fn sign_in(browser: &mut Browser, issuer: &str, person: &Person) -> Page {
    let account: Url = format!("{issuer}/account").parse().unwrap();
    let page = browser.get(&account).await.unwrap();
    let page = browser.follow(page, &account).await.unwrap();
    let form = page.form("login").unwrap().with("username", &person.email).with("password", &person.password);
    let page = browser.submit(&page.url.clone(), &form).await.unwrap();
    let page = browser.follow(page, &account).await.unwrap();
    assert_eq!(page.name().as_deref(), Some("account"), "{}", page.body);
    page
}

/// Makes a personal access token in a browser that is signed in.
pub async fn token(browser: &mut Browser, issuer: &str, person: &Person, scopes: &[&str]) -> String {
    let place: Url = format!("{issuer}/account/tokens").parse().unwrap();
    let page = browser.get(&place).await.unwrap();
    let mut form = page.form("token").unwrap().with("name", "A script").with("current", &person.password);
    form.fields.extend(scopes.iter().map(|scope| ("scopes".to_owned(), (*scope).to_owned())));
    let made = browser.submit(&place, &form).await.unwrap();
    let rest = made.body.split_once("value=\"visage_pat_").unwrap_or_else(|| panic!("{}", made.body)).1;
    format!("visage_pat_{}", rest.split_once('"').unwrap().0)
}

/// Revokes every personal token in the list, one after the other.
pub async fn revoke_all(browser: &mut Browser, issuer: &str) {
    let place: Url = format!("{issuer}/account/tokens").parse().unwrap();
    loop {
        let page = browser.get(&place).await.unwrap();
        let Some((_, rest)) = page.body.split_once("name=\"id\" value=\"") else { return };
        let id = rest.split_once('"').unwrap().0.to_owned();
        let csrf = page.body.split_once("name=\"csrf\" value=\"").unwrap().1.split_once('"').unwrap().0;
        let fields = vec![("csrf".to_owned(), csrf.to_owned()), ("id".to_owned(), id)];
        let form = Form { action: place.join("/account/tokens/revoke").unwrap(), fields };
        assert_eq!(browser.submit(&place, &form).await.unwrap().status, 303);
    }
}

/// A browser that makes one and is closed.
pub async fn token_of(issuer: &str, person: &Person, scopes: &[&str]) -> String {
    let mut browser = Browser::new(crate::http());
    sign_in(&mut browser, issuer, person).await;
    token(&mut browser, issuer, person, scopes).await
}
