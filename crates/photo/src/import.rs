//! Picture files that are there already are brought in: the same checks and the same way as an upload
//! ([`crate::lifecycle`]), a file a person.
//!
//! What was done remembers itself: a person's history says when their photo changed last. A file that is older than
//! that is left alone, so a run that was killed goes on where it stopped, a file is brought in once, and a photo that a
//! person chose or removed later stays as they left it.

use crate::State;
use crate::image::{Refusal, Shape};
use crate::lifecycle::{self, Purpose, Upload, UploadError};
use futures_util::{StreamExt, stream};
use protocol::Micros;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use store::StoreError;
use store::pictures::{Picture, state};
use store::users::User;
use web::Core;

/// As many as the pool renders at once.
const AT_ONCE: usize = 2;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish {
    /// Whatever is newer than a file is replaced too.
    pub replace: bool,
    /// Checks only.
    pub dry_run: bool,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Imported,
    /// The person's photo changed after the file was written.
    Newer,
    Refused(String),
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the folder {} cannot be read: {source}. Name one that holds files `<user id or e-mail>.<ext>`", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A file and whose it is.
#[derive(Debug, Clone)]
pub struct Found {
    pub name: String,
    path: PathBuf,
    written_at: Micros,
    bytes: u64,
    owner: Result<Box<User>, String>,
}

/// The files of a folder, `<user id or e-mail>.<ext>`, by name. Other folders in it, and names with a dot in front, are
/// not looked at.
pub async fn find(core: &Core, dir: &Path) -> Result<Vec<Found>, ImportError> {
    let failed = |source| ImportError::Folder { path: dir.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(metadata) = fs::metadata(entry.path()) else { continue };
        if name.starts_with('.') || !metadata.is_file() {
            continue;
        }
        let written = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let written_at = written.and_then(|since| Micros::try_from(since.as_micros()).ok()).unwrap_or(0);
        let stem =
            Path::new(&name).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let owner = match core.store.user(&stem).await? {
            Some(user) => Some(user),
            None => core.store.user_by_email(&stem).await?,
        };
        let owner = owner.map(Box::new).ok_or_else(|| format!("nobody has the id or address `{stem}`"));
        found.push(Found { name, path: entry.path(), written_at, bytes: metadata.len(), owner });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    refuse_seconds(&mut found);
    Ok(found)
}

/// Of two files of one person the newer one counts, among those that are pictures by their names.
fn refuse_seconds(found: &mut [Found]) {
    let is_picture = |name: &str| {
        let ending = Path::new(name).extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        ["jpg", "jpeg", "png", "gif", "webp"].iter().any(|known| ending.eq_ignore_ascii_case(known))
    };
    let mut newest: BTreeMap<String, (bool, Micros, String)> = BTreeMap::new();
    for file in found.iter() {
        if let Ok(user) = &file.owner {
            let own = (is_picture(&file.name), file.written_at, file.name.clone());
            let kept = newest.entry(user.id.clone()).or_insert_with(|| own.clone());
            *kept = own.max(kept.clone());
        }
    }
    for file in found {
        let kept = file.owner.as_ref().ok().and_then(|user| newest.get(&user.id));
        if let Some((.., kept)) = kept.filter(|(.., kept)| *kept != file.name) {
            file.owner = Err(format!("`{kept}` is the same person's, and newer or better"));
        }
    }
}

/// Brings the files in. `each` hears of every file as it is done with.
pub async fn import(
    core: &Core,
    room: &State,
    files: Vec<Found>,
    wish: Wish,
    mut each: impl FnMut(&str, &Fate),
) -> Result<(), ImportError> {
    let jobs = files.into_iter().map(|file| async move {
        let fate = one(core, room, &file, wish).await;
        (file.name, fate)
    });
    let mut jobs = stream::iter(jobs).buffer_unordered(AT_ONCE);
    while let Some((name, fate)) = jobs.next().await {
        each(&name, &fate?);
    }
    Ok(())
}

async fn one(core: &Core, room: &State, file: &Found, wish: Wish) -> Result<Fate, ImportError> {
    let user = match &file.owner {
        Ok(user) => user,
        Err(why) => return Ok(Fate::Refused(why.clone())),
    };
    let history = core.store.pictures_of(&user.id).await?;
    if !is_wanted(file, user, &history, wish, core.now()) {
        return Ok(Fate::Newer);
    }
    if file.bytes > room.limits.bytes as u64 {
        return Ok(Fate::Refused(words(Refusal::TooManyBytes, room)));
    }
    let bytes = match tokio::fs::read(&file.path).await {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Fate::Refused(error.to_string())),
    };
    let outcome = if wish.dry_run {
        room.pool
            .render(bytes.into(), Shape::Square(None))
            .await
            .map_err(UploadError::from)
            .and_then(|rendered| rendered.map(drop).map_err(UploadError::from))
    } else {
        let upload = Upload {
            user_id: user.id.clone(),
            storage_id: user.storage_id.clone(),
            client_id: None,
            sid: None,
            filename: file.name.clone(),
            bytes: bytes.into(),
            purpose: Purpose::Profile,
            shape: Shape::Square(None),
            caption: None,
        };
        lifecycle::upload(core, room, upload).await.map(drop)
    };
    match outcome {
        Ok(()) => Ok(Fate::Imported),
        Err(UploadError::Refused(refusal)) => Ok(Fate::Refused(words(refusal, room))),
        // The next file would fare no better.
        Err(UploadError::Store(error)) => Err(error.into()),
        Err(error) => Ok(Fate::Refused(error.to_string())),
    }
}

/// Whether the person's photo did not change since the file was written; or, where everything is to be replaced, whether
/// it is not this very file that is there.
fn is_wanted(file: &Found, user: &User, history: &[Picture], wish: Wish, now: Micros) -> bool {
    // A clock that was wrong when the file was written must not bring it in twice.
    let written_at = file.written_at.min(now);
    let mut photos = history.iter().filter(|row| row.purpose == "profile");
    if wish.replace {
        return !photos.any(|row| {
            row.state == state::CURRENT
                && row.original_filename == file.name
                && row.confirmed_at.is_some_and(|at| at >= written_at)
        });
    }
    let changed =
        photos.flat_map(|row| [row.confirmed_at, row.superseded_at.filter(|_| row.confirmed_at.is_some())]);
    user.picture_url.is_none() && changed.flatten().all(|at| at < written_at)
}

fn words(refusal: Refusal, room: &State) -> String {
    match refusal {
        Refusal::Empty => "the file is empty".to_owned(),
        Refusal::UnsupportedType => "not a JPEG, PNG, GIF or WebP picture".to_owned(),
        Refusal::Heic => "a HEIC or AVIF picture: save it as JPEG".to_owned(),
        Refusal::Broken => "the picture is damaged".to_owned(),
        Refusal::TooManyBytes => format!("larger than {} bytes (`photos.max_bytes`)", room.limits.bytes),
        Refusal::TooManyPixels => "too many pixels".to_owned(),
        Refusal::TooSmall => "too small".to_owned(),
        Refusal::BadCrop => "cannot be cropped".to_owned(),
    }
}
