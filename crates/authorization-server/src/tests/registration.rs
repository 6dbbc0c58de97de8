//! Clients that register themselves (RFC 7591) and look after their registration (RFC 7592).

use actix_web::{http::Method, test::TestRequest};
use protocol::{Client, Resource, SECOND, Scopes, policy::Registration};
use serde_json::{Value, json};
use store::registrations::InitialAccessToken;

use super::{
    house::{House, START, on_both},
    wire::{Answer, CALLBACK, authorize, post, text},
};

const HOUR: i64 = 3600 * SECOND;

async fn open_house() -> House {
    House::with(|policy| policy.registration = Registration::Open).await
}

fn request(method: Method, uri: &str, token: Option<&str>, body: &Value) -> TestRequest {
    let request = TestRequest::with_uri(uri)
        .method(method)
        .insert_header(("content-type", "application/json"))
        .set_payload(body.to_string());
    match token {
        Some(token) => request.insert_header(("authorization", format!("Bearer {token}"))),
        None => request,
    }
}

async fn register(house: &House, token: Option<&str>, body: Value) -> Answer {
    house.anonymous(request(Method::POST, "/oauth2/register", token, &body)).await
}

/// A client that registered itself, as it was told.
async fn registered(house: &House, mut body: Value) -> Value {
    body["redirect_uris"] = json!([CALLBACK]);
    let answer = register(house, None, body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()
}

/// At the client's own address.
async fn manage(house: &House, method: Method, client: &Value, body: &Value) -> Answer {
    let token = text(client, "registration_access_token");
    let path = text(client, "registration_client_uri").strip_prefix("https://op.test").unwrap();
    house.anonymous(request(method, path, Some(token), body)).await
}

// S76: oidcc-server with dynamic_client
async fn a_client_registers_itself_and_signs_people_in() {
    let house = open_house().await;
    let body = json!({
        "redirect_uris": [CALLBACK], "client_name": "Wall", "client_name#fr": "Mur", "contacts": ["a@app.test"],
        "grant_types": ["authorization_code"], "response_types": ["code"], "frobnicate": true,
        "token_endpoint_auth_method": "client_secret_basic", "initiate_login_uri": "https://app.test/login",
    });
    let answer = register(&house, None, body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
    let told = answer.json();
    assert_eq!(told["client_name"], "Wall");
    assert_eq!(told["client_name#fr"], "Mur");
    assert_eq!(told["initiate_login_uri"], "https://app.test/login");
    assert_eq!(told["application_type"], "web");
    assert_eq!(told["client_secret_expires_at"], 0);
    assert_eq!(told["client_id_issued_at"], START / SECOND);
    assert!(told.get("frobnicate").is_none());
    let client = house.core.store.client(text(&told, "client_id")).await.unwrap().unwrap();
    assert_eq!(client.registered_by, "open");
    assert!(
        client.secret_digest.as_deref() == Some(&keyring::digest(text(&told, "client_secret").as_bytes()))
    );

    let person = house.person("u1").await;
    house.sign_in(&person).await;
    house.agree(&person, &client, "openid", None).await;
    let code = house.code(&client, "openid").await;
    let mut form = super::wire::redemption(&code);
    form.extend([("client_id", client.id.as_str()), ("client_secret", text(&told, "client_secret"))]);
    let wrong_way = house.anonymous(post("/oauth2/token", &form)).await;
    assert_eq!(wrong_way.error(), (401, "invalid_client".into()), "the registered method only");
    let client = (*client).clone();
    let by_post = protocol::Client { auth_method: protocol::AuthMethod::SecretPost, ..client };
    house.core.store.update_client(by_post).await.unwrap();
    assert_eq!(house.anonymous(post("/oauth2/token", &form)).await.status, 200);
}

on_both!(a_client_registers_itself_and_signs_people_in);

// S3, S76, S78, S107: oidcc-redirect-uri-regfrag, oidcc-3rd_party-init-login-nohttps
#[actix_web::test]
async fn what_is_wrong_is_named() {
    let house = open_house().await;
    let weak = json!({ "keys": [{ "kty": "RSA", "n": "AQAB", "e": "Aw" }] });
    let private = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA" }] });
    let good = "https://app.test/cb";
    for (body, code) in [
        (json!({}), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://app.test/cb#f"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["http://app.test/cb"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": good }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [good], "jwks": weak }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [good], "jwks": private }), "invalid_client_metadata"),
        (
            json!({ "redirect_uris": [good], "jwks": { "keys": [] }, "jwks_uri": "https://app.test/k" }),
            "invalid_client_metadata",
        ),
        (json!({ "redirect_uris": [good], "response_types": ["id_token"] }), "invalid_client_metadata"),
        (
            json!({ "redirect_uris": [good], "initiate_login_uri": "http://app.test/l" }),
            "invalid_client_metadata",
        ),
        (json!({ "redirect_uris": [good], "logo_uri": "http://app.test/l" }), "invalid_client_metadata"),
        (
            json!({ "redirect_uris": [good], "id_token_signed_response_alg": "none" }),
            "invalid_client_metadata",
        ),
        (
            json!({ "redirect_uris": [good], "sector_identifier_uri": "https://127.0.0.1/s" }),
            "invalid_client_metadata",
        ),
        (json!({ "redirect_uris": [good], "software_statement": "x" }), "invalid_software_statement"),
        (json!({ "redirect_uris": [good], "software_statement": "a.b.c" }), "unapproved_software_statement"),
    ] {
        let answer = register(&house, None, body.clone()).await;
        assert_eq!(answer.error(), (400, code.into()), "{body} {}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let form = house.post("/oauth2/register", &[("client_name", "x")]).await;
    assert_eq!(form.error(), (400, "invalid_request".into()));
    let array = house.anonymous(request(Method::POST, "/oauth2/register", None, &json!([]))).await;
    assert_eq!(array.error(), (400, "invalid_client_metadata".into()));
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(9000), "]".repeat(9000));
    let bomb =
        TestRequest::post().uri("/oauth2/register").insert_header(("content-type", "application/json"));
    assert_eq!(house.anonymous(bomb.set_payload(deep)).await.status, 400);
    let long = json!({ "client_name": "x".repeat(70_000) });
    assert_eq!(register(&house, None, long).await.status, 413);
    let get = house.get("/oauth2/register").await;
    assert_eq!((get.status.as_u16(), get.header("allow")), (405, "POST"));
}

// S76
#[actix_web::test]
async fn what_a_client_says_of_itself_makes_it_no_one_special() {
    let house = open_house().await;
    let told = registered(&house, json!({
        "client_id": "chosen", "client_secret": "chosen", "trusted": true, "resource_server": true, "profile": "mcp",
        "token_exchange": { "clients": ["*"] }, "registered_by": "administrator", "id_token_alg": "none",
    }))
    .await;
    assert_ne!(told["client_id"], "chosen");
    assert_ne!(told["client_secret"], "chosen");
    let client = house.core.store.client(text(&told, "client_id")).await.unwrap().unwrap();
    assert!(!client.trusted && !client.resource_server);
    assert_eq!((client.metadata.profile.as_deref(), &client.metadata.token_exchange), (None, &None));
    assert_eq!(client.registered_by, "open");
    assert!(house.core.store.client("chosen").await.unwrap().is_none());
}

async fn token(house: &House, uses_left: Option<i64>) -> String {
    let secret = house.core.random.secret();
    let token = InitialAccessToken {
        id: house.core.random.id(),
        digest: secret.digest().to_vec(),
        name: "Partner".into(),
        uses_left,
        created_by: "command".into(),
        created_at: START,
        expires_at: START + HOUR,
    };
    house.core.store.insert_initial_access_token(token).await.unwrap();
    secret.expose().to_owned()
}

// S76
async fn an_initial_access_token_is_good_for_so_many_clients() {
    let house = House::with(|policy| policy.registration = Registration::Token).await;
    let body = || json!({ "redirect_uris": [CALLBACK] });
    let anonymous = register(&house, None, body()).await;
    assert_eq!(anonymous.error(), (401, "invalid_token".into()));
    assert_eq!(anonymous.header("www-authenticate"), "Bearer");
    let unknown = register(&house, Some("nobody-s"), body()).await;
    assert_eq!(unknown.error(), (401, "invalid_token".into()));
    assert_eq!(unknown.header("www-authenticate"), "Bearer error=\"invalid_token\"");
    let (twice, often) = (token(&house, Some(2)).await, token(&house, None).await);
    // A refused registration is no use of it.
    assert_eq!(register(&house, Some(&twice), json!({})).await.status, 400);
    let all = (0..5).map(|_| register(&house, Some(&twice), body()));
    let answers = futures_util::future::join_all(all).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 2);
    assert_eq!(answers.iter().filter(|answer| answer.status == 401).count(), 3);
    for _ in 0..3 {
        let told = register(&house, Some(&often), body()).await.json();
        let client = house.core.store.client(text(&told, "client_id")).await.unwrap().unwrap();
        assert!(client.registered_by.starts_with("token:"));
    }
    house.clock.advance(HOUR);
    assert_eq!(register(&house, Some(&often), body()).await.status, 401);
    assert!(house.core.store.initial_access_tokens(house.core.now()).await.unwrap().is_empty());
}

on_both!(an_initial_access_token_is_good_for_so_many_clients);

// S76
#[actix_web::test]
async fn closed_is_closed_and_open_has_its_measure() {
    let house = House::new().await;
    let body = || json!({ "redirect_uris": [CALLBACK] });
    assert_eq!(register(&house, None, body()).await.error(), (403, "access_denied".into()));
    let config = house.get("/.well-known/openid-configuration").await.json();
    assert!(config.get("registration_endpoint").is_none());

    let house = House::with(|policy| {
        policy.registration = Registration::Open;
        policy.registrations_per_hour = 3;
    })
    .await;
    let config = house.get("/.well-known/openid-configuration").await.json();
    assert_eq!(config["registration_endpoint"], "https://op.test/oauth2/register");
    for _ in 0..3 {
        assert_eq!(register(&house, None, body()).await.status, 201);
    }
    let answer = register(&house, None, body()).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "3600"));
    let token = token(&house, None).await;
    assert_eq!(register(&house, Some(&token), body()).await.status, 201);
    house.clock.advance(HOUR);
    assert_eq!(register(&house, None, body()).await.status, 201);
}

// S77: each change is a row of the audit and news for every node.
#[actix_web::test]
async fn a_client_s_changes_have_their_measure_too() {
    let house = House::with(|policy| {
        policy.registration = Registration::Open;
        policy.registrations_per_hour = 3;
    })
    .await;
    let change = async |told: &Value| {
        let body = json!({ "client_id": told["client_id"], "redirect_uris": [CALLBACK] });
        manage(&house, Method::PUT, told, &body).await
    };
    let open = registered(&house, json!({})).await;
    for _ in 0..2 {
        assert_eq!(change(&open).await.status, 200);
    }
    let answer = change(&open).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "3600"));
    assert_eq!(manage(&house, Method::GET, &open, &json!(null)).await.status, 200);
    let again = register(&house, None, json!({ "redirect_uris": [CALLBACK] })).await;
    assert_eq!(again.status, 429, "another registration would be another count");
    // Whom an administrator let in counts for itself.
    let token = token(&house, None).await;
    for _ in 0..2 {
        let body = json!({ "redirect_uris": [CALLBACK] });
        let partner = register(&house, Some(&token), body).await.json();
        for _ in 0..3 {
            assert_eq!(change(&partner).await.status, 200);
        }
        assert_eq!(change(&partner).await.status, 429);
    }
    house.clock.advance(HOUR);
    assert_eq!(change(&open).await.status, 200);
}

