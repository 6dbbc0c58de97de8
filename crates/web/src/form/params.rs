//! Ordered parameters and their decoding.

use std::borrow::Cow;

use super::MAX_PARAMS;

/// In the order in which they came, empty and repeated ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

/// Not UTF-8, a NUL, or too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the parameters cannot be read")]
pub struct BadParams;

/// A form's fields as a struct. `None` where a field is missing or makes no sense: 400.
pub trait FromParams: Sized {
    fn from_params(params: &Params) -> Option<Self>;
}

impl FromParams for Params {
    fn from_params(params: &Params) -> Option<Params> {
        Some(params.clone())
    }
}

impl Params {
    /// `application/x-www-form-urlencoded`: <https://url.spec.whatwg.org/#urlencoded-parsing>, but strict about UTF-8.
    pub fn parse(bytes: &[u8]) -> Result<Params, BadParams> {
        let mut pairs = Vec::new();
        for pair in bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == MAX_PARAMS {
                return Err(BadParams);
            }
            let at = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = at.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
            pairs.push((decode(name)?, decode(value)?));
        }
        Ok(Params(pairs))
    }

    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// The rules of OAuth about them: a parameter without a value counts as omitted, repeated ones can be asked for.
    pub fn oauth(&self) -> protocol::parameters::Parameters<'_> {
        protocol::parameters::Parameters(&self.0)
    }

    /// The first of that name, empty or not.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first of that name unless it is empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

impl From<Vec<(String, String)>> for Params {
    fn from(pairs: Vec<(String, String)>) -> Params {
        Params(pairs)
    }
}

/// One name or value, form-decoded (RFC 6749 Appendix B).
pub(crate) fn decode(bytes: &[u8]) -> Result<String, BadParams> {
    let plain = if bytes.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        let mut out = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some((first, tail)) = rest.split_first() {
            rest = tail;
            match first {
                b'+' => out.push(b' '),
                // A `%` without two hexadecimal digits stands for itself.
                b'%' => match tail.first_chunk().and_then(hex) {
                    Some(byte) => {
                        out.push(byte);
                        rest = &tail[2..];
                    }
                    None => out.push(b'%'),
                },
                byte => out.push(*byte),
            }
        }
        Cow::Owned(out)
    } else {
        Cow::Borrowed(bytes)
    };
    let text = String::from_utf8(plain.into_owned()).map_err(|_| BadParams)?;
    // PostgreSQL takes no NUL, and no parameter of ours has one.
    if text.contains('\0') { Err(BadParams) } else { Ok(text) }
}

fn hex(digits: &[u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Vec<(String, String)> {
        Params::parse(text.as_bytes()).unwrap().into_pairs()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    // S8: order and repetition survive.
    #[test]
    fn parameters_keep_their_order() {
        assert_eq!(parsed("b=2&a=1&b=3&&c"), pairs(&[("b", "2"), ("a", "1"), ("b", "3"), ("c", "")]));
        assert_eq!(parsed("state=a+b%20%C3%A9%2B%zz%&x=="), pairs(&[("state", "a b é+%zz%"), ("x", "=")]));
        assert_eq!(parsed(""), pairs(&[]));
    }

    // S141
    #[test]
    fn what_is_not_text_is_refused() {
        for bad in ["a=%00", "%00=a", "a=%FF", "a=%C0%AF", "a=%ED%A0%80", "a=%E2%82"] {
            assert_eq!(Params::parse(bad.as_bytes()), Err(BadParams), "{bad}");
        }
        assert_eq!(Params::parse(b"a=\xff"), Err(BadParams));
        assert_eq!(Params::parse(b"a=\0"), Err(BadParams));
    }

    // S71
    #[test]
    fn a_thousand_parameters_and_no_more() {
        assert_eq!(parsed(&"a=1&".repeat(1000)).len(), 1000);
        assert_eq!(Params::parse("a=1&".repeat(1001).as_bytes()), Err(BadParams));
    }
}
