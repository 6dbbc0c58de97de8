//! RP-initiated logout: when to ask, when to sign out at once, and where to go afterwards.
//! <https://openid.net/specs/openid-connect-rpinitiated-1_0.html>
//!
//! Who else is told: [`channels`] (the addresses that clients register for it, and what is said there). How a client
//! notices by itself: [`session_state`].

pub mod channels;
pub mod session_state;

use crate::{Client, OAuthError, authorization::with_query, parameters::Parameters};

/// The parameters of a logout request. Kept as pairs as well, since the confirm page carries them along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogoutRequest {
    pub id_token_hint: Option<String>,
    pub logout_hint: Option<String>,
    pub client_id: Option<String>,
    pub post_logout_redirect_uri: Option<String>,
    pub state: Option<String>,
    pub ui_locales: Option<String>,
}

impl LogoutRequest {
    pub fn parse(pairs: &[(String, String)]) -> Result<Self, OAuthError> {
        let parameters = Parameters(pairs);
        if parameters.repeated().is_some() {
            return Err(OAuthError::invalid_request("A parameter came more than once."));
        }
        Ok(Self {
            id_token_hint: parameters.owned("id_token_hint"),
            logout_hint: parameters.owned("logout_hint"),
            client_id: parameters.owned("client_id"),
            post_logout_redirect_uri: parameters.owned("post_logout_redirect_uri"),
            state: parameters.owned("state"),
            ui_locales: parameters.owned("ui_locales"),
        })
    }

    /// The parameters that a form or a redirect of ours must repeat.
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("id_token_hint", &self.id_token_hint),
            ("logout_hint", &self.logout_hint),
            ("client_id", &self.client_id),
            ("post_logout_redirect_uri", &self.post_logout_redirect_uri),
            ("state", &self.state),
            ("ui_locales", &self.ui_locales),
        ];
        all.into_iter().filter_map(|(name, value)| value.as_deref().map(|value| (name, value))).collect()
    }
}

/// A hint that was verified: an ID token of ours, expired or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint<'a> {
    pub subject: &'a str,
    pub client_id: &'a str,
    /// The session in which it was issued.
    pub sid: Option<&'a str>,
}

/// Who is signed in, in the words in which a client may speak of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person<'a> {
    /// As the client of the request knows them.
    pub subject: &'a str,
    pub email: &'a str,
    /// As the client of the request knows it.
    pub sid: &'a str,
}

/// Everything else that the decision depends on.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// None where there was no hint or it did not verify.
    pub hint: Option<Hint<'a>>,
    /// The client named by the hint, else by `client_id`; none where it is unknown or was not named.
    pub client: Option<&'a Client>,
    pub signed_in: Option<Person<'a>>,
    /// The person pressed the button of our own page.
    pub confirmed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// An error page; nobody is sent anywhere.
    Refuse(OAuthError),
    /// Our own page asks.
    Ask,
    /// End the session (if there is one), then go there or to our signed-out page.
    SignOut { to: Option<String> },
}

// S45, S97, S98, S99
pub fn decide(request: &LogoutRequest, situation: &Situation<'_>) -> Decision {
    // > When both client_id and id_token_hint are present, the OP MUST verify that the Client Identifier matches
    // > the one used when issuing the ID Token.
    if let (Some(hint), Some(client_id)) = (situation.hint, request.client_id.as_deref())
        && hint.client_id != client_id
    {
        return Decision::Refuse(OAuthError::invalid_request("The id_token_hint belongs to another client."));
    }
    let to = match destination(request, situation) {
        Ok(to) => to,
        Err(error) => return Decision::Refuse(error),
    };
    let hinted =
        situation.hint.is_some_and(|hint| situation.signed_in.is_none_or(|own| own.is_meant(hint, request)));
    let nobody = situation.signed_in.is_none() && to.is_none();
    // > the OP SHOULD ask the End-User whether to log out of the OP as well. Furthermore, the OP MUST ask the
    // > End-User this question if an id_token_hint was not provided or if the supplied ID Token does not
    // > belong to the current OP session
    if hinted || situation.confirmed || nobody { Decision::SignOut { to } } else { Decision::Ask }
}

impl Person<'_> {
    /// Whether both hints, where they are given, speak of this person in this session. An ID token that was encrypted or
    /// made for no session has no `sid`.
    ///
    /// > logout_hint: Hint to the Authorization Server about the End-User that is logging out.
    fn is_meant(self, hint: Hint<'_>, request: &LogoutRequest) -> bool {
        let named = request.logout_hint.as_deref().is_none_or(|name| {
            name == self.subject || name == self.sid || name.eq_ignore_ascii_case(self.email)
        });
        named && hint.subject == self.subject && hint.sid.is_none_or(|sid| sid == self.sid)
    }
}

