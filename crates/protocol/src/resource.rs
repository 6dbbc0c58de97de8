//! Resources: the APIs that access tokens are for. We are one ourselves, under the issuer's name; others are the
//! operator's (`[resources.NAME]`).
//! <https://www.rfc-editor.org/rfc/rfc8707>

use crate::{Client, ErrorCode, OAuthError, Policy, Scopes};

/// An API of somebody else that takes our tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resource {
    pub name: String,
    /// Its address, by which clients ask for it: the `aud` of tokens for it.
    pub audience: String,
    /// The scopes that mean something there.
    pub scopes: Scopes,
    pub format: TokenFormat,
    /// The client that may introspect tokens for it.
    pub introspects: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenFormat {
    /// Signed, so that the API can read it by itself (RFC 9068).
    #[default]
    Jwt,
    /// A handle: the API asks us what it stands for (RFC 7662).
    Opaque,
}

/// What one access token is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aim {
    /// Never empty.
    pub audience: Vec<String>,
    pub scopes: Scopes,
    pub format: TokenFormat,
}

/// Resources that one request may name: more are nobody's wish, and every one is kept.
const MOST_NAMED: usize = 20;

impl Policy {
    /// Every scope that a client may be given here.
    pub fn known_scopes(&self) -> Scopes {
        self.resources.iter().fold(Scopes::known(), |known, resource| known.union(&resource.scopes))
    }

    fn is_us(&self, resource: &str) -> bool {
        resource.strip_suffix('/').unwrap_or(resource) == self.issuer
    }

    /// The address of what an operator may also call by its name.
    pub fn address_of(&self, name_or_address: &str) -> String {
        let named = self.resources.iter().find(|resource| resource.name == name_or_address);
        named.map_or(name_or_address, |resource| &resource.audience).to_owned()
    }

    fn resource(&self, audience: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.audience == audience)
    }

    /// The resources that a request names, each once, in the form in which they are kept.
    ///
    /// > invalid_target: The requested resource is invalid, missing, unknown, or malformed.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc8707#section-2>
    // S72
    pub fn named_resources(&self, asked: &[String], client: &Client) -> Result<Vec<String>, OAuthError> {
        if asked.len() > MOST_NAMED {
            return refuse("The request names too many resources.");
        }
        let mut named: Vec<String> = Vec::new();
        for resource in asked {
            let audience = if self.is_us(resource) {
                self.issuer.clone()
            } else {
                match self.resource(resource) {
                    Some(known) if known.is_open_to(client) => resource.clone(),
                    _ => return refuse("The resource is not known here."),
                }
            };
            if !named.contains(&audience) {
                named.push(audience);
            }
        }
        if self.format(&named).is_none() {
            return refuse("These resources take tokens of different kinds: ask for one at a time.");
        }
        Ok(named)
    }

    /// What a token is for: the resources named now, else those of the grant, else ourselves. It gets the granted scopes
    /// that mean something there, and no others.
    ///
    /// > the authorization server […] SHOULD restrict the audience of the access token to the resource(s) indicated […]
    /// > The resource […] to which access […] is being requested […] can only be the full or subset of resources of the
    /// > original grant.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc8707#section-2.2>
    // S72, I6
    pub fn aim(
        &self,
        client: &Client,
        granted: &Scopes,
        of_grant: Option<&[String]>,
        asked: &[String],
    ) -> Result<Aim, OAuthError> {
        let asked = self.named_resources(asked, client)?;
        let covered = |audience: &String| match of_grant {
            // What was agreed to, by the person or for the client itself, are scopes; a resource of which no scope was agreed
            // to is not the client's to have: an API that looks at the audience alone would believe it.
            None | Some([]) => *audience == self.issuer || self.scopes_at(audience).intersects(granted),
            // Whoever signed in with `openid` may be asked for at userinfo, whatever else the grant is for.
            Some(all) => all.contains(audience) || (*audience == self.issuer && granted.contains("openid")),
        };
        if !asked.iter().all(covered) {
            return refuse("The resource is not one that the grant is for.");
        }
        let mut audience = if asked.is_empty() {
            self.named_resources(of_grant.unwrap_or_default(), client)?
        } else {
            asked
        };
        if audience.is_empty() {
            audience.push(self.issuer.clone());
        }
        let there = audience.iter().fold(Scopes::none(), |all, one| all.union(&self.scopes_at(one)));
        let format = self.format(&audience).unwrap_or_default();
        Ok(Aim { scopes: granted.intersect(&there), audience, format })
    }

    /// The scopes that mean something at a resource.
    fn scopes_at(&self, audience: &str) -> Scopes {
        match self.resource(audience) {
            Some(resource) => resource.scopes.clone(),
            None => Scopes::known(),
        }
    }

    /// The one format that all of them take.
    fn format(&self, audiences: &[String]) -> Option<TokenFormat> {
        let mut formats =
            audiences.iter().map(|one| self.resource(one).map(|one| one.format).unwrap_or_default());
        let first = formats.next().unwrap_or_default();
        formats.all(|format| format == first).then_some(first)
    }

    /// Whether a client is the one that introspects tokens with this audience.
    pub fn introspects(&self, client_id: &str, audience: &str) -> bool {
        self.resource(audience).is_some_and(|resource| resource.introspects.as_deref() == Some(client_id))
    }
}

impl Resource {
    /// To clients that may have one of its scopes.
    fn is_open_to(&self, client: &Client) -> bool {
        self.scopes.intersects(&client.allowed_scopes())
    }

