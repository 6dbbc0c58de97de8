//! What administrators see of pictures and do about them: the same for their routes and for `visage photos …`.

use std::collections::BTreeMap;

use protocol::Micros;
use protocol::day::iso;
use serde::Serialize;
use store::photo_admin::{Cursor, Filter, Listed, Outcomes};
use store::photo_blocks::PhotoBlock;
use store::pictures::{Picture, Portrait, state};
use store::users::User;
use store::{Store, StoreError};
use web::Pictures;

const DAY: Micros = 86_400_000_000;
/// Statistics reach back as far as the rows do.
pub const MOST_DAYS: u32 = 400;
/// Characters of a reason, which the person reads.
pub const REASON: usize = 500;

/// An upload as administrators see it. Times: ISO 8601 in UTC.
#[derive(Debug, Clone, Serialize)]
pub struct Upload {
    pub id: String,
    /// One of [`store::pictures::state`].
    pub state: String,
    /// `profile` or `gallery`.
    pub purpose: String,
    pub person: Option<Person>,
    /// The client that sent it; none from our own pages.
    pub client_id: Option<String>,
    pub store: String,
    /// Of all sizes together.
    pub bytes: i64,
    /// Sides in pixels.
    pub sizes: Vec<u32>,
    pub original_filename: String,
    pub caption: Option<String>,
    pub uploaded_at: String,
    pub confirmed_at: Option<String>,
    pub superseded_at: Option<String>,
    /// What the person reads where an administrator took it away.
    pub removed_reason: Option<String>,
    /// What everybody can fetch, by size: as long as it is current.
    pub urls: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    pub id: String,
    /// None once the person is deleted.
    pub email: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Page {
    pub uploads: Vec<Upload>,
    /// For the next page; none on the last.
    pub next: Option<String>,
}

/// Somebody who may not upload.
#[derive(Debug, Clone, Serialize)]
pub struct Block {
    pub person: Person,
    pub reason: String,
    /// An administrator's id, or `command`.
    pub blocked_by: String,
    pub blocked_at: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Statistics {
    /// What the numbers of `uploads` go back to.
    pub since: String,
    pub uploads: Uploads,
    /// By machine code.
    pub refused_by_cause: BTreeMap<String, i64>,
    /// Of which objects may exist.
    pub pictures_by_state: BTreeMap<String, i64>,
    pub stores: BTreeMap<String, Stored>,
    pub deletions: Deletions,
    pub blocked_people: i64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Uploads {
    pub applied: i64,
    pub staged: i64,
    pub discarded: i64,
    pub refused: i64,
    /// Of those that were taken.
    pub removed_by_administrators: i64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Stored {
    pub pictures: i64,
    pub bytes: i64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Deletions {
    /// Objects.
    pub waiting: i64,
    pub oldest_seconds: Option<i64>,
}

/// By id or e-mail address.
pub async fn person(store: &Store, who: &str) -> Result<Option<User>, StoreError> {
    match store.user(who).await? {
        Some(user) => Ok(Some(user)),
        None => store.user_by_email(who).await,
    }
}

pub async fn page(
    store: &Store,
    pictures: &Pictures,
    filter: Filter,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Page, StoreError> {
    let mut rows = store.uploads(filter, after, limit + 1).await?;
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = rows.last().filter(|_| more).map(|last| cursor(&last.picture));
    Ok(Page { uploads: rows.into_iter().map(|row| Upload::of(row, pictures)).collect(), next })
}

pub async fn upload(store: &Store, pictures: &Pictures, id: &str) -> Result<Option<Upload>, StoreError> {
    let Some(picture) = store.picture(id).await? else { return Ok(None) };
    let email = match &picture.user_id {
        Some(user_id) => store.user(user_id).await?.map(|user| user.email),
        None => None,
    };
    Ok(Some(Upload::of(Listed { picture, email }, pictures)))
}

/// `days`: how far the numbers of uploads go back.
pub async fn statistics(store: &Store, days: u32, now: Micros) -> Result<Statistics, StoreError> {
    let since = now - i64::from(days) * DAY;
    let Outcomes { applied, staged, discarded, removed, refused } = store.upload_outcomes(since).await?;
    let waiting = store.waiting_deletions().await?;
    let mut statistics = Statistics {
        since: iso(since),
        uploads: Uploads {
            applied,
            staged,
            discarded,
            refused: refused.iter().map(|(_, count)| count).sum(),
            removed_by_administrators: removed,
        },
        refused_by_cause: refused.into_iter().collect(),
        pictures_by_state: BTreeMap::new(),
        stores: BTreeMap::new(),
        deletions: Deletions {
            waiting: waiting.objects,
            oldest_seconds: waiting.oldest.map(|at| protocol::seconds(now - at)),
        },
        blocked_people: store.blocked_people().await?,
    };
    for holding in store.holdings().await? {
        *statistics.pictures_by_state.entry(holding.state).or_default() += holding.pictures;
        let stored = statistics.stores.entry(holding.store).or_default();
        stored.pictures += holding.pictures;
        stored.bytes += holding.bytes;
    }
    Ok(statistics)
}

impl Upload {
    fn of(Listed { picture, email }: Listed, pictures: &Pictures) -> Self {
        let urls = match picture.state.as_str() {
            state::CURRENT => pictures.variants(&portrait(&picture)),
            _ => BTreeMap::new(),
        };
        Self {
            sizes: picture.sizes.split(',').filter_map(|size| size.parse().ok()).collect(),
            id: picture.id,
            state: picture.state,
            purpose: picture.purpose,
            person: picture.user_id.map(|id| Person { id, email }),
            client_id: picture.client_id,
            store: picture.store,
            bytes: picture.bytes,
            original_filename: picture.original_filename,
            caption: picture.caption,
            uploaded_at: iso(picture.uploaded_at),
            confirmed_at: picture.confirmed_at.map(iso),
            superseded_at: picture.superseded_at.map(iso),
            removed_reason: picture.removed_reason,
            urls,
        }
    }
}

impl Block {
    pub fn of(block: PhotoBlock, email: String) -> Self {
        Self {
            person: Person { id: block.user_id, email: Some(email) },
            reason: block.reason,
            blocked_by: block.blocked_by,
            blocked_at: iso(block.created_at),
        }
    }
}

/// One or more sentences that the person can read; `None` for what is none.
pub fn reason(text: &str) -> Option<String> {
    let text = text.trim();
    let good = (1..=REASON).contains(&text.chars().count()) && !text.contains(char::is_control);
    good.then(|| text.to_owned())
}

/// As [`Page::next`] has it.
pub fn parse_cursor(text: &str) -> Option<Cursor> {
    let (uploaded_at, id) = text.split_once('-')?;
    (id.len() <= 64).then_some(())?;
    Some(Cursor { uploaded_at: uploaded_at.parse().ok()?, id: id.to_owned() })
}

fn cursor(last: &Picture) -> String {
    format!("{}-{}", last.uploaded_at, last.id)
}

fn portrait(picture: &Picture) -> Portrait {
    Portrait {
        store: picture.store.clone(),
        key_base: picture.key_base.clone(),
        sizes: picture.sizes.clone(),
        thumbhash: picture.thumbhash.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sentences() {
        assert_eq!(reason("  Not a face. ").as_deref(), Some("Not a face."));
        assert_eq!(reason(&"é".repeat(500)).map(|text| text.chars().count()), Some(500));
        for bad in ["", "  ", "a\u{0}b", "a\nb", &"é".repeat(501)] {
            assert_eq!(reason(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn cursors_are_read_as_written() {
        let cursor = parse_cursor("1800000000000000-abc-d").unwrap();
        assert_eq!(cursor, Cursor { uploaded_at: 1_800_000_000_000_000, id: "abc-d".to_owned() });
        for bad in ["", "1", "x-y", &format!("1-{}", "a".repeat(65))] {
            assert_eq!(parse_cursor(bad), None, "{bad}");
        }
    }
}