/// > The OP MUST NOT perform post-logout redirection if the post_logout_redirect_uri value supplied does not
/// > exactly match one of the previously registered post_logout_redirect_uris values.
fn destination(request: &LogoutRequest, situation: &Situation<'_>) -> Result<Option<String>, OAuthError> {
    let Some(uri) = request.post_logout_redirect_uri.as_deref() else { return Ok(None) };
    // > if it is not supplied with post_logout_redirect_uri, the OP MUST NOT perform post-logout redirection unless
    // > the OP has other means of confirming the legitimacy of the post-logout redirection target.
    // Ours: the client is named, the address is registered, and the person presses the button.
    let Some(client) = situation.client.filter(|client| client.is_active) else { return Ok(None) };
    if !client.post_logout_redirect_uris.iter().any(|own| own == uri) {
        return Err(OAuthError::invalid_request(
            "The post_logout_redirect_uri is not one that the client registered.",
        ));
    }
    let fields: Vec<(&str, &str)> = request.state.iter().map(|state| ("state", state.as_str())).collect();
    Ok(Some(with_query(uri, &fields)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn request(query: &str) -> LogoutRequest {
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        LogoutRequest::parse(&pairs).unwrap()
    }

    const OUT: &str = "post_logout_redirect_uri=https://app.example/out&state=s";
    const HINT: Hint<'static> = Hint { subject: "u1", client_id: "c1", sid: Some("s1") };
    const PERSON: Person<'static> = Person { subject: "u1", email: "ada@example.test", sid: "s1" };

    fn situation<'a>(hint: Option<Hint<'a>>, client: Option<&'a Client>) -> Situation<'a> {
        Situation { hint, client, signed_in: Some(PERSON), confirmed: false }
    }

    // S97
    #[test]
    fn a_good_hint_goes_back_at_once() {
        let client = samples::client();
        let hinted = situation(Some(HINT), Some(&client));
        let to = Some("https://app.example/out?state=s".to_owned());
        assert_eq!(decide(&request(OUT), &hinted), Decision::SignOut { to: to.clone() });
        assert_eq!(decide(&request(OUT), &Situation { signed_in: None, ..hinted }), Decision::SignOut { to });
        assert_eq!(decide(&request("state=s"), &hinted), Decision::SignOut { to: None });
        for bad in ["https://app.example/out?x=1", "https://evil.example/", "https://app.example/out%23"] {
            let wrong = request(&format!("post_logout_redirect_uri={bad}"));
            assert!(matches!(decide(&wrong, &hinted), Decision::Refuse(_)), "{bad}");
        }
        let other = Situation { hint: Some(Hint { client_id: "c2", ..HINT }), ..hinted };
        assert!(matches!(decide(&request("client_id=c1"), &other), Decision::Refuse(_)));
    }

    // S45, S98, S99
    #[test]
    fn otherwise_we_ask() {
        let client = samples::client();
        assert_eq!(decide(&request(""), &situation(None, None)), Decision::Ask);
        assert_eq!(decide(&request(OUT), &situation(None, None)), Decision::Ask);
        assert_eq!(decide(&request(OUT), &situation(None, Some(&client))), Decision::Ask);
        let somebody_else = situation(Some(Hint { subject: "u2", ..HINT }), Some(&client));
        assert_eq!(decide(&request(OUT), &somebody_else), Decision::Ask);
        let another_session = situation(Some(Hint { sid: Some("s0"), ..HINT }), Some(&client));
        assert_eq!(decide(&request(OUT), &another_session), Decision::Ask);
        let confirmed = Situation { confirmed: true, ..situation(None, None) };
        assert_eq!(
            decide(&request(OUT), &confirmed),
            Decision::SignOut { to: None },
            "an unknown client names no address"
        );
        let nobody = Situation { signed_in: None, ..situation(None, None) };
        assert_eq!(decide(&request("state=s"), &nobody), Decision::SignOut { to: None });
    }
    // S99
    #[test]
    fn a_logout_hint_may_only_make_us_ask() {
        let client = samples::client();
        let hinted = situation(Some(HINT), Some(&client));
        for good in ["u1", "s1", "Ada@example.test"] {
            let decision = decide(&request(&format!("logout_hint={good}")), &hinted);
            assert_eq!(decision, Decision::SignOut { to: None }, "{good}");
        }
        assert_eq!(decide(&request("logout_hint=bob"), &hinted), Decision::Ask);
        assert_eq!(decide(&request("logout_hint=u1"), &situation(None, Some(&client))), Decision::Ask);
    }
}
