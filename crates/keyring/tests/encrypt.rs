//! What is encrypted, read with the other half of the key, by steps written from RFC 7516 and RFC 7518 once more.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::cipher::{AES_128, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::{
    KeyPair as RsaPair, KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey,
};
use aws_lc_rs::signature::KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyring::Random;
use keyring::encrypt::{CannotEncrypt, encrypt, has_key_for};
use protocol::{ContentEncryption, Encryption, KeyEncryption};
use serde_json::{Value, json};

enum Reader {
    Rsa(OaepPrivateDecryptingKey),
    Agreed(PrivateKey, &'static agreement::Algorithm),
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn bytes(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value.as_str().expect("text")).expect("base64url")
}

fn rsa() -> (Reader, Value) {
    let pair = RsaPair::generate(KeySize::Rsa2048).expect("a key");
    let public = pair.public_key();
    let jwk = json!({
        "kty": "RSA", "use": "enc", "kid": "rsa",
        "n": base64(public.modulus().big_endian_without_leading_zero()),
        "e": base64(public.exponent().big_endian_without_leading_zero()),
    });
    let der: Pkcs8V1Der<'_> = pair.as_der().expect("an encoding");
    let private = PrivateDecryptingKey::from_pkcs8(der.as_ref()).expect("a private key");
    (Reader::Rsa(OaepPrivateDecryptingKey::new(private).expect("a key")), jwk)
}

fn p256() -> (Reader, Value) {
    let key = PrivateKey::generate(&agreement::ECDH_P256).expect("a key");
    let public = key.compute_public_key().expect("its public half");
    let (x, y) = public.as_ref()[1..].split_at(32);
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "kid": "ec", "alg": "ECDH-ES", "x": base64(x), "y": base64(y),
    });
    (Reader::Agreed(key, &agreement::ECDH_P256), jwk)
}

fn x25519() -> (Reader, Value) {
    let key = PrivateKey::generate(&agreement::X25519).expect("a key");
    let public = key.compute_public_key().expect("its public half");
    let jwk = json!({ "kty": "OKP", "crv": "X25519", "use": "enc", "x": base64(public.as_ref()) });
    (Reader::Agreed(key, &agreement::X25519), jwk)
}

impl Reader {
    fn content_key(&self, header: &Value, encrypted: &[u8]) -> Vec<u8> {
        match self {
            Reader::Rsa(key) => {
                let mut room = vec![0; key.min_output_size()];
                key.decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut room, None).expect("decrypted").to_vec()
            }
            Reader::Agreed(key, algorithm) => {
                assert!(encrypted.is_empty());
                let epk = &header["epk"];
                let mut point = bytes(&epk["x"]);
                if epk["kty"] == "EC" {
                    point = [vec![4], point, bytes(&epk["y"])].concat();
                }
                let theirs = UnparsedPublicKey::new(algorithm, point);
                let enc = header["enc"].as_str().expect("enc");
                agreement::agree(key, theirs, "no agreement", |z| {
                    let info =
                        [&(enc.len() as u32).to_be_bytes()[..], enc.as_bytes(), &[0; 8], &[0, 0, 1, 0]];
                    Ok(keyring::digest(&[&[0, 0, 0, 1], z, &info.concat()].concat()).to_vec())
                })
                .expect("agreed")
            }
        }
    }

    fn read(&self, jwe: &str) -> (Value, Vec<u8>) {
        let parts: Vec<&str> = jwe.split('.').collect();
        let [protected, encrypted, iv, text, tag] =
            <[&str; 5]>::try_from(parts).expect("five parts").map(str::to_owned);
        let part = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
        let header: Value = serde_json::from_slice(&part(&protected)).expect("JSON");
        let key = self.content_key(&header, &part(&encrypted));
        let (iv, mut text, tag) = (part(&iv), part(&text), part(&tag));
        let clear = match header["enc"].as_str().expect("enc") {
            "A256GCM" => {
                let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).expect("a key"));
                let nonce = Nonce::try_assume_unique_for_key(&iv).expect("96 bits");
                text.extend(tag);
                key.open_in_place(nonce, Aad::from(protected.as_bytes()), &mut text).expect("opened").to_vec()
            }
            _ => {
                let (mac_key, enc_key) = key.split_at(16);
                let length = (protected.len() as u64 * 8).to_be_bytes();
                let all = [protected.as_bytes(), &iv, &text, &length].concat();
                let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, mac_key), &all);
                assert_eq!(mac.as_ref()[..16], tag[..]);
                let key = UnboundCipherKey::new(&AES_128, enc_key).expect("a key");
                let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).expect("a key");
                let iv: [u8; 16] = iv.try_into().expect("128 bits");
                key.decrypt(&mut text, DecryptionContext::Iv128(iv.into())).expect("opened").to_vec()
            }
        };
        (header, clear)
    }
}

