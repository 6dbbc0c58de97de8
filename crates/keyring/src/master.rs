//! The master key: the one secret outside the database. Signing, cookie and pairwise keys are rows sealed with it
//! (CONTRACT §2), so that every node has the same keys and a stolen database alone signs nothing.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::Random;

const FILE: &str = "master.key";

/// 256 random bits. Two keys are derived from it: one seals rows, one names the master key without giving it away.
#[derive(Clone)]
pub struct MasterKey {
    sealing: Arc<LessSafeKey>,
    fingerprint: String,
}

#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error("cannot {what} {}: {source}", path.display())]
    Io { what: &'static str, path: PathBuf, source: io::Error },
    #[error("{0} is not a master key: 32 bytes as base64url or hexadecimal are expected")]
    Malformed(String),
}

/// The sealed bytes were changed, belong to another row, or were sealed with another master key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("cannot open a sealed key: it was changed, or sealed with another master key")]
pub struct CannotOpen;

impl MasterKey {
    /// Reads `DIR/master.key`, or makes it. Of several processes that start at once exactly one makes it.
    pub fn load_or_create(dir: &Path, random: &Random) -> Result<MasterKey, MasterKeyError> {
        let path = dir.join(FILE);
        if let Some(key) = read(&path)? {
            return Ok(key);
        }
        create_private_dir(dir)?;
        create(dir, &path, random)?;
        read(&path)?.ok_or_else(|| MasterKeyError::Io {
            what: "read back",
            path,
            source: io::ErrorKind::NotFound.into(),
        })
    }

    /// Reads `DIR/master.key`, if it is there.
    pub fn load(dir: &Path) -> Result<Option<MasterKey>, MasterKeyError> {
        read(&dir.join(FILE))
    }

    /// The value of `VISAGE_KEYS__MASTER` or the content of the file: 32 bytes as base64url, base64 or hexadecimal.
    pub fn parse(text: &str) -> Result<MasterKey, MasterKeyError> {
        decode(text.trim())
            .map(|bytes| MasterKey::from_bytes(&bytes))
            .ok_or_else(|| MasterKeyError::Malformed("the given value".to_owned()))
    }

    #[expect(clippy::expect_used, reason = "the derived key has exactly the cipher's length")]
    pub fn from_bytes(bytes: &[u8; 32]) -> MasterKey {
        let root = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let sealing = hmac::sign(&root, b"visage seal 1");
        let name = hmac::sign(&root, b"visage fingerprint 1");
        MasterKey {
            sealing: Arc::new(LessSafeKey::new(
                UnboundKey::new(&AES_256_GCM, sealing.as_ref()).expect("32 bytes"),
            )),
            fingerprint: URL_SAFE_NO_PAD.encode(&name.as_ref()[..12]),
        }
    }

    /// Names the key without giving it away: a node whose master key differs from the database's refuses to start.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// AES-256-GCM under a fresh random nonce, which goes in front. `bound_to` is the row's id: a sealed value
    /// that is moved to another row does not open.
    #[expect(clippy::expect_used, reason = "GCM refuses only more than 64 GiB")]
    pub fn seal(&self, random: &Random, bound_to: &str, plain: &[u8]) -> Vec<u8> {
        let nonce = random.bytes::<NONCE_LEN>();
        let mut body = plain.to_vec();
        self.sealing
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), &mut body)
            .expect("a key is short");
        [&nonce[..], &body].concat()
    }

    pub fn open(&self, bound_to: &str, sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(CannotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
        let mut body = body.to_vec();
        let plain =
            self.sealing.open_in_place(nonce, Aad::from(bound_to), &mut body).map_err(|_| CannotOpen)?;
        Ok(plain.to_vec())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.fingerprint)
    }
}

