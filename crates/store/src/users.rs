//! People: who they are, how they sign in, which photo is theirs.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError, Subject,
    audit::AuditRow,
    events::picture_event,
    galleries::discard_of_sessions,
    logout::tell_clients,
    organizations::leave_organizations,
    photo_blocks::is_blocked,
    pictures::{Portrait, Retention, queue_objects, state, supersede_current},
    schema::{albums, audit, codes, grants, personal_tokens, pictures, sessions, settings, users},
};

/// Within a transaction: the person's codes are burnt, grants and personal tokens revoked; yields the subjects to forget.
macro_rules! end_access {
    ($c:ident, $id:expr, $now:expr) => {{
        diesel::delete(codes::table.filter(codes::user_id.eq($id))).execute($c).await?;
        let own: Vec<String> =
            diesel::delete(personal_tokens::table.filter(personal_tokens::user_id.eq($id)))
                .returning(personal_tokens::id)
                .get_results($c)
                .await?;
        let ended: Vec<String> = diesel::update(
            grants::table.filter(grants::user_id.eq($id)).filter(grants::revoked_at.is_null()),
        )
        .set(grants::revoked_at.eq(Some($now)))
        .returning(grants::id)
        .get_results($c)
        .await?;
        ended.into_iter().map(Subject::Grant).chain(own.into_iter().map(Subject::Token)).collect::<Vec<_>>()
    }};
}

/// Within a transaction: the person, and the album that their photo goes into.
macro_rules! insert_person {
    ($c:ident, $user:expr) => {{
        let user: User = $user;
        diesel::insert_into(albums::table)
            .values((
                albums::id.eq(profile_album(&user.id)),
                albums::owner_kind.eq("user"),
                albums::owner_id.eq(user.id.clone()),
                albums::kind.eq("profile"),
                albums::capacity.eq(1i64),
                albums::created_at.eq(user.created_at),
            ))
            .execute($c)
            .await?;
        diesel::insert_into(users::table).values(user).execute($c).await?;
    }};
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = users)]
pub struct User {
    /// The subject: random, never given to anybody else, never derived from the address.
    pub id: String,
    /// Names the person's objects in the object store; a pairwise client must not learn `id` from a URL.
    pub storage_id: String,
    /// Lower case; what people sign in with.
    pub email: String,
    pub email_verified: bool,
    pub password_hash: Option<String>,
    pub password_changed_at: Option<i64>,
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub phone_number: Option<String>,
    pub phone_number_verified: bool,
    pub locale: Option<String>,
    /// The other standard claims, as a JSON object.
    pub claims: String,
    /// A word that an administrator sets.
    pub user_type: Option<String>,
    pub is_active: bool,
    pub is_admin: bool,
    /// The current uploaded photo.
    pub picture_id: Option<String>,
    /// An address elsewhere that a client set instead of a photo.
    pub picture_url: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A person with the photo that `picture` stands for: one round trip.
#[derive(Clone, Debug)]
pub struct Profile {
    pub user: User,
    pub portrait: Option<Portrait>,
}

/// What a profile update changes; the rest stays. `Some(None)` empties a field.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = users)]
pub struct ProfileChange {
    pub name: Option<Option<String>>,
    pub given_name: Option<Option<String>>,
    pub family_name: Option<Option<String>>,
    pub phone_number: Option<Option<String>>,
    pub phone_number_verified: Option<bool>,
    pub locale: Option<Option<String>>,
    pub claims: Option<String>,
    /// An address elsewhere supersedes an uploaded photo: its objects are queued for deletion.
    pub picture_url: Option<Option<String>>,
}

/// What became of a [`ProfileChange`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Updated {
    Done(Box<User>),
    NotFound,
    /// The person may not show a new picture, and an address elsewhere is one; nothing is changed.
    Blocked,
}

/// What only those who run the provider change of a person; the rest stays. `Some(None)` empties a field.
#[derive(Clone, Debug, Default, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = users)]
pub struct RoleChange {
    pub user_type: Option<Option<String>>,
    pub is_admin: Option<bool>,
}

impl Store {
    /// # Errors
    /// `Conflict` where the address is taken.
    pub async fn insert_user(&self, user: User) -> Result<(), StoreError> {
        write!(self, |c| {
            insert_person!(c, user);
            Ok(())
        })
    }

