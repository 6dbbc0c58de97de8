//! `grant_type=urn:ietf:params:oauth:grant-type:token-exchange`.
//!
//! Nothing is written: the new token is of the grant of the one that was brought, and ends with it.

use protocol::{
    ErrorCode, OAuthError, confirmation,
    token::{self, ACCESS_TOKEN, Brought, ExchangeRequest},
};
use web::{Access, OAuthFailure};

use super::{answer::Tokens, issue::Issuer};
use crate::mint::{AccessToken, Wanted};

pub async fn exchange(issuer: &Issuer<'_>, request: &ExchangeRequest) -> Result<Tokens, OAuthFailure> {
    let core = issuer.core;
    let dead =
        |name: &'static str| OAuthError::invalid_request(format!("The {name} is no living access token."));
    let subject = core.access(&request.subject_token).await?.ok_or_else(|| dead("subject_token"))?;
    let actor = match &request.actor_token {
        Some(token) => Some(core.access(token).await?.ok_or_else(|| dead("actor_token"))?),
        None => None,
    };
    for token in [Some(&subject), actor.as_ref()].into_iter().flatten() {
        confirmation::check_brought(token.confirmation.as_ref(), issuer.confirmation)?;
    }
    let actor = actor.as_deref().map(brought);
    let exchanged =
        token::exchange(issuer.policy, issuer.client, request, &brought(&subject), actor.as_ref())?;
    let minted = issuer
        .access_token(AccessToken {
            grant: subject.grant.as_ref(),
            scopes: &exchanged.scopes,
            confirmation: issuer.confirmation.cloned(),
            act: exchanged.act,
            until: Some(exchanged.until),
            wanted: Wanted {
                resources: &exchanged.audience,
                brought: Some(subject.authorization_details.as_ref()),
                details: issuer.details,
            },
        })
        .await?;
    if minted.scope.is_empty() {
        let why = "None of the scopes means anything to this audience.";
        return Err(OAuthError::new(ErrorCode::InvalidScope, why).into());
    }
    // > issued_token_type REQUIRED. An identifier […] for the representation of the issued security token.
    // > https://www.rfc-editor.org/rfc/rfc8693#section-2.2.1
    Ok(Tokens { issued_token_type: Some(ACCESS_TOKEN), ..Tokens::new(minted) })
}

fn brought(access: &Access) -> Brought<'_> {
    Brought {
        client_id: access.client_id.as_deref(),
        subject: &access.subject,
        of_a_person: access.grant.is_some(),
        scopes: &access.scopes,
        act: access.act.as_ref(),
        audience: access.audience.iter().collect(),
        expires_at: access.expires_at,
    }
}