// S77: oidcc-3rd_party-init-login
async fn a_client_looks_after_its_registration() {
    let house = open_house().await;
    let (one, other) =
        (registered(&house, json!({ "client_name": "One" })).await, registered(&house, json!({})).await);
    let id = text(&one, "client_id").to_owned();
    let read = manage(&house, Method::GET, &one, &json!(null)).await;
    assert_eq!((read.status.as_u16(), read.header("cache-control")), (200, "no-store"));
    for member in
        ["client_id", "client_name", "registration_access_token", "registration_client_uri", "redirect_uris"]
    {
        assert_eq!(read.json()[member], one[member], "{member}");
    }
    assert!(read.json().get("client_secret").is_none(), "we keep only its digest");

    // Not its token, none, somebody else's client, nobody's.
    for (client, token) in [
        (&id, "x"),
        (&id, text(&other, "registration_access_token")),
        (&"nobody".to_owned(), text(&one, "registration_access_token")),
    ] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let uri = format!("/oauth2/register/{client}");
            let answer =
                house.anonymous(request(method, &uri, Some(token), &json!({ "client_id": client }))).await;
            assert_eq!(answer.error(), (401, "invalid_token".into()));
        }
    }

    // Replaced, not augmented; what is ours and what is not its own is refused.
    let good = json!({ "client_id": id, "redirect_uris": ["https://app.test/two"], "client_secret": one["client_secret"] });
    let changed = manage(&house, Method::PUT, &one, &good).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.json()["redirect_uris"], json!(["https://app.test/two"]));
    assert_eq!(changed.json()["client_name"], "app.test");
    assert!(changed.json().get("client_secret").is_none());
    for member in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
        "client_secret",
        "client_id",
    ] {
        let mut bad = good.clone();
        bad[member] = json!("other");
        assert_eq!(
            manage(&house, Method::PUT, &one, &bad).await.error(),
            (400, "invalid_request".into()),
            "{member}"
        );
    }
    let bad = json!({ "client_id": id, "redirect_uris": ["https://app.test/two#f"] });
    assert_eq!(manage(&house, Method::PUT, &one, &bad).await.error(), (400, "invalid_redirect_uri".into()));
    // Another method of authentication: a public client has no secret, a confidential one gets a new one.
    let public =
        json!({ "client_id": id, "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none" });
    assert_eq!(manage(&house, Method::PUT, &one, &public).await.status, 200);
    let client = house.core.store.client(&id).await.unwrap().unwrap();
    assert!(client.is_public() && client.secret_digest.is_none());
    let again = json!({ "client_id": id, "redirect_uris": [CALLBACK] });
    let again = manage(&house, Method::PUT, &one, &again).await.json();
    assert!(again["client_secret"].is_string() && again["client_secret"] != one["client_secret"]);

    // An administrator's word stays.
    let client = house.core.store.client(&id).await.unwrap().unwrap();
    let disabled = protocol::Client { is_active: false, ..(*client).clone() };
    house.core.store.update_client(disabled).await.unwrap();
    assert_eq!(manage(&house, Method::GET, &one, &json!(null)).await.status, 401);
    house.core.store.update_client((*client).clone()).await.unwrap();

    let person = house.person("u1").await;
    house.sign_in(&person).await;
    house.agree(&person, &client, "openid", None).await;
    let code = house.code(&client, "openid").await;
    let removed = manage(&house, Method::DELETE, &one, &json!(null)).await;
    assert_eq!((removed.status.as_u16(), removed.body.as_str()), (204, ""));
    assert_eq!(manage(&house, Method::GET, &one, &json!(null)).await.status, 401);
    assert_eq!(house.redeem(&client, &code).await.status, 401);
    assert_eq!(house.get(&authorize(&client, &[])).await.status, 400);
}