    /// What the operator may write.
    ///
    /// > Its value MUST be an absolute URI […] The URI MUST NOT include a fragment component.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc8707#section-2>
    pub fn check(&self) -> Result<(), &'static str> {
        let good = url::Url::parse(&self.audience).is_ok_and(|url| url.fragment().is_none());
        if !good {
            return Err("the audience must be an absolute URI without a fragment");
        }
        if self.scopes.is_empty() {
            return Err("it needs scopes, which people are asked for");
        }
        if self.scopes.intersects(&Scopes::known()) {
            return Err("its scopes must not be called like ours");
        }
        if self.format == TokenFormat::Opaque && self.introspects.is_none() {
            return Err("opaque tokens need a client that introspects them");
        }
        Ok(())
    }
}

fn refuse<T>(why: &'static str) -> Result<T, OAuthError> {
    Err(OAuthError::new(ErrorCode::InvalidTarget, why))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::samples;

    fn policy() -> Policy {
        let reports = Resource {
            name: "reports".into(),
            audience: "https://reports.example".into(),
            scopes: Scopes::parse("reports.read reports.write").unwrap(),
            introspects: Some("c9".into()),
            ..Resource::default()
        };
        let ledger = Resource {
            name: "ledger".into(),
            audience: "https://ledger.example/v1".into(),
            scopes: Scopes::parse("ledger").unwrap(),
            format: TokenFormat::Opaque,
            ..reports.clone()
        };
        Policy { resources: vec![reports, ledger], ..Policy::new("https://op") }
    }

    fn client() -> Client {
        Client { scopes: Scopes::parse("openid email reports.read ledger").unwrap(), ..samples::client() }
    }

    fn aim(granted: &str, of_grant: &[&str], asked: &[&str]) -> Result<(String, String), ErrorCode> {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let granted = Scopes::parse(granted).unwrap();
        let aim = policy().aim(&client(), &granted, Some(&list(of_grant)), &list(asked));
        aim.map(|aim| (aim.audience.join(" "), aim.scopes.to_string())).map_err(|error| error.code)
    }

    // S72
    #[test]
    fn a_token_has_the_scopes_of_its_resource_and_no_others() {
        let all = "openid email reports.read ledger";
        let both = |audience: &str, scopes: &str| Ok((audience.to_owned(), scopes.to_owned()));
        let reports = "https://reports.example";
        assert_eq!(aim(all, &[], &[]), both("https://op", "openid email"));
        assert_eq!(aim(all, &[], &["https://op/"]), both("https://op", "openid email"));
        assert_eq!(aim(all, &[], &[reports]), both(reports, "reports.read"));
        assert_eq!(aim(all, &[reports], &[]), both(reports, "reports.read"));
        assert_eq!(aim(all, &[reports], &["https://op"]), both("https://op", "openid email"));
        assert_eq!(
            aim(all, &[], &[reports, "https://op", reports]),
            both("https://reports.example https://op", "openid email reports.read")
        );
    }

    // S72
    #[test]
    fn what_was_not_granted_is_no_target() {
        for (granted, of_grant, asked) in [
            ("openid", &[][..], &["https://unknown"][..]),
            ("openid", &[], &["https://reports.example/"]),
            ("openid", &[], &["https://reports.example"]),
            ("reports.read ledger", &["https://reports.example"], &["https://ledger.example/v1"]),
            ("reports.read", &["https://reports.example"], &["https://op"]),
            ("reports.read ledger", &[], &["https://reports.example", "https://ledger.example/v1"]),
        ] {
            assert_eq!(aim(granted, of_grant, asked), Err(ErrorCode::InvalidTarget), "{asked:?}");
        }
        let alone = |audience: &str| {
            let scopes = Scopes::parse("email reports.read").unwrap();
            policy().aim(&client(), &scopes, None, &[audience.to_owned()]).map(|aim| aim.scopes.to_string())
        };
        assert_eq!(alone("https://reports.example").as_deref(), Ok("reports.read"));
        assert_eq!(alone("https://ledger.example/v1").unwrap_err().code, ErrorCode::InvalidTarget);
        let many = |count| policy().named_resources(&vec!["https://op".to_owned(); count], &client());
        assert_eq!(many(MOST_NAMED).unwrap(), ["https://op"]);
        assert_eq!(many(MOST_NAMED + 1).unwrap_err().code, ErrorCode::InvalidTarget);
        let stranger = Client { scopes: Scopes::parse("openid").unwrap(), ..samples::client() };
        assert!(policy().named_resources(&["https://reports.example".into()], &stranger).is_err());
    }

    #[test]
    fn what_an_operator_may_write() {
        let good = policy().resources[0].clone();
        assert_eq!(good.check(), Ok(()));
        for bad in [
            Resource { scopes: Scopes::none(), ..good.clone() },
            Resource { audience: "reports".into(), ..good.clone() },
            Resource { audience: "https://reports.example/#x".into(), ..good.clone() },
            Resource { scopes: Scopes::parse("email").unwrap(), ..good.clone() },
            Resource { format: TokenFormat::Opaque, introspects: None, ..good.clone() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }

    proptest! {
        // I6
        #[test]
        fn scopes_never_grow(granted in "(openid |email |reports\\.read |ledger ){0,4}", asked in 0..4_usize) {
            let names = ["https://op", "https://reports.example", "https://ledger.example/v1", "https://x"];
            if let Ok((_, scopes)) = aim(&granted, &[], &[names[asked]]) {
                prop_assert!(Scopes::parse(&scopes).unwrap().is_subset(&Scopes::parse(&granted).unwrap()));
            }
        }
    }
}
