//! JWTs of one kind are never accepted as another, even where one key signed both: every kind at every door (S103).

use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer, test::TestRequest};
use keyring::Token;
use protocol::{
    AuthMethod, Client, SECOND, Scopes, SigningAlg,
    client_assertion::TYPE,
    token::{ExchangePolicy, PeopleBy, TrustedIssuer},
};
use serde_json::{Value, json};

use super::{
    holder::Holder,
    house::{House, ISSUER, on_both},
    wire::{Answer, CALLBACK, CHALLENGE, authorize, parts, post, text},
};

const STAFF: &str = "https://staff.example";
const BEARER_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// One key, which is the client's and the other issuer's.
struct Stage {
    house: House,
    client: Client,
    holder: Holder,
}

impl Stage {
    async fn new() -> Stage {
        let holder = Holder::new();
        let jwks = json!({ "keys": [holder.jwk()] }).to_string();
        let issuer = TrustedIssuer {
            name: "staff".into(),
            issuer: STAFF.into(),
            jwks_uri: serve(jwks.clone()),
            people: PeopleBy::Subject,
            scopes: Scopes::parse("openid").unwrap(),
            clients: Vec::new(),
        };
        let house = House::with(|policy| policy.issuers = vec![issuer]).await;
        let furnish = |client: &mut Client| {
            client.auth_method = AuthMethod::PrivateKeyJwt;
            client.secret_digest = None;
            client.trusted = true;
            client.jwks = Some(jwks);
            client.grant_types.extend([BEARER_GRANT.into(), EXCHANGE.into()]);
            client.metadata.token_exchange =
                Some(ExchangePolicy { clients: vec!["*".into()], ..ExchangePolicy::default() });
        };
        let client = house.client("c1", furnish).await;
        house.client("c2", |_| {}).await;
        house.sign_in(&house.person("u1").await).await;
        Stage { house, client, holder }
    }

    /// What every JWT of this client has in common.
    fn claims(&self, changes: Value) -> Value {
        let now = self.house.core.now() / SECOND;
        let mut claims = json!({
            "iss": "c1", "sub": "c1", "aud": ISSUER, "exp": now + 60, "iat": now, "jti": self.house.core.random.id(),
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    fn signed(&self, typ: &str, changes: Value) -> String {
        self.holder.sign(&json!({ "typ": typ, "alg": "ES256" }), &self.claims(changes))
    }

    fn assertion(&self) -> String {
        self.signed("JWT", json!({}))
    }

    /// A form as this client, and headers.
    async fn ask(&self, path: &str, form: &[(&str, &str)], proof: Option<&str>) -> Answer {
        let assertion = self.assertion();
        let mut form = form.to_vec();
        form.extend([("client_assertion_type", TYPE), ("client_assertion", &assertion)]);
        let request = post(path, &form);
        let request = match proof {
            Some(proof) => request.insert_header(("dpop", proof)),
            None => request,
        };
        self.house.anonymous(request).await
    }

    /// Which doors take it.
    async fn doors(&self, jwt: &str) -> Vec<&'static str> {
        let mut open = Vec::new();
        let mut note = |door, is_open: bool| open.extend(is_open.then_some(door));
        note("bearer", self.house.core.access(jwt).await.unwrap().is_some());
        let told = self.ask("/oauth2/introspect", &[("token", jwt)], None).await;
        note("introspection", told.json()["active"] == true);
        let exchange =
            [("grant_type", EXCHANGE), ("subject_token", jwt), ("subject_token_type", ACCESS_TOKEN)];
        note("exchange", self.ask("/oauth2/token", &exchange, None).await.status == 200);
        let hinted = authorize(&self.client, &[("prompt", "none"), ("id_token_hint", jwt)]);
        let hinted = self.house.anonymous(TestRequest::get().uri(&hinted)).await;
        note("hint", hinted.parameter("error").as_deref() != Some("invalid_request"));
        let farewell = format!("/oauth2/logout?id_token_hint={jwt}&client_id=c2");
        note("logout", self.house.anonymous(TestRequest::get().uri(&farewell)).await.status == 400);
        let object = authorize(&self.client, &[("request", jwt)]);
        note("request", self.house.get(&object).await.parameter("code").is_some());
        let own = [("grant_type", "client_credentials")];
        note("proof", self.ask("/oauth2/token", &own, Some(jwt)).await.status == 200);
        let vouched = [("grant_type", BEARER_GRANT), ("assertion", jwt)];
        note("grant", self.ask("/oauth2/token", &vouched, None).await.status == 200);
        let assertion = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", TYPE),
            ("client_assertion", jwt),
        ];
        note("assertion", self.house.post("/oauth2/token", &assertion).await.status == 200);
        open
    }
}

/// A key set at an address.
fn serve(jwks: String) -> String {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let set = Arc::new(jwks);
    let app = move || {
        let set = set.clone();
        let answer = move || {
            let set = set.as_ref().clone();
            async move { HttpResponse::Ok().content_type("application/json").body(set) }
        };
        App::new().route("/jwks", actix_web::web::to(answer))
    };
    let server = HttpServer::new(app).workers(1).bind(("127.0.0.1", 0)).unwrap();
    let port = server.addrs()[0].port();
    actix_web::rt::spawn(server.run());
    format!("http://127.0.0.1:{port}/jwks")
}

// S20, S55, S67, S102, S103
async fn every_kind_opens_its_own_door() {
    let stage = Stage::new().await;
    let (house, ring) = (&stage.house, &stage.house.core.ring);
    let answer = house.get(&authorize(&stage.client, &[("nonce", "n")])).await;
    let code = answer.parameter("code").unwrap();
    let tokens = stage.ask("/oauth2/token", &super::wire::redemption(&code), None).await.json();
    let (_, id_claims) = parts(text(&tokens, "id_token"));
    // Our own kinds, with everything that any other of them has: only what they are called tells them apart.
    let (_, mut everything) = parts(text(&tokens, "access_token"));
    everything["sid"] = id_claims["sid"].clone();
    let ours = |kind| ring.sign(SigningAlg::ES256, kind, &everything).unwrap();
    let object = json!({
        "client_id": "c1", "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid", "state": "s",
        "code_challenge": CHALLENGE, "code_challenge_method": "S256", "sub": null,
    });
    let object = stage.signed("oauth-authz-req+jwt", object);
    let proof = stage.holder.proof(house, "POST", "/oauth2/token", &[]);
    let vouching = stage.signed("JWT", json!({ "iss": STAFF, "sub": "u1" }));
    let cases: [(&str, String, &[&str]); 12] = [
        ("access token", text(&tokens, "access_token").to_owned(), &["bearer", "introspection", "exchange"]),
        ("ID token", text(&tokens, "id_token").to_owned(), &["hint", "logout"]),
        ("logout token", ours(Token::Logout), &[]),
        ("event", ours(Token::SecurityEvent), &[]),
        ("signed introspection", ours(Token::Introspection), &[]),
        ("client assertion", stage.assertion(), &["assertion"]),
        (
            "client assertion by its name",
            stage.signed("client-authentication+jwt", json!({})),
            &["assertion"],
        ),
        ("request object", object, &["request"]),
        ("proof", proof, &["proof"]),
        ("assertion of an issuer", vouching, &["grant"]),
        ("access token of the client's making", stage.signed("at+jwt", everything.clone()), &[]),
        ("ID token of the client's making", stage.signed("JWT", id_claims), &[]),
    ];
    for (kind, jwt, doors) in cases {
        assert_eq!(stage.doors(&jwt).await, doors, "{kind}");
    }
}
on_both!(every_kind_opens_its_own_door);
