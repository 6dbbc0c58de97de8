//! Claims about a person: all that we may know, the scope that releases each, and the `claims` parameter.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{ErrorCode, OAuthError, Scopes};

/// Which claims a scope releases: the standard ones, and ours of the photo.
/// <https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims>
pub const BY_SCOPE: [(&str, &[&str]); 4] = [
    (
        "profile",
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "picture_variants",
            "picture_stable",
            "thumbhash",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("phone", &["phone_number", "phone_number_verified"]),
    ("address", &["address"]),
];

/// The claims of one person. An absent value is an absent key, never null or empty (S83).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserClaims {
    pub sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Ours: addresses of the sizes that there are, by the side in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture_variants: Option<BTreeMap<String, String>>,
    /// Ours: an address that this client may keep for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture_stable: Option<String>,
    /// Ours: a blurred picture in some 25 bytes, Base64, to be shown until the photo is there.
    /// <https://evanw.github.io/thumbhash/>
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbhash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// <https://openid.net/specs/openid-connect-core-1_0.html#AddressClaim>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Address {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl UserClaims {
    /// What a client may read: `sub`, the claims of its scopes and those of a permitted [`ClaimsRequest`] by
    /// name; nothing empty.
    pub fn released(&self, scopes: &Scopes, named: &[&str]) -> Map<String, Value> {
        self.only(|name| name == "sub" || is_released(name, scopes) || named.contains(&name))
    }

    /// Those of these names alone.
    pub fn named(&self, names: &[&str]) -> Map<String, Value> {
        self.only(|name| names.contains(&name))
    }

    fn only(&self, wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
        let Ok(Value::Object(mut all)) = serde_json::to_value(self) else { return Map::new() };
        all.retain(|name, value| wanted(name) && !is_empty(value));
        all
    }
}

/// Whether one of these scopes releases this claim.
fn is_released(claim: &str, scopes: &Scopes) -> bool {
    scope_of(claim).is_some_and(|scope| scopes.contains(scope))
}

/// Every claim that these scopes release.
pub fn of(scopes: &Scopes) -> impl Iterator<Item = &'static str> + use<'_> {
    let released = BY_SCOPE.iter().filter(|(scope, _)| scopes.contains(scope));
    released.flat_map(|(_, claims)| claims.iter().copied())
}

fn scope_of(claim: &str) -> Option<&'static str> {
    BY_SCOPE.iter().find(|(_, claims)| claims.contains(&claim)).map(|(scope, _)| *scope)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
    }
}

/// The `claims` parameter: single claims that the client would like to have, by place of delivery.
///
/// > The claims parameter value is represented in an OAuth 2.0 request as UTF-8 encoded JSON […] The
/// > top-level members of the Claims request JSON object are: userinfo, id_token
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#ClaimsParameter>. Asking for a claim asks the person
/// for its scope ([`ClaimsRequest::scopes`]); the token does not get that scope, only the claim is delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimsRequest {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo: Option<Wishes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<Wishes>,
}

/// Claims by name.
pub type Wishes = BTreeMap<String, Option<Wish>>;

/// How much one claim is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wish {
    pub essential: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
}

impl ClaimsRequest {
    const LONGEST: usize = 8 * 1024;

    // S30
    pub fn parse(text: Option<&str>) -> Result<Self, OAuthError> {
        let Some(text) = text else { return Ok(Self::default()) };
        let malformed =
            || OAuthError::new(ErrorCode::InvalidRequest, "The claims parameter is not a claims request.");
        if text.len() > Self::LONGEST {
            return Err(malformed());
        }
        // A sequence would deserialize into a struct as well: only an object is meant.
        let value: Value = serde_json::from_str(text).map_err(|_| malformed())?;
        if !value.is_object() {
            return Err(malformed());
        }
        serde_json::from_value(value).map_err(|_| malformed())
    }

    /// The person whom `claims.id_token.sub` demands.
    ///
    /// > If the sub (subject) Claim is requested with a specific value for the ID Token, the Authorization
    /// > Server MUST only send a positive response if the End-User identified by that sub value has an active
    /// > session
    ///
    /// <https://openid.net/specs/openid-connect-core-1_0.html#AuthRequestValidation>
    pub fn required_subject(&self) -> Option<&str> {
        self.wish("sub")?.value.as_ref()?.as_str()
    }

    /// > If the acr Claim is requested as an Essential Claim for the ID Token with a values parameter requesting
    /// > specific Authentication Context Class Reference values […] the Authorization Server MUST return an acr
    /// > Claim Value that matches one of the requested values. […] If this is an Essential Claim and the
    /// > requirement cannot be met, then the Authorization Server MUST treat that outcome as a failed
    /// > authentication attempt.
    ///
    /// <https://openid.net/specs/openid-connect-core-1_0.html#acrSemantics>
    pub fn is_met_by_acr(&self, ours: &str) -> bool {
        let Some(wish) = self.wish("acr").filter(|wish| wish.essential) else { return true };
        let mut asked = wish.value.iter().chain(wish.values.iter().flatten()).peekable();
        asked.peek().is_none() || asked.any(|value| value == ours)
    }

