//! What several pages show: an application, a person.

/// An OAuth client as people see it. URLs must have been checked (https, or http on loopback) by whoever fills this.
#[derive(Debug, Clone, Default)]
pub struct ClientCard {
    pub name: String,
    /// Host of the redirect URI (a scheme such as `com.example.app` for native ones): where the answer goes.
    pub host: String,
    /// A picture that our own pages may load (our host); without one a tile with the first letter is shown.
    pub logo: Option<String>,
    pub home: Option<String>,
    pub policy: Option<String>,
    pub terms: Option<String>,
    /// Nobody here has looked at it: it registered itself.
    pub is_unchecked: bool,
}

/// A person as they see themselves.
#[derive(Debug, Clone, Default)]
pub struct PersonCard {
    /// Empty when the person never gave one; pages then show the address alone.
    pub name: String,
    pub email: String,
    /// Absolute URL, or a path on our host; `None` shows a silhouette.
    pub photo: Option<String>,
}
