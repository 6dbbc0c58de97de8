//! A person's row as the fields of seed 003.

use protocol::{Scopes, seconds};
use serde_json::{Map, Value};
use store::users::Profile;
use web::{Access, ApiError, Pictures};

/// The fields of `GET /api/auth/profile`; e-mail and phone only with their own scopes (CONTRACT §4).
const PROFILE: [&str; 16] = [
    "sub",
    "email",
    "email_verified",
    "name",
    "given_name",
    "family_name",
    "phone_number",
    "locale",
    "picture",
    "picture_variants",
    "picture_stable",
    "thumbhash",
    "updated_at",
    "user_type",
    "is_active",
    "created_at",
];

/// For whom the fields are.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    /// By which name it knows the person.
    // S116
    pub subject: &'a str,
    pub scopes: &'a Scopes,
    /// The claims that the person agreed to by name (the `claims` parameter).
    pub named: &'a [&'a str],
    /// The `picture_stable` of this person at this client.
    pub stable: Option<String>,
}

impl<'a> Reader<'a> {
    pub fn of(access: &'a Access) -> Self {
        Self { subject: &access.subject, scopes: &access.scopes, named: &[], stable: None }
    }
}

/// Everything that the scopes release, and the claims by name; absent values are absent keys (S83).
///
/// > The Claims requested by the profile, email, address, and phone scope values are returned from the UserInfo Endpoint
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims>
pub fn userinfo(
    profile: &Profile,
    pictures: &Pictures,
    reader: Reader<'_>,
) -> Result<Map<String, Value>, ApiError> {
    let has_profile = reader.scopes.contains("profile");
    let mut fields = released(profile, pictures, reader)?;
    if has_profile {
        // Signing in through others comes with its own room; until then nobody has such accounts.
        fields.insert("social_accounts".to_owned(), Value::Array(Vec::new()));
    }
    Ok(fields)
}

pub fn profile(
    profile: &Profile,
    pictures: &Pictures,
    reader: Reader<'_>,
) -> Result<Map<String, Value>, ApiError> {
    let mut fields = released(profile, pictures, reader)?;
    fields.retain(|name, _| PROFILE.contains(&name.as_str()));
    Ok(fields)
}

fn released(
    profile: &Profile,
    pictures: &Pictures,
    reader: Reader<'_>,
) -> Result<Map<String, Value>, ApiError> {
    let Reader { subject, scopes, named, stable } = reader;
    let mut claims = web::claims::claims(profile, pictures).map_err(ApiError::internal)?;
    claims.sub = subject.to_owned();
    claims.picture_stable = stable;
    let mut fields = claims.released(scopes, named);
    if scopes.contains("profile") {
        let user = &profile.user;
        if let Some(user_type) = user.user_type.as_deref().filter(|word| !word.is_empty()) {
            fields.insert("user_type".to_owned(), user_type.into());
        }
        fields.insert("is_active".to_owned(), user.is_active.into());
        fields.insert("created_at".to_owned(), seconds(user.created_at).into());
    }
    Ok(fields)
}
