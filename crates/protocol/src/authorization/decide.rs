//! The one place that decides how an authorization request goes on. Every detour ends here again.

use super::{Prompt, ValidRequest};
use crate::{Client, ErrorCode, Micros, OAuthError, SECOND, Scopes, claims::ClaimsRequest};

/// The person who is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person<'a> {
    pub subject: &'a str,
    pub auth_time: Micros,
}

/// Everything that the decision depends on beside the request.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    pub client: &'a Client,
    pub person: Option<Person<'a>>,
    /// The subject of a verified `id_token_hint`.
    pub hinted: Option<&'a str>,
    /// What this person allowed this client at any time.
    pub consented: Option<&'a Scopes>,
    /// What the consent page of this very request was answered with.
    pub answer: Option<&'a Scopes>,
    /// The person said no, on whichever page.
    pub denied: bool,
    /// When the request came.
    pub received_at: Micros,
    pub now: Micros,
}

/// Every way on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    SignIn {
        /// Somebody is signed in, but must show again who they are.
        reauthenticate: bool,
    },
    Consent {
        missing: Scopes,
    },
    Permit {
        scopes: Scopes,
        /// The grant outlives the session.
        offline: bool,
        /// Single claims, of those asked for, that the person agreed to.
        claims: ClaimsRequest,
        /// What the person's recorded consent must still cover when the code is written: nothing of what no person is
        /// asked for.
        on_record: Scopes,
    },
    Refuse(OAuthError),
}

pub fn decide(request: &ValidRequest, situation: &Situation<'_>) -> Decision {
    if situation.denied {
        return refuse(ErrorCode::AccessDenied, "The person did not agree.");
    }
    if !request.claims.is_met_by_acr(super::ACR_PASSWORD) {
        let why = "No such authentication context class is offered.";
        return refuse(ErrorCode::UnmetAuthenticationRequirements, why);
    }
    let silent = request.prompts.has(Prompt::None);
    let person = match sign_in(request, situation) {
        SignIn::Enough(person) => person,
        // > login_required: […] if the prompt parameter value in the Authentication Request is none, but the
        // > Authentication Request cannot be completed without displaying a user interface for End-User
        // > authentication.
        // <https://openid.net/specs/openid-connect-core-1_0.html#AuthError>
        SignIn::Needed { .. } if silent => {
            return refuse(ErrorCode::LoginRequired, "The person must sign in.");
        }
        SignIn::Needed { reauthenticate } => return Decision::SignIn { reauthenticate },
        SignIn::SomebodyElse => return refuse(ErrorCode::LoginRequired, "Somebody else has signed in."),
    };
    debug_assert!(!person.subject.is_empty());
    match consent(request, situation) {
        Consent::Given { agreed, on_record } => {
            let scopes = request.scopes.intersect(&agreed);
            if request.response_type.gives_id_token() && !scopes.contains("openid") {
                return refuse(ErrorCode::AccessDenied, "The person did not agree to say who they are.");
            }
            let offline = scopes.contains("offline_access");
            Decision::Permit { scopes, offline, claims: request.claims.within(&agreed), on_record }
        }
        Consent::Needed(_) if silent => refuse(ErrorCode::ConsentRequired, "The person must agree first."),
        Consent::Needed(missing) => Decision::Consent { missing },
    }
}

enum SignIn<'a> {
    Enough(Person<'a>),
    Needed { reauthenticate: bool },
    SomebodyElse,
}

fn sign_in<'a>(request: &ValidRequest, situation: &Situation<'a>) -> SignIn<'a> {
    let Some(person) = situation.person else { return SignIn::Needed { reauthenticate: false } };
    // Whoever signed in after the request came has answered `prompt=login` and every `max_age`, zero
    // included.
    let fresh = person.auth_time >= situation.received_at;

    // > If the End-User identified by the ID Token is already logged in or is logged in as a result of the
    // > request (with the OP possibly evaluating other information beyond the ID Token in this decision),
    // > then the Authorization Server returns a positive response; otherwise, it MUST return an error, such
    // > as login_required.
    // <https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest>
    let demanded = [situation.hinted, request.claims.required_subject()];
    if demanded.into_iter().flatten().any(|subject| subject != person.subject) {
        return if fresh { SignIn::SomebodyElse } else { SignIn::Needed { reauthenticate: true } };
    }
    // > login: The Authorization Server SHOULD prompt the End-User for reauthentication.
    let asked_again = request.prompts.has(Prompt::Login) || request.prompts.has(Prompt::SelectAccount);
    // > If the elapsed time is greater than this value, the OP MUST attempt to actively re-authenticate the
    // > End-User.
    let too_old = request.max_age.is_some_and(|seconds| situation.now - person.auth_time > seconds * SECOND);
    if !fresh && (asked_again || too_old) {
        return SignIn::Needed { reauthenticate: true };
    }
    SignIn::Enough(person)
}

enum Consent {
    Given { agreed: Scopes, on_record: Scopes },
    Needed(Scopes),
}

/// Pinned for S40: nothing is approved without one earlier explicit consent, except for trusted clients and
/// for what an administrator approved for everyone. That covers `offline_access` as well (CONTRACT section
/// 3).
fn consent(request: &ValidRequest, situation: &Situation<'_>) -> Consent {
    let client = situation.client;
    let asked = &request.consent_scopes;
    let recorded = situation.consented.cloned().unwrap_or_default();
    // An answer counts for the person who gave it: theirs is on record.
    if let Some(answer) = situation.answer
        && answer.is_subset(&recorded)
        && !request.scopes.intersect(answer).is_empty()
    {
        let agreed = asked.intersect(answer);
        return Consent::Given { on_record: agreed.clone(), agreed };
    }
    // Details are of this one request: no earlier yes covers them.
    // <https://www.rfc-editor.org/rfc/rfc9396#section-7.1>
    let in_detail = !request.details.is_empty() && !client.trusted;
    if in_detail || request.prompts.has(Prompt::Consent) {
        return Consent::Needed(asked.clone());
    }
    if client.trusted {
        return Consent::Given { agreed: asked.clone(), on_record: Scopes::none() };
    }
    let on_record = asked.without(&client.everyone_scopes);
    let missing = on_record.without(&recorded);
    if missing.is_empty() {
        Consent::Given { agreed: asked.clone(), on_record }
    } else {
        Consent::Needed(missing)
    }
}

fn refuse(code: ErrorCode, description: &'static str) -> Decision {
    Decision::Refuse(OAuthError::new(code, description))
}
