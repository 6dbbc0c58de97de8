//! The token endpoint: what is asked ([`TokenRequest`]), the rules of each grant, what the tokens say.

mod claims;
mod client_credentials;
mod code;
mod grant_type;
mod refresh;
mod request;

pub use claims::{IdTokenClaims, at_hash};
pub use client_credentials::check as check_client_credentials;
pub use code::{CodeRecord, CodeRequest, MOST_FAILURES, Redemption, redeem};
pub use grant_type::GrantType;
pub use refresh::{
    Lifetime, RefreshRecord, RefreshRequest, Renewal, first_lifetime, renew, with_refresh_token,
};
pub use request::TokenRequest;
