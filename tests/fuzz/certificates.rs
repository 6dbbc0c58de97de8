//! Certificates of clients (X.509): read before anybody has vouched for them.

use base64::{Engine, engine::general_purpose::STANDARD};
use keyring::certificate;
use protocol::ClientMetadata;

/// `CN=app,O=App,C=FR`, for app.example, https://app.example/, 192.0.2.1 and a@app.example.
const REAL: &str = concat!(
    "MIIB7TCCAZKgAwIBAgIUfrHqdWKH5S1zQNOxw4lhXJ5jgfEwCgYIKoZIzj0EAwIwKTELMAkGA1UEBhMCRlIxDDAKBgNVBAoMA0FwcDEMMAoGA1UEAwwDYXBw",
    "MB4XDTI2MTEyMTIxMTQxNVoXDTM2MTExODIxMTQxNVowKTELMAkGA1UEBhMCRlIxDDAKBgNVBAoMA0FwcDEMMAoGA1UEAwwDYXBwMFkwEwYHKoZIzj0CAQYI",
    "KoZIzj0DAQcDQgAE0c+xk5AuuPSJgCJ1Myiw+i/EISqxbdEKChhcriAD0KXxbW8WkA7CEfuoz7TU9e6Jh7F+T5WmuLzgtKPu2wJW7qOBlzCBlDAdBgNVHQ4E",
    "FgQUa24K1Xgl8sI4/8K0RHQ0NaPGbZMwHwYDVR0jBBgwFoAUa24K1Xgl8sI4/8K0RHQ0NaPGbZMwDwYDVR0TAQH/BAUwAwEB/zBBBgNVHREEOjA4ggthcHAu",
    "ZXhhbXBsZYYUaHR0cHM6Ly9hcHAuZXhhbXBsZS+HBMAAAgGBDWFAYXBwLmV4YW1wbGUwCgYIKoZIzj0EAwIDSQAwRgIhANy7B92B4GY/VeN5Vyz2a1E3c5xD",
    "zb7+79Jjh8d79rhDAiEAsaa4rU46gaNoadXBtLRj1bYezMGCV1NhNSuY3QIX22U=",
);

fn names() -> [ClientMetadata; 5] {
    let none = ClientMetadata::default;
    [
        ClientMetadata { tls_client_auth_subject_dn: Some("CN=app,O=App,C=FR".into()), ..none() },
        ClientMetadata { tls_client_auth_san_dns: Some("app.example".into()), ..none() },
        ClientMetadata { tls_client_auth_san_uri: Some("https://app.example/".into()), ..none() },
        ClientMetadata { tls_client_auth_san_ip: Some("192.0.2.1".into()), ..none() },
        ClientMetadata { tls_client_auth_san_email: Some("a@app.example".into()), ..none() },
    ]
}

// S107
#[test]
fn certificates() {
    let real = STANDARD.decode(REAL).unwrap();
    let names = names();
    assert!(
        names.iter().all(|name| certificate::has_registered_name(&real, name)),
        "the real one has every name"
    );
    bolero::check!().with_test_time(crate::EACH).with_iterations(usize::MAX).for_each(|noise: &[u8]| {
        let mut changed = real.clone();
        for change in noise.chunks_exact(3) {
            let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % changed.len();
            changed[at] = change[2];
        }
        for der in [noise, &changed, &changed[..changed.len().min(noise.len())]] {
            for name in &names {
                let _ = certificate::has_registered_name(der, name);
            }
            assert!(certificate::is_of_registered_key(der, r#"{"keys":[]}"#).is_err());
        }
    });
}
