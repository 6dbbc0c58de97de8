//! The request id: finds a request in the log. One that comes with the request is kept if it is sane (S142).

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Cheap to make: text only where somebody reads it.
#[derive(Clone, Debug)]
pub enum RequestId {
    Given(HeaderValue),
    Ours(u64),
}

static NEXT: AtomicU64 = AtomicU64::new(1);
/// Tells the ids of processes apart. Not a secret.
static PROCESS: OnceLock<u32> = OnceLock::new();

impl RequestId {
    pub(crate) fn new(headers: &HeaderMap) -> RequestId {
        match headers.get(&X_REQUEST_ID) {
            Some(given) if is_sane(given.as_bytes()) => RequestId::Given(given.clone()),
            _ => RequestId::Ours(NEXT.fetch_add(1, Ordering::Relaxed)),
        }
    }

    pub(crate) fn to_header(&self) -> HeaderValue {
        match self {
            RequestId::Given(value) => value.clone(),
            RequestId::Ours(_) => {
                HeaderValue::from_str(&self.to_string()).unwrap_or(HeaderValue::from_static("?"))
            }
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RequestId::Given(value) => f.write_str(value.to_str().unwrap_or("?")),
            RequestId::Ours(number) => {
                let process = PROCESS.get_or_init(|| u32::from_be_bytes(keyring::Random::system().bytes()));
                write!(f, "{process:08x}-{number:x}")
            }
        }
    }
}

/// Letters, digits and `._-`, at most 64: nothing that could end a line or a header.
fn is_sane(id: &[u8]) -> bool {
    (1..=64).contains(&id.len()) && id.iter().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    // S142
    #[test]
    fn only_a_sane_id_is_taken_over() {
        let mut headers = HeaderMap::new();
        assert!(matches!(RequestId::new(&headers), RequestId::Ours(_)));
        for (given, kept) in [("abc-1.2_3", true), ("a b", false), ("<script>", false), ("", false)] {
            headers.insert(X_REQUEST_ID, HeaderValue::from_str(given).unwrap());
            assert_eq!(matches!(RequestId::new(&headers), RequestId::Given(_)), kept, "{given}");
        }
        headers.insert(X_REQUEST_ID, HeaderValue::from_str(&"a".repeat(65)).unwrap());
        assert!(matches!(RequestId::new(&headers), RequestId::Ours(_)));
    }
}
