//! The smallest browser that can sign in: cookies, redirects, forms. Used by `demo --check` and by the tests.

use std::collections::BTreeMap;

use url::Url;

use crate::failure::Failure;

/// Cookies are kept by host, as browsers do it: two ports of one host share them.
pub struct Browser {
    http: reqwest::Client,
    pub cookies: BTreeMap<String, BTreeMap<String, String>>,
}

/// One answer, read to its end.
#[derive(Clone, Debug)]
pub struct Page {
    pub url: Url,
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: String,
}

/// A form as it stands on a page: where it goes and what it would send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub action: Url,
    pub fields: Vec<(String, String)>,
}

impl Browser {
    /// `http` must not follow redirects by itself.
    pub fn new(http: reqwest::Client) -> Self {
        Self { http, cookies: BTreeMap::new() }
    }

    pub async fn get(&mut self, url: &Url) -> Result<Page, Failure> {
        self.send(url, self.http.get(url.clone())).await
    }

    /// Sends a form as the page at `from` would: same-origin headers included.
    pub async fn submit(&mut self, from: &Url, form: &Form) -> Result<Page, Failure> {
        let request = self
            .http
            .post(form.action.clone())
            .header("origin", from.origin().ascii_serialization())
            .header(
                "sec-fetch-site",
                if from.origin() == form.action.origin() { "same-origin" } else { "cross-site" },
            )
            .form(&form.fields);
        self.send(&form.action, request).await
    }

    /// Follows redirects while they stay below `origin`; the first answer that does not redirect there is given back.
    pub async fn follow(&mut self, mut page: Page, origin: &Url) -> Result<Page, Failure> {
        for _ in 0..10 {
            match page.location() {
                Some(next) if next.origin() == origin.origin() => page = self.get(&next).await?,
                _ => return Ok(page),
            }
        }
        Err(Failure::new(format!("too many redirects, the last one at {}", page.url.path())))
    }

    async fn send(&mut self, url: &Url, request: reqwest::RequestBuilder) -> Result<Page, Failure> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let jar = self.cookies.entry(host).or_default();
        let cookies =
            jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = if cookies.is_empty() { request } else { request.header("cookie", cookies) };
        let request = request.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        let response =
            request.send().await.map_err(|e| Failure::new(format!("no answer from {}: {e}", url.path())))?;
        for cookie in response.headers().get_all("set-cookie") {
            keep(jar, cookie.to_str().unwrap_or_default());
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body =
            response.bytes().await.map_err(|e| Failure::new(format!("{} broke off: {e}", url.path())))?;
        Ok(Page { url: url.clone(), status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

fn keep(jar: &mut BTreeMap<String, String>, cookie: &str) {
    let Some((pair, attributes)) = cookie.split_once(';').or(Some((cookie, ""))) else { return };
    let Some((name, value)) = pair.split_once('=') else { return };
    let is_removed = value.is_empty() || attributes.to_ascii_lowercase().contains("max-age=0");
    if is_removed {
        jar.remove(name.trim());
    } else {
        jar.insert(name.trim().to_owned(), value.trim().to_owned());
    }
}

impl Page {
    /// Where a redirect points, resolved against the page.
    pub fn location(&self) -> Option<Url> {
        if !(300..400).contains(&self.status) {
            return None;
        }
        self.url.join(self.headers.get("location")?.to_str().ok()?).ok()
    }

    /// `login`, `consent`, …: what `<body data-page>` says.
    pub fn name(&self) -> Option<String> {
        tags(&self.body, "body").next().and_then(|tag| attribute(tag, "data-page"))
    }

    /// `form#id` with its inputs; buttons are added by whoever presses them.
    pub fn form(&self, id: &str) -> Result<Form, Failure> {
        let missing = || Failure::new(format!("{} ({}) has no form#{id}", self.url.path(), self.status));
        let tag = tags(&self.body, "form")
            .find(|tag| attribute(tag, "id").as_deref() == Some(id))
            .ok_or_else(missing)?;
        // A slice of the body, so that its place in the body is known.
        let start = tag.as_ptr() as usize - self.body.as_ptr() as usize;
        let inner = &self.body[start..];
        let inner = &inner[..inner.find("</form>").unwrap_or(inner.len())];
        let action = attribute(tag, "action").filter(|action| !action.is_empty());
        let action = action
            .map_or_else(|| Ok(self.url.clone()), |action| self.url.join(&action))
            .map_err(|_| missing())?;
        let fields = tags(inner, "input")
            .filter(|tag| {
                let kind = attribute(tag, "type").unwrap_or_default();
                !matches!(kind.as_str(), "checkbox" | "radio" | "file" | "submit")
            })
            .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value").unwrap_or_default())))
            .collect();
        Ok(Form { action, fields })
    }

    /// Where the link with this id leads.
    pub fn link(&self, id: &str) -> Option<Url> {
        let tag = tags(&self.body, "a").find(|tag| attribute(tag, "id").as_deref() == Some(id))?;
        self.url.join(&attribute(tag, "href")?).ok()
    }
}

impl Form {
    /// Types into a field, or presses a button.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match self.fields.iter_mut().find(|(own, _)| own == name) {
            Some(field) => value.clone_into(&mut field.1),
            None => self.fields.push((name.to_owned(), value.to_owned())),
        }
        self
    }
}

/// Every opening tag of one kind, as the text between `<` and `>`.
fn tags<'a>(html: &'a str, kind: &str) -> impl Iterator<Item = &'a str> {
    html.split('<').filter_map(move |piece| {
        let tag = &piece[..piece.find('>')?];
        let name_end = tag.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(tag.len());
        tag[..name_end].eq_ignore_ascii_case(kind).then_some(tag)
    })
}

