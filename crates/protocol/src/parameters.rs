//! Request parameters in the order in which they came, repeated ones included.

/// > Multiple resource parameters MAY be used to indicate that the requested token is intended to be used at multiple
/// > resources.
///
/// <https://www.rfc-editor.org/rfc/rfc8707#section-2>
pub const RESOURCE: &str = "resource";

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

    /// Each value of a parameter that may come several times.
    pub fn every(self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The first name that came more than once.
    pub fn repeated(self) -> Option<&'a str> {
        self.repeated_but("")
    }

    /// The same, of all but one.
    pub fn repeated_but(self, may_repeat: &str) -> Option<&'a str> {
        let names = self.0.iter().map(|(key, _)| key.as_str()).enumerate();
        let again = |place: usize, name: &str| self.0[..place].iter().any(|(key, _)| key == name);
        names
            .filter(|(_, name)| *name != may_repeat)
            .find(|(place, name)| again(*place, name))
            .map(|(_, name)| name)
    }

    pub fn is_repeated(self, name: &str) -> bool {
        self.0.iter().filter(|(key, _)| key == name).count() > 1
    }
}
