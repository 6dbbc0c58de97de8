//! Parameters of the OAuth endpoints.

use protocol::authorization::{AuthorizationRequest, Rejection, ResponseType, request_object, validate};
use protocol::claims::ClaimsRequest;
use protocol::device;
use protocol::logout::LogoutRequest;
use protocol::redirect_uri::{self, Apps};
use protocol::token::{ExchangeRequest, TokenRequest};
use protocol::{AuthMethod, Client, DetailType, Policy, Scopes};
use url::Url;
use web::InteractionId;
use web::form::Params;

use crate::text;

const REQUEST: &[&str] = &[
    "&",
    "=",
    "&response_type=",
    "&client_id=c1",
    "&redirect_uri=https://app.example/cb",
    "&scope=openid",
    "&scope=",
    " profile",
    " email",
    "&state=",
    "&nonce=",
    "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "&code_challenge_method=S256",
    "&response_mode=",
    "fragment",
    "form_post",
    "query.jwt",
    "&prompt=",
    "none",
    "login",
    "&max_age=",
    "&claims=",
    r#"{"userinfo":{"email":{"essential":true}}}"#,
    "code",
    "id_token",
    "token",
    " ",
    "&request_uri=urn:ietf:params:oauth:",
    "&request=eyJ",
    "&login_hint=",
    "&id_token_hint=",
    "&acr_values=",
    "&ui_locales=fr en",
    "&display=page",
    "&resource=",
    "&authorization_details=[]",
    "&dpop_jkt=",
    "&registration={}",
    "https://evil.example/",
    "http://127.0.0.1:9/",
];

fn client() -> Client {
    let redirect_uris = ["https://app.example/cb", "http://127.0.0.1/cb", "com.example.app:/cb"];
    Client {
        name: "A".into(),
        auth_method: AuthMethod::None,
        redirect_uris: redirect_uris.map(String::from).into(),
        grant_types: vec!["authorization_code".into(), "implicit".into()],
        response_types: ResponseType::ALL.map(|kind| kind.as_str().to_owned()).into(),
        ..Client::blank("c1", 0)
    }
}

fn policy() -> Policy {
    let mut policy = Policy::new("https://op.example");
    policy.response_types = ResponseType::ALL.into();
    policy
}

// S1, S2, S8: whatever is asked, answers go to a registered address or to nobody.
#[test]
fn authorization_requests() {
    let (client, policy) = (client(), policy());
    fuzz!(REQUEST, |text| {
        let pairs = &text::pairs(text);
        let to = match validate(&AuthorizationRequest::parse(pairs), &client, &policy) {
            Ok(valid) => {
                assert!(!valid.scopes.is_empty() && valid.scopes.is_subset(&client.allowed_scopes()));
                valid.to
            }
            Err(Rejection::Redirect { to, .. }) => to,
            Err(Rejection::Show(_)) => return,
        };
        let known = |uri: &String| redirect_uri::matches(&to.redirect_uri, uri, Apps::Usual);
        assert!(client.redirect_uris.iter().any(known), "{}", to.redirect_uri);
    });
}

#[test]
fn token_requests() {
    let words = &[
        "&grant_type=",
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:",
        "device_code",
        "token-exchange",
        "jwt-bearer",
        "&code=",
        "&code_verifier=",
        "&redirect_uri=",
        "&scope=",
        "openid",
        "&subject_token=",
        "&subject_token_type=",
        "urn:ietf:params:oauth:token-type:access_token",
        "&assertion=",
        "&resource=",
        "&audience=",
        "&actor_token=",
        "&device_code=",
        "&client_id=c1",
        "&",
        "=",
    ];
    let (client, policy) = (client(), policy());
    fuzz!(words, |text| {
        let pairs = &text::pairs(text);
        let _ = TokenRequest::parse(pairs, &client, &policy);
        let _ = ExchangeRequest::parse(protocol::parameters::Parameters(pairs));
        let _ = LogoutRequest::parse(pairs);
    });
}

// S12: what is read says the same when it is written and read again.
#[test]
fn scopes() {
    fuzz!(&["openid", "profile", " ", "email", "offline_access", "a", "!", "~"], |text| {
        let Ok(scopes) = Scopes::parse(text) else { return };
        let written = scopes.to_string();
        assert_eq!(Scopes::parse(&written).unwrap(), scopes);
        assert!(
            written.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
                && !written.contains(['"', '\\'])
        );
    });
}

// S3, S5, S6: what may be registered is an absolute address without a fragment, and equals only itself.
#[test]
fn redirect_uris() {
    let words = &[
        "https://",
        "http://",
        "app.example",
        "/cb",
        "127.0.0.1",
        "[::1]",
        "localhost",
        ":8080",
        "?a=b",
        "#f",
        "user:pw@",
        "com.example.app:",
        "javascript:",
        "data:",
        "%2e%2e",
        "//",
        "/../",
    ];
    fuzz!(words, |text| {
        if redirect_uri::check_registration(text, Apps::Usual).is_err() {
            return;
        }
        let url = Url::parse(text).unwrap();
        assert!(url.fragment().is_none() && url.username().is_empty() && text.is_ascii());
        assert!(!matches!(url.scheme(), "javascript" | "data" | "file" | "blob"));
        assert!(redirect_uri::matches(text, text, Apps::Usual));
        for other in [format!("{text}x"), format!("{text}/"), format!("{text}?"), format!("{text}#x")] {
            // The port of a loopback address is the one thing that may differ.
            let port = Url::parse(&other).is_ok_and(|other| other.port() != url.port());
            assert!(port || !redirect_uri::matches(&other, text, Apps::Usual), "{other} for {text}");
        }
    });
}