/// The value of an attribute, with the few entities that our templates write undone.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag;
    loop {
        let at = rest.find(name)?;
        let is_whole = rest[..at].ends_with(char::is_whitespace);
        let after = &rest[at + name.len()..];
        match after.strip_prefix("=\"") {
            Some(value) if is_whole => return Some(unescaped(&value[..value.find('"')?])),
            _ if is_whole && !after.starts_with(['-', '=']) => return Some(String::new()),
            _ => rest = after,
        }
    }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = [
            ("&amp;", '&'),
            ("&lt;", '<'),
            ("&gt;", '>'),
            ("&quot;", '"'),
            ("&#39;", '\''),
            ("&#x27;", '\''),
        ];
        let numeric = [
            ("&#38;", '&'),
            ("&#60;", '<'),
            ("&#62;", '>'),
            ("&#34;", '"'),
            ("&#x2F;", '/'),
            ("&#x3D;", '='),
        ];
        match known.iter().chain(&numeric).find(|(entity, _)| rest.starts_with(entity)) {
            Some((entity, c)) => {
                out.push(*c);
                rest = &rest[entity.len()..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_as_a_browser_would() {
        let page = Page {
            url: "http://localhost:8080/login?interaction=i".parse().unwrap(),
            status: 200,
            headers: http::HeaderMap::new(),
            body: r#"<body data-page="login"><form id="other"><input name="x"></form>
                <form class="card" id="login" method="post" action="/login?interaction=i&amp;a=1">
                <input type="hidden" name="csrf" value="a&#38;b"><input name="username" value="" required>
                <input type="checkbox" name="box" value="1"><button type="submit">Go</button></form>
                <a id="cancel" href="/oauth2/authorize/i?cancel=1">No</a></body>"#
                .to_owned(),
        };
        let form = page.form("login").unwrap().with("username", "a@b");
        assert_eq!(form.action.as_str(), "http://localhost:8080/login?interaction=i&a=1");
        assert_eq!(form.fields, [("csrf".into(), "a&b".into()), ("username".into(), "a@b".into())]);
        assert_eq!(page.name().as_deref(), Some("login"));
        assert_eq!(page.link("cancel").unwrap().query(), Some("cancel=1"));
        assert!(page.form("nothing").is_err());
    }
}
