//! Addresses of pictures that are nobody else's business: uploads that wait, earlier photos that were kept. Whoever has
//! the address sees the picture, for an hour; nobody can make one (CONTRACT §5). So it works in an `<img>`, on any page.

use protocol::{Micros, SECOND};
use store::pictures::Picture;

use crate::{Core, paths};

const PURPOSE: &str = "picture-preview";
const HOUR: Micros = 3600 * SECOND;

/// The address of the smallest variant for a side of `side` pixels; 0: of the largest.
pub fn url(core: &Core, picture: &Picture, side: u32) -> String {
    let until = (core.now() + HOUR) / SECOND;
    let named = format!("{}.{until}", picture.id);
    let mac = core.ring.cookie_mac(PURPOSE, named.as_bytes());
    let size = if side == 0 { String::new() } else { format!("?size={side}") };
    core.site.url(&format!("{}{named}.{mac}{size}", paths::PREVIEWS))
}

/// The picture that an address of ours names, unless its hour is over.
pub fn open<'a>(core: &Core, token: &'a str) -> Option<&'a str> {
    let (named, mac) = token.rsplit_once('.')?;
    let (id, until) = named.split_once('.')?;
    let ours = core.ring.verify_cookie_mac(PURPOSE, named.as_bytes(), mac);
    let until = until.parse::<Micros>().ok()?.checked_mul(SECOND)?;
    (ours && core.now() < until).then_some(id)
}
