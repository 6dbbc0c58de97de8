//! A photo room on a database and an object store of its own, with a clock that the test turns.

use crate::forms::{self, Form};
use crate::samples;
use bytes::Bytes;
use photo::image::Shape;
use photo::lifecycle::{self, Applied, Purpose, Upload, UploadError};
use photo::objects::{ObjectStore, StoreSettings, Stores};
use photo::{Settings, State};
use std::collections::BTreeSet;
use std::path::Path;
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
    /// The object store itself, behind the room's back.
    pub raw: Arc<dyn ObjectStore>,
    place: StoreSettings,
    _folder: TempDir,
}

impl House {
    /// On the store and the database that the environment names; the disk and SQLite where it names none.
    pub async fn new() -> Self {
        Self::with(|store| store).await
    }

    /// With something between the room and its store.
    pub async fn with(wrap: impl FnOnce(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_migrated(&database(folder.path()).await).await.unwrap();
        let site = Site::new("http://localhost:8080").unwrap();
        let ring = keyring::Ring::new(&site.issuer, keyring::MasterKey::from_bytes(&[7; 32]));
        let pictures = Pictures::new(&site, [], web::pictures::DefaultPicture::Initials);
        let clock = Manual::at(System.now());
        let mut core = Core::new(store, ring, site, pictures);
        core.clock = Arc::new(clock.clone());
        let place = Form::chosen().settings(&folder.path().join("photos"));
        let state = state(wrap(forms::open(&place).await));
        let raw = forms::open(&place).await;
        Self { core: Arc::new(core), state, clock, raw, place, _folder: folder }
    }

    /// As after a crash: the same rows and objects, everything else anew.
    pub async fn restart(&mut self) {
        self.state = state(forms::open(&self.place).await);
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
        let (mut names, mut cursor) = (BTreeSet::new(), None);
        loop {
            let page = self.raw.list("profile-photos/", cursor, 10_000).await.unwrap();
            names.extend(page.objects.into_iter().map(|object| object.name));
            cursor = page.next;
            if cursor.is_none() {
                return names;
            }
        }
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

    /// Stores behind the room's back.
    pub async fn put(&self, key: &str, body: impl Into<Bytes>) {
        self.raw.put(&key.parse().unwrap(), body.into()).await.unwrap();
    }

    pub async fn read(&self, key: &str) -> Option<Bytes> {
        self.raw.get(&key.parse().unwrap(), 10_000_000).await.unwrap()
    }

    /// Takes an object away behind the room's back.
    pub async fn lose(&self, key: &str) {
        assert!(self.raw.delete(&key.parse().unwrap()).await.unwrap(), "{key}");
    }
}

/// A database that nobody else has.
async fn database(folder: &Path) -> store::Settings {
    match std::env::var("VISAGE_TEST_DATABASE").as_deref() {
        Err(_) | Ok("sqlite") => store::Settings::new(format!("sqlite://{}/visage.db", folder.display())),
        Ok("postgres") => {
            let admin = forms::variable("VISAGE_TEST_POSTGRES_URL");
            let name = forms::unique().replace('-', "_");
            let (client, connection) = tokio_postgres::connect(&admin, tokio_postgres::NoTls).await.unwrap();
            let driver = tokio::spawn(connection);
            client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
            drop(client);
            let _ = driver.await;
            let url = admin.replace("/postgres", &format!("/{name}"));
            store::Settings { pool_size: 4, ..store::Settings::new(url) }
        }
        Ok(other) => panic!("VISAGE_TEST_DATABASE={other}"),
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
