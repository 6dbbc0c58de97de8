//! What only one client shall read: JWE in compact form, to one of its public keys.
//! <https://www.rfc-editor.org/rfc/rfc7516#section-5.1>
//!
//! We only ever encrypt, so that none of the traps of decrypting others' JWEs is here.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, EphemeralPrivateKey, UnparsedPublicKey};
use aws_lc_rs::cipher::{AES_128, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::{hmac, signature::RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::{ContentEncryption, Encryption, KeyEncryption};
use serde_json::{Map, Value, json};

use crate::jwks::{Key, KeySet};
use crate::{Digester, Random};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotEncrypt {
    #[error("the client has no key that fits the encryption that it registered")]
    NoKey,
    #[error("the client's key cannot be encrypted to")]
    BadKey,
    #[error("the content cannot be encrypted")]
    Failed,
}

/// The content's key, and what of it the client is told.
struct ContentKey {
    key: [u8; 32],
    encrypted: Vec<u8>,
    /// For the header.
    ephemeral: Option<Value>,
}

/// Encrypts to the client's key that fits. `is_jwt`: the content is a signed JWT, which the header must say.
pub fn encrypt(
    jwks: &str,
    how: Encryption,
    content: &[u8],
    is_jwt: bool,
    random: &Random,
) -> Result<String, CannotEncrypt> {
    let set: KeySet = serde_json::from_str(jwks).map_err(|_| CannotEncrypt::NoKey)?;
    let key = recipient(&set, how.alg).ok_or(CannotEncrypt::NoKey)?;
    let agreed = match how.alg {
        KeyEncryption::RsaOaep256 => wrapped(key, random)?,
        KeyEncryption::EcdhEs => agreed(key, how.enc)?,
    };
    let mut header = Map::new();
    header.insert("alg".into(), how.alg.as_str().into());
    header.insert("enc".into(), how.enc.as_str().into());
    header.extend(key.kid.clone().map(|kid| ("kid".into(), kid.into())));
    // > In the case that nested signing or encryption is employed, this Header Parameter MUST be present; in this case,
    // > the value MUST be "JWT". https://www.rfc-editor.org/rfc/rfc7519#section-5.2
    header.extend(is_jwt.then(|| ("cty".into(), "JWT".into())));
    header.extend(agreed.ephemeral.map(|key| ("epk".into(), key)));
    let header = URL_SAFE_NO_PAD.encode(Value::Object(header).to_string());
    let (iv, ciphertext, tag) = match how.enc {
        ContentEncryption::A256Gcm => a256gcm(&agreed.key, content, header.as_bytes(), random)?,
        ContentEncryption::A128CbcHs256 => {
            a128cbc_hs256(&agreed.key, random.bytes(), content, header.as_bytes())?
        }
    };
    let parts = [agreed.encrypted, iv, ciphertext, tag].map(|part| URL_SAFE_NO_PAD.encode(part));
    Ok(format!("{header}.{}", parts.join(".")))
}

/// Whether the set has a key that this alg can be used with: for registrations.
pub fn has_key_for(jwks: &str, alg: KeyEncryption) -> bool {
    serde_json::from_str(jwks).is_ok_and(|set: KeySet| recipient(&set, alg).is_some())
}

/// A key that says that it is for encryption goes before one that does not say what it is for.
fn recipient(set: &KeySet, alg: KeyEncryption) -> Option<&Key> {
    let mut fitting: Vec<&Key> = set.keys.iter().filter(|key| key.encrypts_with(alg)).collect();
    fitting.sort_by_key(|key| key.usage.is_none());
    fitting.into_iter().next()
}

/// A fresh key, encrypted to the client's RSA key. <https://www.rfc-editor.org/rfc/rfc7518#section-4.3>
fn wrapped(key: &Key, random: &Random) -> Result<ContentKey, CannotEncrypt> {
    let components = RsaPublicKeyComponents { n: Key::bytes(&key.n), e: Key::bytes(&key.e) };
    let public: PublicEncryptingKey = components.try_into().map_err(|_| CannotEncrypt::BadKey)?;
    let public = OaepPublicEncryptingKey::new(public).map_err(|_| CannotEncrypt::BadKey)?;
    let content_key = random.bytes::<32>();
    let mut encrypted = vec![0; public.ciphertext_size()];
    public
        .encrypt(&OAEP_SHA256_MGF1SHA256, &content_key, &mut encrypted, None)
        .map_err(|_| CannotEncrypt::Failed)?;
    Ok(ContentKey { key: content_key, encrypted, ephemeral: None })
}

/// A key that both sides compute. <https://www.rfc-editor.org/rfc/rfc7518#section-4.6>
fn agreed(key: &Key, enc: ContentEncryption) -> Result<ContentKey, CannotEncrypt> {
    let is_ec = key.kty == "EC";
    let algorithm = if is_ec { &agreement::ECDH_P256 } else { &agreement::X25519 };
    // aws-lc draws its own randomness; the argument is there for ring's sake.
    let own =
        EphemeralPrivateKey::generate(algorithm, &SystemRandom::new()).map_err(|_| CannotEncrypt::Failed)?;
    let public = own.compute_public_key().map_err(|_| CannotEncrypt::Failed)?;
    let ephemeral = if is_ec {
        // The uncompressed point: 4, then both coordinates.
        let (x, y) = public.as_ref()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
    } else {
        json!({ "kty": "OKP", "crv": "X25519", "x": URL_SAFE_NO_PAD.encode(public.as_ref()) })
    };
    let theirs = UnparsedPublicKey::new(algorithm, key.point());
    let key =
        agreement::agree_ephemeral(own, &theirs, CannotEncrypt::BadKey, |secret| Ok(derived(secret, enc)))?;
    // > the JWE Encrypted Key is the empty octet sequence.
    Ok(ContentKey { key, encrypted: Vec::new(), ephemeral: Some(ephemeral) })
}

/// The Concat KDF for 256 bits, of which one round of SHA-256 makes all. Neither party is named.
/// <https://www.rfc-editor.org/rfc/rfc7518#section-4.6.2>
fn derived(secret: &[u8], enc: ContentEncryption) -> [u8; 32] {
    let name = enc.as_str();
    let mut digester = Digester::default();
    digester.update(&1_u32.to_be_bytes());
    digester.update(secret);
    digester.update(&(name.len() as u32).to_be_bytes());
    digester.update(name.as_bytes());
    for number in [0, 0, 256_u32] {
        digester.update(&number.to_be_bytes());
    }
    digester.finish()
}

type Sealed = (Vec<u8>, Vec<u8>, Vec<u8>);

/// <https://www.rfc-editor.org/rfc/rfc7518#section-5.3>
fn a256gcm(key: &[u8; 32], content: &[u8], header: &[u8], random: &Random) -> Result<Sealed, CannotEncrypt> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).map_err(|_| CannotEncrypt::Failed)?);
    // A key seals one text, so that no nonce can come twice under it.
    let iv = random.bytes::<12>();
    let mut text = content.to_vec();
    let nonce = Nonce::assume_unique_for_key(iv);
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(header), &mut text)
        .map_err(|_| CannotEncrypt::Failed)?;
    Ok((iv.to_vec(), text, tag.as_ref().to_vec()))
}

