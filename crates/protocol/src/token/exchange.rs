//! Token exchange within this provider: less scope, another audience, and who acts for whom.
//! <https://www.rfc-editor.org/rfc/rfc8693>
//!
//! An exchanged token is of the same grant as the one that was brought: whatever ends the grant ends it too.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Client, ErrorCode, Micros, OAuthError, Policy, Scopes,
    parameters::{Parameters, RESOURCE},
};

/// <https://www.rfc-editor.org/rfc/rfc8693#section-3>
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Any of ours, since they are JWTs (or are read like them).
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Those who have acted for a person one after the other, at most.
const LONGEST_CHAIN: usize = 4;

/// What an administrator lets a client exchange. Without one it exchanges nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExchangePolicy {
    /// Clients whose people's tokens it may bring, beside its own; `*` is every client.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<String>,
    /// Resources, by name or address, for which it may have a token; ourselves by our address. None named: those that the
    /// token that it brings is for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
    /// It may have tokens that do not say that it acts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub impersonation: bool,
}

/// What the client asks for.
#[derive(Clone, PartialEq, Eq)]
pub struct ExchangeRequest {
    pub subject_token: String,
    pub actor_token: Option<String>,
    pub scope: Option<String>,
    /// Names (`audience`) and addresses (`resource`) of whom the token is for.
    pub targets: Vec<String>,
}

impl std::fmt::Debug for ExchangeRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExchangeRequest").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// A living access token that was brought.
#[derive(Clone, Debug)]
pub struct Brought<'a> {
    /// None for a token that a person made for themselves.
    pub client_id: Option<&'a str>,
    pub subject: &'a str,
    /// Whether a person stands behind it.
    pub of_a_person: bool,
    pub scopes: &'a Scopes,
    pub act: Option<&'a Value>,
    pub audience: Vec<&'a str>,
    pub expires_at: Micros,
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    pub scopes: Scopes,
    pub act: Option<Value>,
    /// Addresses of whom it is for.
    pub audience: Vec<String>,
    /// No later than the token that was brought.
    pub until: Micros,
}

impl ExchangeRequest {
    /// > subject_token REQUIRED. […] subject_token_type REQUIRED. […] actor_token_type […] REQUIRED when the actor_token
    /// > parameter is present in the request but MUST NOT be included when actor_token is not present.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc8693#section-2.1>
    pub fn parse(parameters: Parameters<'_>) -> Result<Self, OAuthError> {
        let required = |name: &'static str| {
            let missing = || OAuthError::invalid_request(format!("The parameter {name} is missing."));
            parameters.owned(name).ok_or_else(missing)
        };
        let subject_token = required("subject_token")?;
        token_type("subject_token_type", Some(&required("subject_token_type")?))?;
        let actor_token = parameters.owned("actor_token");
        if actor_token.is_some() != parameters.one("actor_token_type").is_some() {
            return Err(OAuthError::invalid_request("actor_token and actor_token_type go together."));
        }
        token_type("actor_token_type", parameters.one("actor_token_type"))?;
        token_type("requested_token_type", parameters.one("requested_token_type"))?;
        let targets = parameters.every("audience").chain(parameters.every(RESOURCE));
        Ok(Self {
            subject_token,
            actor_token,
            scope: parameters.owned("scope"),
            targets: targets.map(str::to_owned).collect(),
        })
    }
}

fn token_type(name: &'static str, given: Option<&str>) -> Result<(), OAuthError> {
    match given {
        None | Some(ACCESS_TOKEN | JWT) => Ok(()),
        Some(_) => {
            Err(OAuthError::invalid_request(format!("{name}: only access tokens are exchanged here.")))
        }
    }
}

