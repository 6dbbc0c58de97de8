//! The discovery document is true, whatever the operator chose: each member is looked at, whatever it lists works, whatever
//! it does not list is refused (S91). A member that nobody looks at fails the test.

mod trials;
mod universe;

use actix_web::{http::Method, test::TestRequest};
use protocol::{
    AuthMethod, Client, DetailType, Policy, Resource, Scopes, TokenFormat,
    authorization::ResponseType,
    client::BY_DOCUMENT,
    policy::{Certificates, Registration},
    token::{PeopleBy, TrustedIssuer},
};
use serde_json::{Value, json};
use web::Documents;

use self::universe::{ALGS, ENCS, GRANTS, KEY_ALGS, METHODS, TYPES};
use super::{
    holder::Holder,
    house::{House, ISSUER},
    wire::{Answer, CALLBACK, authorize, text},
};

/// A house, its document, and somebody who is signed in at a client that needs no consent.
struct Truth {
    house: House,
    document: Value,
    client: Client,
    holder: Holder,
}

impl Truth {
    async fn of(change: impl FnOnce(&mut Policy)) -> Truth {
        let mut policy = Policy { registrations_per_hour: u32::MAX, ..Policy::new(ISSUER) };
        change(&mut policy);
        let documents = policy.client_id_metadata_documents.then(|| Documents::new(policy.clone()));
        let house = House::furnished(|own| *own = policy, |core| core.documents = documents).await;
        // Scopes of the APIs of others are for clients that are registered for them.
        let every = house.state.policy.known_scopes();
        let client = house.client("c1", |client| (client.trusted, client.scopes) = (true, every)).await;
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
                for (name, alias) in value.as_object().unwrap() {
                    let path = text(&self.document, name).strip_prefix(ISSUER).unwrap();
                    assert_eq!(alias, &json!(format!("{MTLS}{path}")));
                }
            }
            "scopes_supported" => {
                let known = ["openid", "profile", "email", "phone", "address", "offline_access", "galleries"];
                self.askable(member, "scope", &known).await;
                self.askable(member, "scope", &["reports", "admin", "root", "OPENID"]).await;
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
                let body = |alg: &str| {
                    let shared = alg.starts_with("HS");
                    let method = if shared { "client_secret_jwt" } else { "private_key_jwt" };
                    json!({ "token_endpoint_auth_signing_alg": alg, "token_endpoint_auth_method": method })
                };
                self.registrable(member, ALGS, body).await;
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
            "client_id_metadata_document_supported" => {
                assert_eq!(value, &json!(self.knows_documents().await));
            }
            "authorization_details_types_supported" => {
                for kind in ["payment", "account_information"] {
                    let details = json!([{ "type": kind }]).to_string();
                    let asked = authorize(&self.client, &[("authorization_details", &details)]);
                    self.agree(member, kind, self.house.get(&asked).await.parameter("error").is_none());
                }
            }
            "protected_resources" => {
                let own = self.house.get("/.well-known/oauth-protected-resource").await.json();
                self.agree(member, text(&own, "resource"), true);
                for resource in ["https://api.example", "https://other.example", ISSUER] {
                    let asked = [("resource", resource), ("scope", "openid reports")];
                    let asked = authorize(&self.client, &asked);
                    self.agree(member, resource, self.house.get(&asked).await.parameter("error").is_none());
                }
            }
            "ui_locales_supported" => assert_eq!(value, &json!(["en", "fr"])),
            other => panic!("nobody looks at the member {other}: add it here"),
        }
    }
}

impl Truth {
    /// Whether the address of a document is a client: of one that was read an hour ago, so that nobody need answer there.
    async fn knows_documents(&self) -> bool {
        let documented = |client: &mut Client| {
            client.registered_by = BY_DOCUMENT.into();
            (client.secret_digest, client.auth_method) = (None, AuthMethod::None);
            client.grant_types = vec!["authorization_code".into()];
        };
        let client = self.house.client("https://127.0.0.1:1/client", documented).await;
        self.house.get(&authorize(&client, &[])).await.status != 400
    }
}

/// Where certificates are asked for.
const MTLS: &str = "https://mtls.op.test";

/// Choices of an operator from the bits of a number.
fn chosen(bits: usize) -> impl FnOnce(&mut Policy) {
    move |policy| {
        policy.registration = Registration::Open;
        let more = ResponseType::ALL.into_iter().skip(1).enumerate();
        policy.response_types = vec![ResponseType::Code];
        policy.response_types.extend(more.filter(|(place, _)| bits >> place & 1 == 1).map(|(_, kind)| kind));
        if bits & 1 == 1 {
            policy.detail_types = vec![DetailType { name: "payment".into(), ..DetailType::default() }];
        }
        if bits >> 1 & 1 == 1 {
            policy.resources = vec![Resource {
                name: "reports".into(),
                audience: "https://api.example".into(),
                scopes: Scopes::parse("reports").unwrap(),
                format: TokenFormat::Jwt,
                introspects: None,
            }];
        }
        policy.unsigned_request_objects = bits >> 5 & 1 == 1;
        policy.client_id_metadata_documents = bits >> 4 & 1 == 1;
        policy.mtls_url = (bits >> 2 & 1 == 1).then(|| MTLS.to_owned());
        if bits >> 3 & 1 == 1 {
            policy.issuers = vec![TrustedIssuer {
                name: "hr".into(),
                issuer: "https://hr.example".into(),
                jwks_uri: "https://hr.example/jwks".into(),
                people: PeopleBy::Email,
                scopes: Scopes::parse("profile").unwrap(),
                clients: Vec::new(),
            }];
        }
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
    let documents = truth.document.get("client_id_metadata_document_supported");
    assert!(documents.is_none() && !truth.knows_documents().await);
    assert!(truth.register(json!({})).await.status.is_client_error());
    truth.member("require_pushed_authorization_requests", &json!(true)).await;
    let token = Truth::of(|policy| policy.registration = Registration::Token).await;
    assert!(token.document.get("registration_endpoint").is_some());
    assert_eq!(token.register(json!({})).await.status, 401);
}
