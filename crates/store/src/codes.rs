//! Authorization codes: written when the person is through, spent once.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use protocol::{Scopes, token::MOST_FAILURES};

use crate::{
    Store, StoreError, Subject,
    grants::Grant,
    refresh_tokens::RefreshToken,
    schema::{codes, consents, grants, interactions, refresh_tokens, sessions, users},
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
    /// The grant that came of it.
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
    /// What the person's recorded consent must cover; nothing for clients that ask nobody.
    pub consent: Scopes,
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

impl Store {
    /// Writes a code while what it stands on is there, and ends its interaction, in one transaction (I1, S32, S37).
    ///
    /// The rows of session and consent are written, not only read: whoever deletes them waits for us and then finds our
    /// code, or we wait and find nothing.
    pub async fn issue_code(&self, code: Code, ground: Ground) -> Result<Issued, StoreError> {
        write!(self, |c| {
            if let Some(sid) = &code.sid {
                let session = sessions::table
                    .filter(sessions::sid.eq(sid))
                    .filter(sessions::user_id.eq(&code.user_id))
                    .filter(sessions::expires_at.gt(code.created_at));
                if diesel::update(session).set(sessions::seen_at.eq(code.created_at)).execute(c).await? == 0 {
                    return Ok(Issued::SignedOut);
                }
            }
            if !ground.consent.is_empty() {
                let consent = consents::table.find((&code.user_id, &code.client_id));
                let agreed: Option<String> = diesel::update(consent)
                    .set(consents::updated_at.eq(consents::updated_at))
                    .returning(consents::scopes)
                    .get_result(c)
                    .await
                    .optional()?;
                let agreed = Scopes::parse(&agreed.unwrap_or_default()).unwrap_or_default();
                if !ground.consent.is_subset(&agreed) {
                    return Ok(Issued::Withdrawn);
                }
            }
            if let Some(interaction) = ground.interaction
                && diesel::delete(interactions::table.find(interaction)).execute(c).await? == 0
            {
                return Ok(Issued::Over);
            }
            diesel::insert_into(codes::table).values(code).execute(c).await?;
            Ok(Issued::Written)
        })
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
                let earlier: Option<Option<String>> =
                    codes::table.find(&digest).select(codes::grant_id).first(c).await.optional()?;
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
            diesel::insert_into(grants::table).values(grant).execute(c).await?;
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