    /// Makes the first administrator for whoever has the value of a setting, which is taken, in one transaction. False
    /// where it is not there (any more), or where somebody is there already.
    pub async fn insert_first_user(
        &self,
        user: User,
        setting: &str,
        value: &str,
        entry: AuditRow,
    ) -> Result<bool, StoreError> {
        let (setting, value) = (setting.to_owned(), value.to_owned());
        write!(self, |c| {
            let key = settings::table.find(setting).filter(settings::value.eq(value));
            let taken = diesel::delete(key).execute(c).await?;
            let somebody: Option<String> = users::table.select(users::id).first(c).await.optional()?;
            if taken == 0 || somebody.is_some() {
                return Ok(false);
            }
            insert_person!(c, user);
            diesel::insert_into(audit::table).values(entry).execute(c).await?;
            Ok(true)
        })
    }

    pub async fn user(&self, id: &str) -> Result<Option<User>, StoreError> {
        read!(self, |c| Ok(users::table.find(id).select(User::as_select()).first(c).await.optional()?))
    }

    /// `email` in any case.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        let email = email.to_lowercase();
        read!(self, |c| Ok(users::table
            .filter(users::email.eq(&email))
            .select(User::as_select())
            .first(c)
            .await
            .optional()?))
    }

    pub async fn profile(&self, id: &str) -> Result<Option<Profile>, StoreError> {
        let row: Option<(User, Option<Portrait>)> = read!(self, |c| Ok(users::table
            .left_join(pictures::table.on(users::picture_id.eq(pictures::id.nullable())))
            .filter(users::id.eq(id))
            .select((User::as_select(), Option::<Portrait>::as_select()))
            .first(c)
            .await
            .optional()?))?;
        Ok(row.map(|(user, portrait)| Profile { user, portrait }))
    }

    /// In the order of their addresses, `limit` after `after`.
    pub async fn users(&self, after: &str, limit: i64) -> Result<Vec<User>, StoreError> {
        read!(self, |c| Ok(users::table
            .filter(users::email.gt(after))
            .order(users::email)
            .limit(limit)
            .select(User::as_select())
            .load(c)
            .await?))
    }

    pub async fn has_users(&self) -> Result<bool, StoreError> {
        let first: Option<String> =
            read!(self, |c| Ok(users::table.select(users::id).first(c).await.optional()?))?;
        Ok(first.is_some())
    }

    /// `actor`: the person or the client that changes it.
    pub async fn update_profile(
        &self,
        id: &str,
        change: ProfileChange,
        actor: &str,
        retention: Retention,
        now: i64,
    ) -> Result<Updated, StoreError> {
        let (id, actor) = (id.to_owned(), actor.to_owned());
        change!(self, |c| {
            // What stood before, with the row held.
            let before = diesel::update(users::table.find(&id))
                .set(users::updated_at.eq(users::updated_at))
                .returning(User::as_returning())
                .get_result(c)
                .await
                .optional()?;
            let Some(before) = before else { return Ok((Updated::NotFound, Vec::new())) };
            if matches!(change.picture_url, Some(Some(_))) && is_blocked!(c, &id) {
                return Ok((Updated::Blocked, Vec::new()));
            }
            let user = diesel::update(users::table.find(&id))
                .set((change, users::updated_at.eq(now)))
                .returning(User::as_returning())
                .get_result(c)
                .await?;
            if user.picture_url == before.picture_url {
                return Ok((Updated::Done(Box::new(user)), vec![Subject::User(id)]));
            }
            let user = match (user.picture_url.is_some(), &user.picture_id) {
                (true, Some(_)) => {
                    supersede_current!(c, &id, "", now, retention);
                    diesel::update(users::table.find(&id))
                        .set(users::picture_id.eq(None::<String>))
                        .returning(User::as_returning())
                        .get_result(c)
                        .await?
                }
                _ => user,
            };
            let kind = if user.picture_url.is_some() { "picture.updated" } else { "picture.removed" };
            picture_event!(c, kind, Some(actor), &id, "", now);
            Ok((Updated::Done(Box::new(user)), vec![Subject::User(id)]))
        })
    }

    /// `None` where there is no such person.
    pub async fn change_role(
        &self,
        id: &str,
        change: RoleChange,
        now: i64,
    ) -> Result<Option<User>, StoreError> {
        let id = id.to_owned();
        change!(self, |c| {
            let user = diesel::update(users::table.find(&id))
                .set((change, users::updated_at.eq(now)))
                .returning(User::as_returning())
                .get_result(c)
                .await
                .optional()?;
            Ok((user, vec![Subject::User(id)]))
        })
    }

    /// Sets a password hash, ends every other session, every grant and every personal token (S37): whoever changes it
    /// because somebody else got in shuts every door at once. False where nobody has this id.
    pub async fn set_password(
        &self,
        id: &str,
        hash: String,
        keep_session: Option<&str>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let (id, keep) = (id.to_owned(), keep_session.unwrap_or_default().to_owned());
        change!(self, |c| {
            let found = diesel::update(users::table.find(&id))
                .set((
                    users::password_hash.eq(Some(hash)),
                    users::password_changed_at.eq(Some(now)),
                    users::updated_at.eq(now),
                ))
                .execute(c)
                .await?;
            let others = sessions::table.filter(sessions::user_id.eq(&id)).filter(sessions::sid.ne(keep));
            let ended: Vec<String> = diesel::delete(others).returning(sessions::sid).get_results(c).await?;
            tell_clients!(c, &ended, now);
            discard_of_sessions!(c, ended, now);
            let subjects = end_access!(c, &id, now);
            Ok((found == 1, subjects))
        })
    }

    /// A disabled person's sessions, codes, grants and personal tokens are dead at once (S37).
    pub async fn set_active(&self, id: &str, active: bool, now: i64) -> Result<bool, StoreError> {
        let id = id.to_owned();
        change!(self, |c| {
            let found = diesel::update(users::table.find(&id))
                .set((users::is_active.eq(active), users::updated_at.eq(now)))
                .execute(c)
                .await?;
            let mut subjects = vec![Subject::User(id.clone())];
            if !active {
                let ended: Vec<String> = diesel::delete(sessions::table.filter(sessions::user_id.eq(&id)))
                    .returning(sessions::sid)
                    .get_results(c)
                    .await?;
                tell_clients!(c, &ended, now);
                discard_of_sessions!(c, ended, now);
                subjects.extend(end_access!(c, &id, now));
            }
            Ok((found == 1, subjects))
        })
    }

    /// Forgets a person: rows go in one transaction, their objects are queued for deletion (S136).
    ///
    /// Their galleries go before, since there may be too many for one transaction. Where that stops half-way, the person
    /// is still there, and the next call goes on.
    pub async fn delete_user(&self, id: &str, delete_after: i64, now: i64) -> Result<bool, StoreError> {
        self.end_galleries_of(id, delete_after, now).await?;
        let id = id.to_owned();
        change!(self, |c| {
            // First, as everywhere: a code that is being written holds its session and then needs the person.
            let ended: Vec<String> = diesel::delete(sessions::table.filter(sessions::user_id.eq(&id)))
                .returning(sessions::sid)
                .get_results(c)
                .await?;
            tell_clients!(c, &ended, now);
            // Then their row, before the pictures. While it is still known who is connected to them.
            let pictured: Option<(Option<String>, Option<String>)> = diesel::update(users::table.find(&id))
                .set(users::updated_at.eq(users::updated_at))
                .returning((users::picture_id, users::picture_url))
                .get_result(c)
                .await
                .optional()?;
            if let Some((picture_id, picture_url)) = pictured
                && (picture_id.is_some() || picture_url.is_some())
            {
                let picture_id = picture_id.unwrap_or_default();
                picture_event!(c, "picture.removed", None, &id, &picture_id, now);
            }
            leave_organizations!(c, &id, now, delete_after);
            let owned: Vec<(String, String, String, String)> =
                diesel::delete(pictures::table.filter(pictures::user_id.eq(&id)))
                    .returning((pictures::state, pictures::store, pictures::key_base, pictures::sizes))
                    .get_results(c)
                    .await?;
            for (_, store, base, sizes) in owned.iter().filter(|(state, ..)| state != state::GONE) {
                queue_objects!(c, store, base, sizes, now, delete_after);
            }
            diesel::delete(
                albums::table.filter(albums::owner_kind.eq("user")).filter(albums::owner_id.eq(&id)),
            )
            .execute(c)
            .await?;
            let found = diesel::delete(users::table.find(&id)).execute(c).await?;
            if found == 1 {
                diesel::insert_into(audit::table)
                    .values((
                        audit::id.eq(format!("user-deleted-{id}-{now}")),
                        audit::at.eq(now),
                        audit::actor.eq(None::<String>),
                        audit::action.eq("user.deleted"),
                        audit::subject.eq(&id),
                        audit::detail.eq("{}"),
                    ))
                    .execute(c)
                    .await?;
            }
            Ok((found == 1, vec![Subject::User(id)]))
        })
    }
}

/// The album in which a person's profile photo is.
pub fn profile_album(user_id: &str) -> String {
    format!("profile-{user_id}")
}
