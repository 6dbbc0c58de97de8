//! A token request, once its client is known.

use super::{CodeRequest, ExchangeRequest, GrantType, JwtBearerRequest, RefreshRequest};
use crate::{
    Client, ErrorCode, OAuthError, Policy,
    parameters::{Parameters, RESOURCE},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRequest {
    Code(CodeRequest),
    Refresh(RefreshRequest),
    ClientCredentials { scope: Option<String> },
    Device { device_code: String },
    Exchange(ExchangeRequest),
    JwtBearer(JwtBearerRequest),
}

impl TokenRequest {
    pub fn grant_type(&self) -> GrantType {
        match self {
            Self::Code(_) => GrantType::AuthorizationCode,
            Self::Refresh(_) => GrantType::RefreshToken,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
            Self::Device { .. } => GrantType::DeviceCode,
            Self::Exchange(_) => GrantType::TokenExchange,
            Self::JwtBearer(_) => GrantType::JwtBearer,
        }
    }

    // S56
    pub fn parse(pairs: &[(String, String)], client: &Client, policy: &Policy) -> Result<Self, OAuthError> {
        let parameters = Parameters(pairs);
        if parameters.repeated_but(RESOURCE).is_some() {
            return Err(OAuthError::invalid_request("A parameter came more than once."));
        }
        let Some(grant_type) = parameters.one("grant_type") else {
            return Err(OAuthError::invalid_request("The grant_type is missing."));
        };
        let Some(grant_type) = GrantType::parse(grant_type).filter(|grant| policy.offers(*grant)) else {
            return Err(OAuthError::new(ErrorCode::UnsupportedGrantType, "The grant_type is not supported."));
        };
        if !client.allows_grant(grant_type.as_str()) {
            return Err(OAuthError::new(
                ErrorCode::UnauthorizedClient,
                "The client is not registered for this grant_type.",
            ));
        }
        let resources: Vec<String> = parameters.every(RESOURCE).map(str::to_owned).collect();
        policy.named_resources(&resources, client)?;
        let required = |name: &'static str| {
            let missing = || OAuthError::invalid_request(format!("The parameter {name} is missing."));
            parameters.owned(name).ok_or_else(missing)
        };
        Ok(match grant_type {
            GrantType::AuthorizationCode => Self::Code(CodeRequest {
                code: required("code")?,
                redirect_uri: parameters.owned("redirect_uri"),
                code_verifier: parameters.owned("code_verifier"),
            }),
            GrantType::RefreshToken => Self::Refresh(RefreshRequest {
                refresh_token: required("refresh_token")?,
                scope: parameters.owned("scope"),
            }),
            GrantType::ClientCredentials => Self::ClientCredentials { scope: parameters.owned("scope") },
            GrantType::DeviceCode => Self::Device { device_code: required("device_code")? },
            GrantType::TokenExchange => Self::Exchange(ExchangeRequest::parse(parameters)?),
            GrantType::JwtBearer => Self::JwtBearer(JwtBearerRequest {
                assertion: required("assertion")?,
                scope: parameters.owned("scope"),
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    fn parse(query: &str, client: &Client) -> Result<TokenRequest, ErrorCode> {
        let pairs: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        TokenRequest::parse(&pairs, client, &Policy::new("https://op")).map_err(|error| error.code)
    }

    // S56
    #[test]
    fn grant_types() {
        let client = samples::client();
        assert!(matches!(parse("grant_type=authorization_code&code=x", &client), Ok(TokenRequest::Code(_))));
        assert_eq!(parse("", &client), Err(ErrorCode::InvalidRequest));
        assert_eq!(parse("grant_type=", &client), Err(ErrorCode::InvalidRequest));
        assert_eq!(parse("grant_type=refresh_token", &client), Err(ErrorCode::InvalidRequest));
        assert_eq!(
            parse("grant_type=refresh_token&grant_type=refresh_token", &client),
            Err(ErrorCode::InvalidRequest)
        );
        for unknown in ["password", "implicit", "AUTHORIZATION_CODE"] {
            assert_eq!(
                parse(&format!("grant_type={unknown}"), &client),
                Err(ErrorCode::UnsupportedGrantType)
            );
        }
        let public = samples::public_client();
        assert_eq!(parse("grant_type=client_credentials", &public), Err(ErrorCode::UnauthorizedClient));
        let elsewhere = "grant_type=client_credentials&resource=https://other";
        assert_eq!(parse(elsewhere, &client), Err(ErrorCode::InvalidTarget));
        assert!(parse("grant_type=client_credentials&resource=https://op/", &client).is_ok());
    }

    #[test]
    fn secrets_are_not_printed() {
        let request = parse("grant_type=authorization_code&code=hush&code_verifier=hush", &samples::client());
        assert!(!format!("{request:?}").contains("hush"));
    }
}
