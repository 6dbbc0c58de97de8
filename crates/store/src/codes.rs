//! Authorization codes: written when the person is through, spent once.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use protocol::{Scopes, token::MOST_FAILURES};

use crate::{
    Store, StoreError, Subject,
    grants::Grant,
    refresh_tokens::RefreshToken,
    schema::{codes, grants, refresh_tokens, users},
};

#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = codes)]
pub struct Code {
    pub digest: Vec<u8>,
    pub client_id: String,
    pub user_id: String,
    pub sid: Option<String>,
    pub redirect_uri: String,
    /// Whether the authorization request named it; then the token request must too.
    pub redirect_uri_given: bool,
    /// S256; none only where the policy lets a confidential client do without.
    pub code_challenge: Option<String>,
    #[diesel(deserialize_as = String, serialize_as = String)]
    pub scopes: Scopes,
    /// Whether a refresh token may come of it that outlives the session.
    pub offline: bool,
    pub nonce: Option<String>,
    /// The `claims` parameter, JSON.
    pub claims: Option<String>,
    pub auth_time: i64,
    pub amr: String,
    pub failures: i64,
    /// The grant that came of it, or that it goes on with: the one of the tokens that left with it.
    pub grant_id: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
    pub used_at: Option<i64>,
    /// The key that must come to redeem it (RFC 9449, section 10).
    pub dpop_jkt: Option<String>,
    /// The resources it is for (RFC 8707), a JSON list; none: ourselves.
    pub resources: Option<String>,
    /// What was agreed to in detail (RFC 9396), JSON.
    pub authorization_details: Option<String>,
    /// The class of the sign-in.
    pub acr: Option<String>,
}

/// What a code stands on, beside the session that it names: it is written only while all of it is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ground {
    /// The interaction that ends with this code; none where no page was needed.
    pub interaction: Option<Vec<u8>>,
    /// The pushed request that is spent with this code (RFC 9126).
    pub pushed: Option<Vec<u8>>,
    /// What the person's recorded consent must cover; nothing for clients that ask nobody.
    pub consent: Scopes,
    /// Whether the client wants to hear when the session ends.
    pub listens: bool,
}

/// What a person's yes writes. The grant is of tokens that leave at once; a code beside it names it and goes on with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    pub code: Option<Code>,
    pub grant: Option<Grant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issued {
    Written,
    /// Another submit was first (S32).
    Over,
    /// The session has ended since it was read.
    SignedOut,
    /// The consent was taken back since it was read.
    Withdrawn,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spent {
    /// This caller, and no other, has the grant; it belongs to this session.
    Redeemed { sid: Option<String> },
    /// Somebody was first. What came of the code is revoked now (RFC 6749, section 4.1.2).
    Replayed,
    /// It does not live any more, and nothing came of it.
    Gone,
}

/// Within a transaction: whether what a person's yes stands on is there still; yields what is missing. The interaction
/// ends with it, and the client takes part in the session from now on.
///
/// The rows of session and consent are written, not only read: whoever deletes them waits for us and then finds what we
/// write, or we wait and find nothing.
macro_rules! stand {
    ($c:ident, $person:expr, $client:expr, $sid:expr, $ground:expr, $now:expr) => {
        'ground: {
            let ground: $crate::codes::Ground = $ground;
            if let Some(sid) = $sid {
                let session = $crate::schema::sessions::table
                    .filter($crate::schema::sessions::sid.eq(sid))
                    .filter($crate::schema::sessions::user_id.eq($person))
                    .filter($crate::schema::sessions::expires_at.gt($now));
                let seen = $crate::schema::sessions::seen_at.eq($now);
                if diesel::update(session).set(seen).execute($c).await? == 0 {
                    break 'ground Some($crate::codes::Issued::SignedOut);
                }
            }
            if !ground.consent.is_empty() {
                let consent = $crate::schema::consents::table.find(($person, $client));
                let untouched = $crate::schema::consents::updated_at;
                let agreed: Option<String> = diesel::update(consent)
                    .set(untouched.eq(untouched))
                    .returning($crate::schema::consents::scopes)
                    .get_result($c)
                    .await
                    .optional()?;
                let agreed = Scopes::parse(&agreed.unwrap_or_default()).unwrap_or_default();
                if !ground.consent.is_subset(&agreed) {
                    break 'ground Some($crate::codes::Issued::Withdrawn);
                }
            }
            if let Some(interaction) = ground.interaction {
                let waiting = $crate::schema::interactions::table.find(interaction);
                if diesel::delete(waiting).execute($c).await? == 0 {
                    break 'ground Some($crate::codes::Issued::Over);
                }
            }
            // However many pages were opened with it, one of them gets the answer (S21).
            if let Some(pushed) = ground.pushed {
                let pushed = $crate::schema::pushed_requests::table.find(pushed);
                if diesel::delete(pushed).execute($c).await? == 0 {
                    break 'ground Some($crate::codes::Issued::Over);
                }
            }
            if let Some(sid) = $sid
                && ground.listens
            {
                $crate::logout::join_session!($c, sid, $client, $person, $now);
            }
            None
        }
    };
}
pub(crate) use stand;

