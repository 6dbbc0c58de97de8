//! An installation that outlives its servers.

use crate::{
    App, Engine, Person,
    binary::{self, Server},
    database::Database,
    house::CALLBACK,
    services::Bucket,
};
use serde_json::Value;
use tempfile::TempDir;

pub struct Place {
    pub issuer: String,
    pub second_origin: String,
    pub database: Database,
    environment: Vec<(String, String)>,
    pub dir: TempDir,
}

impl Place {
    pub async fn new(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::create(engine, dir.path()).await;
        // Built before a port is chosen: building may take minutes, and the port would be another's by then.
        binary::path();
        let issuer = format!("http://localhost:{}", binary::free_port());
        let below = |name: &str| dir.path().join(name).display().to_string();
        let environment = [
            ("VISAGE_SERVER__LISTEN", issuer.replace("http://localhost", "127.0.0.1")),
            ("VISAGE_SERVER__PUBLIC_URL", issuer.clone()),
            ("VISAGE_SERVER__WORKERS", "2".to_owned()),
            ("VISAGE_DATABASE__URL", database.url.clone()),
            ("VISAGE_DATABASE__POOL_SIZE", "4".to_owned()),
            ("VISAGE_KEYS__DIR", below("keys")),
            ("VISAGE_PHOTOS__STORE", format!("file://{}", below("photos"))),
            ("VISAGE_PHOTOS__DELETE_AFTER", "1s".to_owned()),
            ("VISAGE_LOGS__LEVEL", "debug".to_owned()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let second_origin = format!("http://127.0.0.1:{}", binary::free_port());
        Self { issuer, second_origin, database, environment, dir }
    }

    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    pub fn set(&mut self, variable: &str, value: &str) {
        self.environment.push((variable.to_owned(), value.to_owned()));
    }

    /// The settings of a further store.
    pub fn add_store(&mut self, name: &str, bucket: &Bucket) {
        for (key, value) in &bucket.settings {
            let variable = format!("VISAGE_PHOTOS__STORES__{}__{}", name.to_uppercase(), key.to_uppercase());
            self.set(&variable, value);
        }
        if let Some(public_url) = &bucket.public_url {
            self.set(&format!("VISAGE_PHOTOS__STORES__{}__PUBLIC_URL", name.to_uppercase()), public_url);
        }
    }

    pub async fn start(&self) -> Server {
        Server::start(&self.issuer, &self.environment).await
    }

    /// Another server on the same database, keys and photos.
    pub async fn start_second(&self) -> Server {
        let mut environment = self.environment.clone();
        environment[0].1 = self.second_origin.replace("http://", "");
        Server::start(&self.second_origin, &environment).await
    }

    /// A command to its end; it must succeed.
    pub fn run(&self, arguments: &[&str], input: &str) -> String {
        let output = binary::run(arguments, &self.environment, input);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str], input: &str) -> Value {
        serde_json::from_str(&self.run(arguments, input)).unwrap()
    }

    pub fn person(&self, email: &str) -> Person {
        let password = "correct horse battery staple".to_owned();
        let added =
            self.json(&["user", "add", "--email", email, "--name", "Grace Garden", "--json"], &password);
        Person { id: added["id"].as_str().unwrap().to_owned(), email: email.to_owned(), password }
    }

    /// A trusted client, so that the journeys lead straight to a code.
    pub fn app(&self, id: &str, options: &[&str]) -> App {
        let fixed =
            ["client", "add", "--id", id, "--name", id, "--redirect-uri", CALLBACK, "--trusted", "--json"];
        let added = self.json(&[&fixed, options].concat(), "");
        App {
            issuer: self.issuer.clone(),
            endpoint: self.issuer.clone(),
            client_id: id.to_owned(),
            secret: added["client_secret"].as_str().map(str::to_owned),
            redirect_uri: CALLBACK.to_owned(),
            http: crate::http(),
        }
    }

    /// The same before any server has made its tables.
    pub async fn store_migrated(&self) -> store::Store {
        visage::place::install_tls();
        store::Store::open_migrated(&store::Settings::new(&self.database.url)).await.unwrap()
    }

    /// The database, opened beside the servers.
    pub async fn store(&self) -> store::Store {
        visage::place::install_tls();
        store::Store::open(&store::Settings::new(&self.database.url)).await.unwrap()
    }
}
