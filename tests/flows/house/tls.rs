//! Our own TLS listener: the certificate of the files, and the renewed one without a restart.

use std::{fs, path::Path, process::Command, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Certificate, Client, Identity};
use serde_json::{Value, json};
use tests::{
    Engine,
    binary::{self, Server},
};

use crate::crashes::Place;

/// A self-signed certificate for `localhost` as `{name}.pem`, and its key.
pub fn certify(folder: &Path, name: &str) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", &format!("/CN={name}"), "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &format!("{name}.key"), "-out", &format!("{name}.pem")])
        .current_dir(folder)
        .output()
        .expect("openssl is installed (tests/install)");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// The key of a certificate, as a client registers it.
fn jwks(folder: &Path, name: &str) -> Value {
    let public = Command::new("openssl")
        .args(["pkey", "-in", &format!("{name}.key"), "-pubout", "-outform", "DER"])
        .current_dir(folder)
        .output()
        .unwrap();
    // The uncompressed point is the end of it.
    let (_, point) = public.stdout.split_at(public.stdout.len() - 64);
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    json!({"keys": [{"kty": "EC", "crv": "P-256", "x": encode(&point[..32]), "y": encode(&point[32..])}]})
}

/// Believes this one certificate and no other.
fn believes(folder: &Path, name: &str) -> Client {
    visage::place::install_tls();
    let pem = fs::read(folder.join(format!("{name}.pem"))).unwrap();
    Client::builder().tls_certs_only([Certificate::from_pem(&pem).unwrap()]).build().unwrap()
}

/// The same, and shows a certificate of its own where it is asked for one.
fn shows(folder: &Path, name: &str) -> Client {
    visage::place::install_tls();
    let read = |file: String| fs::read(folder.join(file)).unwrap();
    let identity =
        Identity::from_pem(&[read(format!("{name}.pem")), read(format!("{name}.key"))].concat()).unwrap();
    let roots = [Certificate::from_pem(&read("server.pem".to_owned())).unwrap()];
    Client::builder().tls_certs_only(roots).identity(identity).build().unwrap()
}

