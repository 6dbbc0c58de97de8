//! `PUT /api/auth/profile`: changes what is sent and keeps the rest, the photo too.
//!
//! `null` or an empty text empties a field. Fields that are not ours to change (`sub`, `email`, …) are ignored, so that a
//! client may send back what it read.

use crate::{State, fields};
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use protocol::Scopes;
use serde::Serialize;
use serde_json::{Map, Value};
use store::pictures::Retention;
use store::users::{ProfileChange, Updated, User};
use url::{Host, Url};
use views::Message;
use web::pictures::Address;
use web::scope::Profile;
use web::{ApiError, Bearer, Core, Language, Pictures, json};

/// The fields that this route changes, in the order of the answer.
const CHANGEABLE: [&str; 4] = ["given_name", "family_name", "phone_number", "locale"];
const NAME_CHARS: usize = 120;
const URL_CHARS: usize = 2048;

#[derive(Serialize)]
struct Changed {
    success: bool,
    message: String,
    profile: Map<String, Value>,
}

pub async fn change(
    request: HttpRequest,
    bearer: Bearer<Profile>,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
    body: Bytes,
) -> Result<HttpResponse, ApiError> {
    let sent = object(&request, &body)?;
    let wrote_phone = sent.contains_key("phone_number");
    let profile = apply(sent, bearer.user_id(), bearer.actor(), &core, state.retention).await?;
    // The answer shows a phone number to whoever may read it or has just written it, to nobody else.
    let scopes = match wrote_phone {
        true => bearer.scopes.union(&Scopes::parse("phone").unwrap_or_default()),
        false => bearer.scopes.clone(),
    };
    let mut shown = fields::profile(
        &profile,
        &core.pictures,
        fields::Reader { scopes: &scopes, ..fields::Reader::of(&bearer) },
    )?;
    shown.retain(|name, _| {
        CHANGEABLE.contains(&name.as_str()) || matches!(name.as_str(), "picture" | "updated_at")
    });
    Ok(json(&Changed { success: true, message: Message::ProfileUpdated.text(locale), profile: shown }))
}

/// Changes what is sent of a person's profile and gives it as it is then. `actor`: as in audit rows.
pub(crate) async fn apply(
    mut sent: Map<String, Value>,
    user_id: &str,
    actor: &str,
    core: &Core,
    retention: Retention,
) -> Result<store::users::Profile, ApiError> {
    let before = core.store.profile(user_id).await?.ok_or_else(ApiError::token_invalid)?;
    leave_own_picture(&mut sent, &before, &core.pictures)?;
    if let Some(change) = parse(&sent, &before.user, !core.site.is_secure())? {
        let updated = core.store.update_profile(user_id, change, actor, retention, core.now()).await?;
        match updated {
            Updated::Done(_) => {}
            Updated::NotFound => return Err(ApiError::token_invalid()),
            Updated::Blocked => {
                let status = StatusCode::FORBIDDEN;
                return Err(ApiError::new(status, "uploads_blocked", Message::UploadsBlocked));
            }
        }
    }
    core.store.profile(user_id).await?.ok_or_else(ApiError::token_invalid)
}

pub(crate) fn object(request: &HttpRequest, body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let invalid = || ApiError::bad_request("invalid_request", Message::JsonWanted);
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(invalid());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err(invalid()),
    }
}

/// Whoever sends back the `picture` that we gave out changes nothing. To take it for an address elsewhere would delete the
/// photo that it names. Another address of ours may be gone at any time.
fn leave_own_picture(
    sent: &mut Map<String, Value>,
    profile: &store::users::Profile,
    pictures: &Pictures,
) -> Result<(), ApiError> {
    let address = sent.get("picture_url").and_then(Value::as_str).map(str::trim);
    match address.map_or(Address::Elsewhere, |address| pictures.address(profile, address)) {
        Address::Elsewhere => {}
        Address::Standing => drop(sent.remove("picture_url")),
        Address::Ours => {
            return Err(ApiError::bad_request("picture_url_invalid", Message::PictureUrlInvalid));
        }
    }
    Ok(())
}

