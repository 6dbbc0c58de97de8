//! What a request object may say, once its signature holds, and the parameters that are in it.

use serde_json::{Map, Value};

use crate::{Client, ErrorCode, Micros, OAuthError, Policy, seconds};

/// How a request object may be signed, in the order of discovery. `none` beside them is for the operator to allow.
pub const ALGS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

/// The name of what is not signed.
pub const UNSIGNED: &str = "none";

/// Seconds that the clocks of others may be ahead.
const SKEW: i64 = 60;

/// What our pushed requests are called, before their secret.
pub const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

/// The algorithms that any client's objects may have.
pub fn offered(policy: &Policy) -> impl Iterator<Item = &'static str> {
    ALGS.into_iter().chain(policy.unsigned_request_objects.then_some(UNSIGNED))
}

/// The algorithms that this client's objects may have.
///
/// > request_object_signing_alg […] All Request Objects from this Client MUST be rejected, if not signed with this
/// > algorithm.
///
/// <https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata>
pub fn algs(client: &Client, policy: &Policy) -> Vec<&'static str> {
    let must_be_signed = client.metadata.require_signed_request_object || client.metadata.is_fapi2();
    let offered = offered(policy).filter(|alg| *alg != UNSIGNED || !must_be_signed);
    let registered = client.metadata.request_object_signing_alg.as_deref();
    let fits = |alg: &&str| match registered {
        Some(only) => only == *alg,
        None => !client.metadata.is_fapi2() || crate::fapi2::ALGS.contains(alg),
    };
    offered.filter(fits).collect()
}

/// The parameters of a verified object, as a request would carry them. Nothing that came beside the object counts.
///
/// > The authorization server MUST extract the set of authorization request parameters from the Request Object value.
/// > The authorization server MUST only use the parameters in the Request Object, even if the same parameter is provided
/// > in the query parameter.
///
/// <https://www.rfc-editor.org/rfc/rfc9101#section-6.3>
// S20
pub fn parameters(
    claims: &Map<String, Value>,
    client: &Client,
    policy: &Policy,
    now: Micros,
) -> Result<Vec<(String, String)>, OAuthError> {
    addressed(claims, client, policy)?;
    timely(claims, client, seconds(now))?;
    let mut pairs = vec![("client_id".to_owned(), client.id.clone())];
    for (name, value) in claims {
        match (name.as_str(), value) {
            // > request and request_uri parameters MUST NOT be included in Request Objects.
            // <https://www.rfc-editor.org/rfc/rfc9101#section-4>
            ("request" | "request_uri", _) => return refuse("A request object must not hold another one."),
            ("client_id" | "iss" | "aud" | "exp" | "nbf" | "iat" | "jti" | "sub", _) | (_, Value::Null) => {}
            ("resource", Value::Array(several)) => {
                pairs.extend(several.iter().map(|one| (name.clone(), text(one))));
            }
            (_, value) => pairs.push((name.clone(), text(value))),
        }
    }
    Ok(pairs)
}

/// A string is one already; whatever else there is has its JSON.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// From this client, for us.
fn addressed(claims: &Map<String, Value>, client: &Client, policy: &Policy) -> Result<(), OAuthError> {
    let is_client = |name: &str| claims.get(name).is_none_or(|value| value == client.id.as_str());
    // > The client_id value in the Request Object […] MUST be identical to the client_id request parameter
    if !is_client("client_id") || !is_client("iss") {
        return refuse("The request object is another client's.");
    }
    // > the value of the sub claim MUST NOT be the client_id: […] to prevent a Request Object from being used as a client
    // > authentication assertion
    // <https://www.rfc-editor.org/rfc/rfc9101#section-10.8>
    if claims.get("sub").is_some_and(|sub| sub == client.id.as_str()) {
        return refuse("The sub of a request object must not be the client.");
    }
    let for_us = |aud: &Value| match aud {
        Value::Array(several) => several.iter().any(|one| one == policy.issuer.as_str()),
        one => one == policy.issuer.as_str(),
    };
    match claims.get("aud") {
        Some(aud) if for_us(aud) => Ok(()),
        None if !client.metadata.is_fapi2() => Ok(()),
        _ => refuse("The aud of a request object must be the issuer."),
    }
}

