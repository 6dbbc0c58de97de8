//! What `profile = "mcp"` on a client means: the defaults that a client of the Model Context Protocol needs, an app on
//! somebody's machine that nobody configured for us.
//! <https://modelcontextprotocol.io/specification/2025-06-18/basic/authorization>
//!
//! What such clients ask of every provider and we do for every client stands elsewhere: discovery at both well-known
//! addresses, `resource` (RFC 8707), registration (RFC 7591), and for our own APIs RFC 9728. Here is what is theirs alone:
//!
//! | rule | where it is enforced |
//! |---|---|
//! | 1. public, an app, with refresh tokens, which are rotated | [`fill`] |
//! | 2. PKCE with S256, whatever `oauth.pkce` says | public clients always must |
//! | 3. `http://localhost` with any port, as with loopback addresses (choice of S5) | [`crate::redirect_uri::matches`] |
//! | 4. private-use schemes without a dot, such as `cursor:` (choice of S6) | [`crate::redirect_uri::check_registration`] |

use crate::{AuthMethod, Client};

pub fn is_mcp(client: &Client) -> bool {
    client.metadata.profile.as_deref() == Some("mcp")
}

/// What the profile changes where a registration says nothing.
///
/// > Authorization servers […] MUST implement appropriate security measures for both confidential and public clients.
///
/// An app that was never given a secret has none: a client without one is public.
pub fn fill(client: &mut Client) {
    if !is_mcp(client) {
        return;
    }
    let has_none = client.secret_digest.is_none() && client.sealed_secret.is_none();
    if client.auth_method == AuthMethod::SecretBasic && has_none {
        client.auth_method = AuthMethod::None;
    }
    if client.grant_types.is_empty() {
        client.grant_types = ["authorization_code", "refresh_token"].map(str::to_owned).into();
    }
    client.metadata.application_type = Some("native".to_owned());
}

/// Schemes that reach somebody else than an app, or nobody.
pub const NO_APP: [&str; 11] =
    ["javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "mailto", "ws", "wss", "ftp"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{registration, samples};

    // S5, S6
    #[test]
    fn an_app_needs_nothing_but_its_redirect_uri() {
        let mut client = Client {
            name: "Editor".into(),
            redirect_uris: vec!["cursor://anysphere/cb".into(), "http://localhost/cb".into()],
            response_types: vec!["code".into()],
            ..Client::blank("mcp", 0)
        };
        fill(&mut client);
        assert_eq!(client.auth_method, AuthMethod::SecretBasic, "only with the profile");
        client.metadata.profile = Some("mcp".into());
        fill(&mut client);
        assert_eq!((client.auth_method, client.rotates_refresh_tokens()), (AuthMethod::None, true));
        assert_eq!(registration::check(&client), Ok(()));
        client.metadata.profile = None;
        assert!(registration::check(&client).is_err());
        let mut secretive = Client { ..samples::client() };
        secretive.metadata.profile = Some("mcp".into());
        fill(&mut secretive);
        assert_eq!(secretive.auth_method, AuthMethod::SecretBasic);
    }
}
