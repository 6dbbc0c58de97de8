//! What becomes of a photo when another takes its place: the last few may be kept for going back, the others go.

use diesel::{dsl::count_star, prelude::*};
use diesel_async::RunQueryDsl;

use super::{Picture, state};
use crate::{Store, StoreError, schema::pictures};

/// `photos.delete_after` and `photos.keep_versions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// How long superseded objects outlive the switch, so that no reader meets a hole.
    pub delete_after: i64,
    /// How many superseded photos of a person stay.
    pub keep_versions: i64,
}

/// Within a transaction: these pictures, as far as they are in one of these states, are superseded and all their objects
/// are queued for deletion. Gives how many there were.
macro_rules! let_go {
    ($c:ident, $ids:expr, $states:expr, $now:expr, $delete_after:expr) => {{
        let gone: Vec<(String, String, String)> = diesel::update(
            $crate::schema::pictures::table
                .filter($crate::schema::pictures::id.eq_any($ids))
                .filter($crate::schema::pictures::state.eq_any($states)),
        )
        .set((
            $crate::schema::pictures::state.eq($crate::pictures::state::SUPERSEDED),
            $crate::schema::pictures::superseded_at.eq(Some($now)),
        ))
        .returning((
            $crate::schema::pictures::store,
            $crate::schema::pictures::key_base,
            $crate::schema::pictures::sizes,
        ))
        .get_results($c)
        .await?;
        let count = gone.len();
        for (store, base, sizes) in gone {
            $crate::pictures::queue_objects!($c, &store, &base, &sizes, $now, $delete_after);
        }
        count
    }};
}
pub(crate) use let_go;

/// Within a transaction: of an album's kept pictures all but the newest `$most` go. Gives how many went.
macro_rules! trim_kept {
    ($c:ident, $album:expr, $most:expr, $now:expr, $delete_after:expr) => {{
        let too_many: Vec<String> = $crate::schema::pictures::table
            .filter($crate::schema::pictures::album_id.eq($album))
            .filter($crate::schema::pictures::state.eq($crate::pictures::state::KEPT))
            .order((
                $crate::schema::pictures::superseded_at.desc(),
                $crate::schema::pictures::confirmed_at.desc(),
                $crate::schema::pictures::id.desc(),
            ))
            .limit(1000)
            .offset($most)
            .select($crate::schema::pictures::id)
            .load($c)
            .await?;
        $crate::pictures::let_go!($c, too_many, [$crate::pictures::state::KEPT], $now, $delete_after)
    }};
}
pub(crate) use trim_kept;

/// Within a transaction that holds the person's row: whatever is current in the profile album, except `$but`, is
/// superseded. It is kept with the newest of those before it, as many as `$retention` says; the others go.
macro_rules! supersede_current {
    ($c:ident, $user_id:expr, $but:expr, $now:expr, $retention:expr) => {{
        let album = $crate::users::profile_album($user_id);
        let retention: $crate::pictures::Retention = $retention;
        diesel::update(
            $crate::schema::pictures::table
                .filter($crate::schema::pictures::album_id.eq(&album))
                .filter($crate::schema::pictures::state.eq($crate::pictures::state::CURRENT))
                .filter($crate::schema::pictures::id.ne($but)),
        )
        .set((
            $crate::schema::pictures::state.eq($crate::pictures::state::KEPT),
            $crate::schema::pictures::superseded_at.eq(Some($now)),
        ))
        .execute($c)
        .await?;
        $crate::pictures::trim_kept!($c, &album, retention.keep_versions, $now, retention.delete_after);
    }};
}
pub(crate) use supersede_current;

impl Store {
    /// `photos.keep_versions` was lowered: what is too many in up to `limit` albums goes. Returns how many pictures.
    pub async fn trim_kept(&self, retention: Retention, limit: i64, now: i64) -> Result<usize, StoreError> {
        let most = retention.keep_versions;
        write!(self, |c| {
            let albums: Vec<Option<String>> = pictures::table
                .filter(pictures::state.eq(state::KEPT))
                .group_by(pictures::album_id)
                .having(count_star().gt(most))
                .select(pictures::album_id)
                .limit(limit)
                .load(c)
                .await?;
            let mut all = 0;
            for album in albums {
                all += trim_kept!(c, &album, most, now, retention.delete_after);
            }
            Ok(all)
        })
    }

    /// The newest profile photo that a person uploaded in a browser of theirs and neither confirmed nor gave up.
    pub async fn unconfirmed_photo(&self, user_id: &str) -> Result<Option<Picture>, StoreError> {
        read!(self, |c| Ok(pictures::table
            .filter(pictures::user_id.eq(user_id))
            .filter(pictures::purpose.eq("profile"))
            .filter(pictures::state.eq(state::STAGED))
            .filter(pictures::sid.is_not_null())
            .order((pictures::uploaded_at.desc(), pictures::id.desc()))
            .select(Picture::as_select())
            .first(c)
            .await
            .optional()?))
    }

    /// A person's earlier profile photos that can be restored, newest first; and the one that an administrator took away
    /// last.
    pub async fn earlier_photos(&self, user_id: &str) -> Result<(Vec<Picture>, Option<Picture>), StoreError> {
        let album = crate::users::profile_album(user_id);
        read!(self, |c| {
            let kept = pictures::table
                .filter(pictures::album_id.eq(&album))
                .filter(pictures::state.eq(state::KEPT))
                .order((pictures::superseded_at.desc(), pictures::id.desc()))
                .limit(50)
                .select(Picture::as_select())
                .load(c)
                .await?;
            let removed = pictures::table
                .filter(pictures::album_id.eq(&album))
                .filter(pictures::removed_reason.is_not_null())
                .order((pictures::superseded_at.desc(), pictures::id.desc()))
                .select(Picture::as_select())
                .first(c)
                .await
                .optional()?;
            Ok((kept, removed))
        })
    }
}
