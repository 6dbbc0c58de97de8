//! `GET /assets/logos/{client_id}`: a client's logo, through us.
//!
//! > logo_uri … The value of this field MUST point to a valid image file.
//!
//! <https://www.rfc-editor.org/rfc/rfc7591#section-2>. A browser that fetched it itself would tell that server who is about
//! to sign in (S79), and our policy allows no pictures from elsewhere. Whatever goes wrong, the answer is a picture: the
//! tile with the client's first letter, so that no page shows a hole.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE},
    web::{Bytes, Data, Path},
};
use protocol::{Client, Micros, SECOND};
use tokio::sync::Semaphore;
use url::{Url, form_urlencoded::byte_serialize};
use views::ClientCard;
use web::{Core, PageError, paths};

use crate::State;
use web::outbound::{Bounds, Outbound};

const LARGEST: usize = 128 * 1024;
const BOUNDS: Bounds = Bounds { largest: LARGEST, deadline: Duration::from_secs(4), redirects: 0 };
const KEPT: Micros = 24 * 3600 * SECOND;
/// After a failure, and while somebody else fetches.
const PAUSE: Micros = 5 * 60 * SECOND;
const MOST: usize = 128;
const AT_ONCE: usize = 4;

/// Where our pages show a client's logo; `None` where it has none that we would fetch.
pub fn path(client: &Client) -> Option<String> {
    let uri = address(client)?;
    // The address of the picture changes with the logo's, so that a browser does not keep the old one.
    let version: String =
        keyring::digest(uri.as_str().as_bytes())[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    let id: String = byte_serialize(client.id.as_bytes()).collect();
    Some(format!("{}logos/{id}?v={version}", paths::ASSETS))
}

pub async fn serve(
    core: Data<Core>,
    state: Data<State>,
    client: Path<String>,
) -> Result<HttpResponse, PageError> {
    let client = core.store.client(&client).await?.filter(|client| client.is_active);
    let client = client.ok_or_else(PageError::not_found)?;
    let uri = address(&client).ok_or_else(PageError::not_found)?;
    let mut answer = HttpResponse::Ok();
    Ok(match state.logos.fetched(&core.outbound, &uri, core.now()).await {
        Some(logo) => answer
            .insert_header((CONTENT_TYPE, logo.content_type))
            .insert_header((CACHE_CONTROL, "public, max-age=86400"))
            .body(logo.bytes.clone()),
        None => answer
            .insert_header((CONTENT_TYPE, "image/svg+xml"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .body(ClientCard { name: client.name.clone(), ..ClientCard::default() }.tile_svg()),
    })
}

fn address(client: &Client) -> Option<Url> {
    client.logo_uri.as_deref().and_then(|uri| Url::parse(uri).ok()).filter(|uri| uri.scheme() == "https")
}

/// Logos that were fetched, and the way to fetch more.
#[derive(Clone)]
pub struct Logos(Arc<Shared>);

struct Shared {
    places: Semaphore,
    kept: Mutex<HashMap<String, Entry>>,
}

#[derive(Clone)]
struct Entry {
    logo: Option<Arc<Logo>>,
    until: Micros,
}

struct Logo {
    content_type: &'static str,
    bytes: Bytes,
}

impl Default for Logos {
    fn default() -> Logos {
        Logos(Arc::new(Shared { places: Semaphore::new(AT_ONCE), kept: Mutex::default() }))
    }
}

impl Logos {
    async fn fetched(&self, outbound: &Outbound, uri: &Url, now: Micros) -> Option<Arc<Logo>> {
        if let Some(entry) = self.kept(uri, now) {
            return entry.logo;
        }
        let _place = self.0.places.try_acquire().ok()?;
        self.keep(uri, None, now + PAUSE);
        let logo = match outbound.get(uri, BOUNDS).await {
            Ok(bytes) => picture_type(&bytes).map(|content_type| Arc::new(Logo { content_type, bytes })),
            Err(error) => {
                tracing::info!(uri = %uri, %error, "a client's logo cannot be fetched");
                None
            }
        };
        if logo.is_some() {
            self.keep(uri, logo.clone(), now + KEPT);
        }
        logo
    }

    fn kept(&self, uri: &Url, now: Micros) -> Option<Entry> {
        let kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(uri.as_str()).filter(|entry| entry.until > now).cloned()
    }

    fn keep(&self, uri: &Url, logo: Option<Arc<Logo>>, until: Micros) {
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(uri.to_string(), Entry { logo, until });
    }
}

impl std::fmt::Debug for Logos {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Logos")
    }
}

/// By its first bytes, whatever the other side calls it. No SVG: that is a program.
fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use actix_web::{App, HttpRequest, HttpServer};
    use web::outbound::Settings;

    use super::*;

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        assert_eq!(picture_type(b"\x89PNG\r\n\x1a\n..."), Some("image/png"));
        assert_eq!(picture_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(picture_type(b"GIF89a"), Some("image/gif"));
        assert_eq!(picture_type(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        for other in [&b"<svg xmlns"[..], b"<!doctype html>", b"", b"GIF88a", b"RIFF\0\0\0\0WAVE"] {
            assert_eq!(picture_type(other), None);
        }
    }
    /// A server on this machine; every logo is asked for by its path, and every question is counted.
    async fn server(hits: Arc<AtomicUsize>) -> u16 {
        let app = move || {
            let hits = hits.clone();
            let answer = move |request: HttpRequest| {
                hits.fetch_add(1, Ordering::SeqCst);
                let body = |bytes: Vec<u8>| HttpResponse::Ok().content_type("text/html").body(bytes);
                let answer = match request.path() {
                    "/logo.png" => body(b"\x89PNG\r\n\x1a\nand so on".to_vec()),
                    "/logo.svg" => body(b"<svg/>".to_vec()),
                    "/large.png" => body([&b"\x89PNG\r\n\x1a\n"[..], &vec![0; LARGEST]].concat()),
                    "/elsewhere.png" => {
                        HttpResponse::Found().insert_header(("location", "/logo.png")).finish()
                    }
                    _ => HttpResponse::NotFound().finish(),
                };
                async move { answer }
            };
            App::new().default_service(actix_web::web::to(answer))
        };
        let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).expect("a port");
        let port = server.addrs()[0].port();
        actix_web::rt::spawn(server.run());
        port
    }

    #[actix_web::test]
    async fn a_logo_is_fetched_once_a_day_and_a_failure_not_at_once_again() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let hits = Arc::new(AtomicUsize::new(0));
        let port = server(hits.clone()).await;
        let logos = Logos::default();
        let loopback = ["127.0.0.1", "::1"].map(|address| (address.parse().expect("an address"), 128));
        let allow = loopback.into_iter().collect();
        let outbound = Outbound::new(Settings { allow, ..Settings::default() }).expect("no roots to read");
        let of = |path: &str| Url::parse(&format!("http://localhost:{port}{path}")).expect("a URL");
        let fetched = |path: &'static str, now| {
            let (logos, outbound, uri) = (logos.clone(), outbound.clone(), of(path));
            async move { logos.fetched(&outbound, &uri, now).await.map(|logo| logo.content_type) }
        };
        for _ in 0..3 {
            assert_eq!(fetched("/logo.png", 0).await, Some("image/png"));
        }
        assert_eq!(hits.load(Ordering::SeqCst), 1);
        assert_eq!(fetched("/logo.png", KEPT).await, Some("image/png"));
        assert_eq!(hits.load(Ordering::SeqCst), 2);
        for bad in ["/logo.svg", "/large.png", "/elsewhere.png", "/missing.png"] {
            let before = hits.load(Ordering::SeqCst);
            assert_eq!(fetched(bad, 0).await, None, "{bad}");
            assert_eq!(fetched(bad, PAUSE - 1).await, None, "{bad}");
            assert_eq!(hits.load(Ordering::SeqCst), before + 1, "{bad}");
            assert_eq!(fetched(bad, PAUSE).await, None, "{bad}");
            assert_eq!(hits.load(Ordering::SeqCst), before + 2, "{bad}");
        }
    }
}