/// `None`: nothing of ours was sent. `loopback`: this is a set-up on the person's own machine, without TLS.
fn parse(sent: &Map<String, Value>, user: &User, loopback: bool) -> Result<Option<ProfileChange>, ApiError> {
    let mut change = ProfileChange {
        given_name: text(sent, "given_name", is_name)?,
        family_name: text(sent, "family_name", is_name)?,
        phone_number: text(sent, "phone_number", is_phone)?,
        locale: text(sent, "locale", is_locale)?,
        ..ProfileChange::default()
    };
    let is_picture = |text: &str| is_picture_url(text, loopback);
    change.picture_url = text(sent, "picture_url", is_picture)
        .map_err(|_| ApiError::bad_request("picture_url_invalid", Message::PictureUrlInvalid))?;
    let nothing = change.given_name.is_none()
        && change.family_name.is_none()
        && change.phone_number.is_none()
        && change.locale.is_none()
        && change.picture_url.is_none();
    if nothing {
        return Ok(None);
    }
    if change.phone_number.as_ref().is_some_and(|number| *number != user.phone_number) {
        change.phone_number_verified = Some(false);
    }
    change.name = full_name(&change, user);
    Ok(Some(change))
}

/// `Some(None)` empties the field.
fn text(
    sent: &Map<String, Value>,
    field: &'static str,
    is_good: impl Fn(&str) -> bool,
) -> Result<Option<Option<String>>, ApiError> {
    let invalid = || ApiError::bad_request("invalid_field", Message::InvalidField { field });
    match sent.get(field) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) => match text.trim() {
            "" => Ok(Some(None)),
            text if is_good(text) => Ok(Some(Some(text.to_owned()))),
            _ => Err(invalid()),
        },
        Some(_) => Err(invalid()),
    }
}

