//! The discovery document is true, whatever the operator chose: each member is looked at, whatever it lists works, whatever
//! it does not list is refused (S91). A member that nobody looks at fails the test.

use actix_web::{http::Method, test::TestRequest};
use protocol::{
    Client, Policy, SECOND, SigningAlg,
    authorization::ResponseType,
    policy::{Certificates, Registration},
};
use serde_json::{Value, json};

use super::{
    holder::{Holder, ask},
    house::{House, ISSUER},
    wire::{Answer, CALLBACK, authorize, parts, text},
};

const ALGS: &[&str] =
    &["RS256", "PS256", "ES256", "EdDSA", "none", "HS256", "HS512", "RS384", "ES384", "PS512", "ES256K"];
const KEY_ALGS: &[&str] =
    &["RSA-OAEP-256", "ECDH-ES", "RSA1_5", "RSA-OAEP", "dir", "A256KW", "ECDH-ES+A128KW", "none"];
const ENCS: &[&str] = &["A128CBC-HS256", "A256GCM", "A128GCM", "A192CBC-HS384", "A256CBC-HS512", "none"];
const METHODS: &[&str] = &[
    "none",
    "client_secret_basic",
    "client_secret_post",
    "client_secret_jwt",
    "private_key_jwt",
    "tls_client_auth",
    "self_signed_tls_client_auth",
    "attest_jwt_client_auth",
];
const GRANTS: &[&str] = &[
    "authorization_code",
    "implicit",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:openid:params:grant-type:ciba",
    "password",
];
const TYPES: &[&str] = &[
    "code",
    "id_token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token",
    "token",
    "none",
];

/// A house, its document, and somebody who is signed in at a client that needs no consent.
struct Truth {
    house: House,
    document: Value,
    client: Client,
    holder: Holder,
}

impl Truth {
    async fn of(change: impl FnOnce(&mut Policy)) -> Truth {
        let house = House::with(|policy| {
            policy.registrations_per_hour = u32::MAX;
            change(policy);
        })
        .await;
        let client = house.client("c1", |client| client.trusted = true).await;
        let user = house.person("u1").await;
        house.sign_in(&user).await;
        let document = house.get("/.well-known/openid-configuration").await.json();
        Truth { house, document, client, holder: Holder::new() }
    }

    fn listed(&self, member: &str) -> Vec<String> {
        let list = self.document[member].as_array().unwrap_or_else(|| panic!("{member} is no list"));
        list.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    }

    /// Compares the list with what happens for everything that might be on it.
    #[track_caller]
    fn agree(&self, member: &str, value: &str, works: bool) {
        assert_eq!(works, self.listed(member).iter().any(|one| one == value), "{member}: {value}");
    }

    async fn register(&self, change: Value) -> Answer {
        let mut body = json!({
            "redirect_uris": [CALLBACK], "client_name": "A", "jwks": { "keys": [self.holder.jwk()] },
        });
        for (name, value) in change.as_object().unwrap() {
            body[name] = value.clone();
        }
        let request =
            TestRequest::with_uri("/oauth2/register").method(Method::POST).set_payload(body.to_string());
        self.house.anonymous(request.insert_header(("content-type", "application/json"))).await
    }

    /// Each value can be registered if it is listed, and only then.
    async fn registrable(&self, member: &str, universe: &[&str], body: impl Fn(&str) -> Value) {
        for value in universe {
            let answer = self.register(body(value)).await;
            assert!(answer.status == 201 || answer.status == 400, "{member}: {value}: {}", answer.body);
            self.agree(member, value, answer.status == 201);
        }
    }

    /// Each value of a parameter is good if it is listed, and only then.
    async fn askable(&self, member: &str, parameter: &str, universe: &[&str]) {
        for value in universe {
            let answer = self.house.get(&authorize(&self.client, &[(parameter, value)])).await;
            self.agree(member, value, answer.parameter("error").is_none());
        }
    }

