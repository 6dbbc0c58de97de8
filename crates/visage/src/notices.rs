//! What robots and people who found a hole look for: `/robots.txt` and `/.well-known/security.txt` (S96).

use ::web::{Core, Endpoint, paths};
use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, ContentType},
    web,
};
use chrono::{DateTime, SecondsFormat};
use protocol::{Micros, SECOND};

use crate::compose::House;

/// Discovery and pictures are for everybody; the rest is pages of one person.
const ROBOTS: &str = "User-agent: *\nAllow: /.well-known/\nAllow: /media/\nDisallow: /\n";

/// > It is RECOMMENDED that the value of this field be less than a year into the future to avoid staleness.
///
/// <https://www.rfc-editor.org/rfc/rfc9116#section-2.5.5>. The answer is made anew each time, so a month is enough.
const GOOD_FOR: Micros = 30 * 24 * 3600 * SECOND;

pub fn routes(cfg: &mut web::ServiceConfig, house: &House) {
    Endpoint::at(paths::ROBOTS).get(|| async { text(ROBOTS.to_owned()) }).mount(cfg);
    // Without somebody to write to there is nothing to say.
    if let Some(contact) = house.config.server.security_contact.clone() {
        let tell = move |core: web::Data<Core>| {
            let notice = security(&contact, &core.site.issuer, core.now());
            async move { text(notice) }
        };
        Endpoint::at(paths::SECURITY_TXT).get(tell).mount(cfg);
    }
}

fn security(contact: &str, issuer: &str, now: Micros) -> String {
    let expires = DateTime::from_timestamp_micros(now + GOOD_FOR).unwrap_or_default();
    let expires = expires.to_rfc3339_opts(SecondsFormat::Secs, true);
    let canonical = format!("{issuer}{}", paths::SECURITY_TXT);
    format!("Contact: {contact}\nExpires: {expires}\nCanonical: {canonical}\nPreferred-Languages: en, fr\n")
}

fn text(body: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .insert_header((CACHE_CONTROL, "public, max-age=86400"))
        .body(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_whom_to_write_to_and_until_when() {
        let notice = security("mailto:security@example.org", "https://id.example", 1_800_000_000 * SECOND);
        assert!(notice.starts_with("Contact: mailto:security@example.org\nExpires: 2027-02-14T08:00:00Z\n"));
        assert!(notice.contains("Canonical: https://id.example/.well-known/security.txt\n"));
    }
}
