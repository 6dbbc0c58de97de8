//! What every test stands on: a database with two people and some clients, keys, a clock.

use std::sync::{Arc, OnceLock};

use actix_web::web::Data;
use keyring::rotation::{Rules, Step, plan};
use keyring::{AccessClaims, Audience, KeyRow, MasterKey, Random, Ring, Token, generate};
use protocol::{AuthMethod, Client, Micros, SECOND, Scopes, SigningAlg};
use store::audit::AuditRow;
use store::codes::{Code, Ground, Spent};
use store::grants::Grant;
use store::personal_tokens::{Made, PersonalToken};
use store::sessions::Session;
use store::users::User;
use store::{Settings, Store};
use web::pictures::DefaultPicture;
use web::{Core, Manual, Pictures, Site};

pub const ISSUER: &str = "https://op.example";
pub const NOW: Micros = 1_800_000_000 * SECOND;
pub const SECRET: &str = "a secret: with % and +";

pub struct House {
    pub core: Data<Core>,
    pub clock: Manual,
    _dir: tempfile::TempDir,
}

impl House {
    pub async fn new() -> House {
        House::with(|_| {}).await
    }

    /// With settings of its own.
    pub async fn with(change: impl FnOnce(&mut Core)) -> House {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", dir.path().join("visage.db").display());
        let store = Store::open_migrated(&Settings::new(url)).await.unwrap();
        let site = Site::new(ISSUER).unwrap();
        let pictures = Pictures::new(
            &site,
            [("default".to_owned(), "https://photos.example/bucket".to_owned())],
            DefaultPicture::Initials,
        );
        let clock = Manual::at(NOW);
        let mut core = Core::new(store, ring(), site, pictures);
        core.clock = Arc::new(clock.clone());
        core.random = Random::seeded(9);
        change(&mut core);
        for user in ["u1", "u2"] {
            core.store.insert_user(person(user)).await.unwrap();
        }
        for client in [client("c1", AuthMethod::SecretBasic), client("public", AuthMethod::None)] {
            core.store.insert_client(client).await.unwrap();
        }
        House { core: Data::new(core), clock, _dir: dir }
    }