/// Whether the client may have what it asks for, and what that is. `actor`: the token that it brought as who acts.
///
/// > If the request itself is not valid or if either the subject_token or actor_token are invalid for any reason, or are
/// > unacceptable based on policy, the authorization server MUST construct an error response […] The value of the error
/// > parameter MUST be the invalid_request error code.
///
/// <https://www.rfc-editor.org/rfc/rfc8693#section-2.2.2>
pub fn exchange(
    house: &Policy,
    client: &Client,
    request: &ExchangeRequest,
    subject: &Brought<'_>,
    actor: Option<&Brought<'_>>,
) -> Result<Exchanged, OAuthError> {
    let policy = match &client.metadata.token_exchange {
        Some(policy) if !client.is_public() => policy,
        Some(_) | None => {
            let why = "The client may not exchange tokens.";
            return Err(OAuthError::new(ErrorCode::UnauthorizedClient, why));
        }
    };
    let own = |token: &Brought<'_>| token.client_id == Some(client.id.as_str());
    let named = |owner: &str| policy.clients.iter().any(|one| one == "*" || one == owner);
    if !subject.of_a_person || !(own(subject) || subject.client_id.is_some_and(named)) {
        return Err(OAuthError::invalid_request("This subject_token is none that the client may exchange."));
    }
    if actor.is_some_and(|actor| !own(actor)) {
        return Err(OAuthError::invalid_request("The actor_token is none of the client."));
    }
    Ok(Exchanged {
        scopes: narrowed(client, subject.scopes, request.scope.as_deref())?,
        act: acting(client, policy, subject, actor)?,
        audience: audience(house, policy, request, subject)?,
        until: subject.expires_at,
    })
}

/// Whom it is for: those whom the request names, else whom the old one is for. A policy that names nobody lets it stay with
/// those; one that names somebody means them and nobody else, however they came to be meant.
///
/// > If the authorization server is unwilling or unable to issue a token for any target service indicated by the resource or
/// > audience parameters, the invalid_target error code SHOULD be used in the error response.
///
/// <https://www.rfc-editor.org/rfc/rfc8693#section-2.2.2>
fn audience(
    house: &Policy,
    policy: &ExchangePolicy,
    request: &ExchangeRequest,
    subject: &Brought<'_>,
) -> Result<Vec<String>, OAuthError> {
    let stays = request.targets.is_empty();
    let audience: Vec<String> = match stays {
        true => subject.audience.iter().map(|one| (*one).to_owned()).collect(),
        false => request.targets.iter().map(|named| house.address_of(named)).collect(),
    };
    let may: Vec<String> = policy.audiences.iter().map(|named| house.address_of(named)).collect();
    if (stays && may.is_empty()) || audience.iter().all(|one| may.contains(one)) {
        return Ok(audience);
    }
    Err(OAuthError::new(ErrorCode::InvalidTarget, "The client may not have a token for this audience."))
}

/// Never more than what was brought, and never what the client itself may not have. No refresh token comes of it.
fn narrowed(client: &Client, brought: &Scopes, asked: Option<&str>) -> Result<Scopes, OAuthError> {
    let refuse = |why: &'static str| Err(OAuthError::new(ErrorCode::InvalidScope, why));
    let may = brought.intersect(&client.allowed_scopes()).without(&Scopes::from_iter(["offline_access"]));
    let scopes = match asked.map(Scopes::parse) {
        None => may,
        Some(Ok(asked)) if asked.is_subset(&may) => asked,
        Some(_) => return refuse("The scope is more than what the subject_token has."),
    };
    if scopes.is_empty() { refuse("None of the scopes is left.") } else { Ok(scopes) }
}

