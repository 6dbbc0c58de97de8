//! A new person, and what is checked of one.

use keyring::{Passwords, Secret};
use serde_json::{Map, Value};
use store::users::User;

use crate::{failure::Failure, place::Place};

/// A person as commands describe one.
#[derive(Default)]
pub struct NewPerson {
    pub email: String,
    pub name: Option<String>,
    pub is_admin: bool,
    pub claims: Map<String, Value>,
    pub user_type: Option<String>,
    pub password: String,
}

/// Checks and inserts a person; what `user add` and the demo share.
pub async fn create(place: &Place, person: NewPerson) -> Result<User, Failure> {
    let email = person.email.trim().to_lowercase();
    let (local, domain) = email.rsplit_once('@').unwrap_or_default();
    if local.is_empty() || domain.is_empty() || email.len() > 254 || email.contains(char::is_whitespace) {
        return Err(Failure::usage(format!("`{email}` is not an e-mail address.")));
    }
    let now = place.now();
    let mut user = User {
        id: place.random.id(),
        storage_id: place.random.id(),
        email,
        email_verified: false,
        password_hash: Some(hashed(place, person.password).await?),
        password_changed_at: Some(now),
        name: person.name,
        given_name: None,
        family_name: None,
        phone_number: None,
        phone_number_verified: false,
        locale: None,
        claims: "{}".to_owned(),
        user_type: person.user_type,
        is_active: true,
        is_admin: person.is_admin,
        picture_id: None,
        picture_url: None,
        created_at: now,
        updated_at: now,
    };
    fill(&mut user, person.claims)?;
    match place.store.insert_user(user.clone()).await {
        Err(store::StoreError::Conflict(_)) => {
            Err(Failure::new(format!("There is a person with {} already.", user.email)))
        }
        other => Ok(other.map(|()| user)?),
    }
}

/// Claims with a column of their own go there, the other standard ones into the JSON column; anything else is refused.
fn fill(user: &mut User, claims: Map<String, Value>) -> Result<(), Failure> {
    // Checked by the type that later gives them out.
    let mut others = Map::new();
    for (name, value) in claims {
        match (name.as_str(), value) {
            ("name", Value::String(text)) => user.name = Some(text),
            ("given_name", Value::String(text)) => user.given_name = Some(text),
            ("family_name", Value::String(text)) => user.family_name = Some(text),
            ("phone_number", Value::String(text)) => user.phone_number = Some(text),
            ("locale", Value::String(text)) => user.locale = Some(text),
            ("email_verified", Value::Bool(is)) => user.email_verified = is,
            ("phone_number_verified", Value::Bool(is)) => user.phone_number_verified = is,
            ("address", value @ Value::Object(_)) => drop(others.insert(name, value)),
            (
                "middle_name" | "nickname" | "preferred_username" | "profile" | "website" | "gender"
                | "birthdate" | "zoneinfo",
                value @ Value::String(_),
            ) => drop(others.insert(name, value)),
            ("sub" | "email" | "picture" | "updated_at", _) => {
                return Err(Failure::usage(format!(
                    "The claim `{name}` cannot be set: Visage keeps it itself."
                )));
            }
            _ => {
                return Err(Failure::usage(format!(
                    "`{name}` is not a standard claim, or its value is of the wrong kind."
                )));
            }
        }
    }
    user.claims = Value::Object(others).to_string();
    Ok(())
}

pub(super) async fn hashed(place: &Place, password: String) -> Result<String, Failure> {
    let password = Secret::new(password);
    Passwords::check(&password).map_err(|weak| Failure::new(format!("{weak}.")))?;
    let passwords = Passwords::new(1, 1, place.random.clone());
    passwords.hash(&password).await.map_err(|busy| Failure::new(busy.to_string()))
}
