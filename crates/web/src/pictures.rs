//! Where pictures can be fetched: the public address of each store, and the default picture of people without one.

use std::collections::BTreeMap;

use store::pictures::Portrait;
use store::users::{Profile, User};

use crate::{Site, paths};

/// How many colours initials pictures have; the URL names one by its number.
pub const COLOURS: u8 = 12;
/// Stands for letters that the embedded font lacks: a silhouette.
pub const SILHOUETTE: &str = "_";

#[derive(Clone, Debug)]
pub struct Pictures {
    /// By store name; without a slash at the end. Stores that are not here are read through `/media/`.
    public: BTreeMap<String, String>,
    media: String,
    /// Before the handles of stable addresses.
    stable: String,
    default: DefaultPicture,
}

/// `photos.default`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultPicture {
    Initials,
    None,
    Url(String),
}

/// Of a picture, as [`Pictures::address`] knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    Elsewhere,
    /// What the person has anyway: the photo, in whichever size, or the default picture.
    Standing,
    /// Any other where our pictures lie. It may be gone in a moment.
    Ours,
}

impl Pictures {
    /// `public`: the stores whose objects are fetched directly, with the address under which their keys lie.
    pub fn new(
        site: &Site,
        public: impl IntoIterator<Item = (String, String)>,
        default: DefaultPicture,
    ) -> Pictures {
        let public =
            public.into_iter().map(|(store, base)| (store, base.trim_end_matches('/').to_owned())).collect();
        let stable = site.url(paths::PICTURE_STABLE.trim_end_matches("/{handle}"));
        Pictures { public, media: site.url(paths::MEDIA.trim_end_matches('/')), stable, default }
    }

    /// The `picture` of a person: their photo, the address that a client set instead, or the default picture.
    pub fn of(&self, profile: &Profile) -> Option<String> {
        self.chosen(profile).or_else(|| self.default_of(&profile.user))
    }

    /// The same without a default picture.
    pub fn chosen(&self, profile: &Profile) -> Option<String> {
        match &profile.portrait {
            Some(portrait) => Some(self.url(portrait)),
            None => profile.user.picture_url.clone(),
        }
    }

    /// The same for our own pages: never an address elsewhere (CONTRACT §4).
    pub fn own(&self, profile: &Profile) -> Option<String> {
        match &profile.portrait {
            Some(portrait) => Some(self.url(portrait)),
            None => self.default_of(&profile.user),
        }
    }

    /// The largest variant of a stored photo.
    pub fn url(&self, portrait: &Portrait) -> String {
        self.object(&portrait.store, &format!("{}.jpg", portrait.key_base))
    }

    /// The variant for a side of `side` pixels: the smallest that is large enough.
    pub fn sized(&self, portrait: &Portrait, side: u32) -> String {
        let keys = store::pictures::object_keys(&portrait.key_base, &portrait.sizes);
        let sizes = portrait.sizes.split(',').map(|size| size.parse::<u32>().unwrap_or(0));
        let fits = sizes.zip(&keys).filter(|(size, _)| *size >= side).min_by_key(|(size, _)| *size);
        match fits {
            Some((_, key)) => self.object(&portrait.store, key),
            None => self.url(portrait),
        }
    }

    /// The address of every size that there is, by the side in pixels.
    pub fn variants(&self, portrait: &Portrait) -> BTreeMap<String, String> {
        let keys = store::pictures::object_keys(&portrait.key_base, &portrait.sizes);
        let sizes = portrait.sizes.split(',').filter(|size| !size.is_empty()).map(str::to_owned);
        sizes.zip(keys.iter().map(|key| self.object(&portrait.store, key))).collect()
    }

    /// The address that stands behind a handle of `picture_links`.
    pub fn stable(&self, handle: &str) -> String {
        format!("{}/{handle}", self.stable)
    }

    /// The public address of an object.
    pub fn object(&self, store: &str, key: &str) -> String {
        let base = self.public.get(store).unwrap_or(&self.media);
        format!("{base}/{key}")
    }

    /// The picture of people without one.
    pub fn default_of(&self, user: &User) -> Option<String> {
        match &self.default {
            DefaultPicture::Initials => Some(format!("{}/{}", self.media, initials(user))),
            DefaultPicture::None => None,
            DefaultPicture::Url(url) => Some(url.clone()),
        }
    }