/// Within its times, where it has some. Neither RFC 9101 nor OpenID Connect requires them; FAPI does.
fn timely(claims: &Map<String, Value>, client: &Client, now: i64) -> Result<(), OAuthError> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        // To the second; beyond the year 9999 is no time.
        Some(value) => match value.as_f64().filter(|time| (0.0..253_402_300_800.0).contains(time)) {
            Some(time) => Ok(Some(time.floor() as i64)),
            None => refuse("A time in the request object is none."),
        },
    };
    let (exp, nbf, iat) = (time("exp")?, time("nbf")?, time("iat")?);
    if exp.is_some_and(|exp| exp <= now) {
        return refuse("The request object has expired.");
    }
    if nbf.max(iat).is_some_and(|from| from > now + SKEW) {
        return refuse("The request object is not valid yet.");
    }
    if client.metadata.is_fapi2() {
        return crate::fapi2::check_lifetime(exp, nbf, now);
    }
    Ok(())
}

pub fn refuse<T>(why: &'static str) -> Result<T, OAuthError> {
    Err(OAuthError::new(ErrorCode::InvalidRequestObject, why))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{SECOND, samples};

    const NOW: i64 = 1_800_000_000;

    fn read(claims: Value, client: &Client) -> Result<Vec<(String, String)>, OAuthError> {
        let Value::Object(claims) = claims else { unreachable!() };
        parameters(&claims, client, &Policy::new("https://op"), NOW * SECOND)
    }

    // S20
    #[test]
    fn values_of_every_type_become_parameters() {
        let claims = json!({
            "iss": "c1", "aud": ["https://other", "https://op"], "exp": NOW + 1, "client_id": "c1", "scope": "openid",
            "max_age": 60, "claims": {"userinfo": {"email": null}}, "resource": ["https://a", "https://b"], "nonce": null,
        });
        let pairs = read(claims, &samples::client()).unwrap();
        let expected = [
            ("client_id", "c1"),
            ("claims", r#"{"userinfo":{"email":null}}"#),
            ("max_age", "60"),
            ("resource", "https://a"),
            ("resource", "https://b"),
            ("scope", "openid"),
        ];
        let mut pairs: Vec<_> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
        pairs[1..].sort_unstable();
        assert_eq!(pairs, expected);
    }

    // S20, S103
    #[test]
    fn each_contradiction_is_refused() {
        for (name, value) in [
            ("iss", json!("c2")),
            ("client_id", json!("c2")),
            ("client_id", json!(1)),
            ("sub", json!("c1")),
            ("aud", json!("https://other")),
            ("aud", json!([])),
            ("exp", json!(NOW)),
            ("exp", json!("soon")),
            ("exp", json!(-1)),
            ("nbf", json!(NOW + 61)),
            ("iat", json!(NOW + 61)),
            ("request", json!("x")),
            ("request_uri", json!("https://x")),
        ] {
            let error = read(json!({ name: value }), &samples::client()).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequestObject, "{name}");
        }
        assert!(read(json!({ "nbf": NOW + 60, "iat": NOW + 60 }), &samples::client()).is_ok());
    }

    #[test]
    fn unsigned_ones_only_where_both_sides_say_so() {
        let mut policy = Policy::new("https://op");
        let mut client = samples::client();
        assert_eq!(algs(&client, &policy), ALGS);
        policy.unsigned_request_objects = true;
        assert!(algs(&client, &policy).contains(&UNSIGNED));
        client.metadata.require_signed_request_object = true;
        assert!(!algs(&client, &policy).contains(&UNSIGNED));
        client.metadata.request_object_signing_alg = Some("ES256".into());
        assert_eq!(algs(&client, &policy), ["ES256"]);
        client.metadata.request_object_signing_alg = Some(UNSIGNED.into());
        assert_eq!(algs(&client, &policy), [""; 0]);
    }

    proptest! {
        #[test]
        fn whatever_stands_there_never_panics(text in r#"\{("(exp|nbf|aud|iss|scope)":(-?[0-9]{1,20}|"[a-z]{0,4}"|\[\]|null|1e308)){0,1}\}"#) {
            if let Ok(Value::Object(claims)) = serde_json::from_str(&text) {
                let _ = parameters(&claims, &samples::client(), &Policy::new("https://op"), NOW * SECOND);
            }
        }
    }
}