/// > The act (actor) claim provides a means within a JWT to express that delegation has occurred and identify the acting
/// > party to whom authority has been delegated. […] A chain of delegation can be expressed by nesting one act claim
/// > within another.
///
/// <https://www.rfc-editor.org/rfc/rfc8693#section-4.1>
fn acting(
    client: &Client,
    policy: &ExchangePolicy,
    subject: &Brought<'_>,
    actor: Option<&Brought<'_>>,
) -> Result<Option<Value>, OAuthError> {
    let mut act = match actor {
        Some(actor) => json!({ "sub": actor.subject, "client_id": client.id }),
        None if policy.impersonation => return Ok(subject.act.cloned()),
        None => json!({ "sub": client.id, "client_id": client.id }),
    };
    if let Some(before) = subject.act {
        if chain(before) >= LONGEST_CHAIN {
            return Err(OAuthError::invalid_request("Too many have acted for this person already."));
        }
        act["act"] = before.clone();
    }
    Ok(Some(act))
}

fn chain(act: &Value) -> usize {
    1 + act.get("act").map_or(0, chain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Resource, samples};

    fn client(policy: ExchangePolicy) -> Client {
        let mut client = samples::client();
        client.metadata.token_exchange = Some(policy);
        client
    }

    fn request() -> ExchangeRequest {
        ExchangeRequest { subject_token: "x".into(), actor_token: None, scope: None, targets: Vec::new() }
    }

    fn brought<'a>(client_id: &'a str, scopes: &'a Scopes) -> Brought<'a> {
        Brought {
            client_id: Some(client_id),
            subject: "ada",
            of_a_person: true,
            scopes,
            act: None,
            audience: vec!["https://op"],
            expires_at: 100,
        }
    }

    fn house() -> Policy {
        let orders = Resource {
            name: "orders".into(),
            audience: "https://orders.example/".into(),
            scopes: Scopes::parse("profile").unwrap(),
            ..Resource::default()
        };
        Policy { resources: vec![orders], ..Policy::new("https://op") }
    }

    fn code(outcome: Result<Exchanged, OAuthError>) -> ErrorCode {
        outcome.unwrap_err().code
    }

    #[test]
    fn only_whom_the_policy_names() {
        let scopes = Scopes::parse("openid profile").unwrap();
        let named = client(ExchangePolicy { clients: vec!["spa".into()], ..ExchangePolicy::default() });
        for (owner, good) in [("spa", true), ("c1", true), ("other", false)] {
            let outcome = exchange(&house(), &named, &request(), &brought(owner, &scopes), None);
            assert_eq!(outcome.is_ok(), good, "{owner}");
        }
        let nobodys = Brought { client_id: None, ..brought("spa", &scopes) };
        let clients_own = Brought { of_a_person: false, ..brought("spa", &scopes) };
        for token in [nobodys, clients_own] {
            assert_eq!(code(exchange(&house(), &named, &request(), &token, None)), ErrorCode::InvalidRequest);
        }
        let outcome = exchange(&house(), &samples::client(), &request(), &brought("c1", &scopes), None);
        assert_eq!(code(outcome), ErrorCode::UnauthorizedClient);
        let elsewhere = ExchangeRequest { targets: vec!["orders".into()], ..request() };
        assert_eq!(
            code(exchange(&house(), &named, &elsewhere, &brought("spa", &scopes), None)),
            ErrorCode::InvalidTarget
        );
        let foreign_actor = brought("other", &scopes);
        let outcome = exchange(&house(), &named, &request(), &brought("spa", &scopes), Some(&foreign_actor));
        assert_eq!(code(outcome), ErrorCode::InvalidRequest);
    }

    #[test]
    fn an_audience_goes_by_name_or_by_address() {
        let scopes = Scopes::parse("openid profile").unwrap();
        for allowed in ["orders", "https://orders.example/"] {
            let named =
                client(ExchangePolicy { audiences: vec![allowed.into()], ..ExchangePolicy::default() });
            for asked in ["orders", "https://orders.example/"] {
                let request = ExchangeRequest { targets: vec![asked.to_owned()], ..request() };
                let exchanged = exchange(&house(), &named, &request, &brought("c1", &scopes), None).unwrap();
                assert_eq!(exchanged.audience, ["https://orders.example/"]);
            }
        }
    }

    #[test]
    fn whom_the_old_token_is_for_is_an_audience_like_any_other() {
        let scopes = Scopes::parse("openid profile").unwrap();
        let stays = |audiences: &[&str]| {
            let audiences = audiences.iter().map(|one| (*one).to_owned()).collect();
            let named = client(ExchangePolicy { audiences, ..ExchangePolicy::default() });
            let exchanged = exchange(&house(), &named, &request(), &brought("c1", &scopes), None);
            exchanged.map(|exchanged| exchanged.audience.join(" ")).map_err(|error| error.code)
        };
        assert_eq!(stays(&[]).as_deref(), Ok("https://op"));
        assert_eq!(stays(&["orders", "https://op"]).as_deref(), Ok("https://op"));
        assert_eq!(stays(&["orders"]), Err(ErrorCode::InvalidTarget));
    }

    #[test]
    fn who_acts_is_said_and_so_is_who_acted_before() {
        let scopes = Scopes::parse("openid profile").unwrap();
        let plain = client(ExchangePolicy { clients: vec!["*".into()], ..ExchangePolicy::default() });
        let subject = brought("spa", &scopes);
        let first = exchange(&house(), &plain, &request(), &subject, None).unwrap().act.unwrap();
        assert_eq!(first, json!({ "sub": "c1", "client_id": "c1" }));
        let actor = Brought { subject: "bob", ..brought("c1", &scopes) };
        let again = Brought { act: Some(&first), ..subject.clone() };
        let second = exchange(&house(), &plain, &request(), &again, Some(&actor)).unwrap().act.unwrap();
        assert_eq!(second, json!({ "sub": "bob", "client_id": "c1", "act": first }));
        let mut long = first;
        for _ in 1..LONGEST_CHAIN {
            long = json!({ "sub": "x", "act": long });
        }
        let outcome =
            exchange(&house(), &plain, &request(), &Brought { act: Some(&long), ..subject.clone() }, None);
        assert_eq!(code(outcome), ErrorCode::InvalidRequest);
        let silent = client(ExchangePolicy { impersonation: true, ..ExchangePolicy::default() });
        assert_eq!(exchange(&house(), &silent, &request(), &brought("c1", &scopes), None).unwrap().act, None);
    }

    #[test]
    fn what_is_asked_is_read() {
        let parse = |query: &str| {
            let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            ExchangeRequest::parse(Parameters(&pairs)).map_err(|error| error.code)
        };
        let subject = format!("subject_token=hush&subject_token_type={ACCESS_TOKEN}");
        let full = parse(&format!("{subject}&audience=orders&resource=https://api.example/")).unwrap();
        assert_eq!(full.targets, ["orders", "https://api.example/"]);
        assert!(!format!("{full:?}").contains("hush"));
        for wrong in [
            "subject_token=x".to_owned(),
            format!("subject_token_type={ACCESS_TOKEN}"),
            "subject_token=x&subject_token_type=urn:ietf:params:oauth:token-type:saml2".to_owned(),
            format!("{subject}&actor_token=x"),
            format!("{subject}&actor_token_type={ACCESS_TOKEN}"),
            format!("{subject}&requested_token_type=urn:ietf:params:oauth:token-type:refresh_token"),
        ] {
            assert_eq!(parse(&wrong), Err(ErrorCode::InvalidRequest), "{wrong}");
        }
    }

    proptest! {
        // I6
        #[test]
        fn scopes_never_grow(brought_with in "(openid |email |phone ){1,3}", asked in proptest::option::of("(openid |email |x ){0,3}")) {
            let scopes = Scopes::parse(&brought_with).unwrap();
            let request = ExchangeRequest { scope: asked, ..request() };
            let outcome = exchange(&house(), &client(ExchangePolicy::default()), &request, &brought("c1", &scopes), None);
            if let Ok(exchanged) = outcome {
                prop_assert!(exchanged.scopes.is_subset(&scopes) && !exchanged.scopes.is_empty());
            }
        }
    }
}
