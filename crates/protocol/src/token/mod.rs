//! The token endpoint: what is asked ([`TokenRequest`]), the rules of each grant, what the tokens say.

mod claims;
mod client_credentials;
mod code;
mod device_code;
mod exchange;
mod grant_type;
mod jwt_bearer;
mod refresh;
mod request;

pub use claims::{IdTokenClaims, half_hash};
pub use client_credentials::check as check_client_credentials;
pub use code::{CodeRecord, CodeRequest, MOST_FAILURES, Redemption, redeem};
pub use device_code::{DeviceRecord, Poll, pending, poll, slow_down};
pub use exchange::{ACCESS_TOKEN, Brought, ExchangePolicy, ExchangeRequest, Exchanged, exchange};
pub use grant_type::GrantType;
pub use jwt_bearer::{JwtBearerRequest, PeopleBy, TrustedIssuer, assertion_scopes, check_assertion};
pub use refresh::{
    Lifetime, Presented, RefreshRecord, RefreshRequest, Renewal, binding, first_lifetime, renew,
    with_refresh_token,
};
pub use request::TokenRequest;
