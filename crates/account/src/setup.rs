//! `GET` and `POST /setup/{token}`: the first administrator, by a link that `visage serve` prints on an empty database.
//!
//! The database knows the token by its digest. Looking at the page changes nothing; whoever sends the form first has
//! taken it, and once there is anybody it opens nothing more.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use keyring::{Passwords, Random, Secret};
use store::{Store, StoreError, audit::AuditRow, users::User};
use views::{Message, SetupPage};
use web::{Browser, Core, Language, Next, PageError, Params, Posted, form::FromParams};

use crate::{device::Device, email, name, password, sign_in};

const SETTING: &str = "first_administrator";

/// A new set-up token where there are no people yet; the one before it is void. `None` where somebody is there.
pub async fn offer(store: &Store, random: &Random) -> Result<Option<Secret>, StoreError> {
    if store.has_users().await? {
        return Ok(None);
    }
    let token = random.secret();
    store.put_setting(SETTING, &digest(&token)).await?;
    Ok(Some(token))
}

pub struct Wish {
    name: String,
    email: String,
    password: Secret,
}

impl FromParams for Wish {
    fn from_params(params: &Params) -> Option<Wish> {
        let field = |name| params.get(name).map(str::to_owned);
        Some(Wish { name: field("name")?, email: field("email")?, password: Secret::new(field("password")?) })
    }
}

pub async fn show(
    core: Data<Core>,
    request: HttpRequest,
    browser: Browser,
    token: Path<String>,
) -> Result<HttpResponse, PageError> {
    open(&core, &Secret::new(token.into_inner())).await?;
    let page = SetupPage { csrf: browser.csrf(), action: request.path().to_owned(), ..SetupPage::default() };
    Ok(web::html(page.render(Language::of(&request).0)))
}

pub async fn submit(
    core: Data<Core>,
    request: HttpRequest,
    browser: Browser,
    token: Path<String>,
    wish: Posted<Wish>,
) -> Result<HttpResponse, PageError> {
    let token = Secret::new(token.into_inner());
    open(&core, &token).await?;
    let user = match administrator(&core, &wish).await? {
        Ok(user) => user,
        Err(problem) => {
            let page = SetupPage {
                csrf: browser.csrf(),
                action: request.path().to_owned(),
                name: wish.name.clone(),
                email: wish.email.clone(),
                problem: Some(problem),
            };
            return Ok(web::page(StatusCode::BAD_REQUEST, page.render(Language::of(&request).0), None));
        }
    };
    let entry = AuditRow {
        id: core.random.id(),
        at: core.now(),
        actor: None,
        action: "user.first_administrator".into(),
        subject: user.id.clone(),
        detail: "{}".into(),
    };
    // Whoever takes the token makes the administrator: one, however many send the form at once.
    if !core.store.insert_first_user(user.clone(), SETTING, &digest(&token), entry).await? {
        return Err(void());
    }
    sign_in::welcome(&core, &request, &user, Device::of(&core, &request), &Next::Account).await
}

/// The person as they wish to be, or what is wrong with the wish.
async fn administrator(core: &Core, wish: &Wish) -> Result<Result<User, Message>, PageError> {
    let email = email::normalised(&wish.email);
    if !email::is_plausible(&email) {
        return Ok(Err(Message::EmailInvalid));
    }
    let Some(name) = name::normalised(&wish.name) else { return Ok(Err(Message::NameInvalid)) };
    if let Err(weak) = Passwords::check(&wish.password) {
        return Ok(Err(password::message(weak)));
    }
    let (hash, now) = (core.passwords.hash(&wish.password).await?, core.now());
    Ok(Ok(User {
        id: core.random.id(),
        storage_id: core.random.id(),
        email,
        email_verified: false,
        password_hash: Some(hash),
        password_changed_at: Some(now),
        name: Some(name),
        given_name: None,
        family_name: None,
        phone_number: None,
        phone_number_verified: false,
        locale: None,
        claims: "{}".into(),
        user_type: None,
        is_active: true,
        is_admin: true,
        picture_id: None,
        picture_url: None,
        created_at: now,
        updated_at: now,
    }))
}

/// Only the token that stands, and only while nobody is here.
async fn open(core: &Core, token: &Secret) -> Result<(), PageError> {
    let expected = core.store.setting(SETTING).await?;
    let fits = expected.is_some_and(|expected| keyring::same(expected.as_bytes(), digest(token).as_bytes()));
    if fits && !core.store.has_users().await? { Ok(()) } else { Err(void()) }
}

fn void() -> PageError {
    PageError::new(StatusCode::NOT_FOUND, Message::SetupLinkInvalid)
}

fn digest(token: &Secret) -> String {
    token.digest().iter().map(|byte| format!("{byte:02x}")).collect()
}
