//! Organizations ("establishments" of seed 002) and the people who own them. An owner may change everything in it, the
//! other owners too; the last one stays. Nobody becomes an owner unasked: they are invited, and say yes themselves.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError,
    schema::{galleries, organization_invitations, organization_owners, organizations, users},
    users::User,
};

/// That one person owns.
pub const MOST_ORGANIZATIONS: i64 = 20;
pub const MOST_OWNERS: i64 = 50;
/// Galleries that one transaction ends: 300 objects at most.
const AT_ONCE: i64 = 10;

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
    /// It has galleries.
    #[error("not empty")]
    NotEmpty,
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
    /// The galleries that go with a person, some at a time: there may be more than one transaction could end. Before
    /// [`Store::delete_user`], which ends the rest.
    pub(crate) async fn end_galleries_of(
        &self,
        user_id: &str,
        delete_after: i64,
        now: i64,
    ) -> Result<(), StoreError> {
        for organization in self.organizations_of(user_id).await? {
            while self.end_some_galleries(&organization.id, user_id, delete_after, now).await? > 0 {}
        }
        Ok(())
    }

    /// Some galleries of an organization that nobody else owns.
    async fn end_some_galleries(
        &self,
        id: &str,
        user_id: &str,
        delete_after: i64,
        now: i64,
    ) -> Result<usize, StoreError> {
        let (id, user_id) = (id.to_owned(), user_id.to_owned());
        write!(self, |c| {
            let held = hold_organization!(c, &id, &user_id).is_some();
            let others: i64 = organization_owners::table
                .filter(organization_owners::organization_id.eq(&id))
                .filter(organization_owners::user_id.ne(&user_id))
                .count()
                .get_result(c)
                .await?;
            if !held || others > 0 {
                return Ok(0);
            }
            let some: Vec<String> = galleries::table
                .filter(galleries::organization_id.eq(&id))
                .order(galleries::id)
                .limit(AT_ONCE)
                .select(galleries::id)
                .load(c)
                .await?;
            for gallery in &some {
                crate::galleries::end_gallery!(c, gallery, now, delete_after);
            }
            Ok(some.len())
        })
    }

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

    /// Without galleries only: what is in them is deleted by those who look at it.
    pub async fn delete_organization(
        &self,
        id: &str,
        user_id: &str,
    ) -> Result<Result<(), Denied>, StoreError> {
        let (id, user_id) = (id.to_owned(), user_id.to_owned());
        write!(self, |c| {
            if hold_organization!(c, &id, &user_id).is_none() {
                return Ok(Err(Denied::NotFound));
            }
            let galleries: i64 =
                galleries::table.filter(galleries::organization_id.eq(&id)).count().get_result(c).await?;
            if galleries > 0 {
                return Ok(Err(Denied::NotEmpty));
            }
            diesel::delete(organizations::table.find(&id)).execute(c).await?;
            Ok(Ok(()))
        })
    }

    /// Asks whoever has this address (in lower case) to become an owner too. Whether anybody has it makes no difference.
    /// `Ok(false)`: an owner has it.
    pub async fn invite_owner(
        &self,
        id: &str,
        user_id: &str,
        email: &str,
        now: i64,
    ) -> Result<Result<bool, Denied>, StoreError> {
        let (id, user_id, email) = (id.to_owned(), user_id.to_owned(), email.to_owned());
        write!(self, |c| {
            if hold_organization!(c, &id, &user_id).is_none() {
                return Ok(Err(Denied::NotFound));
            }
            let owners: Vec<String> = organization_owners::table
                .inner_join(users::table.on(users::id.eq(organization_owners::user_id)))
                .filter(organization_owners::organization_id.eq(&id))
                .select(users::email)
                .load(c)
                .await?;
            if owners.contains(&email) {
                return Ok(Ok(false));
            }
            let invited: i64 = organization_invitations::table
                .filter(organization_invitations::organization_id.eq(&id))
                .filter(organization_invitations::email.ne(&email))
                .count()
                .get_result(c)
                .await?;
            if i64::try_from(owners.len()).unwrap_or(i64::MAX) + invited >= MOST_OWNERS {
                return Ok(Err(Denied::Full));
            }
            diesel::insert_into(organization_invitations::table)
                .values((
                    organization_invitations::organization_id.eq(&id),
                    organization_invitations::email.eq(&email),
                    organization_invitations::created_at.eq(now),
                ))
                .on_conflict((organization_invitations::organization_id, organization_invitations::email))
                .do_update()
                .set(organization_invitations::created_at.eq(now))
                .execute(c)
                .await?;
            Ok(Ok(true))
        })
    }

    /// The addresses that were asked and have not answered; of an organization that the person may see.
    pub async fn invited_owners(&self, id: &str) -> Result<Vec<String>, StoreError> {
        read!(self, |c| Ok(organization_invitations::table
            .filter(organization_invitations::organization_id.eq(id))
            .order(organization_invitations::email)
            .select(organization_invitations::email)
            .load(c)
            .await?))
    }

    /// Where whoever has this address is asked to become an owner, the newest first.
    pub async fn invitations_of(&self, email: &str) -> Result<Vec<Organization>, StoreError> {
        read!(self, |c| Ok(organization_invitations::table
            .inner_join(
                organizations::table.on(organizations::id.eq(organization_invitations::organization_id))
            )
            .filter(organization_invitations::email.eq(email))
            .order((organization_invitations::created_at.desc(), organizations::id))
            .limit(MOST_ORGANIZATIONS)
            .select(Organization::as_select())
            .load(c)
            .await?))
    }

    /// The person says yes. `NotFound` where nobody asked them.
    pub async fn accept_invitation(
        &self,
        id: &str,
        user_id: &str,
        now: i64,
    ) -> Result<Result<(), Denied>, StoreError> {
        let (id, user_id) = (id.to_owned(), user_id.to_owned());
        let outcome = write!(self, |c| {
            // The person's row first: what they own is counted with it held.
            let email: Option<String> = diesel::update(users::table.find(&user_id))
                .set(users::updated_at.eq(users::updated_at))
                .returning(users::email)
                .get_result(c)
                .await
                .optional()?;
            let Some(email) = email else { return Ok(Err(Denied::NotFound)) };
            let organization: Option<Organization> = diesel::update(organizations::table.find(&id))
                .set(organizations::name.eq(organizations::name))
                .returning(Organization::as_returning())
                .get_result(c)
                .await
                .optional()?;
            let owned: i64 = organization_owners::table
                .filter(organization_owners::user_id.eq(&user_id))
                .count()
                .get_result(c)
                .await?;
            let asked =
                diesel::delete(organization_invitations::table.find((&id, &email))).execute(c).await?;
            let Some(organization) = organization.filter(|_| asked == 1) else {
                return Ok(Err(Denied::NotFound));
            };
            if owned >= MOST_ORGANIZATIONS {
                return Ok(Err(Denied::Full));
            }
            diesel::insert_into(organization_owners::table)
                .values((
                    organization_owners::organization_id.eq(&id),
                    organization_owners::user_id.eq(&user_id),
                    organization_owners::name.eq(&organization.name),
                    organization_owners::created_at.eq(now),
                ))
                .execute(c)
                .await?;
            Ok(Ok(()))
        });
        unless_taken(outcome)
    }

    /// The person says no, or an owner thinks better of it. `false` where nobody of this address was asked.
    pub async fn withdraw_invitation(&self, id: &str, email: &str) -> Result<bool, StoreError> {
        let (id, email) = (id.to_owned(), email.to_owned());
        write!(self, |c| {
            Ok(diesel::delete(organization_invitations::table.find((&id, &email))).execute(c).await? == 1)
        })
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
