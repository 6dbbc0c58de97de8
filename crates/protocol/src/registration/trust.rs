//! What an administrator decided about a client, where the client changes its registration itself.

use crate::{Client, Scopes};

/// Takes back what was decided for the client as it was: that its people are not asked (`trusted`), or that they are not
/// asked for some scopes. Whoever was trusted with one address and a few scopes is not trusted with others, nor is whoever
/// authenticates with keys that nobody here has seen. True where something was taken back.
// S77
pub fn ends_with_change(before: &Client, after: &mut Client) -> bool {
    let decided = before.trusted || !before.everyone_scopes.is_empty();
    if !decided || !is_wider(before, after) {
        return false;
    }
    after.trusted = false;
    after.everyone_scopes = Scopes::none();
    true
}

fn is_wider(before: &Client, after: &Client) -> bool {
    let all_in = |new: &[String], old: &[String]| new.iter().all(|one| old.contains(one));
    !(all_in(&after.redirect_uris, &before.redirect_uris)
        && all_in(&after.grant_types, &before.grant_types)
        && all_in(&after.response_types, &before.response_types)
        && after.allowed_scopes().is_subset(&before.allowed_scopes())
        && after.auth_method == before.auth_method
        && after.jwks == before.jwks
        && after.metadata.jwks_uri == before.metadata.jwks_uri)
}

/// The scopes of a registration within those that an administrator left it.
pub(super) fn within_limit(client: &Client) -> Scopes {
    match client.metadata.scope_limit.as_deref().map(Scopes::parse) {
        None => client.scopes.clone(),
        // None named means all that there may be.
        Some(Ok(limit)) if client.scopes.is_empty() => limit,
        Some(Ok(limit)) => client.scopes.intersect(&limit),
        Some(Err(_)) => Scopes::none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuthMethod, Policy, registration::drop_unknown_scopes, samples};

    // S77: trust is in the client that somebody has seen.
    #[test]
    fn trust_ends_where_the_client_becomes_another() {
        let before = Client {
            trusted: true,
            everyone_scopes: Scopes::parse("email").unwrap(),
            scopes: Scopes::parse("openid email").unwrap(),
            ..samples::client()
        };
        let is_trusted = |change: &dyn Fn(&mut Client)| {
            let mut after = before.clone();
            change(&mut after);
            let ended = ends_with_change(&before, &mut after);
            assert_eq!(ended, !after.trusted && after.everyone_scopes.is_empty());
            after.trusted
        };
        let harmless: [&dyn Fn(&mut Client); 3] = [
            &|client| client.name = "Another".into(),
            &|client| client.scopes = Scopes::parse("openid").unwrap(),
            &|client| client.logo_uri = None,
        ];
        for (place, change) in harmless.into_iter().enumerate() {
            assert!(is_trusted(change), "case {place}");
        }
        let wider: [&dyn Fn(&mut Client); 7] = [
            &|client| client.redirect_uris.push("https://evil.example/cb".into()),
            &|client| client.scopes = Scopes::parse("openid email phone").unwrap(),
            &|client| client.scopes = Scopes::none(),
            &|client| client.auth_method = AuthMethod::None,
            &|client| client.jwks = Some("{}".into()),
            &|client| client.metadata.jwks_uri = Some("https://evil.example/jwks".into()),
            &|client| client.grant_types.push("client_credentials of another kind".into()),
        ];
        for (place, change) in wider.into_iter().enumerate() {
            assert!(!is_trusted(change), "case {place}");
        }
    }

    #[test]
    fn no_registration_leaves_the_scopes_that_an_administrator_left_it() {
        let scopes = |asked: &str, limit: Option<&str>| {
            let mut client = Client { scopes: Scopes::parse(asked).unwrap(), ..samples::client() };
            client.metadata.scope_limit = limit.map(str::to_owned);
            let dropped = drop_unknown_scopes(&mut client, &Policy::new("https://op"));
            dropped.map(|()| client.scopes.to_string()).map_err(|error| error.code)
        };
        assert_eq!(scopes("openid email", None).as_deref(), Ok("openid email"));
        assert_eq!(scopes("openid email", Some("openid")).as_deref(), Ok("openid"));
        assert_eq!(scopes("", Some("openid")).as_deref(), Ok("openid"));
        assert!(scopes("email", Some("openid")).is_err(), "none left would mean all");
    }

    #[test]
    fn who_is_adopted_looks_after_itself_no_more() {
        for (before, after) in
            [("open", "administrator"), ("token:t1", "administrator"), ("document", "document")]
        {
            let mut client = Client {
                registered_by: before.into(),
                management_digest: Some(vec![1; 32]),
                ..samples::client()
            };
            client.adopt();
            assert_eq!((client.management_digest, client.registered_by.as_str()), (None, after));
        }
    }
}