    async fn member(&self, member: &str, value: &Value) {
        let one = |name: &'static str| move |value: &str| json!({ name: value });
        match member {
            "issuer" => assert_eq!(value, ISSUER),
            "registration_endpoint" => assert_eq!(self.register(json!({})).await.status, 201),
            "userinfo_endpoint" => self.address(value),
            "jwks_uri" | "check_session_iframe" => {
                self.address(value);
                let path = value.as_str().unwrap().strip_prefix(ISSUER).unwrap();
                assert_eq!(self.house.get(path).await.status, 200, "{member}");
            }
            endpoint if endpoint.ends_with("_endpoint") => {
                self.address(value);
                let path = value.as_str().unwrap().strip_prefix(ISSUER).unwrap();
                let status = self.house.post(path, &[]).await.status.as_u16();
                assert!(![404, 405, 500].contains(&status), "{member}: {status}");
            }
            "mtls_endpoint_aliases" => {
                assert!(value.as_object().unwrap().keys().all(|name| self.document.get(name).is_some()));
            }
            "scopes_supported" => {
                let known = ["openid", "profile", "email", "phone", "address", "offline_access", "galleries"];
                self.askable(member, "scope", &known).await;
                self.askable(member, "scope", &["admin", "root", "OPENID"]).await;
            }
            "response_types_supported" => {
                let grants = |kind: &str| {
                    let kind = ResponseType::parse(kind);
                    kind.map_or(vec!["authorization_code"], |kind| kind.grants().collect())
                };
                let body = |kind: &str| json!({ "response_types": [kind], "grant_types": grants(kind) });
                self.registrable(member, TYPES, body).await;
            }
            "response_modes_supported" => {
                let modes = [
                    "query",
                    "fragment",
                    "form_post",
                    "jwt",
                    "query.jwt",
                    "fragment.jwt",
                    "form_post.jwt",
                    "web_message",
                    "okta_post_message",
                ];
                self.askable(member, "response_mode", &modes).await;
            }
            "grant_types_supported" => self.registrable(member, GRANTS, |grant| self.with_grant(grant)).await,
            "subject_types_supported" => {
                self.registrable(member, &["public", "pairwise", "transient"], one("subject_type")).await;
            }
            "id_token_signing_alg_values_supported" => {
                self.registrable(member, ALGS, one("id_token_signed_response_alg")).await;
                for alg in self.listed(member) {
                    assert_eq!(self.id_token_header(&alg, None).await["alg"], *alg);
                }
            }
            "id_token_encryption_alg_values_supported" => {
                self.registrable(member, KEY_ALGS, one("id_token_encrypted_response_alg")).await;
            }
            "userinfo_encryption_alg_values_supported" => {
                self.registrable(member, KEY_ALGS, one("userinfo_encrypted_response_alg")).await;
            }
            "id_token_encryption_enc_values_supported" => {
                let body = |enc: &str| json!({ "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": enc });
                self.registrable(member, ENCS, body).await;
                for enc in self.listed(member) {
                    let header = self.id_token_header("ES256", Some(&enc)).await;
                    let said = ["alg", "enc", "cty"].map(|name| text(&header, name).to_owned());
                    assert_eq!(said, ["ECDH-ES", &*enc, "JWT"]);
                }
            }
            "userinfo_encryption_enc_values_supported" => {
                let body = |enc: &str| json!({ "userinfo_encrypted_response_alg": "ECDH-ES", "userinfo_encrypted_response_enc": enc });
                self.registrable(member, ENCS, body).await;
            }
            "userinfo_signing_alg_values_supported" => {
                self.registrable(member, ALGS, one("userinfo_signed_response_alg")).await;
            }
            "authorization_signing_alg_values_supported" => {
                self.registrable(member, ALGS, one("authorization_signed_response_alg")).await;
            }
            "introspection_signing_alg_values_supported" => {
                self.registrable(member, ALGS, one("introspection_signed_response_alg")).await;
            }
            "request_object_signing_alg_values_supported" => {
                self.registrable(member, ALGS, one("request_object_signing_alg")).await;
            }
            "token_endpoint_auth_signing_alg_values_supported" => {
                self.registrable(member, ALGS, one("token_endpoint_auth_signing_alg")).await;
            }
            "token_endpoint_auth_methods_supported" => {
                let body = |method: &str| {
                    let name = (method == "tls_client_auth").then_some("CN=app");
                    json!({
                        "token_endpoint_auth_method": method, "grant_types": ["authorization_code"],
                        "tls_client_auth_subject_dn": name,
                    })
                };
                self.registrable(member, METHODS, body).await;
            }
            "revocation_endpoint_auth_methods_supported" => {
                assert_eq!(self.listed(member), self.listed("token_endpoint_auth_methods_supported"));
            }
            "introspection_endpoint_auth_methods_supported" => {
                let mut methods = self.listed("token_endpoint_auth_methods_supported");
                methods.retain(|method| method != "none");
                assert_eq!(self.listed(member), methods);
                let public = self.house.public_client("public").await;
                let form = [("token", "x"), ("client_id", &*public.id)];
                assert_eq!(self.house.post("/oauth2/introspect", &form).await.status, 401);
            }
            "revocation_endpoint_auth_signing_alg_values_supported"
            | "introspection_endpoint_auth_signing_alg_values_supported" => {
                assert_eq!(
                    self.listed(member),
                    self.listed("token_endpoint_auth_signing_alg_values_supported")
                );
            }
            "dpop_signing_alg_values_supported" => self.proofs(member).await,
            "code_challenge_methods_supported" => {
                self.askable(member, "code_challenge_method", &["S256", "plain", "S512"]).await;
            }
            "prompt_values_supported" => {
                let prompts = ["none", "login", "consent", "select_account", "create"];
                self.askable(member, "prompt", &prompts).await;
            }
            "acr_values_supported" => {
                for acr in self.listed(member).iter().map(String::as_str).chain(["urn:nobody:has"]) {
                    let claims = json!({ "id_token": { "acr": { "essential": true, "value": acr } } });
                    let asked =
                        authorize(&self.client, &[("claims", &claims.to_string()), ("prompt", "none")]);
                    self.agree(member, acr, self.house.get(&asked).await.parameter("error").is_none());
                }
            }
            "claim_types_supported" => assert_eq!(value, &json!(["normal"])),
            "claims_supported" => self.claims(member).await,
            "claims_parameter_supported" => {
                let asked = authorize(&self.client, &[("claims", "no JSON")]);
                let error = self.house.get(&asked).await.parameter("error");
                assert_eq!((value, error.as_deref()), (&json!(true), Some("invalid_request")));
            }
            "request_parameter_supported" => {
                let error =
                    self.house.get(&authorize(&self.client, &[("request", "x")])).await.parameter("error");
                assert_eq!((value, error.as_deref()), (&json!(true), Some("invalid_request_object")));
            }
            "request_uri_parameter_supported" | "require_request_uri_registration" => {
                let asked = authorize(&self.client, &[("request_uri", "https://app.test/not-registered")]);
                let error = self.house.get(&asked).await.parameter("error");
                assert_eq!((value, error.as_deref()), (&json!(true), Some("invalid_request_uri")));
            }
            "require_pushed_authorization_requests" => {
                let answer = self.house.get(&authorize(&self.client, &[])).await;
                assert_eq!(value, &json!(answer.parameter("error").is_some()));
            }
            "authorization_response_iss_parameter_supported" => {
                let answer = self.house.get(&authorize(&self.client, &[])).await;
                assert_eq!((value, answer.parameter("iss").as_deref()), (&json!(true), Some(ISSUER)));
            }
            "tls_client_certificate_bound_access_tokens" => {
                let body = json!({ "tls_client_certificate_bound_access_tokens": true });
                assert_eq!(value, &json!(self.register(body).await.status == 201));
            }
            "frontchannel_logout_supported" | "frontchannel_logout_session_supported" => {
                assert_eq!(value, &json!(self.keeps("frontchannel").await));
            }
            "backchannel_logout_supported" | "backchannel_logout_session_supported" => {
                assert_eq!(value, &json!(self.keeps("backchannel").await));
            }
            "ui_locales_supported" => assert_eq!(value, &json!(["en", "fr"])),
            other => panic!("nobody looks at the member {other}: add it here"),
        }
    }

