//! Organizations ("establishments" of seed 002) and the people who own them. An owner may change everything in it, the
//! other owners too; the last one stays.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError,
    schema::{organization_owners, organizations, users},
    users::User,
};

/// That one person owns.
pub const MOST_ORGANIZATIONS: i64 = 100;
pub const MOST_OWNERS: i64 = 50;

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = organizations)]
pub struct Organization {
    pub id: String,
    pub name: String,
    pub created_at: i64,
}

/// Why something of an organization or a gallery stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Not there, or not this person's: nobody learns which.
    #[error("not there")]
    NotFound,
    #[error("no such organization of this person")]
    NoOrganization,
    /// An owner has another organization of that name.
    #[error("the name is taken")]
    NameTaken,
    #[error("the last owner")]
    LastOwner,
    #[error("there are as many as there may be")]
    Full,
    /// The person may not add pictures.
    #[error("blocked")]
    Blocked,
    /// Not each picture exactly once.
    #[error("not each picture once")]
    Order,
}

/// Within a transaction: holds the organization's row, so that changes of its owners and its end take turns; yields it if
/// the person is one of its owners. Two statements, since what the second reads must be what is true once the row is held.
macro_rules! hold_organization {
    ($c:ident, $id:expr, $user_id:expr) => {{
        use $crate::schema::{organization_owners, organizations};
        let held: Option<$crate::organizations::Organization> =
            diesel::update(organizations::table.find($id))
                .set(organizations::name.eq(organizations::name))
                .returning($crate::organizations::Organization::as_returning())
                .get_result($c)
                .await
                .optional()?;
        let owner: Option<String> = organization_owners::table
            .find(($id, $user_id))
            .select(organization_owners::user_id)
            .first($c)
            .await
            .optional()?;
        held.filter(|_| owner.is_some())
    }};
}
pub(crate) use hold_organization;

/// Within a transaction that holds the organization: it goes, with its galleries and their pictures.
macro_rules! end_organization {
    ($c:ident, $id:expr, $now:expr, $delete_after:expr) => {{
        use $crate::schema::{galleries, organizations};
        let ended: Vec<String> = galleries::table
            .filter(galleries::organization_id.eq($id))
            .order(galleries::id)
            .select(galleries::id)
            .load($c)
            .await?;
        for gallery in ended {
            $crate::galleries::end_gallery!($c, &gallery, $now, $delete_after);
        }
        diesel::delete(organizations::table.find($id)).execute($c).await?;
    }};
}
pub(crate) use end_organization;

/// Within a transaction that forgets a person: they own nothing any more, and what nobody else owns goes. What they gave
/// to the galleries of others stays there, without their name.
macro_rules! leave_organizations {
    ($c:ident, $user_id:expr, $now:expr, $delete_after:expr) => {{
        use $crate::schema::{organization_owners, organizations, pictures};
        let owned: Vec<String> = organization_owners::table
            .filter(organization_owners::user_id.eq($user_id))
            .order(organization_owners::organization_id)
            .select(organization_owners::organization_id)
            .load($c)
            .await?;
        for organization in owned {
            diesel::update(organizations::table.find(&organization))
                .set(organizations::name.eq(organizations::name))
                .execute($c)
                .await?;
            diesel::delete(organization_owners::table.find((&organization, $user_id))).execute($c).await?;
            let others: i64 = organization_owners::table
                .filter(organization_owners::organization_id.eq(&organization))
                .count()
                .get_result($c)
                .await?;
            if others == 0 {
                $crate::organizations::end_organization!($c, &organization, $now, $delete_after);
            }
        }
        diesel::update(
            pictures::table
                .filter(pictures::user_id.eq($user_id))
                .filter(pictures::purpose.eq("gallery"))
                .filter(pictures::state.eq("current")),
        )
        .set((
            pictures::user_id.eq(None::<String>),
            pictures::sid.eq(None::<String>),
            pictures::original_filename.eq(""),
        ))
        .execute($c)
        .await?;
    }};
}
pub(crate) use leave_organizations;

impl Store {
    /// Those that the person owns, by name.
    pub async fn organizations_of(&self, user_id: &str) -> Result<Vec<Organization>, StoreError> {
        read!(self, |c| Ok(organizations::table
            .inner_join(
                organization_owners::table.on(organization_owners::organization_id.eq(organizations::id))
            )
            .filter(organization_owners::user_id.eq(user_id))
            .order((organizations::name, organizations::id))
            .select(Organization::as_select())
            .load(c)
            .await?))
    }

