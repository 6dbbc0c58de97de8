//! What the members are tried with.

use protocol::{Client, SECOND, SigningAlg};
use serde_json::{Value, json};

use super::{Truth, universe::ALGS};
use crate::tests::{
    holder::ask,
    house::ISSUER,
    wire::{authorize, parts, text},
};

impl Truth {
    pub(super) fn address(&self, value: &Value) {
        assert!(value.as_str().unwrap().starts_with(&format!("{ISSUER}/")), "{value}");
    }

    /// A registration in which this grant makes sense, if any does.
    pub(super) fn with_grant(&self, grant: &str) -> Value {
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
    pub(super) async fn keeps(&self, channel: &str) -> bool {
        let (uri, session) = (format!("{channel}_logout_uri"), format!("{channel}_logout_session_required"));
        let address = "https://app.test/signed-out";
        let answer = self.register(json!({ &*uri: address, &*session: true })).await;
        answer.status == 201 && answer.json()[&uri] == address && answer.json()[&session] == true
    }

    /// The header of an ID token for a client that registered this.
    pub(super) async fn id_token_header(&self, alg: &str, enc: Option<&str>) -> Value {
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

    pub(super) async fn proofs(&self, member: &str) {
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
    pub(super) async fn claims(&self, member: &str) {
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