/// A full name that was made of the two parts follows them; one that somebody chose stays.
fn full_name(change: &ProfileChange, user: &User) -> Option<Option<String>> {
    if change.given_name.is_none() && change.family_name.is_none() {
        return None;
    }
    let join = |given: &Option<String>, family: &Option<String>| {
        let parts: Vec<&str> = [given, family].into_iter().filter_map(Option::as_deref).collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    let was_made = user.name.is_none() || user.name == join(&user.given_name, &user.family_name);
    was_made.then(|| {
        join(
            change.given_name.as_ref().unwrap_or(&user.given_name),
            change.family_name.as_ref().unwrap_or(&user.family_name),
        )
    })
}

fn is_name(text: &str) -> bool {
    text.chars().count() <= NAME_CHARS && !text.contains(char::is_control)
}

/// > E.164 is RECOMMENDED as the format of this Claim, for example, +1 (425) 555-1212
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims>
fn is_phone(text: &str) -> bool {
    let (number, extension) = text.split_once(";ext=").unwrap_or((text, "0"));
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let number = number.strip_prefix('+').unwrap_or(number);
    (3..=15).contains(&digits)
        && text.len() <= 40
        && number.bytes().all(|byte| byte.is_ascii_digit() || b" ()-./".contains(&byte))
        && !extension.is_empty()
        && extension.bytes().all(|byte| byte.is_ascii_digit())
}

/// A BCP 47 language tag, as `en-US`; some write an underscore.
fn is_locale(text: &str) -> bool {
    let mut parts = text.split(['-', '_']);
    let language = parts.next().unwrap_or_default();
    text.len() <= 35
        && (2..=8).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// Absolute and https; plain http only on the loopback of a set-up without TLS. It is never fetched.
fn is_picture_url(text: &str, loopback: bool) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let plain = text.len() <= URL_CHARS
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && url.username().is_empty()
        && url.password().is_none();
    plain && url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && loopback && is_local))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn user() -> User {
        User {
            id: "u1".to_owned(),
            storage_id: "s1".to_owned(),
            email: "a@example.com".to_owned(),
            email_verified: true,
            password_hash: None,
            password_changed_at: None,
            name: Some("Ada Lovelace".to_owned()),
            given_name: Some("Ada".to_owned()),
            family_name: Some("Lovelace".to_owned()),
            phone_number: Some("+33 1 23".to_owned()),
            phone_number_verified: true,
            locale: None,
            claims: "{}".to_owned(),
            user_type: None,
            is_active: true,
            is_admin: false,
            picture_id: None,
            picture_url: None,
            created_at: 0,
            updated_at: 0,
        }
    }

    fn parsed(sent: Value) -> Result<Option<ProfileChange>, &'static str> {
        let Value::Object(sent) = sent else { panic!("not an object") };
        parse(&sent, &user(), true).map_err(|error| error.code())
    }

    #[test]
    fn what_is_not_sent_is_kept() {
        assert!(parsed(json!({})).unwrap().is_none());
        assert!(parsed(json!({ "sub": "x", "is_admin": true, "email": "b@example.com" })).unwrap().is_none());
        let change = parsed(json!({ "locale": "fr" })).unwrap().unwrap();
        assert_eq!(change.locale, Some(Some("fr".to_owned())));
        assert!(change.name.is_none() && change.phone_number.is_none() && change.picture_url.is_none());
    }

    #[test]
    fn null_and_empty_empty_a_field() {
        let change = parsed(json!({ "locale": null, "phone_number": "" })).unwrap().unwrap();
        assert_eq!((change.locale, change.phone_number), (Some(None), Some(None)));
        assert_eq!(change.phone_number_verified, Some(false));
    }

    #[test]
    fn a_full_name_that_was_made_of_its_parts_follows_them() {
        let change = parsed(json!({ "family_name": "King" })).unwrap().unwrap();
        assert_eq!(change.name, Some(Some("Ada King".to_owned())));
        let chosen = User { name: Some("The Countess".to_owned()), ..user() };
        let Value::Object(sent) = json!({ "family_name": "King" }) else { unreachable!() };
        assert_eq!(parse(&sent, &chosen, true).unwrap().unwrap().name, None);
        // Whoever has no name yet gets one; a name without its parts was chosen.
        let Value::Object(both) = json!({ "given_name": "John", "family_name": "Doe" }) else {
            unreachable!()
        };
        let nameless = User { name: None, given_name: None, family_name: None, ..user() };
        let change = parse(&both, &nameless, true).unwrap().unwrap();
        assert_eq!(change.name, Some(Some("John Doe".to_owned())));
        let without_parts = User { name: Some("Ada Lovelace".to_owned()), ..nameless };
        assert_eq!(parse(&both, &without_parts, true).unwrap().unwrap().name, None);
    }

    #[test]
    fn bad_fields_are_refused_by_name() {
        for bad in [
            json!({ "given_name": 7 }),
            json!({ "given_name": "a\u{0}b" }),
            json!({ "family_name": "é".repeat(121) }),
            json!({ "phone_number": "call me" }),
            json!({ "phone_number": "+" }),
            json!({ "locale": "français" }),
            json!({ "locale": "x" }),
        ] {
            assert_eq!(parsed(bad.clone()).err(), Some("invalid_field"), "{bad}");
        }
        for good in ["+33123456789", "+1 (425) 555-1212", "+1 (604) 555-1234;ext=5678", "112"] {
            assert!(is_phone(good), "{good}");
        }
        for good in ["fr", "en-US", "pt_BR", "zh-Hant-TW"] {
            assert!(is_locale(good), "{good}");
        }
    }

    #[test]
    fn picture_urls() {
        for (url, anywhere, loopback) in [
            ("https://example.com/photo.jpg", true, true),
            ("HTTPS://EXAMPLE.COM/a?b=c", true, true),
            ("http://localhost:8081/a.png", false, true),
            ("http://127.0.0.1/a.png", false, true),
            ("http://example.com/a.png", false, false),
            ("//example.com/a.png", false, false),
            ("/a.png", false, false),
            ("javascript:alert(1)", false, false),
            ("data:image/png;base64,AA", false, false),
            ("https://user:secret@example.com/", false, false),
            ("https://", false, false),
            ("https://example.com/a b", false, false),
        ] {
            assert_eq!(is_picture_url(url, false), anywhere, "{url}");
            assert_eq!(is_picture_url(url, true), loopback, "{url}");
        }
        assert_eq!(parsed(json!({ "picture_url": "ftp://x" })).err(), Some("picture_url_invalid"));
        assert_eq!(parsed(json!({ "picture_url": 1 })).err(), Some("picture_url_invalid"));
        assert!(!is_picture_url(&format!("https://example.com/{}", "a".repeat(2048)), false));
    }
}
