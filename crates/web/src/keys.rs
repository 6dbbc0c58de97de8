//! Carries keys from their rows (`store`) to their use (`keyring`), which do not know each other; and reads them anew
//! when somebody shows a token by a key of ours that this node has not heard of yet.

use keyring::{AccessClaims, IdTokenHint, InvalidJwt, KeyRow, Purpose, Ring, RingError, State};
use store::{Store, StoreError, keys::KeyRow as StoredKey};

use crate::{Core, opaque};

#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ring(#[from] RingError),
    #[error("the database holds a key ({0}) of a kind that this version does not know")]
    Unknown(String),
}

pub async fn rows(store: &Store) -> Result<Vec<KeyRow>, KeysError> {
    store.keys().await?.into_iter().map(from_stored).collect()
}

/// Reads every key into the ring.
pub async fn reload(store: &Store, ring: &Ring) -> Result<(), KeysError> {
    Ok(ring.replace(&rows(store).await?)?)
}

impl Core {
    /// What an access token of ours says; `None` for any other text. Whether its grant lives is for the caller.
    pub async fn verified_access_token(&self, jwt: &str) -> Result<Option<AccessClaims>, StoreError> {
        let now = self.now();
        if opaque::is_one(jwt) {
            return self.opaque_claims(jwt, now).await;
        }
        self.by_known_key(jwt, || self.ring.verify_access_token(jwt, now)).await
    }

    /// What an ID token of ours says that comes back as a hint; `None` for any other text.
    pub async fn id_token_hint(&self, jwt: &str) -> Result<Option<IdTokenHint>, StoreError> {
        self.by_known_key(jwt, || self.ring.verify_id_token_hint(jwt)).await
    }

    /// Once more with the keys of the database where the ring lacks the key and the database has it: another node
    /// rotated, and its notice has not come yet. The question before the reading is one row by its name, so that
    /// nobody makes us parse keys by inventing kids.
    // S93
    async fn by_known_key<T>(
        &self,
        jwt: &str,
        verify: impl Fn() -> Result<T, InvalidJwt>,
    ) -> Result<Option<T>, StoreError> {
        let outcome = verify();
        if !matches!(outcome, Err(InvalidJwt::NoKey)) {
            return Ok(outcome.ok());
        }
        let Some(kid) = keyring::jwt::own_kid(jwt) else { return Ok(None) };
        if !self.store.has_key(&kid).await? {
            return Ok(None);
        }
        match reload(&self.store, &self.ring).await {
            Ok(()) => Ok(verify().ok()),
            Err(KeysError::Store(error)) => Err(error),
            // The old keys stay (F42), and this token is by none of them.
            Err(error @ (KeysError::Ring(_) | KeysError::Unknown(_))) => {
                tracing::error!(%error, "cannot read the keys");
                Ok(None)
            }
        }
    }
}

pub fn to_stored(row: KeyRow) -> StoredKey {
    StoredKey {
        id: row.id,
        purpose: row.purpose.as_str().to_owned(),
        alg: row.purpose.alg().to_owned(),
        state: row.state.as_str().to_owned(),
        sealed: row.sealed,
        public_jwk: row.public_jwk,
        created_at: row.created_at,
        current_at: row.current_at,
        retired_at: row.retired_at,
    }
}

fn from_stored(row: StoredKey) -> Result<KeyRow, KeysError> {
    let kind = Purpose::parse(&row.purpose, &row.alg).zip(State::parse(&row.state));
    let Some((purpose, state)) = kind else { return Err(KeysError::Unknown(row.id)) };
    Ok(KeyRow {
        purpose,
        state,
        id: row.id,
        sealed: row.sealed,
        public_jwk: row.public_jwk,
        created_at: row.created_at,
        current_at: row.current_at,
        retired_at: row.retired_at,
    })
}
