//! Pictures and their way: `staged` → `current` → `superseded` → `gone`. Rows are history; `gone` has no objects.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Store, StoreError, Subject,
    schema::{attempts, deletions, pictures, users},
    users::{User, profile_album},
};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = pictures)]
pub struct Picture {
    pub id: String,
    pub user_id: Option<String>,
    /// The client that sent it, for a person's token; none from our own pages.
    pub client_id: Option<String>,
    pub sid: Option<String>,
    pub album_id: Option<String>,
    /// `profile` (and `gallery`, later).
    pub purpose: String,
    pub state: String,
    /// The name of the object store that has its objects.
    pub store: String,
    /// What its object keys begin with: `profile-photos/{owner}/{unix ms}-{random}`.
    pub key_base: String,
    /// Sides of the variants that exist, largest first, separated by commas: `512,256,96,48`.
    pub sizes: String,
    /// Of all variants together.
    pub bytes: i64,
    pub thumbhash: String,
    pub original_filename: String,
    pub uploaded_at: i64,
    pub confirmed_at: Option<i64>,
    pub superseded_at: Option<i64>,
    /// Order in a gallery.
    pub position: Option<i64>,
    /// The caption in a gallery; the alternative text of a profile photo.
    pub caption: Option<String>,
    /// Of the largest variant; `None`: a square of the first of `sizes`.
    pub width: Option<i64>,
    pub height: Option<i64>,
    /// What the person reads where an administrator took the photo away.
    pub removed_reason: Option<String>,
}

/// What is needed to make the URL of a picture.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = pictures)]
pub struct Portrait {
    pub store: String,
    pub key_base: String,
    pub sizes: String,
    pub thumbhash: String,
}

/// The keys of a picture's objects: the largest without its size in the name, then one a size.
pub fn object_keys(key_base: &str, sizes: &str) -> Vec<String> {
    let sizes: Vec<&str> = sizes.split(',').filter(|size| !size.is_empty()).collect();
    sizes
        .iter()
        .enumerate()
        .map(
            |(index, size)| {
                if index == 0 { format!("{key_base}.jpg") } else { format!("{key_base}_{size}.jpg") }
            },
        )
        .collect()
}

/// Within a transaction: every object of a picture is queued for deletion, one row an object.
macro_rules! queue_objects {
    ($c:ident, $store:expr, $base:expr, $sizes:expr, $now:expr, $delete_after:expr) => {
        for key in $crate::pictures::object_keys($base, $sizes) {
            diesel::insert_into($crate::schema::deletions::table)
                .values((
                    $crate::schema::deletions::id.eq(format!("{}:{key}", $store)),
                    $crate::schema::deletions::store.eq($store),
                    $crate::schema::deletions::key.eq(key),
                    $crate::schema::deletions::not_before.eq($now + $delete_after),
                    $crate::schema::deletions::leased_until.eq(0i64),
                    $crate::schema::deletions::attempts.eq(0i64),
                    $crate::schema::deletions::created_at.eq($now),
                ))
                .on_conflict_do_nothing()
                .execute($c)
                .await?;
        }
    };
}
pub(crate) use queue_objects;

/// Within a transaction that holds the person's row: whatever is current in the profile album, except `keep`, is
/// superseded and its objects are queued.
macro_rules! supersede_current {
    ($c:ident, $user_id:expr, $keep:expr, $now:expr, $delete_after:expr) => {
        let superseded: Vec<(String, String, String)> = diesel::update(
            $crate::schema::pictures::table
                .filter($crate::schema::pictures::album_id.eq($crate::users::profile_album($user_id)))
                .filter($crate::schema::pictures::state.eq("current"))
                .filter($crate::schema::pictures::id.ne($keep)),
        )
        .set((
            $crate::schema::pictures::state.eq("superseded"),
            $crate::schema::pictures::superseded_at.eq(Some($now)),
        ))
        .returning((
            $crate::schema::pictures::store,
            $crate::schema::pictures::key_base,
            $crate::schema::pictures::sizes,
        ))
        .get_results($c)
        .await?;
        for (store, base, sizes) in superseded {
            $crate::pictures::queue_objects!($c, &store, &base, &sizes, $now, $delete_after);
        }
    };
}
pub(crate) use supersede_current;

impl Store {
    /// Written before the first object, so that no object can exist unrecorded.
    pub async fn stage_picture(&self, picture: Picture) -> Result<(), StoreError> {
        write!(self, |c| {
            diesel::insert_into(pictures::table).values(picture).execute(c).await?;
            Ok(())
        })
    }

