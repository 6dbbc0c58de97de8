//! Who owns the galleries.

use super::{GALLERIES_FULL, OWNERS_FULL, Problem, charge, done, text};
use store::users::User;
use views::Message;
use web::Core;

/// Of one person, in an hour.
const INVITATIONS: i64 = 30;

pub async fn rename_organization(
    core: &Core,
    id: &str,
    user_id: &str,
    name: Option<&str>,
) -> Result<(), Problem> {
    let name = text::name(name, Message::OrganizationNameInvalid)?;
    done(core.store.rename_organization(id, user_id, name).await)
}

/// Without galleries only.
pub async fn delete_organization(core: &Core, id: &str, user_id: &str) -> Result<(), Problem> {
    done(core.store.delete_organization(id, user_id).await)
}

/// Asks whoever has this address to become an owner too. The answer is the same whether or not anybody has it.
pub async fn invite_owner(core: &Core, id: &str, user_id: &str, email: &str) -> Result<(), Problem> {
    let email = email.trim().to_lowercase();
    let plausible = email.len() <= 254 && !email.contains(char::is_whitespace);
    if !plausible || email.split_once('@').is_none_or(|(name, host)| name.is_empty() || host.is_empty()) {
        return Err(Problem::Refused("invalid_email", Message::EmailInvalid));
    }
    charge(core, "owner", user_id, INVITATIONS).await?;
    match core.store.invite_owner(id, user_id, &email, core.now()).await? {
        Ok(true) => Ok(()),
        Ok(false) => Err(Problem::Refused("owner_already", Message::OwnerAlready)),
        Err(denied) => Err(Problem::of(denied, OWNERS_FULL)),
    }
}

/// The person says yes.
pub async fn accept_invitation(core: &Core, id: &str, user_id: &str) -> Result<(), Problem> {
    let accepted = core.store.accept_invitation(id, user_id, core.now()).await?;
    accepted.map_err(|denied| Problem::of(denied, GALLERIES_FULL))
}

/// The person says no.
pub async fn decline_invitation(core: &Core, id: &str, user: &User) -> Result<(), Problem> {
    let asked = core.store.withdraw_invitation(id, &user.email).await?;
    if asked { Ok(()) } else { Err(Problem::NotFound) }
}

/// Takes away whoever has this address: an owner, never the last one, or somebody who was only asked.
pub async fn remove_owner(core: &Core, id: &str, user_id: &str, email: &str) -> Result<(), Problem> {
    let (_, owners) = core.store.organization(id, user_id).await?.ok_or(Problem::NotFound)?;
    let email = email.trim().to_lowercase();
    match owners.iter().find(|owner| owner.email == email) {
        Some(owner) => done(core.store.remove_owner(id, user_id, &owner.id).await),
        None if core.store.withdraw_invitation(id, &email).await? => Ok(()),
        None => Err(Problem::NotFound),
    }
}
