//! `GET` and `POST /device`: a person types the code that a device shows them. <https://www.rfc-editor.org/rfc/rfc8628#section-3.3>
//!
//! A code that is right begins an interaction of this browser, and the hub leads on: sign-in, consent, and back here with
//! `done`. Wrong ones are counted before anybody looks.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::Data,
};
use protocol::{authorization::Pending, device};
use store::{device_codes::DeviceCode, interactions::Interaction};
use views::{DeviceDonePage, DevicePage, Message};
use web::{
    Browser, Core, InteractionId, Language, Next, PageError, Params, Peer, Posted, Query, form::FromParams,
    paths,
};

use crate::throttle::Trial;

pub struct Typed {
    user_code: String,
}

impl FromParams for Typed {
    fn from_params(params: &Params) -> Option<Typed> {
        Some(Typed { user_code: params.get("user_code")?.to_owned() })
    }
}

/// `?user_code=` fills the form in, and no more: the person has to say yes to the code that they see.
///
/// > it is still RECOMMENDED for the authorization server to […] require […] user confirmation
///
/// <https://www.rfc-editor.org/rfc/rfc8628#section-3.3.1>
// S75
pub async fn show(request: HttpRequest, browser: Browser, Query(query): Query) -> HttpResponse {
    let locale = Language::of(&request).0;
    let connected = match query.get("done") {
        Some("connected") => true,
        Some("denied") => false,
        _ => {
            let typed = query.get("user_code").unwrap_or_default();
            return web::html(page(&browser, typed, None).render(locale));
        }
    };
    web::html(DeviceDonePage { connected }.render(locale))
}

// S75
pub async fn submit(
    core: Data<Core>,
    request: HttpRequest,
    browser: Browser,
    peer: Peer,
    typed: Posted<Typed>,
) -> Result<HttpResponse, PageError> {
    let (message, status, wait) = match find(&core, &browser, peer, &typed.user_code).await? {
        Found::Device(device, user_code) => return begin(&core, &browser, *device, user_code).await,
        Found::Unknown => (Message::DeviceCodeUnknown, StatusCode::NOT_FOUND, None),
        Found::Slowed(seconds) => {
            (Message::SignInSlowed { seconds }, StatusCode::TOO_MANY_REQUESTS, Some(seconds))
        }
    };
    let again = page(&browser, &typed.user_code, Some(message)).render(Language::of(&request).0);
    let mut answer = web::page(status, again, None);
    if let Some(seconds) = wait {
        answer.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(answer)
}

fn page(browser: &Browser, typed: &str, problem: Option<Message>) -> DevicePage {
    let user_code = device::normalised(typed).map(|code| device::shown(&code));
    DevicePage {
        csrf: browser.csrf(),
        action: paths::DEVICE.to_owned(),
        user_code: user_code.unwrap_or_else(|| typed.chars().filter(|c| !c.is_control()).take(20).collect()),
        problem,
    }
}

enum Found {
    /// With its code.
    Device(Box<DeviceCode>, String),
    Unknown,
    /// Not now; seconds.
    Slowed(u64),
}

/// > the authorization server SHOULD […] rate-limit user code attempts
///
/// <https://www.rfc-editor.org/rfc/rfc8628#section-5.1>
async fn find(core: &Core, browser: &Browser, peer: Peer, typed: &str) -> Result<Found, PageError> {
    // What can be no code of ours teaches nobody anything.
    let Some(user_code) = device::normalised(typed) else { return Ok(Found::Unknown) };
    let now = core.now();
    let trial = Trial::of_user_code(&browser.digest(), peer);
    if let Some(seconds) = trial.begin(&core.store, now).await? {
        return Ok(Found::Slowed(seconds));
    }
    match core.store.waiting_device(&keyring::digest(user_code.as_bytes()), now).await? {
        Some(device) => {
            trial.succeed(&core.store).await?;
            Ok(Found::Device(Box::new(device), user_code))
        }
        None => Ok(Found::Unknown),
    }
}

/// The device's request becomes one of this browser, like an application's.
async fn begin(
    core: &Core,
    browser: &Browser,
    device: DeviceCode,
    user_code: String,
) -> Result<HttpResponse, PageError> {
    let id = InteractionId::new(&core.random.secret());
    let mut pending = Pending::of_device(device.digest, user_code, device.scopes);
    if let Some(resources) = &device.resources {
        pending.resources = serde_json::from_str(resources).map_err(PageError::internal)?;
    }
    let interaction = Interaction {
        digest: id.digest().into(),
        browser: browser.digest().into(),
        client_id: device.client_id,
        parameters: pending.to_json().map_err(PageError::internal)?,
        consented: None,
        denied: false,
        created_at: core.now(),
        // Longer than the device waits it would lead nowhere.
        expires_at: device.expires_at,
        pushed: None,
    };
    core.store.insert_interaction(interaction).await?;
    Ok(Next::Authorize(id).see_other())
}
