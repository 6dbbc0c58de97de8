//! `GET` and `PUT /api/auth/user-profile/`: seed 000, CONTRACT §6. The same person as on `/api/auth/profile`, in the shape
//! of that seed: `user` is the account, `profile` what people change, with `profile_picture_url`.

use crate::{State, change, fields};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};
use store::users;
use views::Message;
use web::bearer::BearerOrToken;
use web::scope::Profile;
use web::{ApiError, Bearer, Core, Language, json};

/// The fields that belong to the account; all others are the profile's.
const ACCOUNT: [&str; 7] = ["sub", "email", "email_verified", "name", "user_type", "is_active", "created_at"];
const LANGUAGE: &str = "preferred_language";

#[derive(Serialize)]
struct Shown {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    user: Map<String, Value>,
    profile: Map<String, Value>,
}

pub async fn show(bearer: BearerOrToken<Profile>, core: Data<Core>) -> Result<HttpResponse, ApiError> {
    let profile = core.store.profile(bearer.user_id()).await?.ok_or_else(ApiError::token_invalid)?;
    Ok(json(&shown(&profile, &bearer, &core, None)?))
}

/// Changes the fields that are sent, at the top or under `profile` as they were read. The photo is kept whatever is sent.
pub async fn change(
    request: HttpRequest,
    bearer: BearerOrToken<Profile>,
    core: Data<Core>,
    state: Data<State>,
    Language(locale): Language,
    body: Bytes,
) -> Result<HttpResponse, ApiError> {
    let sent = flat(change::object(&request, &body)?)?;
    let applied = change::apply(sent, bearer.user_id(), bearer.actor(), &core, state.retention).await;
    // By the name that is this route's.
    let profile = applied.map_err(|error| match error.message() {
        Message::InvalidField { field: "locale" } => {
            ApiError::bad_request(error.code(), Message::InvalidField { field: LANGUAGE })
        }
        _ => error,
    })?;
    let message = Message::ProfileUpdated.text(locale);
    Ok(json(&shown(&profile, &bearer, &core, Some(message))?))
}

fn flat(mut sent: Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    match sent.remove("profile") {
        None | Some(Value::Null) => {}
        Some(Value::Object(profile)) => sent.extend(profile),
        Some(_) => {
            let message = Message::InvalidField { field: "profile" };
            return Err(ApiError::bad_request("invalid_field", message));
        }
    }
    if let Some(language) = sent.remove(LANGUAGE) {
        sent.insert("locale".to_owned(), language);
    }
    sent.remove("picture_url");
    Ok(sent)
}

fn shown(
    person: &users::Profile,
    bearer: &Bearer<Profile>,
    core: &Core,
    message: Option<String>,
) -> Result<Shown, ApiError> {
    let all = fields::profile(person, &core.pictures, fields::Reader::of(bearer))?;
    let (user, mut profile): (Map<_, _>, Map<_, _>) =
        all.into_iter().partition(|(name, _)| ACCOUNT.contains(&name.as_str()));
    profile.remove("picture");
    let language = profile.remove("locale").unwrap_or_default();
    profile.insert(LANGUAGE.to_owned(), language);
    // Null where the person has none: the seed's pages then leave their own stand-in alone.
    let own = core.pictures.chosen(person);
    profile.insert("profile_picture_url".to_owned(), own.map_or(Value::Null, Value::from));
    Ok(Shown { success: true, message, user, profile })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_read_can_be_sent_back() {
        let Value::Object(sent) = json!({
            "user": { "email": "a@example.com" },
            "profile": { "given_name": "Ada", "preferred_language": "fr", "profile_picture_url": "x" },
            "phone_number": "112",
            "picture_url": "https://example.com/a.png",
        }) else {
            unreachable!()
        };
        let flat = flat(sent).unwrap();
        assert_eq!(flat["given_name"], "Ada");
        assert_eq!(flat["locale"], "fr");
        assert_eq!(flat["phone_number"], "112");
        assert!(!flat.contains_key("picture_url"), "the photo is kept");
        let Value::Object(bad) = json!({ "profile": 7 }) else { unreachable!() };
        assert!(super::flat(bad).is_err());
    }
}
