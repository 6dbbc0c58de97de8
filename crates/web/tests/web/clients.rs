//! Client authentication at the OAuth endpoints.

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, HttpResponse};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use protocol::{AuthMethod, Client, SECOND};
use serde_json::{Value, json};
use web::{ClientAuthentication, Endpoint, Hygiene, paths};

use crate::house::{House, ISSUER, NOW, SECRET, client};

/// Status, whether `WWW-Authenticate: Basic` is there, and the error or the client's id.
type Said = (u16, bool, String);

async fn ask(house: &House, request: TestRequest) -> Said {
    async fn who(caller: ClientAuthentication) -> HttpResponse {
        HttpResponse::Ok().body(caller.client.id.clone())
    }
    let app = App::new()
        .wrap(Hygiene::new(&house.core))
        .app_data(house.core.clone())
        .configure(|cfg| Endpoint::at(paths::TOKEN).post(who).mount(cfg));
    let app = init_service(app).await;
    let response = call_service(&app, request.uri(paths::TOKEN).to_request()).await;
    let basic = response
        .headers()
        .get("www-authenticate")
        .is_some_and(|value| value.as_bytes().starts_with(b"Basic "));
    let status = response.status().as_u16();
    if status != 200 {
        assert_eq!(response.headers().get("cache-control").unwrap(), "no-store", "S49");
        assert_eq!(response.headers().get("content-type").unwrap(), "application/json", "S49");
    }
    let body = read_body(response).await;
    let said = match serde_json::from_slice::<Value>(&body) {
        Ok(json) => json["error"].as_str().unwrap().to_owned(),
        Err(_) => String::from_utf8(body.to_vec()).unwrap(),
    };
    (status, basic, said)
}

fn post(pairs: &[(&str, &str)]) -> TestRequest {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    TestRequest::post()
        .insert_header(("content-type", "application/x-www-form-urlencoded; charset=UTF-8"))
        .set_payload(body)
}

fn basic(id: &str, secret: &str) -> (&'static str, String) {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    ("authorization", format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(id), encode(secret)))))
}

fn ok(id: &str) -> Said {
    (200, false, id.to_owned())
}

fn refused(basic: bool) -> Said {
    (401, basic, "invalid_client".to_owned())
}

fn confused() -> Said {
    (400, false, "invalid_request".to_owned())
}

// S50, S51
#[actix_web::test]
async fn a_secret_in_the_header() {
    let house = House::new().await;
    let good = basic("c1", SECRET);
    assert_eq!(ask(&house, post(&[]).insert_header(good.clone())).await, ok("c1"));
    let lower = ("authorization", good.1.replace("Basic", "basic"));
    assert_eq!(ask(&house, post(&[]).insert_header(lower)).await, ok("c1"));
    for bad in [
        basic("c1", "wrong"),
        basic("nobody", SECRET),
        basic("public", SECRET),
        basic("c1\0", SECRET),
        ("authorization", "Basic ###".into()),
        ("authorization", "Basic".into()),
        ("authorization", format!("Basic {}", STANDARD.encode("no colon"))),
        ("authorization", format!("Basic {}", STANDARD.encode(b"\xff:\xff"))),
        ("authorization", "Digest x".into()),
    ] {
        assert_eq!(ask(&house, post(&[]).insert_header(bad.clone())).await, refused(true), "{bad:?}");
    }
}

// S52, S53, S54
#[actix_web::test]
async fn one_method_and_the_registered_one() {
    let house = House::new().await;
    house.core.store.insert_client(client("poster", AuthMethod::SecretPost)).await.unwrap();
    let header = basic("c1", SECRET);
    for (request, expected) in [
        (post(&[("client_id", "poster"), ("client_secret", SECRET)]), ok("poster")),
        (post(&[("client_id", "poster"), ("client_secret", "wrong")]), refused(false)),
        (post(&[("client_id", "nobody"), ("client_secret", SECRET)]), refused(false)),
        (post(&[("client_id", "public")]), ok("public")),
        (post(&[("client_id", "poster")]), refused(false)),
        (post(&[("client_id", "c1"), ("client_secret", SECRET)]), refused(false)),
        (post(&[]).insert_header(basic("poster", SECRET)), refused(true)),
        (post(&[]), refused(false)),
        (post(&[("client_secret", SECRET)]), refused(false)),
        (post(&[("client_id", "")]), refused(false)),
        (post(&[("client_id", "c1"), ("client_secret", SECRET)]).insert_header(header.clone()), confused()),
        (post(&[("client_assertion", "a.b.c")]).insert_header(header.clone()), confused()),
        (post(&[("client_id", "other")]).insert_header(header.clone()), confused()),
        (post(&[("client_id", "c1")]).insert_header(header.clone()), ok("c1")),
        (post(&[("client_id", "public"), ("client_id", "public")]), confused()),
    ] {
        assert_eq!(ask(&house, request).await, expected);
    }
    let inactive = Client { is_active: false, ..client("c1", AuthMethod::SecretBasic) };
    house.core.store.update_client(inactive).await.unwrap();
    assert_eq!(ask(&house, post(&[]).insert_header(header)).await, refused(true));
}

