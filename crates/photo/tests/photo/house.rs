//! A photo room on a database and a folder of its own, with a clock that the test turns.

use crate::samples;
use bytes::Bytes;
use photo::image::Shape;
use photo::lifecycle::{self, Applied, Purpose, Upload, UploadError};
use photo::objects::{Disk, ObjectStore, Stores};
use photo::{Settings, State};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use store::Store;
use store::pictures::Retention;
use store::users::User;
use tempfile::TempDir;
use web::{Actor, Clock, Core, Manual, Pictures, Site, System};

pub const SECOND: i64 = 1_000_000;
pub const DELETE_AFTER: i64 = 10 * SECOND;

pub struct House {
    pub core: Arc<Core>,
    pub state: State,
    pub clock: Manual,
    pub folder: TempDir,
}

impl House {
    pub async fn new() -> Self {
        Self::with(|disk| Arc::new(disk)).await
    }

    /// With something between the room and its disk.
    pub async fn with(wrap: impl FnOnce(Disk) -> Arc<dyn ObjectStore>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("visage.db").display());
        let store = Store::open_migrated(&store::Settings::new(url)).await.unwrap();
        let site = Site::new("http://localhost:8080").unwrap();
        let ring = keyring::Ring::new(&site.issuer, keyring::MasterKey::from_bytes(&[7; 32]));
        let pictures = Pictures::new(&site, [], web::pictures::DefaultPicture::Initials);
        let clock = Manual::at(System.now());
        let mut core = Core::new(store, ring, site, pictures);
        core.clock = Arc::new(clock.clone());
        let disk = Disk::open(folder.path().join("photos")).unwrap();
        Self { core: Arc::new(core), state: state(wrap(disk)), clock, folder }
    }

    /// As after a crash: the same rows and files, everything else anew.
    pub fn restart(&mut self) {
        self.state = state(Arc::new(Disk::open(self.folder.path().join("photos")).unwrap()));
    }

    pub async fn person(&self, name: &str) -> User {
        let user = User {
            id: format!("id-{name}"),
            storage_id: format!("storage-{name}"),
            email: format!("{name}@example.com"),
            email_verified: true,
            password_hash: None,
            password_changed_at: None,
            name: Some(name.to_owned()),
            given_name: None,
            family_name: None,
            phone_number: None,
            phone_number_verified: false,
            locale: None,
            claims: "{}".to_owned(),
            user_type: None,
            is_active: true,
            is_admin: false,
            picture_id: None,
            picture_url: None,
            created_at: self.core.now(),
            updated_at: self.core.now(),
        };
        self.core.store.insert_user(user.clone()).await.unwrap();
        user
    }

    pub async fn upload(&self, user: &User, bytes: Bytes) -> Result<Applied, UploadError> {
        lifecycle::upload(&self.core, &self.state, upload(user, bytes)).await
    }

    pub async fn remove(&self, user: &User) -> Result<User, UploadError> {
        lifecycle::remove(&self.core, &self.state, &actor(user)).await
    }

    /// The object that `picture` names, if there is a photo.
    pub async fn picture(&self, user: &User) -> Option<String> {
        let profile = self.core.store.profile(&user.id).await.unwrap().unwrap();
        profile.portrait.map(|portrait| format!("{}.jpg", portrait.key_base))
    }

    /// Names of all photos in the object store.
    pub async fn objects(&self) -> BTreeSet<String> {
        let disk = Disk::open(self.folder.path().join("photos")).unwrap();
        let page = disk.list("profile-photos/", None, 10_000).await.unwrap();
        page.objects.into_iter().map(|object| object.name).collect()
    }

    /// Names of all objects that rows promise.
    pub async fn promised(&self) -> BTreeSet<String> {
        let rows = self.core.store.pictures("", 1000).await.unwrap();
        let current = rows.into_iter().filter(|row| row.state == "current");
        current.flat_map(|row| store::pictures::object_keys(&row.key_base, &row.sizes)).collect()
    }

    /// Lets the queue and the sweep do all that is due after a long time.
    pub async fn settle(&self) {
        for _ in 0..3 {
            self.clock.advance(2 * 3600 * SECOND);
            photo::sweep::sweep(&self.core.store, &self.state, self.core.now()).await.unwrap();
            photo::deletions::delete_due(&self.core.store, &self.state, self.core.now()).await.unwrap();
        }
    }

    pub fn path(&self, key: &str) -> PathBuf {
        self.folder.path().join("photos").join(key)
    }
}

pub fn actor(user: &User) -> Actor {
    Actor { user_id: user.id.clone(), client_id: Some("client".to_owned()), sid: None }
}

pub fn upload(user: &User, bytes: Bytes) -> Upload {
    Upload {
        user_id: user.id.clone(),
        storage_id: user.storage_id.clone(),
        client_id: Some("client".to_owned()),
        sid: None,
        filename: "me.jpg".to_owned(),
        bytes,
        purpose: Purpose::Profile,
        shape: Shape::Square(None),
        caption: None,
    }
}

pub fn photo() -> Bytes {
    samples::jpeg(300, 280, false)
}

fn state(objects: Arc<dyn ObjectStore>) -> State {
    let retention = Retention { delete_after: DELETE_AFTER, keep_versions: 0 };
    let settings = Settings { retention, uploads_per_hour: 10, ..Settings::default() };
    State::with_stores(Stores::single(objects), &settings).unwrap()
}