on_both!(a_client_looks_after_its_registration);

// S77: an administrator's change and a client's own at the same moment.
async fn no_change_is_lost_to_a_stale_one() {
    let house = open_house().await;
    let one = registered(&house, json!({})).await;
    let client = house.core.store.client(text(&one, "client_id")).await.unwrap().unwrap();
    let entry = || store::audit::AuditRow {
        id: house.core.random.id(),
        at: START,
        actor: None,
        action: "client.replaced".into(),
        subject: client.id.clone(),
        detail: "{}".into(),
    };
    let disabled = protocol::Client { is_active: false, updated_at: START + 1, ..(*client).clone() };
    house.core.store.update_client(disabled).await.unwrap();
    let late = protocol::Client { name: "Late".into(), updated_at: START + 2, ..(*client).clone() };
    assert!(!house.core.store.replace_client(late, client.updated_at, entry()).await.unwrap());
    assert!(!house.core.store.client(&client.id).await.unwrap().unwrap().is_active);
}

on_both!(no_change_is_lost_to_a_stale_one);

async fn unused_clients_are_forgotten() {
    let house = open_house().await;
    let day = 24 * HOUR;
    let (unused, used) = (registered(&house, json!({})).await, registered(&house, json!({})).await);
    house.client("c1", |_| {}).await;
    let used = text(&used, "client_id");
    house.core.store.note_client_use(used, START + 50 * day).await.unwrap();
    house.core.store.note_client_use(used, START + 20 * day).await.unwrap();
    assert_eq!(house.core.store.sweep_unused_clients(START).await.unwrap(), 0);
    assert_eq!(house.core.store.sweep_unused_clients(START + 40 * day).await.unwrap(), 1);
    let there = async |id: &str| house.core.store.client(id).await.unwrap().is_some();
    assert!(!there(text(&unused, "client_id")).await && there(used).await && there("c1").await);
    assert_eq!(house.core.store.sweep_unused_clients(START + 90 * day).await.unwrap(), 1);
    assert!(!there(used).await && there("c1").await);
}