    /// The scopes that cover these claims: what the person must be asked.
    pub fn scopes(&self) -> Scopes {
        self.names().filter_map(scope_of).collect()
    }

    /// What is left of it where the person agreed to these scopes.
    pub fn within(&self, agreed: &Scopes) -> Self {
        let cut = |wishes: &Option<Wishes>| {
            let mut wishes = wishes.clone()?;
            wishes.retain(|name, _| is_released(name, agreed));
            (!wishes.is_empty()).then_some(wishes)
        };
        Self { userinfo: cut(&self.userinfo), id_token: cut(&self.id_token) }
    }

    pub fn is_empty(&self) -> bool {
        self.names().next().is_none()
    }

    /// Names of claims wanted at userinfo.
    pub fn for_userinfo(&self) -> Vec<&str> {
        self.userinfo.iter().flat_map(BTreeMap::keys).map(String::as_str).collect()
    }

    /// Names of claims wanted in the ID token.
    pub fn for_id_token(&self) -> Vec<&str> {
        self.id_token.iter().flat_map(BTreeMap::keys).map(String::as_str).collect()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        [&self.userinfo, &self.id_token].into_iter().flatten().flat_map(BTreeMap::keys).map(String::as_str)
    }

    fn wish(&self, claim: &str) -> Option<&Wish> {
        self.id_token.as_ref()?.get(claim)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ada() -> UserClaims {
        UserClaims {
            sub: "u1".into(),
            name: Some("Ada".into()),
            nickname: Some(String::new()),
            email: Some("ada@example.test".into()),
            email_verified: Some(false),
            address: Some(Address::default()),
            ..UserClaims::default()
        }
    }

    // S83
    #[test]
    fn only_the_claims_of_granted_scopes_and_nothing_empty() {
        let released = |text: &str| Value::Object(ada().released(&Scopes::parse(text).unwrap(), &[]));
        assert_eq!(released("openid"), serde_json::json!({"sub": "u1"}));
        assert_eq!(released("openid profile address"), serde_json::json!({"sub": "u1", "name": "Ada"}));
        assert_eq!(
            released("openid email"),
            serde_json::json!({"sub": "u1", "email": "ada@example.test", "email_verified": false})
        );
    }

    // S30
    #[test]
    fn claims_by_name_come_beside_those_of_the_scopes() {
        let claims = ada().released(&Scopes::parse("openid").unwrap(), &["name", "nickname", "website"]);
        assert_eq!(Value::Object(claims), serde_json::json!({"sub": "u1", "name": "Ada"}));
        assert_eq!(Value::Object(ada().named(&["name"])), serde_json::json!({"name": "Ada"}));
    }

    // S30
    #[test]
    fn a_claims_request_is_an_object_of_objects() {
        assert_eq!(ClaimsRequest::parse(None), Ok(ClaimsRequest::default()));
        let wishes = r#"{"userinfo":{"name":{"essential":true},"x":null},"id_token":{"sub":{"value":"u1"},"email":null},"other":1}"#;
        let request = ClaimsRequest::parse(Some(wishes)).unwrap();
        assert_eq!(request.required_subject(), Some("u1"));
        assert_eq!(request.scopes().to_string(), "profile email");
        let permitted = request.within(&Scopes::parse("openid email").unwrap());
        assert_eq!((permitted.for_userinfo(), permitted.for_id_token()), (vec![], vec!["email"]));
        assert!(request.is_met_by_acr("1"));
        for bad in [
            "",
            "x",
            "[]",
            "1",
            "{\"id_token\":[]}",
            "{\"id_token\":{\"a\":1}}",
            "{\"userinfo\":{\"a\":{\"essential\":1}}}",
        ] {
            assert!(ClaimsRequest::parse(Some(bad)).is_err(), "{bad}");
        }
        let deep = format!("{}{}", "{\"userinfo\":".repeat(600), "}".repeat(600));
        assert!(ClaimsRequest::parse(Some(&deep)).is_err(), "a depth bomb is refused");
        for (wish, met) in [
            (r#"{"essential":true,"values":["2","3"]}"#, false),
            (r#"{"essential":true,"values":["2","1"]}"#, true),
            (r#"{"essential":true,"value":"2"}"#, false),
            (r#"{"essential":true}"#, true),
            (r#"{"values":["2"]}"#, true),
            ("null", true),
        ] {
            let request = ClaimsRequest::parse(Some(&format!(r#"{{"id_token":{{"acr":{wish}}}}}"#))).unwrap();
            assert_eq!(request.is_met_by_acr("1"), met, "{wish}");
        }
    }

    proptest! {
        // I6
        #[test]
        fn fewer_scopes_never_release_more(a in "(openid |profile |email |phone |address ){0,5}", b in "(openid |profile |email ){0,5}") {
            let (a, b) = (Scopes::parse(&a).unwrap(), Scopes::parse(&b).unwrap());
            let (wide, narrow) = (ada().released(&a, &[]), ada().released(&a.intersect(&b), &[]));
            prop_assert!(narrow.keys().all(|key| wide.contains_key(key)));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,200}") {
            let _ = ClaimsRequest::parse(Some(&text));
        }
    }
}
