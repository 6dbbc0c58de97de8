//! Whether a registration is accepted: the rules, what the operator offers, the keys, and who vouches for the sector.

use keyring::jwks::check_key_set;
use protocol::{Client, ErrorCode, OAuthError, registration};
use web::{Core, OAuthFailure};

use crate::State;

// S76, S78, S107
pub async fn check(core: &Core, state: &State, client: &Client) -> Result<(), OAuthFailure> {
    registration::check(client)?;
    registration::offered(client, &state.policy).map_err(OAuthError::from)?;
    keys(client)?;
    core.check_sector(client).await?;
    Ok(())
}

fn keys(client: &Client) -> Result<(), OAuthError> {
    let Some(jwks) = &client.jwks else { return Ok(()) };
    match check_key_set(jwks) {
        Ok(()) => Ok(()),
        Err(error) => {
            let why = format!("The key set is refused: {error}.");
            Err(OAuthError::new(ErrorCode::InvalidClientMetadata, why))
        }
    }
}
