//! Our own TLS listener: the certificate of the files, and the renewed one without a restart.

use std::{fs, path::Path, process::Command, time::Duration};

use reqwest::{Certificate, Client};
use tests::{
    Engine,
    binary::{self, Server},
};

use crate::crashes::Place;

/// A self-signed certificate for `localhost` as `{name}.pem`, and its key.
fn certify(folder: &Path, name: &str) {
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

/// Believes this one certificate and no other.
fn believes(folder: &Path, name: &str) -> Client {
    visage::place::install_tls();
    let pem = fs::read(folder.join(format!("{name}.pem"))).unwrap();
    Client::builder().tls_certs_only([Certificate::from_pem(&pem).unwrap()]).build().unwrap()
}

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
