//! Issues bearer tokens with scopes: authorize, token, revoke, introspect, discovery, JWKS, logout.
