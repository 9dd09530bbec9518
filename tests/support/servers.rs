//! Servers on the loopback interface, and what a probe of one says.

use std::future::Future;
use std::io::{ErrorKind as Io, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use unreach::model::{Answer, Endpoint, Failure, Host, Outcome, Phases, Probe, Question};
use unreach::probe::Prober;

pub const PLENTY: Duration = Duration::from_secs(20);
pub const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

pub fn ask(endpoint: &Endpoint, timeout: Duration) -> Probe {
    run(Prober::new(PLENTY).probe(endpoint, timeout))
}

pub fn endpoint(address: SocketAddr, question: Question) -> Endpoint {
    let host = match address {
        SocketAddr::V4(v4) => Host::V4(*v4.ip()),
        SocketAddr::V6(v6) => Host::V6 {
            address: *v6.ip(),
            zone: None,
        },
    };
    let port = address.port();
    Endpoint {
        host,
        port,
        question,
    }
}

pub fn get(address: SocketAddr) -> Endpoint {
    let path = "/api/sessions?a=b".to_owned();
    endpoint(address, Question::Get { path, tls: false })
}

pub fn get_tls(address: SocketAddr) -> Endpoint {
    let path = "/".to_owned();
    endpoint(address, Question::Get { path, tls: true })
}

/// Takes one connection and does with it what a test wants.
pub fn server<T: Send + 'static>(
    bind: &str,
    serve: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind(bind).expect("a listener");
    let address = listener.local_addr().expect("its address");
    let thread = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a connection");
        stream.set_read_timeout(Some(PLENTY)).expect("a timeout");
        serve(stream)
    });
    (address, thread)
}

/// Reads a request up to its empty line.
pub fn request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).expect("a request"), 1, "{text:?}");
        text.push(byte[0]);
    }
    String::from_utf8(text).expect("ASCII")
}

/// Sends `bytes` as the answer to a request, and ends the connection.
pub fn answering(bytes: &'static [u8]) -> (SocketAddr, JoinHandle<()>) {
    server("127.0.0.1:0", move |mut stream| {
        request(&mut stream);
        stream.write_all(bytes).expect("written");
    })
}

/// Asserts that nobody has connected so far.
pub fn unvisited(listener: &TcpListener) {
    listener.set_nonblocking(true).expect("nonblocking");
    let visit = listener.accept().map_err(|error| error.kind());
    assert!(matches!(visit, Err(Io::WouldBlock)), "{visit:?}");
}

/// A server with a certificate that nobody signed; gives the name that it was asked for.
pub fn tls_server() -> (SocketAddr, JoinHandle<String>) {
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::PrivateKeyDer;
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certified = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let key = certified.signing_key.serialize_der();
    let key = PrivateKeyDer::try_from(key).expect("a key");
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("a configuration");
    server("127.0.0.1:0", move |stream| {
        run(async {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            stream.set_nonblocking(true).expect("nonblocking");
            let stream = tokio::net::TcpStream::from_std(stream).expect("a stream");
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
            let mut stream = acceptor.accept(stream).await.expect("a handshake");
            let sni = stream.get_ref().1.server_name().unwrap_or("").to_owned();
            let mut some = [0; 512];
            let read = stream.read(&mut some).await.expect("a request");
            assert!(some[..read].starts_with(b"GET / HTTP/1.1\r\n"));
            stream.write_all(OK).await.expect("written");
            stream.flush().await.expect("sent");
            sni
        })
    })
}

pub fn answer(probe: &Probe) -> &Answer {
    match &probe.outcome {
        Outcome::Answered(answer) => answer,
        _ => panic!("{probe:?}"),
    }
}

pub fn failure(probe: &Probe) -> &Failure {
    match &probe.outcome {
        Outcome::Failed(failure) => failure,
        _ => panic!("{probe:?}"),
    }
}

/// The phases reached, as their first letters: `d`, `c`, `t`, `h`.
pub fn reached(phases: &Phases) -> String {
    let all = [
        (phases.dns, 'd'),
        (phases.connect, 'c'),
        (phases.tls, 't'),
        (phases.http, 'h'),
    ];
    let reached = all.iter().filter(|(took, _)| took.is_some());
    reached.map(|(_, letter)| letter).collect()
}