    /// What an address is to this person.
    pub fn address(&self, profile: &Profile, address: &str) -> Address {
        let Some(address) = plain(address) else { return Address::Elsewhere };
        let is = |ours: &String| plain(ours).is_some_and(|ours| ours == address);
        let under =
            |base: &String| plain(base).and_then(|base| Some(address.strip_prefix(&base)?.to_owned()));
        let variants = profile.portrait.iter().flat_map(|portrait| {
            let keys = store::pictures::object_keys(&portrait.key_base, &portrait.sizes);
            keys.into_iter().map(|key| self.object(&portrait.store, &key))
        });
        let initials = under(&self.media).is_some_and(|rest| rest.starts_with("/initials/"));
        if initials || variants.chain(self.default_of(&profile.user)).any(|ours| is(&ours)) {
            return Address::Standing;
        }
        let mut bases = self.public.values().chain([&self.media, &self.stable]);
        match bases.any(|base| under(base).is_some_and(|rest| rest.starts_with('/'))) {
            true => Address::Ours,
            false => Address::Elsewhere,
        }
    }

    /// Origins beside our own that pages must be allowed to load pictures from (`img-src`, S27).
    pub fn origins(&self) -> Vec<String> {
        let default = match &self.default {
            DefaultPicture::Url(url) => Some(url.as_str()),
            DefaultPicture::Initials | DefaultPicture::None => None,
        };
        let mut origins: Vec<String> = self
            .public
            .values()
            .map(String::as_str)
            .chain(default)
            .filter_map(|base| url::Url::parse(base).ok())
            .map(|url| url.origin().ascii_serialization())
            .filter(|origin| origin != "null")
            .collect();
        origins.sort();
        origins.dedup();
        origins
    }
}

/// As the parser writes it, without what a picture's address does not need.
fn plain(address: &str) -> Option<String> {
    let mut url = url::Url::parse(address).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(url.into())
}

/// `initials/{letters}-{colour}.jpg`: nothing else of the person is in it (CONTRACT §8). The colour comes from the
/// random storage id, so it says nothing either and stays the same when a name changes.
fn initials(user: &User) -> String {
    let sum: u32 = user.storage_id.bytes().map(u32::from).sum();
    let colour = sum % u32::from(COLOURS);
    let letters = letters(user);
    let letters: String = url::form_urlencoded::byte_serialize(letters.as_bytes()).collect();
    format!("initials/{letters}-{colour}.jpg")
}

