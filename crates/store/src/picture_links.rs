//! `picture_stable`: a random handle for one person at one client, so that no two clients can compare theirs. It lives
//! until the person withdraws from the client; a new consent makes a new one.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError,
    pictures::Portrait,
    schema::{clients, grants, picture_links, pictures, users},
    users::{Profile, User},
};

/// A handle that is not there yet.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// Random; thrown away where another request made one in the meantime.
    pub handle: String,
    /// The grant for which it is made.
    pub grant_id: String,
    pub user_id: String,
    pub client_id: String,
    pub created_at: i64,
}

impl Store {
    /// The handle by which a client may keep a person's picture for good.
    pub async fn picture_link(&self, user_id: &str, client_id: &str) -> Result<Option<String>, StoreError> {
        read!(self, |c| Ok(picture_links::table
            .filter(picture_links::user_id.eq(user_id))
            .filter(picture_links::client_id.eq(client_id))
            .select(picture_links::handle)
            .first(c)
            .await
            .optional()?))
    }

    /// Makes a handle, or gives the one that another request made first. `None` where the grant has ended: the person
    /// may have withdrawn a moment ago, and then nothing may come back.
    pub async fn make_picture_link(&self, link: NewLink) -> Result<Option<String>, StoreError> {
        let made = write!(self, |c| {
            // Person and client before the grant, as whoever deletes them does.
            let mut handle: Option<String> = diesel::insert_into(picture_links::table)
                .values((
                    picture_links::handle.eq(&link.handle),
                    picture_links::user_id.eq(&link.user_id),
                    picture_links::client_id.eq(&link.client_id),
                    picture_links::created_at.eq(link.created_at),
                ))
                .on_conflict((picture_links::user_id, picture_links::client_id))
                .do_nothing()
                .returning(picture_links::handle)
                .get_result(c)
                .await
                .optional()?;
            // Holds the grant's row: whoever withdraws waits, and then takes the handle away as well.
            let alive = diesel::update(
                grants::table
                    .find(&link.grant_id)
                    .filter(grants::user_id.eq(&link.user_id))
                    .filter(grants::client_id.eq(&link.client_id))
                    .filter(grants::revoked_at.is_null()),
            )
            .set(grants::revoked_at.eq(None::<i64>))
            .execute(c)
            .await?;
            if alive == 0 {
                diesel::delete(picture_links::table.find(&link.handle)).execute(c).await?;
                return Ok(None);
            }
            if handle.is_none() {
                handle = picture_links::table
                    .filter(picture_links::user_id.eq(&link.user_id))
                    .filter(picture_links::client_id.eq(&link.client_id))
                    .select(picture_links::handle)
                    .first(c)
                    .await
                    .optional()?;
            }
            Ok(handle)
        });
        match made {
            // Person or client are gone.
            Err(StoreError::Conflict(_)) => Ok(None),
            made => made,
        }
    }

    /// Whose picture a handle stands for: an active person, at a client that is active.
    pub async fn linked_profile(&self, handle: &str) -> Result<Option<Profile>, StoreError> {
        let row: Option<(User, Option<Portrait>)> = read!(self, |c| Ok(picture_links::table
            .inner_join(users::table.on(users::id.eq(picture_links::user_id)))
            .inner_join(clients::table.on(clients::id.eq(picture_links::client_id)))
            .left_join(pictures::table.on(users::picture_id.eq(pictures::id.nullable())))
            .filter(picture_links::handle.eq(handle))
            .filter(users::is_active.eq(true))
            .filter(clients::is_active.eq(true))
            .select((User::as_select(), Option::<Portrait>::as_select()))
            .first(c)
            .await
            .optional()?))?;
        Ok(row.map(|(user, portrait)| Profile { user, portrait }))
    }
}