    /// The one transaction in which a staged picture becomes the person's photo, the old one is superseded and its
    /// objects are queued. `None` where the picture is not (any more) a staged one of this person.
    pub async fn confirm_profile_picture(
        &self,
        id: &str,
        user_id: &str,
        delete_after: i64,
        now: i64,
    ) -> Result<Option<User>, StoreError> {
        let (id, user_id) = (id.to_owned(), user_id.to_owned());
        change!(self, |c| {
            // The person's row first: two confirmations of one person take turns on it.
            let person = diesel::update(users::table.find(&user_id)).set(users::updated_at.eq(now));
            if person.execute(c).await? == 0 {
                return Ok((None, Vec::new()));
            }
            let confirmed = diesel::update(
                pictures::table
                    .find(&id)
                    .filter(pictures::user_id.eq(&user_id))
                    .filter(pictures::state.eq("staged")),
            )
            .set((
                pictures::state.eq("current"),
                pictures::album_id.eq(Some(profile_album(&user_id))),
                pictures::confirmed_at.eq(Some(now)),
            ))
            .execute(c)
            .await?;
            if confirmed == 0 {
                return Ok((None, Vec::new()));
            }
            supersede_current!(c, &user_id, &id, now, delete_after);
            let user = diesel::update(users::table.find(&user_id))
                .set((
                    users::picture_id.eq(Some(id)),
                    users::picture_url.eq(None::<String>),
                    users::updated_at.eq(now),
                ))
                .returning(User::as_returning())
                .get_result(c)
                .await?;
            Ok((Some(user), vec![Subject::User(user_id)]))
        })
    }

    /// Takes the photo away; the objects are queued. `None` where there is no such person.
    pub async fn remove_profile_picture(
        &self,
        user_id: &str,
        delete_after: i64,
        now: i64,
    ) -> Result<Option<User>, StoreError> {
        let user_id = user_id.to_owned();
        change!(self, |c| {
            let user = diesel::update(users::table.find(&user_id))
                .set((
                    users::picture_id.eq(None::<String>),
                    users::picture_url.eq(None::<String>),
                    users::updated_at.eq(now),
                ))
                .returning(User::as_returning())
                .get_result(c)
                .await
                .optional()?;
            supersede_current!(c, &user_id, "", now, delete_after);
            Ok((user, vec![Subject::User(user_id)]))
        })
    }

    /// Staged pictures that nobody confirmed since `before`: they are gone, their objects are queued. Returns how many.
    pub async fn discard_staged(&self, before: i64, limit: i64, now: i64) -> Result<usize, StoreError> {
        write!(self, |c| {
            let stale: Vec<String> = pictures::table
                .filter(pictures::state.eq("staged"))
                .filter(pictures::uploaded_at.lt(before))
                .order(pictures::uploaded_at)
                .limit(limit)
                .select(pictures::id)
                .load(c)
                .await?;
            let discarded: Vec<(String, String, String)> = diesel::update(
                pictures::table.filter(pictures::id.eq_any(stale)).filter(pictures::state.eq("staged")),
            )
            .set((pictures::state.eq("superseded"), pictures::superseded_at.eq(Some(now))))
            .returning((pictures::store, pictures::key_base, pictures::sizes))
            .get_results(c)
            .await?;
            let count = discarded.len();
            for (store, base, sizes) in discarded {
                queue_objects!(c, &store, &base, &sizes, now, 0);
            }
            Ok(count)
        })
    }

    /// The upload did not come to its end: a staged picture is given up, its objects are queued at once. `false` where
    /// it was not staged (any more).
    pub async fn discard_picture(&self, id: &str, now: i64) -> Result<bool, StoreError> {
        let id = id.to_owned();
        write!(self, |c| {
            let discarded: Option<(String, String, String)> =
                diesel::update(pictures::table.find(&id).filter(pictures::state.eq("staged")))
                    .set((pictures::state.eq("superseded"), pictures::superseded_at.eq(Some(now))))
                    .returning((pictures::store, pictures::key_base, pictures::sizes))
                    .get_result(c)
                    .await
                    .optional()?;
            let found = discarded.is_some();
            if let Some((store, base, sizes)) = discarded {
                queue_objects!(c, &store, &base, &sizes, now, 0);
            }
            Ok(found)
        })
    }

    /// A current picture whose objects are lost: its owner has none any more, what is left of it is queued. `false`
    /// where it is not current (any more).
    pub async fn withdraw_picture(&self, id: &str, now: i64) -> Result<bool, StoreError> {
        let id = id.to_owned();
        change!(self, |c| {
            let withdrawn: Option<(String, String, String)> =
                diesel::update(pictures::table.find(&id).filter(pictures::state.eq("current")))
                    .set((pictures::state.eq("superseded"), pictures::superseded_at.eq(Some(now))))
                    .returning((pictures::store, pictures::key_base, pictures::sizes))
                    .get_result(c)
                    .await
                    .optional()?;
            let found = withdrawn.is_some();
            if let Some((store, base, sizes)) = withdrawn {
                queue_objects!(c, &store, &base, &sizes, now, 0);
            }
            let owners: Vec<String> = diesel::update(users::table.filter(users::picture_id.eq(&id)))
                .set((users::picture_id.eq(None::<String>), users::updated_at.eq(now)))
                .returning(users::id)
                .get_results(c)
                .await?;
            Ok((found, owners.into_iter().map(Subject::User).collect()))
        })
    }

