//! Request parameters in the order in which they came, repeated ones included.

/// > Parameters sent without a value MUST be treated as if they were omitted from the request. […] Request
/// > and response parameters MUST NOT be included more than once.
///
/// <https://www.rfc-editor.org/rfc/rfc6749#section-3.1>
#[derive(Clone, Copy, Debug)]
pub struct Parameters<'a>(pub &'a [(String, String)]);

impl<'a> Parameters<'a> {
    pub fn one(self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    pub fn owned(self, name: &str) -> Option<String> {
        self.one(name).map(str::to_owned)
    }

    /// The first name that came more than once.
    pub fn repeated(self) -> Option<&'a str> {
        let names = self.0.iter().map(|(key, _)| key.as_str());
        names
            .enumerate()
            .find(|(place, name)| self.0[..*place].iter().any(|(key, _)| key == name))
            .map(|(_, n)| n)
    }

    pub fn is_repeated(self, name: &str) -> bool {
        self.0.iter().filter(|(key, _)| key == name).count() > 1
    }
}
