//! Refresh tokens: when a client gets one, how long it lives, and what happens when one is used.

use super::GrantType;
use crate::{Client, Confirmation, ErrorCode, Micros, OAuthError, Policy, Scopes};

/// What the client presents.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshRequest {
    pub refresh_token: String,
    pub scope: Option<String>,
}

impl std::fmt::Debug for RefreshRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RefreshRequest").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// The token and its grant, as they are on record.
#[derive(Clone, Copy, Debug)]
pub struct RefreshRecord<'a> {
    pub client_id: &'a str,
    pub scopes: &'a Scopes,
    /// Who alone may use it.
    pub confirmation: Option<&'a Confirmation>,
    pub is_used: bool,
    pub is_revoked: bool,
    pub expires_at: Micros,
    pub max_expires_at: Micros,
}

/// What comes with it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Presented<'a> {
    pub scope: Option<&'a str>,
    /// Which key the caller has shown to hold.
    pub shown: Option<&'a Confirmation>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// New tokens with these scopes; a new refresh token where `rotate` says so.
    Renew {
        scopes: Scopes,
        rotate: bool,
        lifetime: Lifetime,
    },
    /// A token that was exchanged already: its whole family must die.
    Reuse,
    Refuse(OAuthError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// Unless it is used before.
    pub expires_at: Micros,
    /// Of the family, whatever happens.
    pub max_expires_at: Micros,
}

/// Whether a grant of these scopes comes with a refresh token (CONTRACT section 3): with `offline_access`, or
/// for plain OAuth when the registration has the grant.
///
/// > offline_access […] requests that an OAuth 2.0 Refresh Token be issued that can be used to obtain an
/// > Access Token that grants access to the End-User's UserInfo Endpoint even when the End-User is not
/// > present
///
/// <https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess>
pub fn with_refresh_token(client: &Client, scopes: &Scopes) -> bool {
    client.allows_grant(GrantType::RefreshToken.as_str())
        && (scopes.contains("offline_access") || !scopes.contains("openid"))
}

/// What a new grant's refresh tokens are bound to: those of a client that proves who it is are bound to the client.
///
/// > If the authorization server issues a refresh token to a public client […] the authorization server MUST bind the
/// > refresh token to the respective public key.
///
/// <https://www.rfc-editor.org/rfc/rfc9449#section-5>, and the same for certificates:
/// <https://www.rfc-editor.org/rfc/rfc8705#section-4>
// S67
pub fn binding<'a>(client: &Client, shown: Option<&'a Confirmation>) -> Option<&'a Confirmation> {
    shown.filter(|_| client.is_public())
}

pub fn first_lifetime(policy: &Policy, now: Micros) -> Lifetime {
    let max_expires_at = now.saturating_add(policy.refresh_max);
    Lifetime { expires_at: now.saturating_add(policy.refresh_idle).min(max_expires_at), max_expires_at }
}

/// > If a refresh token is compromised and subsequently used by both the attacker and the legitimate client,
/// > one of them will present an invalidated refresh token, which will inform the authorization server of the
/// > breach. The authorization server cannot determine which party submitted the invalid refresh token, but
/// > it will revoke the active refresh token.
///
/// <https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2>
// S61, S62, S63, S64, I6
pub fn renew(
    record: &RefreshRecord<'_>,
    client: &Client,
    presented: Presented<'_>,
    policy: &Policy,
    now: Micros,
) -> Renewal {
    if record.client_id != client.id || record.is_revoked {
        return Renewal::Refuse(OAuthError::invalid_grant());
    }
    // A stolen one is no use without the key, and does not end the family of its owner.
    if record.confirmation.is_some() && record.confirmation != presented.shown {
        return Renewal::Refuse(OAuthError::invalid_grant());
    }
    if record.is_used {
        return Renewal::Reuse;
    }
    if now >= record.expires_at || now >= record.max_expires_at {
        return Renewal::Refuse(OAuthError::invalid_grant());
    }
    // What the client may not have any more is gone from what it was granted.
    let granted = record.scopes.intersect(&client.allowed_scopes());
    if granted.is_empty() {
        return Renewal::Refuse(OAuthError::invalid_grant());
    }
    match narrowed(&granted, presented.scope) {
        Ok(scopes) => Renewal::Renew {
            scopes,
            // Pinned for S63: one that is bound to a key stays, unless the client asked for rotation.
            rotate: client.rotates_refresh_tokens()
                && (record.confirmation.is_none() || client.rotate_refresh),
            lifetime: Lifetime {
                expires_at: now.saturating_add(policy.refresh_idle).min(record.max_expires_at),
                max_expires_at: record.max_expires_at,
            },
        },
        Err(error) => Renewal::Refuse(error),
    }
}

