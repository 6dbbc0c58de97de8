//! Clients that show a certificate, as a trusted proxy hands it over. Our own listener: `tests/flows/house/tls.rs`.

use std::{fs, net::SocketAddr, process::Command, sync::Arc};

use actix_web::{http::header::HeaderName, test::TestRequest};
use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::{AuthMethod, Client, Policy, policy};
use rustls::{
    RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use serde_json::json;
use tempfile::TempDir;
use web::{Certificates, Clock, ForwardedHeader, System, TrustedProxies};

use super::{
    holder::Holder,
    house::{House, on_both},
    wire::{Answer, parts, post, text},
};

const PROXY: &str = "10.0.0.1:4000";
const STRANGER: &str = "192.0.2.1:4000";
const MTLS: &str = "https://mtls.op.test";

/// An authority and what it issued, and a certificate that nobody issued.
struct Papers(TempDir);

impl Papers {
    fn new() -> Papers {
        let folder = tempfile::tempdir().unwrap();
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        let openssl = |arguments: &[&[&str]]| {
            let done = Command::new("openssl").args(arguments.concat()).current_dir(folder.path()).output();
            let done = done.expect("openssl is installed (tests/install)");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        };
        for (name, subject) in
            [("ca", "/CN=Authority"), ("self", "/CN=Own"), ("other", "/CN=Other authority")]
        {
            let (key_file, certificate) = (format!("{name}.key"), format!("{name}.pem"));
            openssl(&[&["req", "-x509", "-subj", subject, "-keyout", &key_file, "-out", &certificate], &key]);
        }
        let names = "subjectAltName=DNS:client.test,URI:urn:client,IP:192.0.2.7,email:client@client.test\n";
        fs::write(folder.path().join("names"), names).unwrap();
        for (name, authority) in [("issued", "ca"), ("foreign", "other")] {
            let (key_file, request, certificate) =
                (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
            let subject = "/C=FR/O=Clients, Inc./CN=client one";
            openssl(&[&["req", "-subj", subject, "-keyout", &key_file, "-out", &request], &key]);
            let (signer, signer_key) = (format!("{authority}.pem"), format!("{authority}.key"));
            openssl(&[&[
                "x509",
                "-req",
                "-in",
                &request,
                "-CA",
                &signer,
                "-CAkey",
                &signer_key,
                "-CAcreateserial",
                "-extfile",
                "names",
                "-days",
                "2",
                "-out",
                &certificate,
            ]]);
        }
        Papers(folder)
    }

    fn pem(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(format!("{name}.pem"))).unwrap()
    }

    fn der(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.pem(name).as_bytes()).unwrap()
    }

    /// As nginx hands it over: `$ssl_client_escaped_cert`.
    fn escaped(&self, name: &str) -> String {
        url::form_urlencoded::byte_serialize(self.pem(name).as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    }

    /// As RFC 9440 has it.
    fn standard(&self, name: &str) -> String {
        format!(":{}:", STANDARD.encode(self.der(name)))
    }

    /// The key of the self-signed one, as a client registers it.
    fn jwks(&self) -> String {
        let der = self.der("self");
        // The uncompressed point is the last of the key's description, which begins with the name of its curve.
        let curve = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
        let at = der.windows(curve.len()).position(|window| window == curve).unwrap() + curve.len() + 4;
        let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
        let (x, y) = (encode(&der[at..at + 32]), encode(&der[at + 32..at + 64]));
        json!({"keys": [Holder::new().jwk(), {"kty": "EC", "crv": "P-256", "x": x, "y": y}]}).to_string()
    }

    async fn house(&self, header: &'static str) -> House {
        let mut roots = RootCertStore::empty();
        roots.add(self.der("ca")).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let authorities =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let policy = |policy: &mut Policy| {
            policy.certificates = policy::Certificates::Checked;
            policy.mtls_url = Some(MTLS.into());
        };
        let house = House::furnished(policy, |core| {
            core.trusted_proxies =
                TrustedProxies::new([("10.0.0.0".parse().unwrap(), 8)], ForwardedHeader::XForwardedFor);
            core.certificates = Certificates {
                header: Some(HeaderName::from_static(header)),
                authorities: Some(authorities),
            };
        });
        let house = house.await;
        // Certificates are of the real today.
        house.clock.set(System.now());
        house
    }
}

fn own_request(client: &str) -> TestRequest {
    post("/oauth2/token", &[("grant_type", "client_credentials"), ("client_id", client)])
}

async fn ask(house: &House, client: &str, from: &str, header: &str, value: &str) -> Answer {
    let from: SocketAddr = from.parse().unwrap();
    house.anonymous(own_request(client).peer_addr(from).insert_header((header, value))).await
}

fn refused() -> (u16, String) {
    (401, "invalid_client".into())
}

async fn client(house: &House, id: &str, method: AuthMethod, change: impl FnOnce(&mut Client)) -> Client {
    let by_certificate = |client: &mut Client| {
        client.auth_method = method;
        client.secret_digest = None;
        change(client);
    };
    house.client(id, by_certificate).await
}

// S53, S54: tls_client_auth
async fn an_issued_certificate_has_the_registered_name() {
    let papers = Papers::new();
    let house = papers.house("x-client-cert").await;
    type Change = fn(&mut Client);
    let names: [(&str, bool, Change); 9] = [
        ("dn", true, |c| {
            c.metadata.tls_client_auth_subject_dn = Some("CN=client one,O=Clients\\, Inc.,C=FR".into())
        }),
        ("spaced", true, |c| {
            c.metadata.tls_client_auth_subject_dn = Some("cn=Client One, O=Clients\\, Inc., C=FR".into())
        }),
        ("dns", true, |c| c.metadata.tls_client_auth_san_dns = Some("client.test".into())),
        ("uri", true, |c| c.metadata.tls_client_auth_san_uri = Some("urn:client".into())),
        ("ip", true, |c| c.metadata.tls_client_auth_san_ip = Some("192.0.2.7".into())),
        ("email", true, |c| c.metadata.tls_client_auth_san_email = Some("client@client.test".into())),
        ("part", false, |c| c.metadata.tls_client_auth_subject_dn = Some("CN=client one".into())),
        ("turned", false, |c| {
            c.metadata.tls_client_auth_subject_dn = Some("C=FR,O=Clients\\, Inc.,CN=client one".into())
        }),
        ("else", false, |c| c.metadata.tls_client_auth_san_dns = Some("other.test".into())),
    ];
    for (id, is_theirs, change) in names {
        client(&house, id, AuthMethod::TlsClientAuth, change).await;
        let answer = ask(&house, id, PROXY, "x-client-cert", &papers.escaped("issued")).await;
        assert_eq!(answer.status == 200, is_theirs, "{id}: {}", answer.body);
    }
    // Only from a proxy, only from our authority, only now.
    let issued = papers.escaped("issued");
    assert_eq!(ask(&house, "dn", STRANGER, "x-client-cert", &issued).await.error(), refused());
    assert_eq!(
        ask(&house, "dn", PROXY, "x-client-cert", &papers.escaped("foreign")).await.error(),
        refused()
    );
    assert_eq!(ask(&house, "dn", PROXY, "x-client-cert", "nonsense").await.error(), refused());
    assert_eq!(house.anonymous(own_request("dn").peer_addr(PROXY.parse().unwrap())).await.error(), refused());
    let twice = own_request("dn").peer_addr(PROXY.parse().unwrap());
    let twice = twice.append_header(("x-client-cert", issued.as_str())).append_header(("x-client-cert", "x"));
    assert_eq!(house.anonymous(twice).await.error(), refused());
    house.clock.advance(3 * 24 * 3600 * protocol::SECOND);
    assert_eq!(ask(&house, "dn", PROXY, "x-client-cert", &issued).await.error(), refused(), "expired");
}
on_both!(an_issued_certificate_has_the_registered_name);

// S53: self_signed_tls_client_auth
async fn a_certificate_of_its_own_is_of_a_registered_key() {
    let papers = Papers::new();
    let house = papers.house("client-cert").await;
    let own = |c: &mut Client| c.jwks = Some(papers.jwks());
    client(&house, "own", AuthMethod::SelfSignedTlsClientAuth, own).await;
    assert_eq!(ask(&house, "own", PROXY, "client-cert", &papers.standard("self")).await.status, 200);
    for wrong in ["issued", "ca"] {
        assert_eq!(
            ask(&house, "own", PROXY, "client-cert", &papers.standard(wrong)).await.error(),
            refused()
        );
    }
    assert_eq!(
        ask(&house, "own", STRANGER, "client-cert", &papers.standard("self")).await.error(),
        refused()
    );
}
on_both!(a_certificate_of_its_own_is_of_a_registered_key);

// RFC 8705, section 3
async fn tokens_are_bound_where_the_client_wants_it() {
    let papers = Papers::new();
    let house = papers.house("client-cert").await;
    let bound = |c: &mut Client| {
        c.jwks = Some(papers.jwks());
        c.metadata.tls_client_certificate_bound_access_tokens = true;
    };
    let client = client(&house, "own", AuthMethod::SelfSignedTlsClientAuth, bound).await;
    let answer = ask(&house, "own", PROXY, "client-cert", &papers.standard("self")).await.json();
    assert_eq!(text(&answer, "token_type"), "Bearer");
    let thumbprint = keyring::certificate::thumbprint(&papers.der("self"));
    assert_eq!(parts(text(&answer, "access_token")).1["cnf"], json!({"x5t#S256": thumbprint}));
    let known = post("/oauth2/introspect", &[("client_id", "own"), ("token", text(&answer, "access_token"))]);
    let known =
        known.peer_addr(PROXY.parse().unwrap()).insert_header(("client-cert", papers.standard("self")));
    assert_eq!(house.anonymous(known).await.json()["cnf"]["x5t#S256"], json!(thumbprint));
    // Whoever wants it by its secret must still show one.
    let by_secret = |c: &mut Client| c.metadata.tls_client_certificate_bound_access_tokens = true;
    let confidential = house.client("c2", by_secret).await;
    let own = [("grant_type", "client_credentials")];
    assert_eq!(house.token(&confidential, &own).await.error(), (400, "invalid_request".into()));
    assert!(client.auth_method.by_certificate());
}
on_both!(tokens_are_bound_where_the_client_wants_it);

// S91
async fn discovery_says_where_certificates_are_asked_for() {
    let papers = Papers::new();
    let house = papers.house("client-cert").await;
    let said = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(said["mtls_endpoint_aliases"]["token_endpoint"], json!(format!("{MTLS}/oauth2/token")));
    assert_eq!(said["tls_client_certificate_bound_access_tokens"], json!(true));
    let methods = said["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert!(
        methods.contains(&json!("tls_client_auth"))
            && methods.contains(&json!("self_signed_tls_client_auth"))
    );
    let bare = House::new().await.get("/.well-known/openid-configuration").await.json();
    assert_eq!(bare.get("mtls_endpoint_aliases"), None);
    assert_eq!(bare["tls_client_certificate_bound_access_tokens"], json!(false));
    assert!(!bare["token_endpoint_auth_methods_supported"].to_string().contains("tls_client_auth"));
}
on_both!(discovery_says_where_certificates_are_asked_for);