on_both!(unused_clients_are_forgotten);

async fn the_first_use_of_a_day_is_noted() {
    let house = open_house().await;
    let body =
        json!({ "grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_post" });
    let told = registered(&house, body).await;
    let id = text(&told, "client_id");
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "profile"),
        ("client_id", id),
        ("client_secret", text(&told, "client_secret")),
    ];
    for later in [0, HOUR, 48 * HOUR] {
        house.clock.set(START + later);
        assert_eq!(house.anonymous(post("/oauth2/token", &form)).await.status, 200);
    }
    let used =
        |clients: Vec<protocol::Client>| clients.into_iter().find(|client| client.id == id).unwrap().used_at;
    let noted = used(house.core.store.clients().await.unwrap()).unwrap();
    let now = house.core.now();
    assert!(noted <= now && now - noted < 24 * HOUR && noted % (24 * HOUR) == 0);
}

on_both!(the_first_use_of_a_day_is_noted);

// S65: the APIs of others are opened by an administrator, or by a person who is asked.
#[actix_web::test]
async fn who_registered_itself_opens_no_api_of_others_by_itself() {
    let house = House::with(|policy| {
        policy.registration = Registration::Open;
        policy.resources = vec![Resource {
            name: "orders".into(),
            audience: "https://orders.test".into(),
            scopes: Scopes::parse("orders.write").unwrap(),
            ..Resource::default()
        }];
    })
    .await;
    let told = registered(
        &house,
        json!({
            "grant_types": ["authorization_code", "client_credentials"], "scope": "openid email orders.write",
            "token_endpoint_auth_method": "client_secret_post",
        }),
    )
    .await;
    let ask = async |extra: &[(&str, &str)]| {
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(["client_id", "client_secret"].map(|name| (name, text(&told, name))));
        form.extend(extra);
        house.anonymous(post("/oauth2/token", &form)).await
    };
    assert_eq!(ask(&[("scope", "orders.write")]).await.error(), (400, "invalid_scope".into()));
    let audience = ("resource", "https://orders.test");
    assert_eq!(ask(&[audience]).await.error(), (400, "invalid_target".into()));
    assert_eq!(
        ask(&[audience, ("scope", "email orders.write")]).await.error(),
        (400, "invalid_target".into())
    );
    assert_eq!(ask(&[]).await.json()["scope"], "email");
}

// S77: what an administrator decided holds for the client that they saw.
#[actix_web::test]
async fn trust_does_not_follow_a_client_that_becomes_another() {
    let house = open_house().await;
    let told = registered(&house, json!({ "scope": "openid email" })).await;
    let id = text(&told, "client_id");
    let row = async || Client::clone(&house.core.store.client(id).await.unwrap().unwrap());
    let put = async |uris: &[&str], scope: &str| {
        let body = json!({ "client_id": id, "redirect_uris": uris, "scope": scope });
        let answer = manage(&house, Method::PUT, &told, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        row().await
    };
    let mut decided =
        Client { trusted: true, everyone_scopes: Scopes::parse("email").unwrap(), ..row().await };
    decided.metadata.scope_limit = Some("openid email".into());
    house.core.store.update_client(decided.clone()).await.unwrap();
    assert!(
        put(&[CALLBACK], "openid email phone").await.trusted,
        "narrowed to what it was left, it is the same"
    );
    assert_eq!(row().await.scopes.to_string(), "openid email");
    let other = put(&[CALLBACK, "https://attacker.test/cb"], "openid").await;
    assert!(!other.trusted && other.everyone_scopes.is_empty());
}