    /// From now on answers may come from memory.
    pub async fn with_cache(self) -> House {
        self.core.store.follow_changes();
        for _ in 0..200 {
            if self.core.store.freshness().is_leased() {
                return self;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("no lease");
    }

    /// A living grant of `user` to c1, as a redeemed code leaves it.
    pub async fn grant(&self, user: &str, scopes: &str) -> Grant {
        let random = &self.core.random;
        let digest = random.secret().digest().to_vec();
        let grant = Grant {
            id: random.id(),
            client_id: "c1".into(),
            user_id: user.into(),
            sid: None,
            scopes: Scopes::parse(scopes).unwrap(),
            offline: false,
            claims: None,
            auth_time: NOW,
            amr: "pwd".into(),
            created_at: NOW,
            expires_at: NOW + 3600 * SECOND,
            revoked_at: None,
            confirmation: None,
            resources: None,
            authorization_details: None,
            acr: None,
        };
        let code = Code {
            digest: digest.clone(),
            client_id: grant.client_id.clone(),
            user_id: grant.user_id.clone(),
            sid: None,
            redirect_uri: "https://app.example/cb".into(),
            redirect_uri_given: true,
            code_challenge: None,
            scopes: grant.scopes.clone(),
            offline: false,
            nonce: None,
            claims: None,
            auth_time: NOW,
            amr: "pwd".into(),
            failures: 0,
            grant_id: None,
            created_at: NOW,
            expires_at: NOW + 60 * SECOND,
            used_at: None,
            dpop_jkt: None,
            resources: None,
            authorization_details: None,
            acr: None,
        };
        self.core.store.issue_code(code, Ground::default()).await.unwrap();
        let spent = self.core.store.spend_code(&digest, grant.clone(), None, NOW).await.unwrap();
        assert_eq!(spent, Spent::Redeemed { sid: None });
        grant
    }

    /// The claims of an access token of that grant.
    pub fn claims(&self, grant: &Grant) -> AccessClaims {
        AccessClaims {
            iss: ISSUER.into(),
            sub: grant.user_id.clone(),
            aud: Audience::One(ISSUER.into()),
            client_id: grant.client_id.clone(),
            jti: self.core.random.id(),
            iat: NOW / SECOND,
            exp: NOW / SECOND + 600,
            scope: grant.scopes.to_string(),
            gid: Some(grant.id.clone()),
            gcl: None,
            cnf: None,
            act: None,
            authorization_details: None,
            acr: None,
            auth_time: None,
        }
    }

    pub fn sign(&self, claims: &AccessClaims) -> String {
        self.core.ring.sign(SigningAlg::ES256, Token::Access, claims).unwrap()
    }

    /// A token that `user` made for themselves, as the account page makes them.
    pub async fn personal(&self, user: &str, scopes: &str) -> String {
        let (random, sid) = (&self.core.random, format!("session of {user}"));
        let session = Session {
            digest: random.secret().digest().to_vec(),
            sid: sid.clone(),
            user_id: user.into(),
            auth_time: NOW,
            amr: "pwd".into(),
            user_agent: String::new(),
            created_at: NOW,
            seen_at: NOW,
            expires_at: NOW + 3600 * SECOND,
        };
        self.core.store.begin_session(session, None).await.unwrap();
        let secret = web::personal::generate(random);
        let token = PersonalToken {
            id: format!("of {user}"),
            digest: secret.digest().to_vec(),
            user_id: user.into(),
            name: "A script".into(),
            scopes: Scopes::parse(scopes).unwrap(),
            created_at: NOW,
            expires_at: NOW + 3600 * SECOND,
            last_used_at: None,
        };
        let store = &self.core.store;
        assert_eq!(store.insert_personal_token(token, &sid, 9, self.entry()).await.unwrap(), Made::Made);
        secret.expose().to_owned()
    }

    pub fn entry(&self) -> AuditRow {
        AuditRow {
            id: self.core.random.id(),
            at: NOW,
            actor: None,
            action: "test".into(),
            subject: "test".into(),
            detail: "{}".into(),
        }
    }

    pub async fn token(&self, user: &str, scopes: &str) -> String {
        let grant = self.grant(user, scopes).await;
        self.sign(&self.claims(&grant))
    }
}

/// Keys are made once for all tests: finding RSA keys takes a moment.
fn ring() -> Ring {
    static ROWS: OnceLock<Vec<KeyRow>> = OnceLock::new();
    let master = MasterKey::from_bytes(&[4; 32]);
    let rows = ROWS.get_or_init(|| {
        plan(&[], &Rules::default(), NOW)
            .into_iter()
            .map(|step| match step {
                Step::Create { purpose, state } => {
                    generate(purpose, &master, &Random::system()).at(state, NOW)
                }
                other => panic!("{other:?}"),
            })
            .collect()
    });
    let ring = Ring::new(ISSUER, master);
    ring.replace(rows).unwrap();
    ring
}

pub fn person(id: &str) -> User {
    User {
        id: id.into(),
        storage_id: format!("storage-{id}"),
        email: format!("{id}@example.test"),
        email_verified: true,
        password_hash: None,
        password_changed_at: None,
        name: Some("Ada Lovelace".into()),
        given_name: None,
        family_name: None,
        phone_number: None,
        phone_number_verified: false,
        locale: None,
        claims: "{}".into(),
        user_type: None,
        is_active: true,
        is_admin: false,
        picture_id: None,
        picture_url: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

pub fn client(id: &str, auth_method: AuthMethod) -> Client {
    Client {
        name: id.into(),
        secret_digest: auth_method.has_secret().then(|| keyring::digest(SECRET.as_bytes()).to_vec()),
        auth_method,
        redirect_uris: vec!["https://app.example/cb".into()],
        grant_types: vec!["authorization_code".into()],
        response_types: vec!["code".into()],
        ..Client::blank(id, NOW)
    }
}
