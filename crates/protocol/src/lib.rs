//! OAuth and OpenID Connect as data and pure rules: parse, validate, decide. No I/O, clock or randomness.
