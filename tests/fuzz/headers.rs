//! Headers of HTTP that we read ourselves.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue};
use actix_web::test::TestRequest;
use web::{ForwardedHeader, Language, TrustedProxies};

/// Whom we trust may say anything; the answer is an address of the chain, or its own.
#[test]
fn forwarded() {
    let words = &[
        "for=",
        "by=",
        "proto=https",
        ";",
        ",",
        " ",
        "\"",
        "[2001:db8::1]",
        "192.0.2.1",
        ":443",
        "unknown",
        "_hidden",
        "10.0.0.1",
        "::ffff:10.0.0.1",
    ];
    let proxy = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
    let headers = [
        (ForwardedHeader::Forwarded, HeaderName::from_static("forwarded")),
        (ForwardedHeader::XForwardedFor, HeaderName::from_static("x-forwarded-for")),
    ];
    fuzz!(words, |text| {
        let Ok(value) = HeaderValue::from_str(text) else { return };
        for (kind, name) in &headers {
            let mut map = HeaderMap::new();
            map.append(name.clone(), value.clone());
            let everybody = TrustedProxies::new([(proxy, 8)], *kind);
            let found = everybody.client(proxy, &map);
            assert!(
                found == proxy || text.contains(&found.to_string()) || found.is_ipv6(),
                "{found} in {text}"
            );
            // A stranger is who it is, whatever it says.
            let stranger = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
            assert_eq!(everybody.client(stranger, &map), stranger);
        }
    });
}

#[test]
fn languages() {
    let words = &["fr", "en", "*", ";q=", "0.5", "1", ",", "-CA", "zz", " "];
    fuzz!(words, |text| {
        let Ok(value) = HeaderValue::from_str(text) else { return };
        let request = TestRequest::default().insert_header((ACCEPT_LANGUAGE, value)).to_http_request();
        let _ = Language::of(&request);
    });
}
