//! Names with several addresses: who is spoken to, and what is said of the others.

use super::*;
use crate::model::{ErrorKind, Outcome};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

/// A port of 127.0.0.1 that is taken on ::1 too, with listeners for both.
fn both() -> (TcpListener, tokio::net::TcpSocket, u16) {
    for _ in 0..50 {
        let v4 = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let port = v4.local_addr().expect("its address").port();
        let v6 = tokio::net::TcpSocket::new_v6().expect("a socket");
        if v6.bind((Ipv6Addr::LOCALHOST, port).into()).is_ok() {
            return (v4, v6, port);
        }
    }
    panic!("no port is free on both");
}

fn serve_once(listener: TcpListener) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut some = [0; 512];
        assert_ne!(stream.read(&mut some).expect("a request"), 0);
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).expect("answered");
    })
}

#[test]
fn one_address_refuses_and_the_other_answers() {
    // Bound without listening: the port refuses, and nobody else can take it meanwhile.
    let (v4, _refusing, port) = both();
    let server = serve_once(v4);
    let (ask, _) = knowing(two_addresses());
    let prober = Prober::asking(PLENTY, ask);
    let probe = runtime().block_on(prober.probe(&endpoint("mini", port, get()), PLENTY));
    let Outcome::Answered(answer) = &probe.outcome else {
        panic!("{probe:?}");
    };
    assert_eq!(answer.status, Some(200));
    let note = format!("1 of 2 addresses failed: [::1]:{port} ECONNREFUSED");
    assert_eq!(answer.notes, [note]);
    let [v6, v4] = &probe.attempts[..] else {
        panic!("{:?}", probe.attempts);
    };
    assert!(v6.address.is_ipv6() && v4.address.is_ipv4());
    let refused = v6.failure.as_ref().map(|f| f.error);
    assert_eq!(refused, Some(ErrorKind::Refused));
    assert_eq!((v6.local, v4.failure.as_ref()), (None, None));
    assert!(v4.local.is_some_and(|local| local.ip().is_loopback()));
    assert!(probe.phases.dns.is_some() && probe.phases.http.is_some());
    server.join().expect("served");
}

#[test]
fn all_addresses_refuse() {
    let (v4, _refusing, port) = both();
    drop(v4);
    let refusing = tokio::net::TcpSocket::new_v4().expect("a socket");
    refusing
        .bind(([127, 0, 0, 1], port).into())
        .expect("the same port");
    let (ask, _) = knowing(two_addresses());
    let prober = Prober::asking(PLENTY, ask);
    let probe = runtime().block_on(prober.probe(&endpoint("mini", port, get()), PLENTY));
    let Outcome::Failed(failure) = &probe.outcome else {
        panic!("{probe:?}");
    };
    assert_eq!(failure.name(), "ECONNREFUSED");
    assert_eq!(probe.attempts.len(), 2);
    assert!(
        probe
            .attempts
            .iter()
            .all(|attempt| attempt.failure.is_some())
    );
    assert_eq!((probe.phases.tls, probe.phases.http), (None, None));
    assert!(probe.phases.connect.is_some());
}

/// A listener whose queue is full, and the connections in it: further calls are neither taken nor
/// refused.
fn full(socket: tokio::net::TcpSocket) -> (TcpListener, Vec<std::net::TcpStream>) {
    runtime().block_on(async {
        let listener = socket.listen(1).expect("a listener");
        let address = listener.local_addr().expect("its address");
        let mut taken = Vec::new();
        while let Ok(stream) = tokio::time::timeout(LITTLE, TcpStream::connect(address)).await {
            let stream = stream.expect("a place in the queue");
            taken.push(stream.into_std().expect("a stream"));
            assert!(taken.len() < 64, "the queue never fills");
        }
        let listener = listener.into_std().expect("a listener");
        listener.set_nonblocking(false).expect("blocking");
        (listener, taken)
    })
}

#[test]
fn an_address_that_hangs_does_not_hold_up_the_other() {
    let (v4, v6, port) = both();
    let server = serve_once(v4);
    let (full, _taken) = full(v6);
    let hanging = full.local_addr().expect("its address");
    let (ask, _) = knowing(two_addresses());
    let prober = Prober::asking(PLENTY, ask);
    let asked = endpoint("mini", port, get());
    let probe = runtime().block_on(prober.probe(&asked, PLENTY));
    let Outcome::Answered(answer) = &probe.outcome else {
        panic!("{probe:?}");
    };
    assert!(answer.notes.is_empty(), "{answer:?}");
    let waiting = probe.attempts[0].failure.as_ref().expect("unfinished");
    assert_eq!(waiting.error, ErrorKind::Timeout);
    assert_eq!(
        waiting.text,
        "still connecting when another address answered"
    );
    assert!(probe.attempts[0].took > Duration::ZERO);
    server.join().expect("served");

    // Alone, it is the whole budget that it takes.
    let (ask, _) = knowing(vec![hanging]);
    let prober = Prober::asking(PLENTY, ask);
    let probe = runtime().block_on(prober.probe(&asked, LITTLE));
    let Outcome::Failed(failure) = &probe.outcome else {
        panic!("{probe:?}");
    };
    assert_eq!(
        (failure.phase, failure.error),
        (Phase::Connect, ErrorKind::Timeout)
    );
    assert_eq!(failure.text, "no answer in 200 ms");
    assert_eq!(probe.attempts[0].failure.as_ref(), Some(failure));
    assert!(probe.attempts[0].took > Duration::ZERO && probe.took >= LITTLE);
    assert!(probe.phases.connect.is_some() && probe.phases.http.is_none());
}

#[test]
fn a_late_address_is_recorded_and_closed_unspoken() {
    let (v4, v6, port) = both();
    let (full, taken) = full(v6);
    let server = thread::spawn(move || {
        let (mut stream, _) = v4.accept().expect("a connection");
        stream.set_read_timeout(Some(PLENTY)).expect("a timeout");
        assert_ne!(stream.read(&mut [0; 512]).expect("a request"), 0);
        // The answer has to wait for the other address: there is room in its queue again, and the
        // kernel calls once more a second after its first call.
        for _ in &taken {
            full.accept().expect("one of the queue");
        }
        let (mut late, prober) = full.accept().expect("the prober");
        let answer = b"HTTP/1.1 200 OK\r\n\r\n";
        stream.write_all(answer).expect("answered");
        late.set_read_timeout(Some(PLENTY)).expect("a timeout");
        let heard = late.read(&mut [0; 512]).expect("an orderly end");
        (prober, heard)
    });
    let (ask, _) = knowing(two_addresses());
    let prober = Prober::asking(PLENTY, ask);
    let probe = runtime().block_on(prober.probe(&endpoint("mini", port, get()), PLENTY));
    assert!(probe.outcome.answered(), "{probe:?}");
    let (from, heard) = server.join().expect("served");
    assert_eq!(probe.attempts[0].failure, None);
    assert_eq!(probe.attempts[0].local, Some(from));
    assert_eq!(heard, 0);
}
