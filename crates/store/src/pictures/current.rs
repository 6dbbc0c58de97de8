//! The one transaction in which a picture becomes the person's photo, and the one in which there is none any more.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Picture, Retention, let_go, state, supersede_current};
use crate::{
    Store, StoreError, Subject,
    events::picture_event,
    photo_blocks::is_blocked,
    schema::{pictures, users},
    users::{User, profile_album},
};

/// Whose photo changes, who changes it, and what becomes of the one before.
#[derive(Clone, Debug)]
pub struct Change {
    pub user_id: String,
    /// The person, or the client for them.
    pub actor: String,
    /// The alternative text; `None` leaves it as it is.
    pub alt_text: Option<Option<String>>,
    pub retention: Retention,
    pub now: i64,
}

/// What the picture was a moment ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// One call uploads and applies.
    Uploading,
    /// Confirmed.
    Staged,
    /// Restored.
    Kept,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    Done(Box<(User, Picture)>),
    /// It is not, or not any more, such a picture of this person.
    NotFound,
    /// The person may not upload.
    Blocked,
}

impl From {
    fn state(self) -> &'static str {
        match self {
            Self::Uploading => state::UPLOADING,
            Self::Staged => state::STAGED,
            Self::Kept => state::KEPT,
        }
    }
}

impl Store {
    /// The pointer moves: the picture is current, the old one is superseded, what goes is queued.
    pub async fn make_current(&self, id: &str, from: From, change: Change) -> Result<Applied, StoreError> {
        let id = id.to_owned();
        change!(self, |c| {
            let Change { user_id, actor, alt_text, retention, now } = change;
            // The person's row first: two confirmations of one person take turns on it.
            let person =
                diesel::update(users::table.find(&user_id)).set(users::updated_at.eq(users::updated_at));
            if person.execute(c).await? == 0 {
                return Ok((Applied::NotFound, Vec::new()));
            }
            if is_blocked!(c, &user_id) {
                return Ok((Applied::Blocked, Vec::new()));
            }
            let confirmed_at = (from != From::Kept).then(|| pictures::confirmed_at.eq(Some(now)));
            let picture: Option<Picture> = diesel::update(
                pictures::table
                    .find(&id)
                    .filter(pictures::user_id.eq(&user_id))
                    .filter(pictures::purpose.eq("profile"))
                    .filter(pictures::state.eq(from.state())),
            )
            .set((
                pictures::state.eq(state::CURRENT),
                pictures::album_id.eq(Some(profile_album(&user_id))),
                pictures::superseded_at.eq(None::<i64>),
                confirmed_at,
                alt_text.map(|text| pictures::caption.eq(text)),
            ))
            .returning(Picture::as_returning())
            .get_result(c)
            .await
            .optional()?;
            let Some(picture) = picture else { return Ok((Applied::NotFound, Vec::new())) };
            supersede_current!(c, &user_id, &id, now, retention);
            let user = diesel::update(users::table.find(&user_id))
                .set((
                    users::picture_id.eq(Some(&id)),
                    users::picture_url.eq(None::<String>),
                    users::updated_at.eq(now),
                ))
                .returning(User::as_returning())
                .get_result(c)
                .await?;
            picture_event!(c, "picture.updated", Some(actor), &user_id, &id, now);
            Ok((Applied::Done(Box::new((user, picture))), vec![Subject::User(user_id)]))
        })
    }

    /// Takes the photo away for good, whatever is kept of others: who removes a photo does not want to go back to it.
    /// `None` where there is no such person.
    pub async fn remove_profile_picture(&self, change: Change) -> Result<Option<User>, StoreError> {
        change!(self, |c| {
            let Change { user_id, actor, retention, now, .. } = change;
            let before: Option<User> = diesel::update(users::table.find(&user_id))
                .set(users::updated_at.eq(users::updated_at))
                .returning(User::as_returning())
                .get_result(c)
                .await
                .optional()?;
            let Some(before) = before else { return Ok((None, Vec::new())) };
            if before.picture_id.is_none() && before.picture_url.is_none() {
                return Ok((Some(before), Vec::new()));
            }
            let current: Vec<String> = pictures::table
                .filter(pictures::album_id.eq(profile_album(&user_id)))
                .filter(pictures::state.eq(state::CURRENT))
                .select(pictures::id)
                .load(c)
                .await?;
            let_go!(c, current, [state::CURRENT], now, retention.delete_after);
            let user = diesel::update(users::table.find(&user_id))
                .set((
                    users::picture_id.eq(None::<String>),
                    users::picture_url.eq(None::<String>),
                    users::updated_at.eq(now),
                ))
                .returning(User::as_returning())
                .get_result(c)
                .await?;
            let picture_id = before.picture_id.unwrap_or_default();
            picture_event!(c, "picture.removed", Some(actor), &user_id, &picture_id, now);
            Ok((Some(user), vec![Subject::User(user_id)]))
        })
    }

    /// The alternative text of a photo. `false` where it is not, or not any more, one of this person.
    pub async fn set_alt_text(
        &self,
        id: &str,
        user_id: &str,
        text: Option<String>,
    ) -> Result<bool, StoreError> {
        let (id, user_id) = (id.to_owned(), user_id.to_owned());
        change!(self, |c| {
            let own = pictures::table
                .find(&id)
                .filter(pictures::user_id.eq(&user_id))
                .filter(pictures::purpose.eq("profile"))
                .filter(pictures::state.eq_any([state::STAGED, state::CURRENT, state::KEPT]));
            let found = diesel::update(own).set(pictures::caption.eq(text)).execute(c).await? > 0;
            Ok((found, if found { vec![Subject::User(user_id)] } else { Vec::new() }))
        })
    }
}
