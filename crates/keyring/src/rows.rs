//! Keys as rows: sealed with the master key, bound to their row's id, which is also the `kid`.

use std::fmt;

use protocol::{Micros, SigningAlg};

use crate::master::CannotOpen;
use crate::signer::Signer;
use crate::{MasterKey, Random};

/// What a key is for. The database spells it in two columns, `purpose` and `alg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    Signing(SigningAlg),
    /// Authenticates cookies and CSRF tokens.
    Cookie,
    /// Makes subjects that differ from sector to sector.
    Pairwise,
}

/// `next` is published and does not sign yet, `current` signs, `previous` is still published (S92, S93).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    Next,
    Current,
    Previous,
}

/// A key as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    pub id: String,
    pub purpose: Purpose,
    pub state: State,
    /// PKCS#8 (signing keys) or raw bytes, sealed with the master key under `id`.
    pub sealed: Vec<u8>,
    /// The public half as a JWK; empty where there is none.
    pub public_jwk: String,
    /// Published since.
    pub created_at: Micros,
    /// Signs, or signed, since.
    pub current_at: Option<Micros>,
    /// Signs no more since.
    pub retired_at: Option<Micros>,
}

/// A key that was just made and has no place among the others yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    pub id: String,
    pub purpose: Purpose,
    pub sealed: Vec<u8>,
    pub public_jwk: String,
}

/// Makes a key and seals it. An RSA key takes some hundred milliseconds: call it off the event loop.
pub fn generate(purpose: Purpose, master: &MasterKey, random: &Random) -> NewKey {
    let id = random.id();
    let (private, public_jwk) = match purpose {
        Purpose::Signing(alg) => {
            let signer = Signer::generate(alg);
            (signer.to_pkcs8(), signer.public_jwk(&id))
        }
        Purpose::Cookie | Purpose::Pairwise => (random.bytes::<32>().to_vec(), String::new()),
    };
    NewKey { sealed: master.seal(random, &bound_to(purpose, &id), &private), id, purpose, public_jwk }
}

impl NewKey {
    /// The row of this key once it has a place.
    pub fn at(self, state: State, now: Micros) -> KeyRow {
        KeyRow {
            id: self.id,
            purpose: self.purpose,
            state,
            sealed: self.sealed,
            public_jwk: self.public_jwk,
            created_at: now,
            current_at: (state == State::Current).then_some(now),
            retired_at: None,
        }
    }
}

impl KeyRow {
    pub(crate) fn open(&self, master: &MasterKey) -> Result<Vec<u8>, CannotOpen> {
        master.open(&bound_to(self.purpose, &self.id), &self.sealed)
    }
}

/// A cookie key moved into a signing row, or into another row, does not open.
fn bound_to(purpose: Purpose, id: &str) -> String {
    format!("{purpose} {id}")
}

impl Purpose {
    /// The keys that every installation has.
    pub const ALL: [Purpose; 6] = [
        Purpose::Signing(SigningAlg::RS256),
        Purpose::Signing(SigningAlg::PS256),
        Purpose::Signing(SigningAlg::ES256),
        Purpose::Signing(SigningAlg::EdDSA),
        Purpose::Cookie,
        Purpose::Pairwise,
    ];

    /// The column `purpose`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Purpose::Signing(_) => "signing",
            Purpose::Cookie => "cookie",
            Purpose::Pairwise => "pairwise",
        }
    }

    /// The column `alg`.
    pub const fn alg(self) -> &'static str {
        match self {
            Purpose::Signing(alg) => alg.as_str(),
            Purpose::Cookie | Purpose::Pairwise => "HS256",
        }
    }

    /// From the two columns.
    pub fn parse(purpose: &str, alg: &str) -> Option<Purpose> {
        Purpose::ALL.into_iter().find(|known| known.as_str() == purpose && known.alg() == alg)
    }

    /// A pairwise subject must stay what it is, so its key never changes; the others rotate.
    pub const fn rotates(self) -> bool {
        !matches!(self, Purpose::Pairwise)
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.as_str(), self.alg())
    }
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Next => "next",
            State::Current => "current",
            State::Previous => "previous",
        }
    }

    pub fn parse(text: &str) -> Option<State> {
        [State::Next, State::Current, State::Previous].into_iter().find(|known| known.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_read_back() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::parse(purpose.as_str(), purpose.alg()), Some(purpose));
        }
        assert_eq!(Purpose::parse("cookie", "RS256"), None);
        for state in [State::Next, State::Current, State::Previous] {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
    }

    // What is sealed for one row and purpose opens for no other.
    #[test]
    fn a_row_opens_only_as_itself() {
        let random = Random::seeded(3);
        let master = MasterKey::from_bytes(&random.bytes());
        let row = generate(Purpose::Cookie, &master, &random).at(State::Current, 0);
        assert_eq!(row.open(&master).unwrap().len(), 32);
        for other in
            [KeyRow { id: random.id(), ..row.clone() }, KeyRow { purpose: Purpose::Pairwise, ..row.clone() }]
        {
            assert_eq!(other.open(&master), Err(CannotOpen));
        }
    }
}