    fn address(&self, value: &Value) {
        assert!(value.as_str().unwrap().starts_with(&format!("{ISSUER}/")), "{value}");
    }

    /// A registration in which this grant makes sense, if any does.
    fn with_grant(&self, grant: &str) -> Value {
        match grant {
            "authorization_code" => json!({ "grant_types": [grant], "response_types": ["code"] }),
            "refresh_token" => {
                json!({ "grant_types": ["authorization_code", grant], "response_types": ["code"] })
            }
            "implicit" => {
                let offered = self.listed("response_types_supported");
                let kind = offered.iter().find(|kind| *kind != "code").map_or("id_token", String::as_str);
                json!({ "grant_types": ["authorization_code", grant], "response_types": ["code", kind] })
            }
            other => json!({ "grant_types": [other], "response_types": [] }),
        }
    }

    /// Whether a registration with these notices is taken and said back.
    async fn keeps(&self, channel: &str) -> bool {
        let (uri, session) = (format!("{channel}_logout_uri"), format!("{channel}_logout_session_required"));
        let address = "https://app.test/signed-out";
        let answer = self.register(json!({ &*uri: address, &*session: true })).await;
        answer.status == 201 && answer.json()[&uri] == address && answer.json()[&session] == true
    }

    /// The header of an ID token for a client that registered this.
    async fn id_token_header(&self, alg: &str, enc: Option<&str>) -> Value {
        let jwks = json!({ "keys": [self.holder.jwk()] }).to_string();
        let id = format!("{alg}-{}", enc.unwrap_or_default());
        let change = |client: &mut Client| {
            client.trusted = true;
            client.id_token_alg = SigningAlg::parse(alg).unwrap();
            client.jwks = Some(jwks);
            client.metadata.id_token_encrypted_response_alg = enc.map(|_| "ECDH-ES".to_owned());
            client.metadata.id_token_encrypted_response_enc = enc.map(str::to_owned);
        };
        let client = self.house.client(&id, change).await;
        let tokens = self.house.tokens(&client, "openid").await;
        let token = text(&tokens, "id_token");
        assert_eq!(token.split('.').count(), if enc.is_some() { 5 } else { 3 });
        header(token)
    }

