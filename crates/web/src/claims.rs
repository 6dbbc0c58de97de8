//! A person's row as standard claims: userinfo and ID tokens say the same.

use protocol::{UserClaims, seconds};
use store::users::Profile;

use crate::Pictures;

/// Every claim that we know of a person; which of them a client may read is for `protocol` (`released`). What an
/// administrator or import put into the column `claims` never overrides what has a column of its own. `picture_stable` depends
/// on the client as well: [`crate::Core::picture_stable`].
pub fn claims(profile: &Profile, pictures: &Pictures) -> Result<UserClaims, serde_json::Error> {
    let user = &profile.user;
    let portrait = profile.portrait.as_ref();
    let other: UserClaims = serde_json::from_str(&user.claims)?;
    Ok(UserClaims {
        sub: user.id.clone(),
        name: user.name.clone(),
        given_name: user.given_name.clone(),
        family_name: user.family_name.clone(),
        picture: pictures.of(profile),
        picture_variants: portrait.map(|portrait| pictures.variants(portrait)),
        picture_stable: None,
        thumbhash: portrait.map(|portrait| portrait.thumbhash.clone()),
        locale: user.locale.clone(),
        updated_at: Some(seconds(user.updated_at)),
        email: Some(user.email.clone()),
        email_verified: Some(user.email_verified),
        phone_number: user.phone_number.clone(),
        phone_number_verified: user.phone_number.as_ref().map(|_| user.phone_number_verified),
        ..other
    })
}
