//! The order in which a store that has folders lists objects: by their whole names, as a store without folders does.

/// What one page of a listing is looking for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub prefix: String,
    /// The last name of the page before.
    pub after: String,
}

impl Wanted {
    /// `name` of a folder ends with a slash, so that it stands where the names in it stand.
    pub fn is(&self, name: &str) -> bool {
        let (prefix, after) = (self.prefix.as_str(), self.after.as_str());
        if name.ends_with('/') {
            (name.starts_with(prefix) || prefix.starts_with(name))
                && (name > after || after.starts_with(name))
        } else {
            name.starts_with(prefix) && name > after
        }
    }
}
