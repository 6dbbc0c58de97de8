//! The grants that the token endpoint knows.

/// <https://www.rfc-editor.org/rfc/rfc6749#section-1.3>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
    /// <https://www.rfc-editor.org/rfc/rfc8628#section-3.4>
    DeviceCode,
    /// <https://www.rfc-editor.org/rfc/rfc8693#section-2.1>
    TokenExchange,
    /// <https://www.rfc-editor.org/rfc/rfc7523#section-2.1>
    JwtBearer,
}

impl GrantType {
    pub const ALL: [Self; 6] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::JwtBearer,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        }
    }

    /// Whether its tokens tell of a person without ever going to a redirect URI: whoever registered the client has them,
    /// whatever redirect URIs were registered.
    pub const fn tells_without_redirect(self) -> bool {
        match self {
            Self::DeviceCode | Self::TokenExchange | Self::JwtBearer => true,
            // Of the code's own grant; or about nobody.
            Self::AuthorizationCode | Self::RefreshToken | Self::ClientCredentials => false,
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text)
    }
}
