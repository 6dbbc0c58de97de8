//! People and clients as the pages show them.

use protocol::{Client, redirect_uri};
use store::users::Profile;
use url::{Url, form_urlencoded::byte_serialize};
use views::{ClientCard, Locale, PersonCard};
use web::{Core, PageError, paths};

/// `host`: where the answer of this request goes.
pub fn client(core: &Core, client: &Client, host: String, locale: Locale) -> ClientCard {
    let link = |member: &str, plain: &Option<String>| {
        let said = client.said(member, locale.tag()).or(plain.as_deref());
        said.filter(|uri| is_web(core, uri)).map(str::to_owned)
    };
    ClientCard {
        name: client.said("client_name", locale.tag()).unwrap_or(&client.name).to_owned(),
        host,
        logo: logo(client),
        home: link("client_uri", &client.client_uri),
        policy: link("policy_uri", &client.policy_uri),
        terms: link("tos_uri", &client.tos_uri),
        is_unchecked: client.is_unchecked(),
    }
}

/// Where our pages show a client's logo: the photo room makes it anew. The address changes with what is registered, so
/// that a browser does not keep the old one.
// S79
fn logo(client: &Client) -> Option<String> {
    let uri = client.logo_uri.as_deref()?;
    let version: String =
        keyring::digest(uri.as_bytes())[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    let id: String = byte_serialize(client.id.as_bytes()).collect();
    Some(format!("{}?v={version}", paths::CLIENT_LOGO.replace("{client}", &id)))
}

/// Where no request waits: the host of the first redirect URI.
pub fn registered_client(core: &Core, registered: &Client, locale: Locale) -> ClientCard {
    let host =
        registered.redirect_uris.first().map(|uri| redirect_uri::display_host(uri)).unwrap_or_default();
    client(core, registered, host, locale)
}

/// # Errors
/// 404 where the person was deleted meanwhile.
pub async fn profile(core: &Core, user_id: &str) -> Result<Profile, PageError> {
    let profile = core.store.profile(user_id).await?;
    profile.ok_or_else(PageError::not_found)
}

/// `side`: CSS pixels of the picture on the page.
pub fn person(core: &Core, profile: &Profile, side: u32) -> PersonCard {
    let photo = match &profile.portrait {
        // Sharp on dense screens.
        Some(portrait) => Some(core.pictures.sized(portrait, 2 * side)),
        None => core.pictures.default_of(&profile.user),
    };
    let user = &profile.user;
    PersonCard { name: user.name.clone().unwrap_or_default(), email: user.email.clone(), photo }
}

/// A link that a person may follow from our pages: https, or http while we are on loopback ourselves.
fn is_web(core: &Core, uri: &str) -> bool {
    Url::parse(uri)
        .is_ok_and(|url| url.scheme() == "https" || (url.scheme() == "http" && !core.site.is_secure()))
}
