//! Who owns the galleries.

use super::{OWNERS_FULL, Problem, done, text};
use crate::lifecycle::UploadError;
use protocol::Micros;
use views::Message;
use web::Core;

const HOUR: Micros = 3_600_000_000;
/// Addresses that a person may try in an hour: the answer tells whether somebody has an account.
const TRIES: i64 = 30;

pub async fn rename_organization(
    core: &Core,
    id: &str,
    user_id: &str,
    name: Option<&str>,
) -> Result<(), Problem> {
    let name = text::name(name, Message::OrganizationNameInvalid)?;
    done(core.store.rename_organization(id, user_id, name).await)
}

/// Makes the person with this address an owner too.
pub async fn add_owner(core: &Core, id: &str, user_id: &str, email: &str) -> Result<(), Problem> {
    // Before anybody is looked up: who owns nothing here learns nothing here.
    core.store.organization(id, user_id).await?.ok_or(Problem::NotFound)?;
    let now = core.now();
    let digest = keyring::digest(format!("owner\0{user_id}").as_bytes()).to_vec();
    if let Some(until) = core.store.charge_upload(digest, TRIES, HOUR, now).await? {
        let seconds = ((until - now).max(1_000_000) / 1_000_000).unsigned_abs();
        return Err(Problem::Upload(UploadError::TooOften { seconds }));
    }
    let person = core.store.user_by_email(email.trim()).await?.filter(|person| person.is_active);
    let person = person.ok_or(Problem::Refused("owner_unknown", Message::OwnerUnknown))?;
    match core.store.add_owner(id, user_id, &person.id, now).await? {
        Ok(true) => Ok(()),
        Ok(false) => Err(Problem::Refused("owner_already", Message::OwnerAlready)),
        Err(denied) => Err(Problem::of(denied, OWNERS_FULL)),
    }
}

/// Never the last one.
pub async fn remove_owner(core: &Core, id: &str, user_id: &str, owner: &str) -> Result<(), Problem> {
    done(core.store.remove_owner(id, user_id, owner).await)
}
