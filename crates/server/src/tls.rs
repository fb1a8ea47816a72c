//! TLS: our certificate towards clients, trust towards upstreams.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use lockgate_core::config::SslVerify;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// What the listener needs to speak TLS, from PEM files.
pub(crate) fn server(certificate: &Path, key: &Path) -> anyhow::Result<Arc<ServerConfig>> {
    let chain = certificates(certificate)?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot read a private key from {}", key.display()))?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("certificate and key do not fit together")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Whom to trust among upstreams.
pub(crate) fn client(verify: &SslVerify) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    match verify {
        SslVerify::CaFile(file) => {
            for certificate in certificates(file)? {
                roots.add(certificate).context("not a CA certificate")?;
            }
        }
        SslVerify::System | SslVerify::Off => {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
    }
    if *verify == SslVerify::Off {
        // Refused rather than obeyed: an unchecked certificate hands the provider key to anyone.
        tracing::warn!(
            "ssl_verify: false has no effect; name the CA of your upstream: ssl_verify: /path/ca.pem"
        );
    }
    Ok(Arc::new(
        ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth(),
    ))
}

fn certificates(file: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .with_context(|| format!("cannot read certificates from {}", file.display()))
}
