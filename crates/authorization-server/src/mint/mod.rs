//! Makes tokens, for whichever endpoint hands them out. Nothing is signed before what it stands on is committed.

mod access_token;
mod id_token;

pub use access_token::{AccessToken, Minted, Wanted};
pub use id_token::{Front, IdToken};

use keyring::encrypt::CannotEncrypt;
use protocol::{Client, Confirmation, Micros, OAuthError, Policy, encryption::BadEncryption};
use serde::{Serialize, de::DeserializeOwned};
use web::{Core, OAuthFailure, PageError};

/// Everything that making tokens depends on, for one request of one client.
pub struct Mint<'a> {
    pub core: &'a Core,
    pub policy: &'a Policy,
    pub client: &'a Client,
    pub now: Micros,
}

impl<'a> Mint<'a> {
    pub fn new(core: &'a Core, policy: &'a Policy, client: &'a Client) -> Self {
        Self { core, policy, client, now: core.now() }
    }
}

/// `cnf` as it is kept with a grant.
pub fn confirmation(kept: Option<&str>) -> Result<Option<Confirmation>, MintError> {
    kept.map(serde_json::from_str).transpose().map_err(MintError::Json)
}

/// A list as it is kept with a code, a grant or a device code; nothing where there is nothing.
pub fn kept_list<T: Serialize>(values: &[T]) -> Result<Option<String>, MintError> {
    Ok(if values.is_empty() { None } else { Some(serde_json::to_string(values)?) })
}

/// What [`kept_list`] made.
fn read_list<T: DeserializeOwned>(kept: Option<&str>) -> Result<Vec<T>, MintError> {
    Ok(kept.map(serde_json::from_str).transpose()?.unwrap_or_default())
}

#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The client's own fault: it asked for what its grant is not for.
    #[error(transparent)]
    Client(#[from] OAuthError),
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error(transparent)]
    Sign(#[from] keyring::SignError),
    #[error(transparent)]
    Encrypt(#[from] CannotEncrypt),
    #[error("the encryption that the client is registered with is none: {0}")]
    Registration(#[from] BadEncryption),
    #[error("what is kept cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<MintError> for OAuthFailure {
    fn from(error: MintError) -> Self {
        match error {
            MintError::Client(error) => error.into(),
            MintError::Store(error) => error.into(),
            MintError::Sign(error) => error.into(),
            // Nothing leaves in clear; the client's keys are the client's to repair.
            MintError::Encrypt(error) => {
                let problem = "The client's keys have none that the ID token can be encrypted to.";
                OAuthFailure::from(OAuthError::invalid_request(problem)).because(error)
            }
            MintError::Registration(error) => OAuthFailure::internal(error),
            MintError::Json(error) => OAuthFailure::internal(error),
        }
    }
}

impl From<MintError> for PageError {
    fn from(error: MintError) -> Self {
        match error {
            MintError::Client(error) => PageError::internal(error),
            MintError::Store(error) => error.into(),
            MintError::Sign(error) => PageError::internal(error),
            MintError::Encrypt(error) => PageError::internal(error),
            MintError::Registration(error) => PageError::internal(error),
            MintError::Json(error) => PageError::internal(error),
        }
    }
}
