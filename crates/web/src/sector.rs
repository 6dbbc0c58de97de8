//! Who vouches that redirect URIs on several hosts belong together.

use std::time::Duration;

use protocol::{Client, ErrorCode, OAuthError};
use url::Url;

use crate::Core;
use crate::outbound::{Bounds, Outbound};

const BOUNDS: Bounds = Bounds { largest: 64 * 1024, deadline: Duration::from_secs(5), redirects: 0 };

/// > The values of the redirect_uris … the OP MUST … verify that … all … are included in the elements of the array in the
/// > sector_identifier_uri's contents
///
/// <https://openid.net/specs/openid-connect-registration-1_0.html#SectorIdentifierValidation>. It is asked for at
/// registration, and never again: names that people are known by must not change with it.
// S78
pub async fn check(outbound: &Outbound, client: &Client) -> Result<(), OAuthError> {
    let Some(uri) = &client.metadata.sector_identifier_uri else { return Ok(()) };
    let refuse = |why: &'static str| Err(OAuthError::new(ErrorCode::InvalidClientMetadata, why));
    let Ok(url) = Url::parse(uri) else { return refuse("The sector_identifier_uri is no address.") };
    let listed = match outbound.get(&url, BOUNDS).await {
        Ok(bytes) => serde_json::from_slice::<Vec<String>>(&bytes),
        Err(error) => {
            tracing::info!(uri, %error, "a sector_identifier_uri cannot be fetched");
            return refuse("What stands at the sector_identifier_uri cannot be fetched.");
        }
    };
    match listed {
        Err(_) => refuse("What stands at the sector_identifier_uri is not a JSON array of redirect URIs."),
        Ok(listed) if client.redirect_uris.iter().all(|uri| listed.contains(uri)) => Ok(()),
        Ok(_) => refuse("The sector_identifier_uri does not list every redirect URI."),
    }
}

impl Core {
    pub async fn check_sector(&self, client: &Client) -> Result<(), OAuthError> {
        check(&self.outbound, client).await
    }
}
