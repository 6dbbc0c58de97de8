//! Every rule of the authorization request, one wrong parameter at a time, and the decision.

use proptest::prelude::*;

use super::*;
use crate::{ErrorCode, SECOND, policy::Pkce, redirect_uri, samples};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn good() -> Vec<(String, String)> {
    let pairs = [
        ("client_id", "c1"),
        ("redirect_uri", "https://app.example/cb"),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", "a state"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The good request with one parameter set, or gone where the value is empty.
fn with(name: &str, value: &str) -> Vec<(String, String)> {
    let mut pairs = good();
    pairs.retain(|(key, _)| key != name);
    pairs.push((name.to_owned(), value.to_owned()));
    pairs
}

fn check_as(pairs: &[(String, String)], client: &Client, policy: &Policy) -> Result<ValidRequest, Rejection> {
    validate(&AuthorizationRequest::parse(pairs), client, policy)
}

fn check(pairs: &[(String, String)]) -> Result<ValidRequest, Rejection> {
    check_as(pairs, &samples::client(), &Policy::new("https://op"))
}

fn redirected(outcome: Result<ValidRequest, Rejection>) -> ErrorCode {
    match outcome {
        Err(Rejection::Redirect { to, error }) => {
            assert_eq!(to.redirect_uri, "https://app.example/cb");
            error.code
        }
        other => panic!("not sent back: {other:?}"),
    }
}

fn is_shown(outcome: &Result<ValidRequest, Rejection>) -> bool {
    matches!(outcome, Err(Rejection::Show(_)))
}

// S1, S2, S3, S8
#[test]
fn nothing_is_sent_to_an_address_that_is_not_the_client_s() {
    for (name, value) in [
        ("client_id", ""),
        ("client_id", "c2"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://app.example/cb?x=1"),
        ("redirect_uri", "https://app.example/cb/"),
        ("redirect_uri", "https://app.example/cb#f"),
        ("redirect_uri", "https://APP.example/cb"),
    ] {
        assert!(is_shown(&check(&with(name, value))), "{name}={value}");
    }
    for name in ["client_id", "redirect_uri"] {
        let mut twice = good();
        let again = twice.iter().find(|(key, _)| key == name).cloned().unwrap();
        twice.push(again);
        assert!(is_shown(&check(&twice)), "{name} twice");
    }
    let inactive = Client { is_active: false, ..samples::client() };
    assert!(is_shown(&check_as(&good(), &inactive, &Policy::new("https://op"))));
}

#[test]
fn plain_oauth_may_leave_out_the_only_redirect_uri() {
    let mut pairs = with("scope", "email");
    pairs.retain(|(name, _)| name != "redirect_uri");
    let valid = check(&pairs).unwrap();
    assert!(!valid.redirect_uri_given);
    let two = Client {
        redirect_uris: vec!["https://app.example/cb".into(), "https://app.example/2".into()],
        ..samples::client()
    };
    assert!(is_shown(&check_as(&pairs, &two, &Policy::new("https://op"))));
}

// S7, S9, S11, S12, S14, S16, S19, S30, S72
#[test]
fn everything_else_goes_back_to_the_client() {
    use ErrorCode::*;
    let long = "x".repeat(4097);
    for (name, value, code) in [
        ("response_type", "", InvalidRequest),
        ("response_type", "token", UnsupportedResponseType),
        ("response_type", "id_token token", UnsupportedResponseType),
        ("response_type", "code id_token", UnsupportedResponseType),
        ("response_mode", "web_message", InvalidRequest),
        ("prompt", &"login ".repeat(50), InvalidRequest),
        ("max_age", &"1".repeat(257), InvalidRequest),
        ("code_challenge", "", InvalidRequest),
        ("code_challenge", "short", InvalidRequest),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM", InvalidRequest),
        ("code_challenge_method", "", InvalidRequest),
        ("code_challenge_method", "plain", InvalidRequest),
        ("code_challenge_method", "s256", InvalidRequest),
        ("state", &long, InvalidRequest),
        ("nonce", &long, InvalidRequest),
        ("scope", "", InvalidScope),
        ("scope", "unknown", InvalidScope),
        ("scope", "openid \"", InvalidScope),
        ("prompt", "none login", InvalidRequest),
        ("prompt", "create", InvalidRequest),
        ("max_age", "-1", InvalidRequest),
        ("max_age", "abc", InvalidRequest),
        ("max_age", "1.5", InvalidRequest),
        ("claims", "{", InvalidRequest),
        ("request", "e30.e30.", RequestNotSupported),
        ("request_uri", "https://x", RequestUriNotSupported),
        ("registration", "{}", RegistrationNotSupported),
        ("resource", "https://other", InvalidTarget),
    ] {
        assert_eq!(redirected(check(&with(name, value))), code, "{name}={value}");
    }
    let mut twice = good();
    twice.push(("state".into(), "b".into()));
    assert_eq!(redirected(check(&twice)), InvalidRequest);
    let other_grants = Client { grant_types: vec!["client_credentials".into()], ..samples::client() };
    let outcome = check_as(&good(), &other_grants, &Policy::new("https://op"));
    assert_eq!(redirected(outcome), UnauthorizedClient);
}

// S8, S12, S31
#[test]
fn what_we_do_not_know_is_ignored() {
    for (name, value) in [
        ("extra", "1"),
        ("display", "page"),
        ("ui_locales", "se fr"),
        ("claims_locales", "se"),
        ("acr_values", "1 2"),
        ("login_hint", "\"><script>"),
        ("prompt", ""),
        ("max_age", "0"),
        ("max_age", "99999999999999999999"),
        ("scope", "openid email unknown"),
        ("claims", "{\"userinfo\":{\"name\":null}}"),
    ] {
        let valid = check(&with(name, value)).unwrap_or_else(|e| panic!("{name}={value}: {e:?}"));
        assert_eq!(valid.scopes.to_string(), "openid email");
    }
}

// S19
#[test]
fn a_refused_request_object_says_how_the_refusal_travels() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let claims = URL_SAFE_NO_PAD.encode(r#"{"response_mode":"form_post","state":"inside","client_id":"c2"}"#);
    let mut pairs = with("request", &format!("e30.{claims}."));
    pairs.retain(|(name, _)| name != "state");
    let Err(Rejection::Redirect { to, error }) = check(&pairs) else { panic!("not sent back") };
    assert_eq!(error.code, ErrorCode::RequestNotSupported);
    assert_eq!((to.mode, to.state.as_deref()), (ResponseMode::plain(Carrier::FormPost), Some("inside")));
    for nonsense in ["", ".", "a.b.c", "..", "x.e30", "x.W10."] {
        let outcome = check(&with("request", nonsense));
        assert!(nonsense.is_empty() || redirected(outcome) == ErrorCode::RequestNotSupported);
    }
}

// S9
#[test]
fn only_confidential_clients_may_be_let_off_the_proof() {
    let policy = Policy { pkce: Pkce::Public, ..Policy::new("https://op") };
    let mut bare = with("code_challenge", "");
    bare.retain(|(name, _)| name != "code_challenge_method");
    assert_eq!(check_as(&bare, &samples::client(), &policy).unwrap().code_challenge, None);
    assert_eq!(redirected(check_as(&bare, &samples::public_client(), &policy)), ErrorCode::InvalidRequest);
    let wrong = with("code_challenge", "short");
    assert_eq!(redirected(check_as(&wrong, &samples::client(), &policy)), ErrorCode::InvalidRequest);
}

// S13
#[test]
fn offline_access_needs_the_registration() {
    let asked = with("scope", "openid offline_access");
    assert!(check(&asked).unwrap().scopes.contains("offline_access"));
    let online = Client { grant_types: vec!["authorization_code".into()], ..samples::client() };
    let valid = check_as(&asked, &online, &Policy::new("https://op")).unwrap();
    assert_eq!(valid.scopes.to_string(), "openid");
}

#[test]
fn a_pending_request_survives_its_row() {
    let request = AuthorizationRequest::parse(&with("login_hint", "ada@example.test"));
    let valid = validate(&request, &samples::client(), &Policy::new("https://op")).unwrap();
    let pending = Pending::new(request, &valid);
    let back = Pending::from_json(&pending.to_json().unwrap()).unwrap();
    assert_eq!(back, pending);
    assert_eq!(back.scopes().to_string(), "openid email");
    assert_eq!((back.host().as_str(), back.login_hint()), ("app.example", Some("ada@example.test")));
    assert_eq!(back.form_action().as_deref(), Some("https://app.example"));
}

const RECEIVED: i64 = 1000 * SECOND;

fn situation<'a>(client: &'a Client, consented: Option<&'a Scopes>) -> Situation<'a> {
    Situation {
        client,
        person: Some(Person { subject: "u1", auth_time: RECEIVED - 100 * SECOND }),
        hinted: None,
        consented,
        answer: None,
        denied: false,
        received_at: RECEIVED,
        now: RECEIVED + SECOND,
    }
}

fn refused(decision: Decision) -> ErrorCode {
    match decision {
        Decision::Refuse(error) => error.code,
        other => panic!("not refused: {other:?}"),
    }
}

// S14, S15, S16, S17
#[test]
fn who_must_sign_in() {
    let client = samples::client();
    let all = Scopes::known();
    let known = situation(&client, Some(&all));
    let decide_with = |name: &str, value: &str, situation: Situation<'_>| {
        decide(&check(&with(name, value)).unwrap(), &situation)
    };
    let permit = |decision: Decision| {
        assert!(matches!(decision, Decision::Permit { offline: false, .. }), "{decision:?}")
    };
    let again = Decision::SignIn { reauthenticate: true };
    let nobody = Situation { person: None, ..known };
    let fresh = Situation { person: Some(Person { subject: "u1", auth_time: RECEIVED }), ..known };

    permit(decide_with("x", "", known));
    permit(decide_with("prompt", "none", known));
    assert_eq!(decide_with("x", "", nobody), Decision::SignIn { reauthenticate: false });
    assert_eq!(refused(decide_with("prompt", "none", nobody)), ErrorCode::LoginRequired);
    for (name, value) in
        [("prompt", "login"), ("prompt", "select_account"), ("max_age", "100"), ("max_age", "0")]
    {
        assert_eq!(decide_with(name, value, known), again, "{name}={value}");
        permit(decide_with(name, value, fresh));
    }
    permit(decide_with("max_age", "101", known));
    permit(decide_with("max_age", "10000", known));

    let other = |situation| Situation { hinted: Some("u2"), ..situation };
    assert_eq!(decide_with("x", "", other(known)), again);
    assert_eq!(refused(decide_with("x", "", other(fresh))), ErrorCode::LoginRequired);
    assert_eq!(refused(decide_with("prompt", "none", other(known))), ErrorCode::LoginRequired);
    let demanded = r#"{"id_token":{"sub":{"value":"u2"}}}"#;
    assert_eq!(refused(decide_with("claims", demanded, fresh)), ErrorCode::LoginRequired);
    let acr = r#"{"id_token":{"acr":{"essential":true,"value":"2"}}}"#;
    assert_eq!(refused(decide_with("claims", acr, fresh)), ErrorCode::UnmetAuthenticationRequirements);
    assert_eq!(refused(decide_with("x", "", Situation { denied: true, ..known })), ErrorCode::AccessDenied);
}

// S14, S40
#[test]
fn who_must_be_asked() {
    let client = samples::client();
    let decide_with =
        |prompt: &str, situation: Situation<'_>| decide(&check(&with("prompt", prompt)).unwrap(), &situation);
    let email = Scopes::parse("email").unwrap();
    let both = Scopes::parse("openid email").unwrap();
    let missing = |text: &str| Decision::Consent { missing: Scopes::parse(text).unwrap() };
    let permitted = |text: &str, on_record: &str| Decision::Permit {
        scopes: Scopes::parse(text).unwrap(),
        offline: false,
        claims: ClaimsRequest::default(),
        on_record: Scopes::parse(on_record).unwrap(),
    };
    let permit = |text: &str| permitted(text, text);

    assert_eq!(decide_with("", situation(&client, None)), missing("openid email"));
    assert_eq!(decide_with("", situation(&client, Some(&email))), missing("openid"));
    assert_eq!(refused(decide_with("none", situation(&client, Some(&email)))), ErrorCode::ConsentRequired);
    assert_eq!(decide_with("", situation(&client, Some(&both))), permit("openid email"));
    assert_eq!(decide_with("consent", situation(&client, Some(&both))), missing("openid email"));

    // The answer of this request: all, a part, or one that somebody else gave.
    let answered = |answer, recorded| Situation { answer: Some(answer), ..situation(&client, recorded) };
    assert_eq!(decide_with("consent", answered(&both, Some(&both))), permit("openid email"));
    assert_eq!(decide_with("", answered(&email, Some(&email))), permit("email"));
    assert_eq!(decide_with("", answered(&both, None)), missing("openid email"));

    let trusted = Client { trusted: true, ..samples::client() };
    assert_eq!(decide_with("none", situation(&trusted, None)), permitted("openid email", ""));
    let approved = Client { everyone_scopes: both.clone(), ..samples::client() };
    assert_eq!(decide_with("", situation(&approved, None)), permitted("openid email", ""));
    let partly = Client { everyone_scopes: email.clone(), ..samples::client() };
    assert_eq!(decide_with("", situation(&partly, None)), missing("openid"));
    let openid = Scopes::parse("openid").unwrap();
    assert_eq!(decide_with("", situation(&partly, Some(&openid))), permitted("openid email", "openid"));
}

// S30
#[test]
fn claims_by_name_widen_the_question_and_not_the_token() {
    let wishes =
        r#"{"userinfo":{"name":{"essential":true},"phone_number":null},"id_token":{"email":null,"x":null}}"#;
    let mut pairs = with("claims", wishes);
    pairs.retain(|(name, _)| name != "scope");
    pairs.push(("scope".into(), "openid".into()));
    let client = Client { scopes: Scopes::parse("openid profile email").unwrap(), ..samples::client() };
    let valid = check_as(&pairs, &client, &Policy::new("https://op")).unwrap();
    let openid = Scopes::parse("openid").unwrap();
    let missing = Decision::Consent { missing: Scopes::parse("profile email").unwrap() };
    assert_eq!(decide(&valid, &situation(&client, Some(&openid))), missing);
    let agreed = Scopes::parse("openid profile").unwrap();
    let answered = Situation { answer: Some(&agreed), ..situation(&client, Some(&agreed)) };
    let Decision::Permit { scopes, claims, .. } = decide(&valid, &answered) else { panic!("not permitted") };
    assert_eq!(scopes, openid);
    assert_eq!((claims.for_userinfo(), claims.for_id_token()), (vec!["name"], vec![]));
    let request = AuthorizationRequest::parse(&pairs);
    assert_eq!(Pending::new(request, &valid).scopes().to_string(), "openid profile email");
}

proptest! {
    // I5
    #[test]
    fn whatever_is_asked_an_answer_goes_to_a_registered_address(
        uri in "(https://app\\.example/cb)?[ -~]{0,20}",
        name in "(state|scope|prompt|claims|response_type|nonce|resource|max_age)",
        value in ".{0,40}",
    ) {
        let mut pairs = with(&name, &value);
        pairs.retain(|(key, _)| key != "redirect_uri");
        pairs.push(("redirect_uri".into(), uri));
        let client = samples::client();
        let to = match check(&pairs) {
            Ok(valid) => valid.to,
            Err(Rejection::Redirect { to, .. }) => to,
            Err(Rejection::Show(_)) => return Ok(()),
        };
        prop_assert!(client.redirect_uris.iter().any(|own| redirect_uri::matches(&to.redirect_uri, own, redirect_uri::Apps::Usual)));
    }

    // I6
    #[test]
    fn nothing_is_permitted_that_was_not_asked_allowed_and_agreed(
        asked in "(openid |email |phone |profile |x ){1,5}",
        consented in "(openid |email |phone ){0,4}",
        answer in proptest::option::of("(openid |email |phone |profile ){0,4}"),
        allowed in "(openid |email |phone ){0,3}",
    ) {
        let set = |text: &str| Scopes::parse(text).unwrap();
        let client = Client { scopes: set(&allowed), ..samples::client() };
        let (consented, answer) = (set(&consented), answer.as_deref().map(set));
        let Ok(valid) = check_as(&with("scope", &asked), &client, &Policy::new("https://op")) else { return Ok(()) };
        let situation = Situation { answer: answer.as_ref(), ..situation(&client, Some(&consented)) };
        if let Decision::Permit { scopes, .. } = decide(&valid, &situation) {
            prop_assert!(scopes.is_subset(&set(&asked)));
            prop_assert!(scopes.is_subset(&client.allowed_scopes()));
            prop_assert!(scopes.is_subset(&consented));
            prop_assert!(!scopes.is_empty());
        }
    }
}
