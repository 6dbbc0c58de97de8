//! `GET /client-logo/{client}`: a client's logo as we made it anew.
//!
//! > logo_uri … The value of this field MUST point to a valid image file.
//!
//! <https://www.rfc-editor.org/rfc/rfc7591#section-2>. A browser that fetched it itself would tell that server who is about
//! to sign in (S79), and our policy allows no pictures from elsewhere. It is fetched once, goes the way of every picture
//! ([`crate::image`]) and is kept as a row until the registration names another. Whatever goes wrong, the answer is a
//! picture: the tile with the client's first letter, so that no page shows a hole.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use protocol::{Client, Micros, SECOND};
use store::logos::ClientLogo;
use tokio::sync::Semaphore;
use url::Url;
use views::ClientCard;
use web::outbound::Bounds;
use web::{Core, PageError};

use crate::State;
use crate::image::Shape;

const BOUNDS: Bounds = Bounds { largest: 1024 * 1024, deadline: Duration::from_secs(4), redirects: 2 };
/// Of the picture that is kept: sharp on dense screens.
const SIDE: u32 = 256;
/// After a failure, and while somebody else fetches.
const PAUSE: Micros = 5 * 60 * SECOND;
const MOST_PAUSES: usize = 1000;
const AT_ONCE: usize = 4;

/// Which logos could not be had, and until when nobody asks for them again.
#[derive(Clone, Debug)]
pub(crate) struct Logos(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    places: Semaphore,
    pauses: Mutex<HashMap<(String, String), Micros>>,
}

impl Default for Logos {
    fn default() -> Self {
        Self(Arc::new(Shared { places: Semaphore::new(AT_ONCE), pauses: Mutex::default() }))
    }
}

pub(crate) async fn show(
    client: Path<String>,
    core: Data<Core>,
    state: Data<State>,
) -> Result<HttpResponse, PageError> {
    let client = core.store.client(&client).await?.filter(|client| client.is_active);
    let client = client.ok_or_else(PageError::not_found)?;
    let uri = client.logo_uri.clone().ok_or_else(PageError::not_found)?;
    let mut answer = HttpResponse::Ok();
    Ok(match picture(&core, &state, &client, &uri).await? {
        Some(jpeg) => answer
            .insert_header((CONTENT_TYPE, "image/jpeg"))
            .insert_header((CACHE_CONTROL, "public, max-age=86400"))
            .body(jpeg),
        None => answer
            .insert_header((CONTENT_TYPE, "image/svg+xml"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(ClientCard { name: client.name.clone(), ..ClientCard::default() }.tile_svg()),
    })
}

async fn picture(
    core: &Core,
    state: &State,
    client: &Client,
    uri: &str,
) -> Result<Option<Vec<u8>>, PageError> {
    let kept = core.store.client_logo(&client.id).await?;
    if let Some(logo) = kept.filter(|logo| logo.source_uri == uri) {
        return Ok(Some(logo.jpeg));
    }
    let Some(jpeg) = made(core, state, client, uri).await else { return Ok(None) };
    let logo = ClientLogo {
        client_id: client.id.clone(),
        source_uri: uri.to_owned(),
        jpeg: jpeg.clone(),
        fetched_at: core.now(),
    };
    core.store.keep_client_logo(logo).await?;
    Ok(Some(jpeg))
}

/// Fetched and made anew; nothing where it was tried a moment ago, or too many are being made.
async fn made(core: &Core, state: &State, client: &Client, uri: &str) -> Option<Vec<u8>> {
    let _place = state.logos.0.places.try_acquire().ok()?;
    if !state.logos.may_try(&client.id, uri, core.now()) {
        return None;
    }
    let failed = |why: &dyn std::fmt::Display| {
        tracing::info!(client = client.id, uri, %why, "a client's logo cannot be shown");
    };
    let bytes = match core.outbound.get(&Url::parse(uri).ok()?, BOUNDS).await {
        Ok(bytes) => bytes,
        Err(error) => {
            failed(&error);
            return None;
        }
    };
    let rendition = match state.pool.render(bytes, Shape::Square(None)).await {
        Ok(Ok(rendition)) => rendition,
        Ok(Err(refusal)) => {
            failed(&refusal);
            return None;
        }
        Err(busy) => {
            failed(&busy);
            return None;
        }
    };
    let fitting = rendition.variants.iter().position(|variant| variant.side <= SIDE).unwrap_or(0);
    rendition.variants.into_iter().nth(fitting).map(|variant| variant.jpeg)
}

impl Logos {
    /// Whether this address may be asked now; then not again for a while.
    fn may_try(&self, client: &str, uri: &str, now: Micros) -> bool {
        let mut pauses = self.0.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (client.to_owned(), uri.to_owned());
        if pauses.get(&key).is_some_and(|until| *until > now) {
            return false;
        }
        if pauses.len() >= MOST_PAUSES {
            pauses.clear();
        }
        pauses.insert(key, now + PAUSE);
        true
    }
}
