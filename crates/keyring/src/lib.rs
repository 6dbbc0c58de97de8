//! Keys and secrets: everything in Visage that signs, seals, hashes or is random.
//!
//! - [`random`], [`secret`]: random values; secrets in plain text and their digests.
//! - [`master`]: the master key, which seals the rows in which the other keys live.
//! - [`rows`]: those rows, and how a new key is made; `visage` carries them between here and `store`.
//! - [`rotation`]: which key comes next, as a pure plan.
//! - [`ring`]: the keys parsed and ready; signs tokens, verifies our own, publishes the JWKS.
//! - [`jwt`]: how any JWT is read; [`jwks`]: other people's keys and what they signed; [`assertion`]: how clients
//!   authenticate; [`request_object`]: what they ask for; [`dpop`]: how they prove to hold a key; [`encrypt`]: what only a client shall read.
//! - [`client_secret`]: how the secrets of clients are kept; [`certificate`]: what we read of a client's certificate.
//! - [`passwords`]: Argon2id on a bounded pool.

pub mod assertion;
pub mod certificate;
pub mod client_secret;
pub mod dpop;
pub mod encrypt;
pub mod jwks;
pub mod jwt;
pub mod master;
pub mod passwords;
pub mod random;
pub mod request_object;
pub mod ring;
pub mod rotation;
pub mod rows;
pub mod secret;
mod signer;

pub use jwt::{Audience, InvalidJwt};
pub use master::{MasterKey, MasterKeyError};
pub use passwords::{Busy, Passwords, WeakPassword};
pub use random::Random;
pub use ring::{AccessClaims, IdTokenHint, Ring, RingError, SignError, Token};
pub use rows::{KeyRow, NewKey, Purpose, State, generate};
pub use secret::{Digester, Secret, digest, same};