    async fn proofs(&self, member: &str) {
        let form = [("grant_type", "client_credentials")];
        for alg in ALGS.iter().filter(|alg| !["RS256", "PS256", "EdDSA"].contains(alg)) {
            let claims = json!({
                "jti": self.house.core.random.id(), "htm": "POST", "htu": format!("{ISSUER}/oauth2/token"),
                "iat": self.house.core.now() / SECOND,
            });
            let header = json!({ "typ": "dpop+jwt", "alg": alg, "jwk": self.holder.jwk() });
            let answer = ask(&self.house, &self.client, &form, &self.holder.sign(&header, &claims)).await;
            self.agree(member, alg, answer.status == 200);
        }
        // The others are signed and verified in `keyring`, by the same table.
        assert_eq!(self.listed(member), protocol::dpop::ALGS);
    }

    /// What the sign-in itself says is in every ID token; what scopes release can be asked for by name.
    async fn claims(&self, member: &str) {
        let tokens = self.house.tokens(&self.client, "openid").await;
        let (_, said) = parts(text(&tokens, "id_token"));
        for name in said.as_object().unwrap().keys().filter(|name| !name.ends_with("_hash")) {
            self.agree(member, name, true);
        }
        let claims = json!({ "id_token": { "email": null, "name": null, "picture": null } }).to_string();
        let asked = [("claims", &*claims), ("nonce", "n")];
        let answer = self.house.get(&authorize(&self.client, &asked)).await;
        let tokens = self.house.redeem(&self.client, &answer.parameter("code").unwrap()).await.json();
        let (_, said) = parts(text(&tokens, "id_token"));
        for name in ["email", "name", "picture"] {
            self.agree(member, name, said.get(name).is_some());
        }
    }
}

fn header(jwt: &str) -> Value {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let part = jwt.split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Choices of an operator from the bits of a number.
fn chosen(bits: usize) -> impl FnOnce(&mut Policy) {
    move |policy| {
        policy.registration = Registration::Open;
        let more = ResponseType::ALL.into_iter().skip(1).enumerate();
        policy.response_types = vec![ResponseType::Code];
        policy.response_types.extend(more.filter(|(place, _)| bits >> place & 1 == 1).map(|(_, kind)| kind));
        policy.unsigned_request_objects = bits >> 5 & 1 == 1;
        policy.certificates =
            [Certificates::Absent, Certificates::Unchecked, Certificates::Checked][bits % 3];
    }
}

// S7, S91, S95, S115: oidcc-discovery-endpoint-verification and its like compare only with what the suite hopes for.
#[actix_web::test]
async fn every_member_is_true_whatever_was_chosen() {
    for bits in [0b00_0000, 0b01_1111, 0b10_0101, 0b11_1010] {
        let truth = Truth::of(chosen(bits)).await;
        for (name, value) in truth.document.as_object().unwrap() {
            truth.member(name, value).await;
        }
    }
}

// S22, S76
#[actix_web::test]
async fn what_is_closed_is_not_listed() {
    let truth = Truth::of(|policy| policy.require_pushed_authorization_requests = true).await;
    assert_eq!(truth.document.get("registration_endpoint"), None);
    assert!(truth.register(json!({})).await.status.is_client_error());
    truth.member("require_pushed_authorization_requests", &json!(true)).await;
    let token = Truth::of(|policy| policy.registration = Registration::Token).await;
    assert!(token.document.get("registration_endpoint").is_some());
    assert_eq!(token.register(json!({})).await.status, 401);
}
