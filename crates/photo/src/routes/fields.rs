//! Short bodies of the seeds' routes: scripts send JSON, forms send themselves, `FormData` is multipart. Read alike.

use super::multipart;
use actix_web::HttpRequest;
use actix_web::dev;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Payload;
use serde_json::Value;
use web::form::{MAX_FORM_BYTES, read_body};
use web::{Params, Refused};

/// Texts by name. A number or a truth value of JSON is the text that it is written as; null is the empty text; a list is
/// a field that comes several times.
#[derive(Debug, Default)]
pub(super) struct Fields {
    texts: Vec<(String, String)>,
}

impl Fields {
    pub async fn read(request: &HttpRequest, payload: Payload) -> Result<Self, Refused> {
        let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("multipart/form-data") {
            let received = multipart::receive(payload, content_type, "", 0).await;
            return received
                .ok()
                .and_then(|received| Self { texts: received.into_texts() }.readable())
                .ok_or_else(|| Refused::malformed(request));
        }
        let mut payload: dev::Payload = payload.into_inner();
        let body = read_body(request, &mut payload, MAX_FORM_BYTES).await?;
        let malformed = || Refused::malformed(request);
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let params = Params::parse(&body).map_err(|_| malformed())?;
            return Ok(Self { texts: params.into_pairs() });
        }
        if body.is_empty() {
            return Ok(Self::default());
        }
        let json: Value = serde_json::from_slice(&body).map_err(|_| malformed())?;
        let members = json.as_object().ok_or_else(malformed)?;
        let texts = members.iter().flat_map(|(name, value)| {
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            values.iter().filter_map(|value| Some((name.clone(), text(value)?)))
        });
        Self { texts: texts.collect() }.readable().ok_or_else(malformed)
    }

    /// Without the blanks around it. `None`: not sent; the empty text was.
    pub fn sent(&self, name: &str) -> Option<&str> {
        self.texts.iter().rev().find(|(known, _)| known == name).map(|(_, text)| text.trim())
    }

    /// Every value of a list, or of a field that came several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.texts.iter().filter(move |(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// PostgreSQL takes no NUL, and no field of ours has one.
    fn readable(self) -> Option<Self> {
        (!self.texts.iter().any(|(_, text)| text.contains('\0'))).then_some(self)
    }

    /// The same where there is something in it.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.sent(name).filter(|text| !text.is_empty())
    }

    pub fn csrf(&self) -> Option<&str> {
        web::caller::CSRF_FIELDS.iter().find_map(|name| self.text(name))
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => Some(String::new()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(_) | Value::Object(_) => None,
    }
}
