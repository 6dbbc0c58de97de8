//! Pictures and their way (see [`state`]). Rows are history: they outlive their objects.
//!
//! [`waiting`]: uploads that nobody has confirmed. [`current`]: the one transaction in which a picture becomes a person's
//! photo, and its opposite. [`kept`]: earlier photos that can be restored. [`sweep`]: rows compared with objects.

mod current;
mod kept;
mod sweep;
mod waiting;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

pub use self::current::{Applied, Change, From};
pub use self::kept::Retention;
pub(crate) use self::kept::{let_go, supersede_current, trim_kept};
pub use self::sweep::Named;
use crate::{Store, StoreError, schema::pictures};

/// `uploading` → `staged` → `current` → (`kept` ⇄ `current`) → `superseded` → `gone`.
pub mod state {
    /// The row is written, its objects perhaps not all.
    pub const UPLOADING: &str = "uploading";
    /// Every object is durable; the picture waits for its confirmation.
    pub const STAGED: &str = "staged";
    pub const CURRENT: &str = "current";
    /// Another took its place, its objects are not queued: it can be restored.
    pub const KEPT: &str = "kept";
    /// Its objects are queued for deletion, whether or not it was ever confirmed.
    pub const SUPERSEDED: &str = "superseded";
    /// It has no objects any more.
    pub const GONE: &str = "gone";
    /// Those of which objects may exist.
    pub const STORED: [&str; 5] = [UPLOADING, STAGED, CURRENT, KEPT, SUPERSEDED];
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = pictures)]
pub struct Picture {
    pub id: String,
    pub user_id: Option<String>,
    /// The client that sent it, for a person's token; none from our own pages.
    pub client_id: Option<String>,
    pub sid: Option<String>,
    pub album_id: Option<String>,
    /// `profile` or `gallery`.
    pub purpose: String,
    /// One of [`state`].
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

impl Picture {
    pub fn portrait(&self) -> Portrait {
        Portrait {
            store: self.store.clone(),
            key_base: self.key_base.clone(),
            sizes: self.sizes.clone(),
            thumbhash: self.thumbhash.clone(),
        }
    }

    /// The key of the smallest variant for a side of `side` pixels; 0: of the largest.
    pub fn key(&self, side: u32) -> Option<String> {
        let keys = object_keys(&self.key_base, &self.sizes);
        let sides = self.sizes.split(',').map(|size| size.parse::<u32>().unwrap_or(0));
        let fits = sides.zip(&keys).filter(|(size, _)| side > 0 && *size >= side);
        let fits = fits.min_by_key(|(size, _)| *size).map(|(_, key)| key.clone());
        fits.or_else(|| keys.into_iter().next())
    }
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

impl Store {
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
}
