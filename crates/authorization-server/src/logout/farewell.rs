//! The end of a session, by the person's wish. What is said on the back channel is queued with it; for the front channel
//! the page at the end shows the clients' frames before it sends the person on.
//! <https://openid.net/specs/openid-connect-frontchannel-1_0.html#OPLogout>

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use protocol::{logout::channels, redirect_uri};
use store::logout::SessionClient;
use views::{Locale, SignedOutPage};
use web::{Core, PageError, SignedIn, paths};

/// > The OP renders <iframe src="frontchannel_logout_uri"> in a page with the registered logout URI as the source to
/// > trigger the logout actions by the RP.
///
/// <https://openid.net/specs/openid-connect-frontchannel-1_0.html#RPLogout>
// S97, S100, S101
pub async fn sign_out(
    core: &Core,
    signed_in: Option<&SignedIn>,
    to: Option<String>,
    locale: Locale,
) -> Result<HttpResponse, PageError> {
    let left = match signed_in {
        Some(person) => core.store.end_session(&person.session.sid, core.now()).await?.unwrap_or_default(),
        None => Vec::new(),
    };
    let frames = frames(core, &left).await?;
    let mut response = if frames.is_empty() {
        web::next::see_other(to.as_deref().unwrap_or(paths::SIGNED_OUT))
    } else {
        let origins: BTreeSet<String> =
            frames.iter().filter_map(|uri| redirect_uri::form_action(uri)).collect();
        let page = SignedOutPage { sign_in: paths::LOGIN.to_owned(), frames, onward: to };
        web::page_with_frames(page.render(locale), origins.into_iter().collect())
    };
    let [session, state] = web::session::removal(core);
    response.add_cookie(&session).map_err(PageError::internal)?;
    // In a frame of another site's page the session's cookie did not come along: then nobody knows that it is over.
    if signed_in.is_some() {
        response.add_cookie(&state).map_err(PageError::internal)?;
    }
    Ok(response)
}

async fn frames(core: &Core, left: &[SessionClient]) -> Result<Vec<String>, PageError> {
    let mut frames = Vec::new();
    for one in left {
        if let Some(client) = core.store.client(&one.client_id).await? {
            let session = core.session_name(&client, &one.sid);
            frames.extend(channels::frame(&client, &core.site.issuer, &session));
        }
    }
    Ok(frames)
}