// S30
#[test]
fn claims_requests() {
    let words = &[
        "{",
        "}",
        r#""userinfo":"#,
        r#""id_token":"#,
        r#""email":"#,
        "null",
        r#"{"essential":true}"#,
        r#"{"value":"x"}"#,
        r#"{"values":["#,
        "]}",
        ",",
        r#""sub":"#,
        r#""acr":"#,
        "1e999",
        "[[[[",
        r#""\ud800""#,
    ];
    fuzz!(words, |text| {
        if let Ok(request) = ClaimsRequest::parse(Some(text)) {
            let within = request.within(&Scopes::known());
            assert!(within.for_id_token().len() + within.for_userinfo().len() <= text.len());
        }
    });
}

#[test]
fn authorization_details() {
    let words = &[
        "[",
        "]",
        "{",
        "}",
        r#""type":"#,
        r#""payment""#,
        r#""amount":"#,
        "1",
        ",",
        r#""locations":["https://a"]"#,
        r#""actions":"#,
        r#"["read"]"#,
        "null",
        "true",
        r#"{"type":"payment","amount":1}"#,
    ];
    let kind = DetailType {
        name: "payment".into(),
        words: "Pay {amount}".into(),
        words_fr: "Payer {amount}".into(),
        required: vec!["amount".into()],
        optional: vec!["note".into()],
    };
    let policy = Policy { detail_types: vec![kind], ..policy() };
    let client = client();
    fuzz!(words, |text| {
        let Ok(details) = policy.details(Some(text), &client) else { return };
        assert!(details.iter().all(|detail| detail["type"] == "payment" && detail.contains_key("amount")));
        assert_eq!(policy.detail_sentences(&details).len(), details.len());
        let _ = protocol::details::narrowed(details, Some(text));
    });
}

// S141: what is not UTF-8 or has a NUL is refused, the rest read as it was written.
#[test]
fn forms() {
    bolero::check!().with_test_time(crate::EACH).with_iterations(usize::MAX).for_each(|bytes: &[u8]| {
        let Ok(params) = Params::parse(bytes) else { return };
        assert!(params.pairs().iter().all(|(name, value)| !name.contains('\0') && !value.contains('\0')));
        let mut again = url::form_urlencoded::Serializer::new(String::new());
        again.extend_pairs(params.pairs());
        assert_eq!(Params::parse(again.finish().as_bytes()).unwrap(), params);
    });
}

#[test]
fn interactions_and_days() {
    fuzz!(&["2026", "-", "02", "29", "T", "a", "A", "_", "0000", "9999"], |text| {
        if let Some(id) = InteractionId::parse(text) {
            assert_eq!(id.as_str(), text);
            assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
        }
        if let Some(day) = protocol::day::parse_date(text) {
            assert!(day.abs() < 400_000_000_000_000_000, "{text}");
        }
    });
}

// S20: an object says only what a request could say, and never brings another object.
#[test]
fn request_objects() {
    let words = &[
        "{",
        "}",
        ",",
        ":",
        r#"{"iss":"c1","aud":"https://op.example","exp":1800000060,"#,
        r#""client_id":"c1""#,
        r#""request":"x""#,
        r#""nbf":1800000000"#,
        r#""exp":1e99"#,
        r#""resource":["https://a","https://b"]"#,
        r#""claims":{"id_token":{}}"#,
        r#""scope":"openid""#,
        r#""max_age":10"#,
        r#""sub":"c1""#,
        "null",
        "[]",
    ];
    let (client, policy) = (client(), policy());
    fuzz!(words, |text| {
        let Ok(serde_json::Value::Object(claims)) = serde_json::from_str(text) else { return };
        let now = 1_800_000_000_000_000;
        let Ok(pairs) = request_object::parameters(&claims, &client, &policy, now) else { return };
        assert!(
            pairs.iter().all(|(name, _)| !["request", "request_uri", "iss", "aud", "exp"].contains(&&**name))
        );
        assert!(pairs.iter().filter(|(name, _)| name == "client_id").all(|(_, id)| *id == client.id));
        let _ = validate(&AuthorizationRequest::parse(&pairs), &client, &policy);
    });
}

// S75: whatever is typed is a code that we could have shown, or none.
#[test]
fn user_codes() {
    fuzz!(&["B", "c", "DFGH", "-", " ", "0", "O", "wdjb", "MJHT"], |text| {
        let Some(code) = device::normalised(text) else { return };
        assert_eq!(device::normalised(&device::shown(&code)), Some(code.clone()));
        assert!(code.bytes().all(|byte| byte.is_ascii_uppercase()), "{code}");
    });
}
