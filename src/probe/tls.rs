//! TLS on a connection that stands: shake hands with anybody, and say whether the certificate is to be trusted.

use super::course::Stop;
use crate::model::{ErrorKind, Host, Phase, clean};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::{Resumption, WebPkiServerVerifier};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, IpAddr, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Everything that does not change from one handshake to the next.
pub(super) struct Tls {
    connector: TlsConnector,
    trust: Arc<WebPkiServerVerifier>,
}

impl Tls {
    /// Trusts Mozilla's roots: the set that Node ships, and so what an app under PM2 goes by; the
    /// keychain of macOS says nothing about it.
    pub(super) fn new() -> Result<Tls, String> {
        let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned();
        Tls::trusting(RootCertStore::from_iter(roots))
    }

    fn trusting(roots: RootCertStore) -> Result<Tls, String> {
        let provider = Arc::new(ring::default_provider());
        let trust = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone())
            .build()
            .map_err(|error| format!("this computer: TLS roots: {error}"))?;
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("this computer: TLS: {error}"))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(trust.clone())))
            .with_no_client_auth();
        // Each probe is a connection of its own, from the first byte.
        config.resumption = Resumption::disabled();
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Tls { connector, trust })
    }

    /// Shakes hands. Gives the stream, and a note where the certificate is not to be trusted.
    pub(super) async fn shake<S>(
        &self,
        host: &Host,
        stream: S,
    ) -> Result<(TlsStream<S>, Option<String>), Stop>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = server_name(host)?;
        let stream =
            self.connector
                .connect(name.clone(), stream)
                .await
                .map_err(|error| match error.kind() {
                    io::ErrorKind::UnexpectedEof => {
                        let text = "closed during the handshake";
                        Stop::plain(Phase::Tls, ErrorKind::Tls, text)
                    }
                    _ => Stop::of(Phase::Tls, &error),
                })?;
        let note = self.doubt(&name, stream.get_ref().1.peer_certificates());
        Ok((stream, note))
    }

    fn doubt(&self, name: &ServerName<'_>, chain: Option<&[CertificateDer<'_>]>) -> Option<String> {
        let Some((leaf, others)) = chain.and_then(<[_]>::split_first) else {
            return Some("certificate not trusted: there is none".to_owned());
        };
        let now = UnixTime::now();
        let why = match self.trust.verify_server_cert(leaf, others, name, &[], now) {
            Ok(_) => return None,
            Err(Error::InvalidCertificate(why)) => why.to_string(),
            Err(other) => other.to_string(),
        };
        // It may quote names out of the certificate, and as many as somebody liked to put there.
        let why: String = clean(&why).chars().take(200).collect();
        Some(format!("certificate not trusted: {why}"))
    }
}

fn server_name(host: &Host) -> Result<ServerName<'static>, Stop> {
    match host {
        Host::Name(name) => ServerName::try_from(name.clone())
            .map_err(|_| Stop::NotAsked(format!("TLS cannot ask for the name {}", clean(name)))),
        Host::V4(address) => Ok(ServerName::IpAddress(IpAddr::V4((*address).into()))),
        Host::V6 { address, .. } => Ok(ServerName::IpAddress(IpAddr::V6((*address).into()))),
    }
}

/// Lets every certificate pass, as the question is whether the worker answers; `doubt` judges it
/// afterwards. That the other side owns the key of the certificate it shows is checked here.
#[derive(Debug)]
struct Anybody(Arc<WebPkiServerVerifier>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _others: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;

    /// The note of a handshake for `name` with a server whose certificate is for `mini.test`; the
    /// key it signs with is another where `stolen` is set.
    fn note(name: &str, stolen: bool) -> Result<Option<String>, Stop> {
        let ca_key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, ca_key).expect("a root");
        let key = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new(["mini.test".to_owned()])
            .and_then(|params| params.signed_by(&key, &ca))
            .expect("a certificate");
        let signing = match stolen {
            true => KeyPair::generate().expect("a key"),
            false => key,
        };
        let provider = ring::default_provider();
        let key = PrivateKeyDer::try_from(signing.serialize_der()).expect("a key");
        let key = provider.key_provider.load_private_key(key).expect("a key");
        let shown = tokio_rustls::rustls::sign::CertifiedKey::new(vec![leaf.der().clone()], key);
        let server = ServerConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(
                tokio_rustls::rustls::sign::SingleCertAndKey::from(shown),
            ));

        let mut roots = RootCertStore::empty();
        roots.add(ca.der().clone()).expect("a root");
        let tls = Tls::trusting(roots).expect("a configuration");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let (ours, theirs) = tokio::io::duplex(64 * 1024);
            let acceptor = TlsAcceptor::from(Arc::new(server));
            let host = Host::Name(name.to_owned());
            let (shaken, _) = tokio::join!(tls.shake(&host, ours), acceptor.accept(theirs));
            shaken.map(|(_, note)| note)
        })
    }

    #[test]
    fn a_trusted_certificate_has_no_note_and_one_for_another_name_has() {
        assert_eq!(note("mini.test", false).expect("shaken"), None);
        let other = note("maxi.test", false).expect("shaken").expect("a note");
        assert!(other.starts_with("certificate not trusted: "), "{other}");
        assert!(other.contains("mini.test"), "{other}");
    }

    #[test]
    fn who_does_not_own_the_key_of_the_certificate_fails() {
        match note("mini.test", true) {
            Err(Stop::Failed(failure)) => {
                assert_eq!(failure.name(), "TLS");
                assert_eq!(failure.phase, Phase::Tls);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn mozillas_roots_load() {
        assert!(Tls::new().is_ok());
    }
}