fn read(path: &Path) -> Result<Option<MasterKey>, MasterKeyError> {
    match fs::read_to_string(path) {
        Ok(text) => match decode(text.trim()) {
            Some(bytes) => Ok(Some(MasterKey::from_bytes(&bytes))),
            None => Err(MasterKeyError::Malformed(path.display().to_string())),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(MasterKeyError::Io { what: "read", path: path.to_owned(), source }),
    }
}

/// The file appears under its name only when it is whole and on the disk: written aside, then linked. A link
/// fails where the name is taken already, so of several processes one wins and the others read what it made.
fn create(dir: &Path, path: &Path, random: &Random) -> Result<(), MasterKeyError> {
    let aside = dir.join(format!(".{FILE}.{}", random.id()));
    let key = URL_SAFE_NO_PAD.encode(random.bytes::<32>());
    let written = write_private(&aside, &key).and_then(|()| match fs::hard_link(&aside, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = fs::remove_file(&aside);
    written.and(removed).and_then(|()| fs::File::open(dir)?.sync_all()).map_err(|source| MasterKeyError::Io {
        what: "create",
        path: path.to_owned(),
        source,
    })
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn create_private_dir(dir: &Path) -> Result<(), MasterKeyError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|source| MasterKeyError::Io { what: "create", path: dir.to_owned(), source })
}

fn decode(text: &str) -> Option<[u8; 32]> {
    let bytes = if text.len() == 64 && text.bytes().all(|c| c.is_ascii_hexdigit()) {
        (0..32)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16))
            .collect::<Result<Vec<_>, _>>()
            .ok()?
    } else {
        let text = text.trim_end_matches('=');
        URL_SAFE_NO_PAD.decode(text).or_else(|_| STANDARD.decode(format!("{text}="))).ok()?
    };
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_sealed_value_opens_only_whole_and_in_its_row() {
        let random = Random::seeded(1);
        let key = MasterKey::from_bytes(&random.bytes());
        let sealed = key.seal(&random, "row", b"private");
        assert_eq!(key.open("row", &sealed).unwrap(), b"private");
        assert_eq!(key.open("other row", &sealed), Err(CannotOpen));
        assert_eq!(MasterKey::from_bytes(&[0; 32]).open("row", &sealed), Err(CannotOpen));
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert_eq!(key.open("row", &changed), Err(CannotOpen));
            assert_eq!(key.open("row", &sealed[..i]), Err(CannotOpen));
        }
    }

    #[test]
    fn every_spelling_of_one_key_is_that_key() {
        let bytes: [u8; 32] = std::array::from_fn(|i| (i * 7 + 250) as u8);
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let expected = MasterKey::from_bytes(&bytes).fingerprint().to_owned();
        for text in [hex, URL_SAFE_NO_PAD.encode(bytes), STANDARD.encode(bytes) + "\n"] {
            assert_eq!(MasterKey::parse(&text).unwrap().fingerprint(), expected);
        }
        assert!(MasterKey::parse("too short").is_err());
        assert!(!format!("{:?}", MasterKey::from_bytes(&bytes)).contains("fa01"));
    }

    // F45: two nodes that start at once end up with one key.
    #[test]
    fn many_starts_at_once_make_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let keys = dir.path().join("keys");
        let names: Vec<String> = thread::scope(|scope| {
            let threads: Vec<_> = (0..16)
                .map(|_| {
                    scope.spawn(|| {
                        let key = MasterKey::load_or_create(&keys, &Random::system()).unwrap();
                        key.fingerprint().to_owned()
                    })
                })
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(names.iter().all(|name| *name == names[0]));
        assert_eq!(fs::read_dir(&keys).unwrap().count(), 1, "nothing is left aside");

        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&keys.join(FILE)), 0o600);
        assert_eq!(mode(&keys), 0o700);
    }

    #[test]
    fn a_damaged_file_is_named_and_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), "half a k").unwrap();
        let error = MasterKey::load_or_create(dir.path(), &Random::system()).unwrap_err();
        assert!(error.to_string().contains("master.key"), "{error}");
        assert_eq!(fs::read_to_string(dir.path().join(FILE)).unwrap(), "half a k");
    }
}
