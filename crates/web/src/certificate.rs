//! Client certificates (RFC 8705): from our own TLS listener, or from a proxy that we trust. Both have seen that the sender
//! holds the key; whose certificate it is we find out ourselves, by its key or by an authority.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::HttpRequest;
use actix_web::dev::Extensions;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::rt;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use protocol::{AuthMethod, Client, SECOND};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::ClientCertVerifier;

use crate::Core;
use crate::form::params;

/// <https://www.rfc-editor.org/rfc/rfc9440#section-2.3>
const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");
const MOST_BYTES: usize = 16 * 1024;

/// How certificates reach us.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    /// `server.client_certificate_header`: where trusted proxies hand them over.
    pub header: Option<HeaderName>,
    /// `server.client_ca_file`: whose word we take for a certificate's names.
    pub authorities: Option<Arc<dyn ClientCertVerifier>>,
}

/// The certificate that the sender of a request holds the key of, and whatever came to vouch for it.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    leaf: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
}

impl ClientCertificate {
    /// As in `cnf`: <https://www.rfc-editor.org/rfc/rfc8705#section-3.1>
    pub fn thumbprint(&self) -> String {
        keyring::certificate::thumbprint(&self.leaf)
    }
}

/// For `HttpServer::on_connect`: what the client showed when the connection began.
pub(crate) fn note(stream: &dyn Any, data: &mut Extensions) {
    let Some(stream) = stream.downcast_ref::<TlsStream<rt::net::TcpStream>>() else { return };
    let Some([leaf, chain @ ..]) = stream.get_ref().1.peer_certificates() else { return };
    let owned = |one: &CertificateDer<'_>| one.clone().into_owned();
    data.insert(ClientCertificate { leaf: owned(leaf), chain: chain.iter().map(owned).collect() });
}

impl Core {
    /// The sender's certificate. A header counts only from a proxy that we trust: anybody else's is made up. And such a
    /// proxy speaks for others: a certificate of its own says nothing of them.
    pub fn client_certificate(&self, request: &HttpRequest) -> Option<ClientCertificate> {
        let by_proxy =
            || request.peer_addr().is_some_and(|peer| self.trusted_proxies.trusts(peer.ip().to_canonical()));
        match &self.certificates.header {
            Some(name) if by_proxy() => in_header(request.headers(), name),
            _ => request.conn_data::<ClientCertificate>().cloned(),
        }
    }

    /// Whether a certificate says that its sender is `client`, by the method that the client registered.
    pub(crate) async fn certificate_proves(&self, request: &HttpRequest, client: &Client) -> bool {
        let Some(certificate) = self.client_certificate(request) else { return false };
        match client.auth_method {
            AuthMethod::TlsClientAuth => {
                self.is_issued(&certificate)
                    && keyring::certificate::has_registered_name(&certificate.leaf, &client.metadata)
            }
            AuthMethod::SelfSignedTlsClientAuth => {
                let own = |jwks: &str| keyring::certificate::is_of_registered_key(&certificate.leaf, jwks);
                self.with_client_keys(client, own).await.is_ok()
            }
            _ => false,
        }
    }

    /// Whether an authority of ours stands behind it now.
    ///
    /// > the authorization server […] validate[s] the certificate chain
    ///
    /// <https://www.rfc-editor.org/rfc/rfc8705#section-2.1>
    fn is_issued(&self, certificate: &ClientCertificate) -> bool {
        let Some(authorities) = &self.certificates.authorities else { return false };
        let now = u64::try_from(self.now() / SECOND).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
        authorities.verify_client_cert(&certificate.leaf, &certificate.chain, now).is_ok()
    }
}

/// As RFC 9440 writes it (`:base64:`), or in PEM, as it is or percent-encoded (nginx: `$ssl_client_escaped_cert`).
fn in_header(headers: &HeaderMap, name: &HeaderName) -> Option<ClientCertificate> {
    let mut values = headers.get_all(name);
    let text = values.next()?.to_str().ok()?.trim();
    // A second one was not written by the proxy.
    if values.next().is_some() || text.is_empty() || text.len() > MOST_BYTES {
        return None;
    }
    let leaf = byte_sequence(text).or_else(|| pem(text))?;
    let chain = headers.get_all(CLIENT_CERT_CHAIN).filter_map(|line| line.to_str().ok());
    let chain = chain.flat_map(|line| line.split(',')).filter_map(|one| byte_sequence(one.trim()));
    Some(ClientCertificate { leaf, chain: chain.take(8).collect() })
}

/// <https://www.rfc-editor.org/rfc/rfc8941#section-3.3.5>
fn byte_sequence(text: &str) -> Option<CertificateDer<'static>> {
    let base64 = text.strip_prefix(':')?.strip_suffix(':')?;
    STANDARD.decode(base64).ok().map(CertificateDer::from)
}

fn pem(text: &str) -> Option<CertificateDer<'static>> {
    let plain = if text.contains('%') { params::decode(text.as_bytes()).ok()? } else { text.to_owned() };
    let (_, rest) = plain.split_once("-----BEGIN CERTIFICATE-----")?;
    let (base64, _) = rest.split_once("-----END CERTIFICATE-----")?;
    // Line breaks became spaces or tabs on their way through a header.
    let base64: String = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(base64).ok().map(CertificateDer::from)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    const NAME: HeaderName = HeaderName::from_static("x-client-cert");

    fn read(value: &str) -> Option<Vec<u8>> {
        let mut headers = HeaderMap::new();
        headers.append(NAME, HeaderValue::from_str(value).unwrap());
        in_header(&headers, &NAME).map(|certificate| certificate.leaf.to_vec())
    }

    // The DER is three bytes here: reading it is for others.
    #[test]
    fn each_way_of_handing_it_over() {
        let der = Some(vec![0xfb, 0xef, 0xbe]);
        for good in [
            ":++++:",
            "-----BEGIN CERTIFICATE----- ++++ -----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\t++\t++\t-----END CERTIFICATE-----",
            "-----BEGIN%20CERTIFICATE-----%0A%2B%2B%2B%2B%0A-----END%20CERTIFICATE-----%0A",
        ] {
            assert_eq!(read(good), der, "{good}");
        }
        for bad in ["", " ", "++++", ":", "::", ":*:", "-----BEGIN CERTIFICATE-----", "(null)", "%", "%ff%00"]
        {
            assert_eq!(read(bad).filter(|der| !der.is_empty()), None, "{bad}");
        }
        let mut twice = HeaderMap::new();
        twice.append(NAME, HeaderValue::from_static(":++++:"));
        twice.append(NAME, HeaderValue::from_static(":AAAA:"));
        assert!(in_header(&twice, &NAME).is_none());
    }

    // <https://www.rfc-editor.org/rfc/rfc9440#section-2.3>
    #[test]
    fn the_chain_comes_beside_it() {
        let mut headers = HeaderMap::new();
        headers.append(NAME, HeaderValue::from_static(":++++:"));
        headers.append(CLIENT_CERT_CHAIN, HeaderValue::from_static(":AAAA:, :BBBB:"));
        headers.append(CLIENT_CERT_CHAIN, HeaderValue::from_static(":CCCC:"));
        assert_eq!(in_header(&headers, &NAME).unwrap().chain.len(), 3);
    }
}