    /// An organization and its owners, the first one first; `None` where the person is none of them.
    pub async fn organization(
        &self,
        id: &str,
        user_id: &str,
    ) -> Result<Option<(Organization, Vec<User>)>, StoreError> {
        read!(self, |c| {
            let organization =
                organizations::table.find(id).select(Organization::as_select()).first(c).await.optional()?;
            let owners: Vec<User> = organization_owners::table
                .inner_join(users::table.on(users::id.eq(organization_owners::user_id)))
                .filter(organization_owners::organization_id.eq(id))
                .order((organization_owners::created_at, organization_owners::user_id))
                .select(User::as_select())
                .load(c)
                .await?;
            let own = owners.iter().any(|owner| owner.id == user_id);
            Ok(organization.filter(|_| own).map(|organization| (organization, owners)))
        })
    }

    pub async fn rename_organization(
        &self,
        id: &str,
        user_id: &str,
        name: String,
    ) -> Result<Result<(), Denied>, StoreError> {
        let (id, user_id) = (id.to_owned(), user_id.to_owned());
        let outcome = write!(self, |c| {
            if hold_organization!(c, &id, &user_id).is_none() {
                return Ok(Err(Denied::NotFound));
            }
            diesel::update(organizations::table.find(&id))
                .set(organizations::name.eq(&name))
                .execute(c)
                .await?;
            diesel::update(organization_owners::table.filter(organization_owners::organization_id.eq(&id)))
                .set(organization_owners::name.eq(&name))
                .execute(c)
                .await?;
            Ok(Ok(()))
        });
        unless_taken(outcome)
    }

    /// Makes somebody an owner too. `Ok(false)`: they were already.
    pub async fn add_owner(
        &self,
        id: &str,
        user_id: &str,
        new_owner: &str,
        now: i64,
    ) -> Result<Result<bool, Denied>, StoreError> {
        let (id, user_id, new_owner) = (id.to_owned(), user_id.to_owned(), new_owner.to_owned());
        let outcome = write!(self, |c| {
            let Some(organization) = hold_organization!(c, &id, &user_id) else {
                return Ok(Err(Denied::NotFound));
            };
            let owners: Vec<String> = organization_owners::table
                .filter(organization_owners::organization_id.eq(&id))
                .select(organization_owners::user_id)
                .load(c)
                .await?;
            if owners.contains(&new_owner) {
                return Ok(Ok(false));
            }
            let owned: i64 = organization_owners::table
                .filter(organization_owners::user_id.eq(&new_owner))
                .count()
                .get_result(c)
                .await?;
            // Nobody is made the owner of more than they could look through.
            if owners.len() >= usize::try_from(MOST_OWNERS).unwrap_or(usize::MAX)
                || owned >= MOST_ORGANIZATIONS
            {
                return Ok(Err(Denied::Full));
            }
            diesel::insert_into(organization_owners::table)
                .values((
                    organization_owners::organization_id.eq(&id),
                    organization_owners::user_id.eq(&new_owner),
                    organization_owners::name.eq(&organization.name),
                    organization_owners::created_at.eq(now),
                ))
                .execute(c)
                .await?;
            Ok(Ok(true))
        });
        unless_taken(outcome)
    }

    /// Never the last one: two owners who remove each other take turns on the organization's row.
    pub async fn remove_owner(
        &self,
        id: &str,
        user_id: &str,
        owner: &str,
    ) -> Result<Result<(), Denied>, StoreError> {
        let (id, user_id, owner) = (id.to_owned(), user_id.to_owned(), owner.to_owned());
        write!(self, |c| {
            if hold_organization!(c, &id, &user_id).is_none() {
                return Ok(Err(Denied::NotFound));
            }
            let owners: Vec<String> = organization_owners::table
                .filter(organization_owners::organization_id.eq(&id))
                .select(organization_owners::user_id)
                .load(c)
                .await?;
            if !owners.contains(&owner) {
                return Ok(Err(Denied::NotFound));
            }
            if owners.len() == 1 {
                return Ok(Err(Denied::LastOwner));
            }
            diesel::delete(organization_owners::table.find((&id, &owner))).execute(c).await?;
            Ok(Ok(()))
        })
    }
}

/// The names of a person's organizations are unique; the database says so.
fn unless_taken<T>(outcome: Result<Result<T, Denied>, StoreError>) -> Result<Result<T, Denied>, StoreError> {
    match outcome {
        Err(StoreError::Conflict(_)) => Ok(Err(Denied::NameTaken)),
        other => other,
    }
}
