//! Session management: the cookie from which the `check_session_iframe` sees, in the browser alone, whether the session is
//! still the one that a client was told of. <https://openid.net/specs/openid-connect-session-1_0.html>
//!
//! Its value names the session to nobody: a MAC of its `sid`. It is no credential, so scripts of our own pages may read it
//! and frames in other sites' pages get it (`SameSite=None`), which the session's own cookie is kept from.

use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use protocol::{SECOND, logout::session_state::session_state};
use store::sessions::Session;

use crate::{Core, browser::NewCookies, session};

const PURPOSE: &str = "session-state";

/// What an authorization answer says; none for apps, which have no page that could ask.
pub fn of(core: &Core, client_id: &str, redirect_uri: &str, session: &Session) -> Option<String> {
    session_state(client_id, redirect_uri, &value(core, session), &core.random.id())
}

/// The cookie that says that nobody is signed in.
pub fn removal(core: &Core) -> Cookie<'static> {
    cookie(core, String::new(), Duration::ZERO)
}

/// Lets the cookie say what is true, where it does not.
pub(crate) fn align(core: &Core, request: &HttpRequest, session: Option<&Session>) {
    let known = request.cookie(core.site.state_cookie());
    let known = known.as_ref().map(Cookie::value).filter(|value| !value.is_empty());
    match (session, known) {
        (Some(session), known) => {
            let value = value(core, session);
            if known != Some(value.as_str()) {
                let max_age = Duration::seconds(core.limits.session_max / SECOND);
                NewCookies::leave(request, cookie(core, value, max_age));
            }
        }
        // Without the session's cookie it is not known that there is none: a frame in another site's page has only ours.
        (None, Some(_)) if session::digest(core, request).is_some() => {
            NewCookies::leave(request, removal(core));
        }
        (None, _) => {}
    }
}

fn value(core: &Core, session: &Session) -> String {
    core.ring.cookie_mac(PURPOSE, session.sid.as_bytes())
}

/// Browsers send `SameSite=None` over https alone; on http loopback all ports are one site anyway.
fn cookie(core: &Core, value: String, max_age: Duration) -> Cookie<'static> {
    let secure = core.site.is_secure();
    Cookie::build(core.site.state_cookie(), value)
        .path("/")
        .secure(secure)
        .http_only(false)
        .same_site(if secure { SameSite::None } else { SameSite::Lax })
        .max_age(max_age)
        .finish()
}
