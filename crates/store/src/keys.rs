//! Sealed keys. The rows alone are useless: the master key is never in the database.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{Store, StoreError, Subject, schema::keys};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = keys)]
pub struct KeyRow {
    /// The `kid` of a signing key.
    pub id: String,
    /// `signing`, `cookie` or `pairwise`.
    pub purpose: String,
    pub alg: String,
    /// `next`, `current` or `previous`; at most one `next` and one `current` per purpose and algorithm.
    pub state: String,
    pub sealed: Vec<u8>,
    /// A JWK for signing keys, else empty.
    pub public_jwk: String,
    pub created_at: i64,
    pub current_at: Option<i64>,
    pub retired_at: Option<i64>,
}

/// One step of a rotation; the steps of a rotation are one transaction.
#[derive(Clone, Debug)]
pub enum KeyChange {
    Insert(KeyRow),
    /// `next` → `current`, and `current` → `previous`.
    Promote {
        id: String,
        at: i64,
    },
    Retire {
        id: String,
        at: i64,
    },
    Delete {
        id: String,
    },
}

impl Store {
    pub async fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        read!(self, |c| Ok(keys::table
            .order((keys::purpose, keys::alg, keys::created_at))
            .select(KeyRow::as_select())
            .load(c)
            .await?))
    }

    /// Whether there is a key of this name, in whatever state.
    pub async fn has_key(&self, id: &str) -> Result<bool, StoreError> {
        let found: Option<String> =
            read!(self, |c| Ok(keys::table.find(id).select(keys::id).first(c).await.optional()?))?;
        Ok(found.is_some())
    }

    /// All or nothing.
    ///
    /// # Errors
    /// `Conflict` where another node made the same step first; read the rows again.
    pub async fn change_keys(&self, changes: Vec<KeyChange>) -> Result<(), StoreError> {
        change!(self, |c| {
            for change in changes {
                match change {
                    KeyChange::Insert(row) => {
                        diesel::insert_into(keys::table).values(row).execute(c).await?;
                    }
                    KeyChange::Promote { id, at } => {
                        let moved = diesel::update(keys::table.find(&id).filter(keys::state.eq("next")))
                            .set((keys::state.eq("current"), keys::current_at.eq(Some(at))))
                            .execute(c)
                            .await?;
                        expect_one(moved, &id)?;
                    }
                    KeyChange::Retire { id, at } => {
                        let moved = diesel::update(keys::table.find(&id).filter(keys::state.eq("current")))
                            .set((keys::state.eq("previous"), keys::retired_at.eq(Some(at))))
                            .execute(c)
                            .await?;
                        expect_one(moved, &id)?;
                    }
                    KeyChange::Delete { id } => {
                        diesel::delete(keys::table.find(&id)).execute(c).await?;
                    }
                }
            }
            Ok(((), vec![Subject::Keys]))
        })
    }
}

fn expect_one(moved: usize, id: &str) -> Result<(), StoreError> {
    if moved == 1 {
        Ok(())
    } else {
        Err(StoreError::Conflict(format!("key {id} was moved on by somebody else")))
    }
}