/// > The requested scope MUST NOT include any scope not originally granted by the resource owner, and if
/// > omitted is treated as equal to the scope originally granted by the resource owner.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-6>
fn narrowed(granted: &Scopes, asked: Option<&str>) -> Result<Scopes, OAuthError> {
    let Some(asked) = asked else { return Ok(granted.clone()) };
    match Scopes::parse(asked) {
        Ok(scopes) if !scopes.is_empty() && scopes.is_subset(granted) => Ok(scopes),
        _ => Err(OAuthError::new(ErrorCode::InvalidScope, "The scope is more than what was granted.")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    fn renewed(record: &RefreshRecord<'_>, client: &Client, asked: Option<&str>, now: Micros) -> Renewal {
        renew(record, client, Presented { scope: asked, shown: None }, &Policy::new("https://op"), now)
    }

    fn record(scopes: &Scopes) -> RefreshRecord<'_> {
        RefreshRecord {
            client_id: "c1",
            scopes,
            confirmation: None,
            is_used: false,
            is_revoked: false,
            expires_at: 100,
            max_expires_at: 1000,
        }
    }

    // S61, S62, S63, S64
    #[test]
    fn who_gets_what() {
        let granted = Scopes::parse("openid email offline_access").unwrap();
        let record = record(&granted);
        let confidential = samples::client();
        let lifetime = Lifetime { expires_at: 1000, max_expires_at: 1000 };
        let all = Renewal::Renew { scopes: granted.clone(), rotate: false, lifetime };
        assert_eq!(renewed(&record, &confidential, None, 99), all);
        assert!(matches!(
            renewed(&record, &samples::public_client(), Some("openid"), 99),
            Renewal::Renew { rotate: true, scopes, .. } if scopes.to_string() == "openid"
        ));
        for wide in ["openid profile", "", "\"", "unknown"] {
            assert!(matches!(renewed(&record, &confidential, Some(wide), 99), Renewal::Refuse(error)
                if error.code == ErrorCode::InvalidScope));
        }
        let invalid = Renewal::Refuse(OAuthError::invalid_grant());
        assert_eq!(renewed(&record, &confidential, None, 100), invalid);
        assert_eq!(
            renewed(&RefreshRecord { max_expires_at: 50, ..record }, &confidential, None, 60),
            invalid
        );
        assert_eq!(renewed(&RefreshRecord { is_revoked: true, ..record }, &confidential, None, 1), invalid);
        assert_eq!(
            renewed(&RefreshRecord { client_id: "c2", is_used: true, ..record }, &confidential, None, 1),
            invalid
        );
        assert_eq!(
            renewed(&RefreshRecord { is_used: true, ..record }, &confidential, None, 1),
            Renewal::Reuse
        );
    }

    // S63, S67
    #[test]
    fn a_bound_token_wants_its_key_and_stays() {
        let (granted, key, other) =
            (Scopes::known(), Confirmation::of_key("key"), Confirmation::of_key("other"));
        let record = RefreshRecord { confirmation: Some(&key), ..record(&granted) };
        let (client, policy) = (samples::public_client(), Policy::new("https://op"));
        let renewed = |shown| renew(&record, &client, Presented { scope: None, shown }, &policy, 1);
        assert!(matches!(renewed(Some(&key)), Renewal::Renew { rotate: false, .. }));
        for shown in [None, Some(&other)] {
            assert_eq!(renewed(shown), Renewal::Refuse(OAuthError::invalid_grant()));
        }
        assert_eq!(binding(&client, Some(&key)), Some(&key));
        assert_eq!(binding(&samples::client(), Some(&key)), None);
    }

    // I6
    #[test]
    fn a_narrowed_client_narrows_what_it_was_granted() {
        let granted = Scopes::parse("openid email offline_access").unwrap();
        let only = |text: &str| Client { scopes: Scopes::parse(text).unwrap(), ..samples::client() };
        assert!(matches!(
            renewed(&record(&granted), &only("openid phone"), None, 1),
            Renewal::Renew { scopes, .. } if scopes.to_string() == "openid"
        ));
        assert!(matches!(
            renewed(&record(&granted), &only("openid"), Some("openid email"), 1),
            Renewal::Refuse(error) if error.code == ErrorCode::InvalidScope
        ));
        let nothing_left = Renewal::Refuse(OAuthError::invalid_grant());
        assert_eq!(renewed(&record(&granted), &only("phone"), None, 1), nothing_left);
    }

    // S13
    #[test]
    fn offline_access_or_plain_oauth() {
        let with = |text: &str| with_refresh_token(&samples::client(), &Scopes::parse(text).unwrap());
        assert!(with("openid offline_access") && with("email") && !with("openid email"));
        let without_grant = Client { grant_types: vec!["authorization_code".into()], ..samples::client() };
        assert!(!with_refresh_token(&without_grant, &Scopes::parse("email offline_access").unwrap()));
    }

    proptest! {
        // I6
        #[test]
        fn scopes_never_grow(granted in "(openid |email |phone ){1,3}", asked in proptest::option::of("(openid |email |x ){0,3}")) {
            let granted = Scopes::parse(&granted).unwrap();
            if let Renewal::Renew { scopes, .. } = renewed(&record(&granted), &samples::client(), asked.as_deref(), 1) {
                prop_assert!(scopes.is_subset(&granted) && !scopes.is_empty());
            }
        }

        // S64
        #[test]
        fn no_renewal_outlives_its_family(now in 0i64..1000, idle in 1i64..2000) {
            let scopes = Scopes::known();
            let policy = Policy { refresh_idle: idle, ..Policy::new("https://op") };
            let record = RefreshRecord { expires_at: 1000, ..record(&scopes) };
            if let Renewal::Renew { lifetime, .. } = renew(&record, &samples::client(), Presented::default(), &policy, now) {
                prop_assert!(lifetime.expires_at <= 1000 && lifetime.max_expires_at == 1000);
            }
        }
    }
}