// S110
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_listener_shows_its_certificate_and_the_renewed_one() {
    let mut place = Place::new(Engine::Sqlite).await;
    let folder = place.dir.path().to_owned();
    for name in ["first", "second"] {
        certify(&folder, name);
    }
    let (shown, key) = (folder.join("tls.pem"), folder.join("tls.key"));
    fs::copy(folder.join("first.pem"), &shown).unwrap();
    fs::copy(folder.join("first.key"), &key).unwrap();
    let origin = place.issuer.replace("http://", "https://");
    let health = format!("127.0.0.1:{}", binary::free_port());
    for (variable, value) in [
        ("VISAGE_SERVER__PUBLIC_URL", origin.as_str()),
        ("VISAGE_SERVER__METRICS_LISTEN", &health),
        ("VISAGE_SERVER__TLS__CERTIFICATE", &shown.display().to_string()),
        ("VISAGE_SERVER__TLS__KEY", &key.display().to_string()),
    ] {
        place.set(variable, value);
    }
    let server = Server::start(&format!("http://{health}"), place.environment()).await;

    let discovery = format!("{origin}/.well-known/openid-configuration");
    let answer = believes(&folder, "first").get(&discovery).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("strict-transport-security"));
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["issuer"], origin);
    requests_of_ours_believe_named_roots(&folder, &discovery).await;
    let second = believes(&folder, "second");
    assert!(second.get(&discovery).send().await.is_err(), "not this one yet");
    // Nobody's credentials are taken in clear: there is no plain http, and no TLS before 1.2 in rustls.
    let plain = format!("{}/oauth2/token", place.issuer);
    assert!(tests::http().post(plain).basic_auth("a", Some("b")).send().await.is_err());

    // Half-way through a renewal the certificate and the key are no pair: the old one stays.
    fs::copy(folder.join("second.pem"), &shown).unwrap();
    tokio::time::sleep(visage::tls::LOOK_EVERY + Duration::from_secs(1)).await;
    assert_eq!(believes(&folder, "first").get(&discovery).send().await.unwrap().status(), 200);
    assert!(server.log.lock().unwrap().contains("server.tls.key"), "the log says what is wrong");

    fs::copy(folder.join("second.key"), &key).unwrap();
    for _ in 0..100 {
        if second.get(&discovery).send().await.is_ok() {
            assert!(believes(&folder, "first").get(&discovery).send().await.is_err());
            assert_eq!(server.terminate(), Some(0));
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the renewed certificate is not shown:\n{}", server.log.lock().unwrap());
}

// RFC 8705: a second listener asks for certificates, the first never does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_of_our_own_asks_clients_for_certificates() {
    let mut place = Place::new(Engine::Sqlite).await;
    let folder = place.dir.path().to_owned();
    for name in ["server", "client", "stranger"] {
        certify(&folder, name);
    }
    let file = |name: &str| folder.join(name).display().to_string();
    let origin = place.issuer.replace("http://", "https://");
    let (asking, health) = (binary::free_port(), format!("127.0.0.1:{}", binary::free_port()));
    let mtls = format!("https://localhost:{asking}");
    for (variable, value) in [
        ("VISAGE_SERVER__PUBLIC_URL", origin.as_str()),
        ("VISAGE_SERVER__METRICS_LISTEN", &health),
        ("VISAGE_SERVER__TLS__CERTIFICATE", &file("server.pem")),
        ("VISAGE_SERVER__TLS__KEY", &file("server.key")),
        ("VISAGE_SERVER__MTLS_LISTEN", &format!("127.0.0.1:{asking}")),
        ("VISAGE_SERVER__MTLS_URL", &mtls),
    ] {
        place.set(variable, value);
    }
    let bound = json!({
        "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": jwks(&folder, "client"),
        "grant_types": ["client_credentials"], "response_types": [], "client_name": "Own",
        "tls_client_certificate_bound_access_tokens": true,
    });
    fs::write(folder.join("client.json"), bound.to_string()).unwrap();
    place.run(&["client", "add", "--id", "own", "--metadata", &file("client.json")], "");
    let server = Server::start(&format!("http://{health}"), place.environment()).await;

    let nobody = believes(&folder, "server");
    let holder = shows(&folder, "client");
    let document = format!("{origin}/.well-known/openid-configuration");
    let said: Value = nobody.get(&document).send().await.unwrap().json().await.unwrap();
    let endpoint = said["mtls_endpoint_aliases"]["token_endpoint"].as_str().unwrap();
    assert_eq!(endpoint, format!("{mtls}/oauth2/token"));
    let form = [("grant_type", "client_credentials"), ("client_id", "own")];
    let token = async |who: &Client, endpoint: &str| who.post(endpoint).form(&form).send().await.unwrap();
    let usual = said["token_endpoint"].as_str().unwrap();
    for (who, endpoint) in
        [(&nobody, endpoint), (&shows(&folder, "stranger"), endpoint), (&holder, usual), (&nobody, usual)]
    {
        assert_eq!(token(who, endpoint).await.status(), 401, "{endpoint}");
    }
    let answer: Value = token(&holder, endpoint).await.json().await.unwrap();
    let own = answer["access_token"].as_str().unwrap();
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(own.split('.').nth(1).unwrap()).unwrap()).unwrap();
    assert!(claims["cnf"]["x5t#S256"].is_string(), "{claims}");
    // The token stands for no person (403), and without its certificate for nobody at all (401).
    let profile = async |who: &Client, at: &str| {
        who.get(format!("{at}/api/auth/profile")).bearer_auth(own).send().await.unwrap().status().as_u16()
    };
    assert_eq!(profile(&holder, &mtls).await, 403);
    for (who, at) in [(&nobody, &mtls), (&holder, &origin), (&shows(&folder, "stranger"), &mtls)] {
        assert_eq!(profile(who, at).await, 401, "{at}");
    }
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn half_a_pair_and_a_plain_issuer_are_refused() {
    let environment = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    for (settings, sentence) in [
        (&[("VISAGE_SERVER__TLS__KEY", "k.pem")][..], "go together"),
        (
            &[("VISAGE_SERVER__TLS__KEY", "k.pem"), ("VISAGE_SERVER__TLS__CERTIFICATE", "c.pem")][..],
            "must begin with https://",
        ),
        (&[("VISAGE_SERVER__MTLS_LISTEN", "127.0.0.1:1")][..], "needs `server.tls.certificate`"),
        (
            &[("VISAGE_SERVER__CLIENT_CERTIFICATE_HEADER", "Client-Cert")][..],
            "only from `server.trusted_proxies`",
        ),
        (&[("VISAGE_SERVER__CLIENT_CERTIFICATE_HEADER", "a b")][..], "not the name of a header"),
    ] {
        let refused = binary::run(&["config", "show"], &environment(settings), "");
        assert!(!refused.status.success());
        let error = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(error.contains(sentence), "{error}");
    }
}

/// `outbound.ca_file` and `outbound.allow_networks`, as the server builds its own requests from them.
async fn requests_of_ours_believe_named_roots(folder: &Path, url: &str) {
    use web::outbound::{Bounds, Outbound, Refused, Settings};
    let url = url.parse().unwrap();
    let bounds = Bounds { largest: 100_000, deadline: Duration::from_secs(5), redirects: 0 };
    let asking = async |root: Option<&str>, allow: &[(&str, u8)]| {
        let allow = allow.iter().map(|(address, prefix)| (address.parse().unwrap(), *prefix)).collect();
        let roots = root.map(|name| fs::read(folder.join(format!("{name}.pem"))).unwrap());
        Outbound::new(Settings { allow, roots }).unwrap().get(&url, bounds).await
    };
    let loopback = [("127.0.0.0", 8)];
    assert!(asking(Some("first"), &loopback).await.is_ok());
    for root in [None, Some("second")] {
        assert!(matches!(asking(root, &loopback).await, Err(Refused::Http(_))), "{root:?}");
    }
    for networks in [&[][..], &[("10.0.0.0", 8)]] {
        assert!(matches!(asking(Some("first"), networks).await, Err(Refused::Address)), "{networks:?}");
    }
}
