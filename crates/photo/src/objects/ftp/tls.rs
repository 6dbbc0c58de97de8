//! TLS for FTP: rustls with aws-lc-rs, the system's roots and one's own.

use crate::objects::ObjectError;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use suppaftp::tokio::AsyncRustlsConnector;
use suppaftp::tokio_rustls::TlsConnector;
use suppaftp::tokio_rustls::rustls::client::Resumption;
use suppaftp::tokio_rustls::rustls::crypto::aws_lc_rs;
use suppaftp::tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
use suppaftp::tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(super) fn config(ca_file: Option<&Path>) -> Result<ClientConfig, ObjectError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let wrong = |error: &dyn std::fmt::Display| {
            ObjectError::Denied(format!("root certificates {}: {error}", path.display()).into())
        };
        for root in CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))? {
            roots.add(root.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| ObjectError::Other(error.into()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// For one control connection and its data connections. Servers ask that a data connection resumes the session of its
/// own control connection (vsftpd's `require_ssl_reuse`), so tickets are not shared with other connections.
pub(super) fn connector(config: &ClientConfig) -> AsyncRustlsConnector {
    let mut config = config.clone();
    config.resumption = Resumption::in_memory_sessions(32);
    TlsConnector::from(Arc::new(config)).into()
}

/// A data connection that, when shut down, also reads what the server still sends: closed with unread bytes (TLS 1.3
/// session tickets), the socket would answer them with a reset, and the server would lose the end of the upload.
pub(super) struct Drained<S> {
    stream: S,
    is_shut: bool,
}

impl<S> Drained<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, is_shut: false }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Drained<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.is_shut = true;
        }
        let mut bytes = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            // How the server ends the connection does not matter: the size of what it stored is asked for afterwards.
            let ended = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)).is_err();
            if ended || buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
