//! The headers that every answer of a class carries (S26, S27), made once.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::answer::PagePolicy;
use crate::dpop::DPOP_NONCE;
use crate::{Class, Core, paths};

/// Every header with its value, by class.
pub(crate) struct Headers {
    by_class: Vec<Vec<(HeaderName, HeaderValue)>>,
    page_policy: PolicyText,
    /// What a challenge of our APIs ends in.
    resource_metadata: String,
}

/// The content security policy of a page around the place for what one page needs beside it.
struct PolicyText {
    before: String,
    after: String,
}

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const ANY: HeaderValue = HeaderValue::from_static("*");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

impl Headers {
    pub fn new(core: &Core) -> Headers {
        let page_policy = PolicyText::new(&core.pictures.origins());
        let by_class = Class::ALL.iter().map(|class| of(*class, core, &page_policy)).collect();
        let metadata = core.site.url(paths::PROTECTED_RESOURCE);
        Headers { by_class, page_policy, resource_metadata: format!(r#"resource_metadata="{metadata}""#) }
    }

    /// Adds what is missing. What a handler set stays.
    pub fn complete(&self, headers: &mut HeaderMap, class: Class, shared: bool, policy: Option<&PagePolicy>) {
        for (name, value) in &self.by_class[class as usize] {
            if !headers.contains_key(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
        if class == Class::Api {
            self.point_out(headers);
        }
        if !headers.contains_key(header::CACHE_CONTROL) {
            headers.insert(header::CACHE_CONTROL, NO_STORE);
        }
        if shared {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
            // Only where it says something: errors, and answers to be waited for.
            if headers.contains_key(header::WWW_AUTHENTICATE)
                || headers.contains_key(header::RETRY_AFTER)
                || headers.contains_key(DPOP_NONCE)
            {
                headers.insert(
                    header::ACCESS_CONTROL_EXPOSE_HEADERS,
                    HeaderValue::from_static("www-authenticate, retry-after, dpop-nonce, x-request-id"),
                );
            }
        }
        if let Some(policy) = policy
            && let Ok(value) = HeaderValue::from_str(&self.page_policy.with(policy))
        {
            headers.insert(header::CONTENT_SECURITY_POLICY, value);
        }
    }

    /// > resource_metadata: The URL of the protected resource metadata.
    ///
    /// <https://www.rfc-editor.org/rfc/rfc9728#section-5.1>: who comes without a token learns where to get one.
    fn point_out(&self, headers: &mut HeaderMap) {
        let challenge =
            headers.get_all(header::WWW_AUTHENTICATE).next().and_then(|value| value.to_str().ok());
        let Some(challenge) = challenge.filter(|challenge| challenge.starts_with("Bearer")) else { return };
        let separator = if challenge == "Bearer" { " " } else { ", " };
        let Ok(value) = HeaderValue::from_str(&format!("{challenge}{separator}{}", self.resource_metadata))
        else {
            return;
        };
        let others: Vec<HeaderValue> = headers.get_all(header::WWW_AUTHENTICATE).skip(1).cloned().collect();
        headers.insert(header::WWW_AUTHENTICATE, value);
        for other in others {
            headers.append(header::WWW_AUTHENTICATE, other);
        }
    }
}

impl PolicyText {
    /// Scripts, styles and fonts are ours and in files of their own; pictures also come from where photos are.
    fn new(picture_origins: &[String]) -> PolicyText {
        let pictures: String = picture_origins.iter().map(|origin| format!(" {origin}")).collect();
        PolicyText {
            before: format!(
                "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; \
                 img-src 'self'{pictures}; manifest-src 'self'; form-action 'self'"
            ),
            after: "; frame-ancestors 'none'; base-uri 'none'; object-src 'none'".to_owned(),
        }
    }

    fn with(&self, page: &PagePolicy) -> String {
        let mut policy = self.before.clone();
        if let Some(client) = &page.form_action {
            policy.push(' ');
            policy.push_str(client);
        }
        if !page.frame_src.is_empty() {
            policy.push_str("; frame-src");
        }
        for origin in &page.frame_src {
            policy.push(' ');
            policy.push_str(origin);
        }
        policy + &self.after
    }
}

fn of(class: Class, core: &Core, page_policy: &PolicyText) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = vec![(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF)];
    if core.site.is_secure() {
        let hsts = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.push((header::STRICT_TRANSPORT_SECURITY, hsts));
    }
    let fixed = |name: HeaderName, value: &'static str| (name, HeaderValue::from_static(value));
    match class {
        Class::Page | Class::Account => {
            if let Ok(policy) = HeaderValue::from_str(&page_policy.with(&PagePolicy::default())) {
                headers.push((header::CONTENT_SECURITY_POLICY, policy));
            }
            headers.extend([
                fixed(header::X_FRAME_OPTIONS, "DENY"),
                // With `no-referrer` browsers send `Origin: null` with our own forms (S27 as pinned).
                fixed(header::REFERRER_POLICY, "same-origin"),
                fixed(PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
                fixed(CORP, "same-origin"),
            ]);
            if class == Class::Account {
                // Sign-in and consent live in popups of their clients; the account page does not.
                headers.push(fixed(COOP, "same-origin"));
            }
        }
        Class::Static => headers.extend([
            // Whatever somebody made of a picture, opened as a document it may do nothing (S133).
            fixed(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
            fixed(CORP, "cross-origin"),
        ]),
        Class::Api | Class::OAuth => {
            headers
                .push(fixed(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"));
        }
        Class::Metadata | Class::Health => {}
    }
    headers
}