fn set(keys: &[&Value]) -> String {
    json!({ "keys": keys }).to_string()
}

#[test]
fn the_client_and_nobody_else_reads_it() {
    let random = Random::seeded(1);
    let content = "ey.ey.signature".repeat(40);
    let (rsa, ec, okp) = (rsa(), p256(), x25519());
    for (alg, (reader, jwk)) in
        [(KeyEncryption::RsaOaep256, &rsa), (KeyEncryption::EcdhEs, &ec), (KeyEncryption::EcdhEs, &okp)]
    {
        for enc in ContentEncryption::ALL {
            let jwks = set(&[jwk]);
            let how = Encryption { alg, enc };
            let jwe = encrypt(&jwks, how, content.as_bytes(), true, &random).expect("encrypted");
            let (header, clear) = reader.read(&jwe);
            assert_eq!(String::from_utf8(clear).expect("text"), content);
            assert_eq!(header["alg"], alg.as_str());
            assert_eq!((header["enc"].as_str(), header["cty"].as_str()), (Some(enc.as_str()), Some("JWT")));
            assert_eq!(header.get("kid"), jwk.get("kid"));
            let again = encrypt(&jwks, how, content.as_bytes(), true, &random).expect("encrypted");
            assert_ne!(jwe, again, "nothing comes twice");
            let plain = encrypt(&jwks, how, b"{}", false, &random).expect("encrypted");
            assert!(reader.read(&plain).0.get("cty").is_none());
        }
    }
}

#[test]
fn the_key_must_be_meant_for_it() {
    let (_, good) = rsa();
    let changed = |member: &str, value: Value| {
        let mut key = good.clone();
        key[member] = value;
        has_key_for(&set(&[&key]), KeyEncryption::RsaOaep256)
    };
    assert!(has_key_for(&set(&[&good]), KeyEncryption::RsaOaep256));
    assert!(!has_key_for(&set(&[&good]), KeyEncryption::EcdhEs));
    assert!(changed("alg", json!("RSA-OAEP-256")) && changed("use", Value::Null));
    assert!(
        !changed("alg", json!("RSA-OAEP"))
            && !changed("alg", json!("RS256"))
            && !changed("use", json!("sig"))
    );
    // S107: no toy exponent, no short modulus.
    assert!(!changed("e", json!("Aw")) && !changed("n", json!(base64([0xff; 128]))));

    // What says that it is for encryption goes first.
    let mut unnamed = good.clone();
    (unnamed["use"], unnamed["kid"]) = (Value::Null, json!("other"));
    let how = Encryption { alg: KeyEncryption::RsaOaep256, enc: ContentEncryption::A256Gcm };
    let jwe = encrypt(&set(&[&unnamed, &good]), how, b"x", false, &Random::seeded(2)).expect("encrypted");
    let header = URL_SAFE_NO_PAD.decode(jwe.split('.').next().expect("a header")).expect("base64url");
    assert_eq!(serde_json::from_slice::<Value>(&header).expect("JSON")["kid"], "rsa");
}

// S107: points off the curve and points of small order give nothing away.
#[test]
fn bad_points_are_refused() {
    let how = Encryption { alg: KeyEncryption::EcdhEs, enc: ContentEncryption::A256Gcm };
    let try_key = |key: Value| encrypt(&set(&[&key]), how, b"x", false, &Random::seeded(3)).map(drop);
    let (_, mut off) = p256();
    off["y"] = json!(base64([1; 32]));
    assert_eq!(try_key(off), Err(CannotEncrypt::NoKey));
    let small = json!({ "kty": "OKP", "crv": "X25519", "x": base64([0; 32]) });
    assert_eq!(try_key(small), Err(CannotEncrypt::BadKey));
    assert_eq!(try_key(json!({ "kty": "oct", "k": "AAAA" })), Err(CannotEncrypt::NoKey));
    assert_eq!(encrypt("{}", how, b"x", false, &Random::seeded(3)), Err(CannotEncrypt::NoKey));
}
