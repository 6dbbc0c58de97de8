//! Resources, details and profiles, from what the operator wrote to what the rules take.

use protocol::{DetailType, Resource, Scopes, scopes::BadScope};
use serde::Deserialize;

use super::{NamedDetail, NamedResource};

/// `resources.NAME.format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenFormat {
    #[default]
    Jwt,
    Opaque,
}

/// `oauth.registration_profile`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    Fapi2,
    Mcp,
}

impl Profile {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fapi2 => "fapi2",
            Self::Mcp => "mcp",
        }
    }
}

impl NamedResource {
    pub fn resource(&self, name: &str) -> Result<Resource, BadScope> {
        Ok(Resource {
            name: name.to_owned(),
            audience: self.audience.clone(),
            scopes: Scopes::parse(&self.scopes.clone().unwrap_or_default().join(" "))?,
            format: match self.format.unwrap_or_default() {
                TokenFormat::Jwt => protocol::TokenFormat::Jwt,
                TokenFormat::Opaque => protocol::TokenFormat::Opaque,
            },
            introspects: self.introspection_client.clone(),
        })
    }
}

impl NamedDetail {
    pub fn detail_type(&self, name: &str) -> DetailType {
        DetailType {
            name: name.to_owned(),
            words: self.words.clone(),
            words_fr: self.words_fr.clone().unwrap_or_default(),
            required: self.required.clone().unwrap_or_default(),
            optional: self.optional.clone().unwrap_or_default(),
        }
    }
}