    /// Counts a try to upload. The count begins anew `window` microseconds after its first try. `Some(until)`: there
    /// were `most` already.
    pub async fn charge_upload(
        &self,
        digest: Vec<u8>,
        most: i64,
        window: i64,
        now: i64,
    ) -> Result<Option<i64>, StoreError> {
        write!(self, |c| {
            diesel::delete(attempts::table.find(&digest).filter(attempts::expires_at.le(now)))
                .execute(c)
                .await?;
            let (tries, until): (i64, i64) = diesel::insert_into(attempts::table)
                .values((
                    attempts::digest.eq(&digest),
                    attempts::failures.eq(1i64),
                    attempts::blocked_until.eq(0i64),
                    attempts::expires_at.eq(now + window),
                ))
                .on_conflict(attempts::digest)
                .do_update()
                .set(attempts::failures.eq(attempts::failures + 1))
                .returning((attempts::failures, attempts::expires_at))
                .get_result(c)
                .await?;
            Ok((tries > most).then_some(until))
        })
    }

    /// How many [`Store::discard_staged`] would give up.
    pub async fn count_staged(&self, before: i64) -> Result<usize, StoreError> {
        let count: i64 = read!(self, |c| Ok(pictures::table
            .filter(pictures::state.eq("staged"))
            .filter(pictures::uploaded_at.lt(before))
            .count()
            .get_result(c)
            .await?))?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    pub async fn picture(&self, id: &str) -> Result<Option<Picture>, StoreError> {
        read!(self, |c| Ok(pictures::table
            .find(id)
            .select(Picture::as_select())
            .first(c)
            .await
            .optional()?))
    }

    pub async fn picture_by_key_base(&self, key_base: &str) -> Result<Option<Picture>, StoreError> {
        read!(self, |c| Ok(pictures::table
            .filter(pictures::key_base.eq(key_base))
            .select(Picture::as_select())
            .first(c)
            .await
            .optional()?))
    }

    /// A person's uploads, newest first.
    pub async fn pictures_of(&self, user_id: &str) -> Result<Vec<Picture>, StoreError> {
        read!(self, |c| Ok(pictures::table
            .filter(pictures::user_id.eq(user_id))
            .order(pictures::uploaded_at.desc())
            .select(Picture::as_select())
            .load(c)
            .await?))
    }

    /// Everything whose objects may exist (not `gone`), by id, `limit` after `after`: for the sweep.
    pub async fn pictures(&self, after: &str, limit: i64) -> Result<Vec<Picture>, StoreError> {
        read!(self, |c| Ok(pictures::table
            .filter(pictures::id.gt(after))
            .filter(pictures::state.ne("gone"))
            .order(pictures::id)
            .limit(limit)
            .select(Picture::as_select())
            .load(c)
            .await?))
    }

    /// Which of these key bases have a row whose objects may exist.
    pub async fn known_key_bases(&self, bases: &[String]) -> Result<Vec<String>, StoreError> {
        read!(self, |c| Ok(pictures::table
            .filter(pictures::key_base.eq_any(bases))
            .filter(pictures::state.ne("gone"))
            .select(pictures::key_base)
            .load(c)
            .await?))
    }

    /// Superseded pictures of which no object waits to be deleted any more become `gone`.
    pub async fn bury_pictures(&self, limit: i64) -> Result<usize, StoreError> {
        write!(self, |c| {
            let rows: Vec<(String, String, String, String)> = pictures::table
                .filter(pictures::state.eq("superseded"))
                .limit(limit)
                .order(pictures::superseded_at)
                .select((pictures::id, pictures::store, pictures::key_base, pictures::sizes))
                .load(c)
                .await?;
            let mut buried = Vec::new();
            for (id, store, base, sizes) in rows {
                let waiting: i64 = deletions::table
                    .filter(deletions::store.eq(&store))
                    .filter(deletions::key.eq_any(object_keys(&base, &sizes)))
                    .count()
                    .get_result(c)
                    .await?;
                if waiting == 0 {
                    buried.push(id);
                }
            }
            let count = buried.len();
            diesel::update(
                pictures::table.filter(pictures::id.eq_any(buried)).filter(pictures::state.eq("superseded")),
            )
            .set(pictures::state.eq("gone"))
            .execute(c)
            .await?;
            Ok(count)
        })
    }
}
