//! What might be on the lists: what we offer, and what others do.

pub const ALGS: &[&str] =
    &["RS256", "PS256", "ES256", "EdDSA", "none", "HS256", "HS512", "RS384", "ES384", "PS512", "ES256K"];
pub const KEY_ALGS: &[&str] =
    &["RSA-OAEP-256", "ECDH-ES", "RSA1_5", "RSA-OAEP", "dir", "A256KW", "ECDH-ES+A128KW", "none"];
pub const ENCS: &[&str] = &["A128CBC-HS256", "A256GCM", "A128GCM", "A192CBC-HS384", "A256CBC-HS512", "none"];
pub const METHODS: &[&str] = &[
    "none",
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
    "attest_jwt_client_auth",
];
pub const GRANTS: &[&str] = &[
    "authorization_code",
    "implicit",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:openid:params:grant-type:ciba",
    "password",
];
pub const TYPES: &[&str] = &[
    "code",
    "id_token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token",
    "token",
    "none",
];
