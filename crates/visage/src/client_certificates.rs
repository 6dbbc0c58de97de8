//! Certificates of clients (RFC 8705): how our own listener asks for them, and whose word we take for them.

use std::{path::Path, sync::Arc};

use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, UnixTime, pem::PemObject},
    server::{
        WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};
use web::Certificates;

use crate::{config::Server, failure::Failure};

/// How certificates reach us, by the configuration.
pub fn of(server: &Server) -> Result<Certificates, Failure> {
    Ok(Certificates {
        header: server.client_certificate_header.clone().map(|name| name.0),
        authorities: server.client_ca_file.as_deref().map(authorities).transpose()?,
    })
}

/// What may be promised about them.
pub fn promised(server: &Server) -> protocol::policy::Certificates {
    use protocol::policy::Certificates as Promise;
    let reach_us = server.mtls_listen.is_some() || server.client_certificate_header.is_some();
    match (reach_us, &server.client_ca_file) {
        (false, _) => Promise::Absent,
        (true, None) => Promise::Unchecked,
        (true, Some(_)) => Promise::Checked,
    }
}

fn authorities(file: &Path) -> Result<Arc<dyn ClientCertVerifier>, Failure> {
    let unusable = |error: &dyn std::fmt::Display| {
        Failure::new(format!("`server.client_ca_file`: {} cannot be used: {error}.", file.display()))
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| unusable(&error))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unusable(&error))?;
        roots.add(certificate).map_err(|error| unusable(&error))?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.map_err(|error| unusable(&error))
}

/// Asks for a certificate and takes any, or none: that its sender holds the key is all that TLS finds out here. Whose it
/// is depends on the client that it comes for, and so is found out when that is known.
#[derive(Debug)]
pub struct AnyCertificate(Arc<CryptoProvider>);

impl AnyCertificate {
    pub fn verifier() -> Arc<dyn ClientCertVerifier> {
        Arc::new(Self(Arc::new(aws_lc_rs::default_provider())))
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
