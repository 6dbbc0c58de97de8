//! The demo's relying party: a small web application of its own, on its own port, that signs people in with Visage,
//! shows who they are and lets them change their photo through the provider's API.
//!
//! It shares nothing with the provider but HTTP. Its cookie has a name of its own, since two ports of one host share
//! cookies.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite},
    http::header,
    web,
};
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::OnceCell;
use url::Url;

use super::{
    application::{Application, Begun, Registration, Tokens},
    page,
};
use crate::failure::Failure;

const COOKIE: &str = "demo_application";

/// The whole application. `own_url` is where browsers reach it.
pub struct Site {
    issuer: String,
    pub own_url: Url,
    registration: Registration,
    http: reqwest::Client,
    /// Discovered at the first use, since the provider starts at the same moment.
    application: OnceCell<Application>,
    visitors: Mutex<HashMap<String, Visitor>>,
}

#[derive(Default)]
struct Visitor {
    begun: Option<Begun>,
    tokens: Option<Tokens>,
    /// What happened last, shown once.
    notice: Option<String>,
}

type Shared = web::Data<Arc<Site>>;

impl Site {
    pub fn new(issuer: String, own_url: Url, registration: Registration, http: reqwest::Client) -> Arc<Self> {
        Arc::new(Self {
            issuer,
            own_url,
            registration,
            http,
            application: OnceCell::new(),
            visitors: Mutex::new(HashMap::new()),
        })
    }

    async fn application(&self) -> Result<&Application, Failure> {
        let discover = || Application::discover(self.http.clone(), &self.issuer, &self.registration);
        self.application.get_or_try_init(discover).await
    }

    fn with<T>(&self, id: &str, change: impl FnOnce(&mut Visitor) -> T) -> T {
        let mut visitors = self.visitors.lock().unwrap_or_else(PoisonError::into_inner);
        change(visitors.entry(id.to_owned()).or_default())
    }

    fn tokens(&self, id: &str) -> Option<Tokens> {
        self.with(id, |visitor| visitor.tokens.clone())
    }

    fn notify(&self, id: &str, notice: impl Into<String>) {
        self.with(id, |visitor| visitor.notice = Some(notice.into()));
    }
}

pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/", web::get().to(home))
        .route("/style.css", web::get().to(style))
        .route("/sign-in", web::get().to(sign_in))
        .route("/callback", web::get().to(callback))
        .route("/photo", web::post().to(change_photo))
        .route("/photo/remove", web::post().to(remove_photo))
        .route("/refresh", web::post().to(refresh))
        .route("/sign-out", web::get().to(sign_out))
        .route("/signed-out", web::get().to(signed_out));
}

async fn home(site: Shared, request: HttpRequest) -> HttpResponse {
    let Some(id) = visitor(&request) else { return html(page::welcome(None), &site) };
    let notice = site.with(&id, |visitor| visitor.notice.take());
    let Some(tokens) = site.tokens(&id) else { return html(page::welcome(notice.as_deref()), &site) };
    let claims = match site.application().await {
        Ok(application) => application.userinfo(&tokens).await,
        Err(failure) => Err(failure),
    };
    match claims {
        Ok(claims) => html(page::profile(&claims, notice.as_deref()), &site),
        Err(failure) => {
            // The access was withdrawn, or the token is too old: one sign-in mends both.
            site.with(&id, |visitor| visitor.tokens = None);
            html(page::welcome(Some(&failure.to_string())), &site)
        }
    }
}

async fn style() -> HttpResponse {
    HttpResponse::Ok().content_type("text/css; charset=utf-8").body(page::STYLE)
}

async fn sign_in(site: Shared) -> HttpResponse {
    match site.application().await {
        Ok(application) => {
            let begun = application.begin();
            let url = begun.url.to_string();
            // A visitor is known by a fresh random value; the crate's `state` is one more.
            let id = openidconnect::CsrfToken::new_random().into_secret();
            site.with(&id, |visitor| visitor.begun = Some(begun));
            let cookie =
                Cookie::build(COOKIE, id).path("/").http_only(true).same_site(SameSite::Lax).finish();
            HttpResponse::SeeOther().cookie(cookie).insert_header((header::LOCATION, url)).finish()
        }
        Err(failure) => html(page::welcome(Some(&failure.to_string())), &site),
    }
}