/// The first letters of the first and the last word of the name; without one, of the given and the family name.
fn letters(user: &User) -> String {
    let first = |text: &str| text.chars().find(|c| c.is_alphabetic());
    let words: Vec<char> =
        user.name.as_deref().unwrap_or_default().split_whitespace().filter_map(first).collect();
    let chosen = match words.as_slice() {
        [] => [&user.given_name, &user.family_name].into_iter().flatten().filter_map(|n| first(n)).collect(),
        [one] => vec![*one],
        [one, .., last] => vec![*one, *last],
    };
    // Upper case may be more than one character (ß): the first of them.
    let letters: String = chosen.into_iter().filter_map(|c: char| c.to_uppercase().next()).collect();
    if letters.is_empty() { SILHOUETTE.to_owned() } else { letters }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: Option<&str>, given: Option<&str>, family: Option<&str>) -> User {
        User {
            id: "u".into(),
            storage_id: "random".into(),
            email: "secret@example.test".into(),
            email_verified: true,
            password_hash: None,
            password_changed_at: None,
            name: name.map(str::to_owned),
            given_name: given.map(str::to_owned),
            family_name: family.map(str::to_owned),
            phone_number: None,
            phone_number_verified: false,
            locale: None,
            claims: "{}".into(),
            user_type: None,
            is_active: true,
            is_admin: false,
            picture_id: None,
            picture_url: None,
            created_at: 0,
            updated_at: 0,
        }
    }

    fn pictures(default: DefaultPicture) -> Pictures {
        let site = Site::new("https://op.example").unwrap();
        let public = [("cloud".to_owned(), "https://storage.example/bucket/".to_owned())];
        Pictures::new(&site, public, default)
    }

    fn portrait(store: &str) -> Portrait {
        Portrait {
            store: store.into(),
            key_base: "profile-photos/random/1-abc".into(),
            sizes: "512,256,96,48".into(),
            thumbhash: String::new(),
        }
    }

    #[test]
    fn a_photo_is_where_its_store_is() {
        let pictures = pictures(DefaultPicture::Initials);
        let base = "profile-photos/random/1-abc";
        assert_eq!(pictures.url(&portrait("cloud")), format!("https://storage.example/bucket/{base}.jpg"));
        assert_eq!(pictures.url(&portrait("disk")), format!("https://op.example/media/{base}.jpg"));
        for (side, name) in [(40, "_48"), (48, "_48"), (100, "_256"), (512, ""), (2000, "")] {
            assert_eq!(
                pictures.sized(&portrait("disk"), side),
                format!("https://op.example/media/{base}{name}.jpg")
            );
        }
        let variants = pictures.variants(&Portrait { sizes: "300,256,48".into(), ..portrait("cloud") });
        assert_eq!(variants.len(), 3);
        assert_eq!(variants["300"], format!("https://storage.example/bucket/{base}.jpg"));
        assert_eq!(variants["48"], format!("https://storage.example/bucket/{base}_48.jpg"));
        assert_eq!(pictures.origins(), ["https://storage.example"]);
    }

    // S137: letters and colour, and nothing else of the person.
    #[test]
    fn the_default_picture_tells_nothing() {
        let of = |user: User| pictures(DefaultPicture::Initials).default_of(&user).unwrap();
        let start = |user: User| {
            let url = of(user);
            let rest = url.strip_prefix("https://op.example/media/initials/").unwrap().to_owned();
            let (letters, colour) = rest.strip_suffix(".jpg").unwrap().rsplit_once('-').unwrap();
            assert!(colour.parse::<u8>().unwrap() < COLOURS);
            letters.to_owned()
        };
        for (name, given, family, letters) in [
            (Some("Ada Lovelace"), None, None, "AL"),
            (Some("ada"), None, None, "A"),
            (Some("Ada King of Lovelace"), None, None, "AL"),
            (Some("Ada Lovelace"), Some("John"), Some("Doe"), "AL"),
            (None, Some("Ada"), Some("byron"), "AB"),
            (None, Some("élodie"), None, "%C3%89"),
            (Some("42 !"), None, None, SILHOUETTE),
            (None, None, None, SILHOUETTE),
        ] {
            assert_eq!(start(person(name, given, family)), letters, "{name:?} {given:?} {family:?}");
        }
    }

    #[test]
    fn our_own_addresses_are_known() {
        let user = person(Some("Ada Lovelace"), None, None);
        let with = |store: &str| Profile { user: user.clone(), portrait: Some(portrait(store)) };
        let pictures = pictures(DefaultPicture::Initials);
        for (profile, address, known) in [
            (with("disk"), "https://op.example/media/profile-photos/random/1-abc.jpg", Address::Standing),
            (
                with("disk"),
                "HTTPS://OP.example:443/media/profile-photos/random/1-abc_96.jpg?v=1",
                Address::Standing,
            ),
            (
                with("cloud"),
                "https://storage.example/bucket/profile-photos/random/1-abc.jpg",
                Address::Standing,
            ),
            (with("cloud"), "https://op.example/media/initials/AL-3.jpg", Address::Standing),
            (with("disk"), "https://op.example/media/profile-photos/random/1-abc_7.jpg", Address::Ours),
            (with("disk"), "https://op.example/x/../media/profile-photos/other/1-abc.jpg", Address::Ours),
            (with("disk"), "https://storage.example/bucket/profile-photos/random/1-abc.jpg", Address::Ours),
            (with("disk"), "https://op.example/picture/abc?size=48", Address::Ours),
            (with("disk"), "https://storage.example/bucket2/a.jpg", Address::Elsewhere),
            (with("disk"), "https://op.example/account", Address::Elsewhere),
            (with("disk"), "https://elsewhere.example/p.jpg", Address::Elsewhere),
        ] {
            assert_eq!(pictures.address(&profile, address), known, "{address}");
        }
    }

    #[test]
    fn what_comes_first() {
        let profile = |portrait, picture_url: Option<&str>| {
            let user = User { picture_url: picture_url.map(str::to_owned), ..person(None, None, None) };
            Profile { user, portrait }
        };
        let none = pictures(DefaultPicture::None);
        let elsewhere = Some("https://elsewhere.example/p.jpg");
        assert!(none.of(&profile(Some(portrait("disk")), elsewhere)).unwrap().contains("/media/"));
        assert_eq!(none.of(&profile(None, elsewhere)).as_deref(), elsewhere);
        assert_eq!(none.own(&profile(None, elsewhere)), None, "our own pages show only what is ours");
        assert_eq!(none.of(&profile(None, None)), None);
        let fixed = pictures(DefaultPicture::Url("https://cdn.example/nobody.jpg".into()));
        assert_eq!(fixed.of(&profile(None, None)).as_deref(), Some("https://cdn.example/nobody.jpg"));
        assert!(fixed.origins().contains(&"https://cdn.example".to_owned()));
    }
}