// S47
#[actix_web::test]
async fn a_body_that_is_no_form() {
    let house = House::new().await;
    let json = TestRequest::post().set_json(json!({ "client_id": "public" }));
    assert_eq!(ask(&house, json).await, confused());
    assert_eq!(ask(&house, TestRequest::post().set_payload("client_id=public")).await, confused());
    assert_eq!(ask(&house, TestRequest::get()).await.0, 405);
    assert_eq!(ask(&house, post(&[("client_id", "public"), ("x", "\0")])).await, confused());
    let large = post(&[("client_id", "public"), ("x", &"y".repeat(70_000))]);
    assert_eq!(ask(&house, large).await.0, 413, "S71");
}

struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Signer {
        Signer(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn jwks(&self) -> String {
        let point = self.0.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": x, "y": y }] }).to_string()
    }

    fn post(&self, claims: &Value) -> TestRequest {
        let key = EncodingKey::from_ec_der(self.0.to_pkcs8v1().unwrap().as_ref());
        let jwt = encode(&Header::new(Algorithm::ES256), claims, &key).unwrap();
        post(&[
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &jwt),
        ])
    }
}

// S55
#[actix_web::test]
async fn a_signed_assertion_once() {
    let house = House::new().await;
    let (signer, stranger) = (Signer::new(), Signer::new());
    let signed = Client { jwks: Some(signer.jwks()), ..client("signed", AuthMethod::PrivateKeyJwt) };
    house.core.store.insert_client(signed).await.unwrap();
    let now = NOW / SECOND;
    let claims = |jti: &str| json!({ "iss": "signed", "sub": "signed", "aud": ISSUER, "exp": now + 60, "iat": now, "jti": jti });
    let with = |jti: &str, name: &str, value: Value| {
        let mut claims = claims(jti);
        claims[name] = value;
        claims
    };
    assert_eq!(ask(&house, signer.post(&claims("1"))).await, ok("signed"));
    assert_eq!(ask(&house, signer.post(&claims("1"))).await, refused(false), "a second time");
    let endpoint = format!("{ISSUER}{}", paths::TOKEN);
    assert_eq!(ask(&house, signer.post(&with("2", "aud", json!([endpoint])))).await, ok("signed"));
    for (what, request) in [
        ("another key", stranger.post(&claims("3"))),
        ("aud", signer.post(&with("4", "aud", json!("https://op.example/oauth2/revoke")))),
        ("iss", signer.post(&with("5", "iss", json!("c1")))),
        ("sub", signer.post(&with("6", "sub", json!("c1")))),
        ("exp", signer.post(&with("7", "exp", json!(now - 60)))),
        ("a life too long", signer.post(&with("8", "exp", json!(now + 3600)))),
        ("iat", signer.post(&with("9", "iat", json!(now + 61)))),
        ("no jti", signer.post(&with("", "jti", Value::Null))),
        (
            "nonsense",
            post(&[
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", "x"),
            ]),
        ),
    ] {
        assert_eq!(ask(&house, request).await, refused(false), "{what}");
    }
    assert_eq!(ask(&house, post(&[("client_assertion", "a.b.c")])).await, confused(), "no type");
    // 32 at once: one is the first.
    let tries = (0..32).map(|_| ask(&house, signer.post(&claims("same"))));
    let outcomes = futures_util::future::join_all(tries).await;
    assert_eq!(outcomes.iter().filter(|said| said.0 == 200).count(), 1);
}
