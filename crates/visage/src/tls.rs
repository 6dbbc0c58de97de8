//! Our own TLS listener (`server.tls`): the certificate that it shows, read again when its files change, so that a renewal
//! needs no restart.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert, danger::ClientCertVerifier},
    sign::CertifiedKey,
};

use crate::{config::Server, failure::Failure};

/// How often the files are looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The certificate that new connections are shown. Clones share it.
#[derive(Clone, Debug)]
pub struct Certificate(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    certificate: PathBuf,
    key: PathBuf,
    /// What is shown, and the state of the files when they were looked at last.
    shown: RwLock<(Arc<CertifiedKey>, Stamp)>,
}

/// When both files were written, and how long they are.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Certificate {
    /// `None` where we speak plain HTTP.
    pub fn of(server: &Server) -> Result<Option<Self>, Failure> {
        let (certificate, key) = match (&server.tls.certificate, &server.tls.key) {
            (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
            _ => return Ok(None),
        };
        let stamp = stamp(&certificate, &key);
        let shown = RwLock::new((Arc::new(read(&certificate, &key)?), stamp));
        Ok(Some(Self(Arc::new(Shared { certificate, key, shown }))))
    }

    /// `clients`: who asks for and judges their certificates; nobody is asked without.
    pub fn server_config(
        &self,
        clients: Option<Arc<dyn ClientCertVerifier>>,
    ) -> Result<ServerConfig, Failure> {
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Failure::new(error.to_string()))?;
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => builder.with_client_cert_verifier(clients),
        };
        Ok(builder.with_cert_resolver(self.0.clone()))
    }

    /// Reads the files if they changed; `true` where another certificate is shown from now on. A pair that cannot be
    /// used, perhaps half-way through a renewal, leaves the one that is shown, and is complained of once.
    pub fn renew(&self) -> Result<bool, Failure> {
        let now = stamp(&self.0.certificate, &self.0.key);
        if self.0.shown.read().unwrap_or_else(PoisonError::into_inner).1 == now {
            return Ok(false);
        }
        let read = read(&self.0.certificate, &self.0.key);
        let mut shown = self.0.shown.write().unwrap_or_else(PoisonError::into_inner);
        shown.1 = now;
        shown.0 = Arc::new(read?);
        Ok(true)
    }
}

impl ResolvesServerCert for Shared {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown.read().unwrap_or_else(PoisonError::into_inner).0.clone())
    }
}

fn stamp(certificate: &Path, key: &Path) -> Stamp {
    [certificate, key].map(|path| {
        let file = fs::metadata(path).ok()?;
        Some((file.modified().ok()?, file.len()))
    })
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, Failure> {
    let unreadable = |setting: &str, path: &Path, error: &dyn std::fmt::Display| {
        Failure::new(format!("`server.tls.{setting}`: {} cannot be used: {error}.", path.display()))
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable("certificate", certificate, &error))?;
    if chain.is_empty() {
        return Err(unreadable("certificate", certificate, &"there is no PEM certificate in it"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unreadable("key", key, &error))?;
    // Fails too where the key is not the certificate's.
    CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider())
        .map_err(|error| unreadable("key", key, &error))
}
