//! What changes by access tokens may demand of the sign-in behind them. <https://www.rfc-editor.org/rfc/rfc9470>
//!
//! Set by `oauth.changes_max_age` and `oauth.changes_acr_values`; userinfo and what only reads never asks for it.

use actix_web::http::Method;
use protocol::{Micros, SECOND, seconds};

use crate::scope::{OpenId, Scope};
use crate::{Access, ApiError};

/// At least one of the two is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepUp {
    /// How long ago the person may have signed in.
    pub max_age: Option<Micros>,
    /// The classes that do, any of them; empty: any class.
    pub acr_values: Vec<String>,
}

impl StepUp {
    /// None where nothing is demanded.
    pub fn new(max_age: Option<Micros>, acr_values: Vec<String>) -> Option<StepUp> {
        let demands = max_age.is_some() || !acr_values.is_empty();
        demands.then_some(StepUp { max_age, acr_values })
    }

    /// > the authorization server […] the "auth_time" […] and "acr" […] claims […] enable the resource server to determine
    /// > whether the authentication event […] meets its requirements
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9470#section-6>. A token behind which nobody signed in (one that a person made for
    /// themselves, one on an issuer's word) meets none.
    pub(crate) fn check<S: Scope>(
        &self,
        method: &Method,
        access: &Access,
        now: Micros,
    ) -> Result<(), ApiError> {
        if method.is_safe() || S::NAME == OpenId::NAME {
            return Ok(());
        }
        let grant = access.grant.as_ref();
        let recent = self.max_age.is_none_or(|max_age| {
            // The claim is of whole seconds.
            grant.is_some_and(|grant| now < grant.auth_time.saturating_add(max_age).saturating_add(SECOND))
        });
        let acr = grant.and_then(|grant| grant.acr.as_deref());
        let class = self.acr_values.is_empty()
            || acr.is_some_and(|acr| self.acr_values.iter().any(|wanted| wanted == acr));
        if recent && class { Ok(()) } else { Err(ApiError::sign_in_insufficient(&self.parameters())) }
    }

    /// > acr_values […] max_age: Indicates the allowable elapsed time in seconds since the last active authentication event
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9470#section-3>
    fn parameters(&self) -> String {
        let mut parameters = String::new();
        if !self.acr_values.is_empty() {
            parameters.push_str(&format!(r#", acr_values="{}""#, self.acr_values.join(" ")));
        }
        if let Some(max_age) = self.max_age {
            parameters.push_str(&format!(r#", max_age="{}""#, seconds(max_age)));
        }
        parameters
    }
}
