//! What we read of a client's certificate. That its sender holds the key is for TLS, who issued it for `web`.
//! <https://www.rfc-editor.org/rfc/rfc8705>

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::ClientMetadata;
use x509_cert::{
    Certificate,
    der::{Decode, Reader, SliceReader, asn1::UintRef},
    ext::pkix::{SubjectAltName, name::GeneralName},
    name::Name,
};

use crate::InvalidJwt;
use crate::jwks::{Key, KeySet};

/// > the value is a base64url-encoded SHA-256 […] hash […] of the DER encoding of the X.509 certificate
///
/// <https://www.rfc-editor.org/rfc/rfc8705#section-3.1>
pub fn thumbprint(der: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(crate::digest(der))
}

/// Whether a certificate has the one name that its client registered.
///
/// > A client using the tls_client_auth authentication method MUST use exactly one of the below metadata parameters to
/// > indicate the certificate subject value that the authorization server is to expect
///
/// <https://www.rfc-editor.org/rfc/rfc8705#section-2.1.2>
pub fn has_registered_name(der: &[u8], metadata: &ClientMetadata) -> bool {
    let Ok(certificate) = Certificate::from_der(der) else { return false };
    if let Some(wanted) = &metadata.tls_client_auth_subject_dn {
        return is_name(&certificate.tbs_certificate.subject, wanted);
    }
    // A broken extension has no names.
    let names = certificate.tbs_certificate.get::<SubjectAltName>().ok().flatten();
    let names = names.map(|(_, names)| names.0).unwrap_or_default();
    let ip: Option<IpAddr> = metadata.tls_client_auth_san_ip.as_ref().and_then(|ip| ip.parse().ok());
    names.iter().any(|name| match name {
        GeneralName::DnsName(own) => metadata
            .tls_client_auth_san_dns
            .as_ref()
            .is_some_and(|name| own.as_str().eq_ignore_ascii_case(name)),
        GeneralName::UniformResourceIdentifier(own) => {
            metadata.tls_client_auth_san_uri.as_ref().is_some_and(|name| own.as_str() == name)
        }
        GeneralName::Rfc822Name(own) => {
            metadata.tls_client_auth_san_email.as_ref().is_some_and(|name| own.as_str() == name)
        }
        GeneralName::IpAddress(own) => ip.is_some_and(|ip| match ip {
            IpAddr::V4(ip) => ip.octets() == own.as_bytes(),
            IpAddr::V6(ip) => ip.octets() == own.as_bytes(),
        }),
        _ => false,
    })
}

/// Whether the key of a certificate is one of the client's registered keys.
///
/// > successful authentication requires only that the client prove possession of the private key corresponding to a public
/// > key […] and that the […] certificate […] match one of the certificates registered
///
/// <https://www.rfc-editor.org/rfc/rfc8705#section-2.2>
pub fn is_of_registered_key(der: &[u8], jwks: &str) -> Result<(), InvalidJwt> {
    let certificate = Certificate::from_der(der).map_err(|_| InvalidJwt::NoKey)?;
    let set: KeySet = serde_json::from_str(jwks).map_err(|_| InvalidJwt::NoKey)?;
    let own = &certificate.tbs_certificate.subject_public_key_info;
    let bits = own.subject_public_key.as_bytes().ok_or(InvalidJwt::NoKey)?;
    let algorithm = own.algorithm.oid.to_string();
    let registered = |key: &Key| key.is_sound() && is_key(key, &algorithm, bits);
    if set.keys.iter().any(registered) { Ok(()) } else { Err(InvalidJwt::NoKey) }
}

fn is_key(key: &Key, algorithm: &str, bits: &[u8]) -> bool {
    match (key.kty.as_str(), key.crv.as_deref(), algorithm) {
        // rsaEncryption: the bits are a structure of modulus and exponent.
        ("RSA", _, "1.2.840.113549.1.1.1") => {
            rsa(bits).is_some_and(|(n, e)| n == Key::bytes(&key.n) && e == Key::bytes(&key.e))
        }
        // id-ecPublicKey and id-Ed25519: the bits are the point. That of a P-256 key is on no other curve of its length.
        ("EC", Some("P-256"), "1.2.840.10045.2.1") | ("OKP", Some("Ed25519"), "1.3.101.112") => {
            bits == key.point()
        }
        _ => false,
    }
}

fn rsa(bits: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut reader = SliceReader::new(bits).ok()?;
    let numbers = reader.sequence(|inner| {
        let n = UintRef::decode(inner)?.as_bytes().to_vec();
        Ok((n, UintRef::decode(inner)?.as_bytes().to_vec()))
    });
    numbers.ok()
}

/// Both in the one form of RFC 4514, letters of either case alike, as directories compare.
fn is_name(own: &Name, wanted: &str) -> bool {
    let Ok(wanted) = without_padding(wanted).parse::<Name>() else { return false };
    !own.is_empty() && own.to_string().to_lowercase() == wanted.to_string().to_lowercase()
}

/// People write a space after a comma, which the strict form does not have.
fn without_padding(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let (mut escaped, mut after_comma) = (false, false);
    for c in name.chars() {
        if after_comma && c == ' ' {
            continue;
        }
        after_comma = c == ',' && !escaped;
        escaped = c == '\\' && !escaped;
        plain.push(c);
    }
    plain
}