impl Store {
    /// Writes what a person gave while what it stands on is there, and ends its interaction, in one transaction (I1, S32,
    /// S37).
    pub async fn issue(&self, given: Given, ground: Ground) -> Result<Issued, StoreError> {
        let Given { code, grant } = given;
        let of = match (&code, &grant) {
            (Some(code), _) => Some((&code.user_id, &code.client_id, &code.sid, code.created_at)),
            (None, Some(grant)) => Some((&grant.user_id, &grant.client_id, &grant.sid, grant.created_at)),
            (None, None) => None,
        };
        let Some((user_id, client_id, sid, now)) = of else { return Ok(Issued::Written) };
        let (user_id, client_id, sid) = (user_id.clone(), client_id.clone(), sid.clone());
        write!(self, |c| {
            if let Some(lost) = stand!(c, &user_id, &client_id, sid.as_deref(), ground, now) {
                return Ok(lost);
            }
            if let Some(grant) = grant {
                diesel::insert_into(grants::table).values(grant).execute(c).await?;
            }
            if let Some(code) = code {
                diesel::insert_into(codes::table).values(code).execute(c).await?;
            }
            Ok(Issued::Written)
        })
    }

    /// A code and nothing else.
    pub async fn issue_code(&self, code: Code, ground: Ground) -> Result<Issued, StoreError> {
        self.issue(Given { code: Some(code), grant: None }, ground).await
    }

    /// Living, expired or used: the rules decide.
    pub async fn code(&self, digest: &[u8]) -> Result<Option<Code>, StoreError> {
        read!(self, |c| Ok(codes::table.find(digest).select(Code::as_select()).first(c).await.optional()?))
    }

    /// Spends a code that passed every rule: one conditional update, then the grant, in one transaction (S58, I1). The
    /// grant's session is the one that the code has at that moment: signing in again moves it.
    pub async fn spend_code(
        &self,
        digest: &[u8],
        mut grant: Grant,
        refresh: Option<RefreshToken>,
        now: i64,
    ) -> Result<Spent, StoreError> {
        let digest = digest.to_owned();
        change!(self, |c| {
            let spent: Option<Option<String>> = diesel::update(
                codes::table
                    .find(&digest)
                    .filter(codes::used_at.is_null())
                    .filter(codes::expires_at.gt(now))
                    .filter(codes::failures.lt(MOST_FAILURES))
                    .filter(diesel::dsl::exists(
                        users::table.filter(users::id.eq(codes::user_id)).filter(users::is_active.eq(true)),
                    )),
            )
            .set((codes::used_at.eq(Some(now)), codes::grant_id.eq(Some(grant.id.clone()))))
            .returning(codes::sid)
            .get_result(c)
            .await
            .optional()?;
            let Some(sid) = spent else {
                // One that was never used may name a grant all the same: the one of the tokens that left with it.
                let earlier: Option<Option<String>> = codes::table
                    .find(&digest)
                    .filter(codes::used_at.is_not_null())
                    .select(codes::grant_id)
                    .first(c)
                    .await
                    .optional()?;
                return match earlier.flatten() {
                    None => Ok((Spent::Gone, Vec::new())),
                    Some(id) => {
                        diesel::update(grants::table.find(&id).filter(grants::revoked_at.is_null()))
                            .set(grants::revoked_at.eq(Some(now)))
                            .execute(c)
                            .await?;
                        Ok((Spent::Replayed, vec![Subject::Grant(id)]))
                    }
                };
            };
            grant.sid.clone_from(&sid);
            // The grant of a hybrid flow is there since its first tokens left; where it has ended, nothing more comes of it.
            let ended: Option<i64> = diesel::insert_into(grants::table)
                .values(grant.clone())
                .on_conflict(grants::id)
                .do_update()
                .set((
                    grants::expires_at.eq(grant.expires_at),
                    grants::confirmation.eq(&grant.confirmation),
                    grants::scopes.eq(grant.scopes.to_string()),
                    grants::sid.eq(&grant.sid),
                ))
                .returning(grants::revoked_at)
                .get_result(c)
                .await?;
            if ended.is_some() {
                return Ok((Spent::Gone, Vec::new()));
            }
            if let Some(refresh) = refresh {
                diesel::insert_into(refresh_tokens::table).values(refresh).execute(c).await?;
            }
            Ok((Spent::Redeemed { sid }, Vec::new()))
        })
    }

    /// Counts a wrong try at a living code; the last of [`MOST_FAILURES`] burns it.
    pub async fn fail_code(&self, digest: &[u8]) -> Result<(), StoreError> {
        let digest = digest.to_owned();
        write!(self, |c| {
            diesel::update(codes::table.find(&digest).filter(codes::used_at.is_null()))
                .set(codes::failures.eq(codes::failures + 1))
                .execute(c)
                .await?;
            Ok(())
        })
    }
}