/// <https://www.rfc-editor.org/rfc/rfc7518#section-5.2.3>
fn a128cbc_hs256(
    key: &[u8; 32],
    iv: [u8; 16],
    content: &[u8],
    header: &[u8],
) -> Result<Sealed, CannotEncrypt> {
    let (mac_key, enc_key) = key.split_at(16);
    let key = UnboundCipherKey::new(&AES_128, enc_key).map_err(|_| CannotEncrypt::Failed)?;
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(|_| CannotEncrypt::Failed)?;
    let mut text = content.to_vec();
    key.less_safe_encrypt(&mut text, EncryptionContext::Iv128(iv.into()))
        .map_err(|_| CannotEncrypt::Failed)?;
    // > The octet string AL is equal to the number of bits in the Additional Authenticated Data A expressed as a 64-bit
    // > unsigned big-endian integer.
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, mac_key));
    mac.update(header);
    mac.update(&iv);
    mac.update(&text);
    mac.update(&(header.len() as u64 * 8).to_be_bytes());
    Ok((iv.to_vec(), text, mac.sign().as_ref()[..16].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    // <https://www.rfc-editor.org/rfc/rfc7518#appendix-B.1>
    #[test]
    fn the_example_of_the_specification() {
        let key = std::array::from_fn(|i| i as u8);
        let iv = [26, 243, 140, 45, 194, 185, 111, 253, 216, 102, 148, 9, 35, 65, 188, 4];
        let text = b"A cipher system must not be required to be secret, and it must be able to fall into the hands of \
            the enemy without inconvenience";
        let (_, sealed, tag) =
            a128cbc_hs256(&key, iv, text, b"The second principle of Auguste Kerckhoffs").unwrap();
        assert_eq!(sealed[..8], [0xc8, 0x0e, 0xdf, 0xa3, 0x2d, 0xdf, 0x39, 0xd5]);
        let expected =
            [0x65, 0x2c, 0x3f, 0xa3, 0x6b, 0x0a, 0x7c, 0x5b, 0x32, 0x19, 0xfa, 0xb3, 0xa3, 0x0b, 0xc1, 0xc4];
        assert_eq!(tag, expected);
    }
}
