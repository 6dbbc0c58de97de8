//! Signing keys and their rotation, JWS and JWKS, random tokens, sealed cookies, password hashes.
