//! How keys come to be and go, in the database; [`web::keys`] reads them.
//!
//! However many nodes start at once, one of them makes the keys: every step of a rotation is one transaction, and the
//! database allows one `current` and one `next` key per purpose. Who loses reads what the winner wrote.

use keyring::{
    KeyRow, MasterKey, Random, Ring, generate,
    rotation::{self, Rules, Step},
};
use protocol::Micros;
use store::{Store, StoreError, keys::KeyChange};
use web::keys::KeysError;

use crate::{
    config::{Config, Keys},
    failure::Failure,
};

/// The setting in which the database remembers which master key its rows are sealed with.
pub const FINGERPRINT: &str = "master_key_fingerprint";

/// The master key of this installation.
///
/// # Errors
/// A node whose master key is not the one that the database knows refuses to start (CONTRACT §2, F46).
pub async fn master(settings: &Keys, store: &Store, random: &Random) -> Result<MasterKey, Failure> {
    let master = match &settings.master {
        Some(given) => MasterKey::parse(given.expose()),
        None => MasterKey::load_or_create(&settings.dir, random),
    };
    let master = master.map_err(|error| Failure::new(error.to_string()))?;
    let known = store.settle_setting(FINGERPRINT, master.fingerprint()).await?;
    if known == master.fingerprint() {
        return Ok(master);
    }
    let place = match settings.master {
        Some(_) => "VISAGE_KEYS__MASTER".to_owned(),
        None => settings.dir.display().to_string(),
    };
    Err(Failure::new(format!(
        "The master key in {place} is not the one that this database's keys are sealed with. \
         Every node needs the same one: copy it from a node that works."
    )))
}

/// The name of the master key that is here, if one is; makes none.
pub fn own_fingerprint(settings: &Keys) -> Result<Option<String>, Failure> {
    let master = match &settings.master {
        Some(given) => MasterKey::parse(given.expose()).map(Some),
        None => MasterKey::load(&settings.dir),
    };
    let master = master.map_err(|error| Failure::new(error.to_string()))?;
    Ok(master.map(|master| master.fingerprint().to_owned()))
}

/// When keys come and go, by the configuration.
pub fn rules(config: &Config) -> Rules {
    let never = config.keys.rotate_every.0.is_zero();
    let sign_for = if never { Micros::MAX / 2 } else { config.keys.rotate_every.micros() };
    let defaults = Rules::default();
    let keep_for = defaults.keep_for.max(config.oauth.access_token_ttl.micros() * 2);
    Rules { sign_for, keep_for, ..defaults }
}

pub async fn rows(store: &Store) -> Result<Vec<KeyRow>, Failure> {
    Ok(web::keys::rows(store).await?)
}

/// Makes what is missing and moves on what is due; the same at first start and every hour after. True if the rows changed.
pub async fn advance(
    store: &Store,
    master: &MasterKey,
    random: &Random,
    rules: &Rules,
    now: Micros,
) -> Result<bool, Failure> {
    let keys = rows(store).await?;
    let steps = rotation::plan(&keys, rules, now);
    if steps.is_empty() { Ok(false) } else { carry_out(store, master, random, steps, now).await }
}

/// Steps as one transaction. False: another node was faster, and its keys are as good as ours.
pub async fn carry_out(
    store: &Store,
    master: &MasterKey,
    random: &Random,
    steps: Vec<Step>,
    now: Micros,
) -> Result<bool, Failure> {
    // An RSA key takes a moment to find, and a first start makes four: requests must not wait for them, nor they for
    // each other. In the order of the steps, whichever is found first.
    let made = steps.into_iter().map(|step| {
        let (master, random) = (master.clone(), random.clone());
        tokio::task::spawn_blocking(move || change(step, &master, &random, now))
    });
    let mut changes = Vec::new();
    for made in made.collect::<Vec<_>>() {
        changes.push(made.await.map_err(|error| Failure::new(format!("cannot make keys: {error}")))?);
    }
    match store.change_keys(changes).await {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

pub async fn reload(store: &Store, ring: &Ring) -> Result<(), Failure> {
    Ok(web::keys::reload(store, ring).await?)
}

fn change(step: Step, master: &MasterKey, random: &Random, now: Micros) -> KeyChange {
    match step {
        Step::Retire { id } => KeyChange::Retire { id, at: now },
        Step::Promote { id } => KeyChange::Promote { id, at: now },
        Step::Create { purpose, state } => {
            KeyChange::Insert(web::keys::to_stored(generate(purpose, master, random).at(state, now)))
        }
        Step::Remove { id } => KeyChange::Delete { id },
    }
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Store(error) => error.into(),
            KeysError::Ring(error) => Self::new(error.to_string()),
            KeysError::Unknown(_) => Self::new(error.to_string()),
        }
    }
}