#[derive(Deserialize)]
struct Returned {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

async fn callback(site: Shared, request: HttpRequest, returned: web::Query<Returned>) -> HttpResponse {
    let Some(id) = visitor(&request) else { return home_again() };
    match finish(&site, &id, returned.into_inner()).await {
        Ok(tokens) => site.with(&id, |visitor| visitor.tokens = Some(tokens)),
        Err(failure) => site.notify(&id, failure.to_string()),
    }
    home_again()
}

async fn finish(site: &Site, id: &str, returned: Returned) -> Result<Tokens, Failure> {
    let begun = site.with(id, |visitor| visitor.begun.take());
    let begun = begun.ok_or_else(|| Failure::new("This sign-in was not begun here. Please try again."))?;
    if returned.state.as_deref() != Some(begun.state.as_str()) {
        return Err(Failure::new("This answer belongs to another sign-in. Please try again."));
    }
    match (returned.code, returned.error) {
        (Some(code), None) => site.application().await?.finish(begun, &code).await,
        (_, Some(error)) if error == "access_denied" => Err(Failure::new("You said no, and that is fine.")),
        (_, error) => Err(Failure::new(returned.error_description.or(error).unwrap_or_default())),
    }
}

/// The browser's multipart body goes to the API as it came; its field is called `photo` there and here.
async fn change_photo(site: Shared, request: HttpRequest, body: Bytes) -> HttpResponse {
    let Some((id, tokens)) = signed_in(&site, &request) else { return home_again() };
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let result = match site.application().await {
        Ok(application) => application.upload(&tokens, content_type.unwrap_or_default(), body).await,
        Err(failure) => Err(failure),
    };
    site.notify(
        &id,
        result.map_or_else(|failure| failure.to_string(), |_| "Your photo was changed.".to_owned()),
    );
    home_again()
}

async fn remove_photo(site: Shared, request: HttpRequest) -> HttpResponse {
    let Some((id, tokens)) = signed_in(&site, &request) else { return home_again() };
    let result = match site.application().await {
        Ok(application) => application.remove_photo(&tokens).await,
        Err(failure) => Err(failure),
    };
    site.notify(
        &id,
        result.map_or_else(|failure| failure.to_string(), |_| "Your photo was removed.".to_owned()),
    );
    home_again()
}

async fn refresh(site: Shared, request: HttpRequest) -> HttpResponse {
    let Some((id, tokens)) = signed_in(&site, &request) else { return home_again() };
    let result = match site.application().await {
        Ok(application) => application.refresh(&tokens).await,
        Err(failure) => Err(failure),
    };
    match result {
        Ok(tokens) => site.with(&id, |visitor| {
            visitor.tokens = Some(tokens);
            visitor.notice = Some("New tokens have arrived.".to_owned());
        }),
        Err(failure) => site.notify(&id, failure.to_string()),
    }
    home_again()
}

async fn sign_out(site: Shared, request: HttpRequest) -> HttpResponse {
    let Some((id, tokens)) = signed_in(&site, &request) else { return home_again() };
    site.with(&id, |visitor| *visitor = Visitor::default());
    let url = match site.application().await {
        Ok(application) => application.logout_url(&tokens, &site.registration.post_logout_redirect_uri),
        Err(failure) => Err(failure),
    };
    match url {
        Ok(url) => HttpResponse::SeeOther().insert_header((header::LOCATION, url.to_string())).finish(),
        Err(failure) => html(page::welcome(Some(&failure.to_string())), &site),
    }
}

async fn signed_out(site: Shared) -> HttpResponse {
    html(page::welcome(Some("You are signed out, here and at Visage.")), &site)
}

fn visitor(request: &HttpRequest) -> Option<String> {
    request.cookie(COOKIE).map(|cookie| cookie.value().to_owned())
}

/// Who asks, if signed in and if the form is on one of our own pages.
fn signed_in(site: &Site, request: &HttpRequest) -> Option<(String, Tokens)> {
    let is_foreign = request
        .headers()
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes() != site.own_url.origin().ascii_serialization().as_bytes());
    if is_foreign {
        return None;
    }
    let id = visitor(request)?;
    let tokens = site.tokens(&id)?;
    Some((id, tokens))
}

fn home_again() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/")).finish()
}

/// Pictures come from the provider, wherever it keeps them; everything else is our own.
fn html(body: String, site: &Site) -> HttpResponse {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data: https: {}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        site.issuer
    );
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(body)
}
