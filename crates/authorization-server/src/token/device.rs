//! `grant_type=urn:ietf:params:oauth:grant-type:device_code`: a device asks whether its person has answered.
//! <https://www.rfc-editor.org/rfc/rfc8628#section-3.4>

use protocol::{
    OAuthError, device,
    token::{self, DeviceRecord, Poll},
};
use store::device_codes::DeviceCode;
use web::OAuthFailure;

use super::{answer::Tokens, family::Family, issue::Issuer};

// S66
pub async fn fetch(issuer: &Issuer<'_>, device_code: &str) -> Result<Tokens, OAuthFailure> {
    let store = &issuer.core.store;
    let digest = keyring::digest(device_code.as_bytes());
    let Some(waiting) = store.device_code(&digest).await? else {
        return Err(OAuthError::invalid_grant().into());
    };
    match token::poll(&record(&waiting), issuer.client, issuer.now) {
        Poll::Fetch => spend(issuer, &waiting).await,
        Poll::Wait if store.poll_device(&digest, device::SLOW_DOWN, issuer.now).await? => {
            Err(token::slow_down().into())
        }
        Poll::Wait => Err(token::pending().into()),
        Poll::Refuse(error) => Err(error.into()),
    }
}

/// The rules are content; whether we are the first is for the database to say.
async fn spend(issuer: &Issuer<'_>, approved: &DeviceCode) -> Result<Tokens, OAuthFailure> {
    // What the client may not have any more since the person agreed is not given (I6).
    let scopes = approved.scopes.intersect(&issuer.client.allowed_scopes());
    let (Some(grant_id), false) = (&approved.grant_id, scopes.is_empty()) else {
        return Err(OAuthError::invalid_grant().into());
    };
    let Family { secret, first, expires_at } = Family::new(issuer, grant_id, &scopes);
    let binding = issuer.binding()?;
    let spent =
        issuer.core.store.spend_device_code(&approved.digest, first, binding, expires_at, issuer.now).await?;
    let Some(grant) = spent else { return Err(OAuthError::invalid_grant().into()) };
    let tokens = issuer.for_grant(&grant, &scopes, None).await?;
    Ok(Family::hand_out(secret, tokens))
}

fn record(waiting: &DeviceCode) -> DeviceRecord<'_> {
    DeviceRecord { client_id: &waiting.client_id, state: &waiting.state, expires_at: waiting.expires_at }
}
