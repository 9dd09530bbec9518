//! Probes against real servers on the loopback interface.

mod support;

use nix::sys::socket::{setsockopt, sockopt};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;
use support::servers::{
    OK, PLENTY, answer, answering, ask, endpoint, failure, get, get_tls, reached, request, server,
    tls_server, unvisited,
};
use unreach::model::{Answer, ErrorKind, Host, Outcome, Phase, Probe, Question};

const LITTLE: Duration = Duration::from_millis(300);

/// Closes with a reset.
fn reset(stream: TcpStream) {
    let now = nix::libc::linger {
        l_onoff: 1,
        l_linger: 0,
    };
    setsockopt(&stream, sockopt::Linger, &now).expect("SO_LINGER");
}

/// Asserts a failure of the phase http that has no number.
fn not_http(probe: &Probe, text: &str) {
    let failed = failure(probe);
    assert_eq!((failed.phase, failed.error), (Phase::Http, ErrorKind::Http));
    assert_eq!((failed.text.as_str(), &failed.errno), (text, &None));
    assert_eq!(reached(&probe.phases), "ch");
}

#[test]
fn a_200_is_answered() {
    let (address, server) = server("127.0.0.1:0", |mut stream| {
        let request = request(&mut stream);
        stream.write_all(OK).expect("written");
        (request, stream.peer_addr().expect("the prober"))
    });
    let probe = ask(&get(address), PLENTY);
    assert_eq!(answer(&probe).status, Some(200));
    assert!(answer(&probe).notes.is_empty());
    assert_eq!(reached(&probe.phases), "ch");
    let (request, prober) = server.join().expect("served");
    assert_eq!(
        request,
        format!(
            "GET /api/sessions?a=b HTTP/1.1\r\nHost: {address}\r\nUser-Agent: unreach/{}\r\n\
             Accept: */*\r\nConnection: close\r\n\r\n",
            env!("CARGO_PKG_VERSION")
        )
    );
    let [attempt] = &probe.attempts[..] else {
        panic!("{:?}", probe.attempts);
    };
    assert_eq!((attempt.address, attempt.local), (address, Some(prober)));
    assert_eq!(attempt.failure, None);
    let phases = probe.phases;
    let parts = phases.connect.unwrap_or_default() + phases.http.unwrap_or_default();
    assert!(parts <= probe.took && probe.took < PLENTY);
}

#[test]
fn a_500_is_reached() {
    let (address, server) = answering(b"HTTP/1.0 500 Oh no\r\n\r\n");
    assert_eq!(answer(&ask(&get(address), PLENTY)).status, Some(500));
    server.join().expect("served");
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let there = elsewhere.local_addr().expect("its address");
    let (address, server) = server("127.0.0.1:0", move |mut stream| {
        request(&mut stream);
        let head = format!("HTTP/1.1 302 Found\r\nLocation: http://{there}/\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("written");
    });
    assert_eq!(answer(&ask(&get(address), PLENTY)).status, Some(302));
    server.join().expect("served");
    unvisited(&elsewhere);
}

#[test]
fn informational_answers_are_skipped() {
    let (address, server) = answering(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
          HTTP/1.1 204 No Content\r\n\r\n",
    );
    assert_eq!(answer(&ask(&get(address), PLENTY)).status, Some(204));
    server.join().expect("served");
}

#[test]
fn slow_headers_within_the_budget_are_answered() {
    let pause = Duration::from_millis(60);
    let (address, server) = server("127.0.0.1:0", move |mut stream| {
        request(&mut stream);
        for part in ["H", "TTP/1.1 2", "00 OK\r\nA: b\r", "\n\r", "\n"] {
            stream.write_all(part.as_bytes()).expect("written");
            // The slowness itself; nothing is ordered by it.
            thread::sleep(pause);
        }
    });
    let probe = ask(&get(address), PLENTY);
    assert_eq!(answer(&probe).status, Some(200));
    assert!(probe.took >= 4 * pause, "{:?}", probe.took);
    server.join().expect("served");
}

#[test]
fn slow_headers_beyond_the_budget_time_out() {
    let (address, server) = server("127.0.0.1:0", |mut stream| {
        request(&mut stream);
        let part = b"HTTP/1.1 200 OK\r\nA:";
        stream.write_all(part).expect("written");
        // Until the prober has gone.
        let _ = stream.read(&mut [0]);
    });
    let probe = ask(&get(address), LITTLE);
    let failed = failure(&probe);
    assert_eq!(
        (failed.phase, failed.error),
        (Phase::Http, ErrorKind::Timeout)
    );
    assert_eq!(failed.text, "no answer in 300 ms");
    assert_eq!(failed.errno, None);
    assert_eq!(reached(&probe.phases), "ch");
    assert!(probe.took >= LITTLE && probe.took < PLENTY);
    server.join().expect("served");
}

#[test]
fn half_open_times_out() {
    // The kernel accepts, and no program ever does.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("its address");
    let probe = ask(&get(address), LITTLE);
    assert_eq!(
        (failure(&probe).phase, failure(&probe).error),
        (Phase::Http, ErrorKind::Timeout)
    );
    assert_eq!(reached(&probe.phases), "ch");
    assert!(probe.attempts[0].failure.is_none());

    let probe = ask(&get_tls(address), LITTLE);
    assert_eq!(
        (failure(&probe).phase, failure(&probe).error),
        (Phase::Tls, ErrorKind::Timeout)
    );
    assert_eq!(reached(&probe.phases), "ct");
    // Whoever only connects is served well.
    let probe = ask(&endpoint(address, Question::Connect), PLENTY);
    assert_eq!(answer(&probe), &Answer::default());
}

#[test]
fn a_reset_instead_of_an_answer() {
    let (address, server) = server("127.0.0.1:0", |mut stream| {
        request(&mut stream);
        reset(stream);
    });
    let probe = ask(&get(address), PLENTY);
    let failed = failure(&probe);
    assert_eq!(
        (failed.phase, failed.error),
        (Phase::Http, ErrorKind::Reset)
    );
    assert_eq!(failed.name(), "ECONNRESET");
    assert_eq!(reached(&probe.phases), "ch");
    server.join().expect("served");
}

#[test]
fn a_reset_after_connecting() {
    let (address, server) = server("127.0.0.1:0", reset);
    let probe = ask(&get(address), PLENTY);
    let failed = failure(&probe);
    assert_eq!(failed.error, ErrorKind::Reset);
    assert!(failed.errno.is_some());
    // The packet may come before we have looked at the connection, or after.
    let phase = match failed.phase {
        Phase::Connect => "c",
        Phase::Http => "ch",
        other => panic!("{other:?}"),
    };
    assert_eq!(reached(&probe.phases), phase);
    server.join().expect("served");
}

#[test]
fn refused() {
    // Bound without listening: the port refuses, and nobody else can take it meanwhile.
    let closed = tokio::net::TcpSocket::new_v4().expect("a socket");
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    closed.bind(any).expect("bound");
    let address = closed.local_addr().expect("its address");
    let probe = ask(&get(address), PLENTY);
    let failed = failure(&probe);
    assert_eq!(
        (failed.phase, failed.error),
        (Phase::Connect, ErrorKind::Refused)
    );
    assert_eq!(failed.name(), "ECONNREFUSED");
    assert_eq!(failed.text, "Connection refused");
    assert_eq!(reached(&probe.phases), "c");
    assert_eq!(probe.attempts.len(), 1);
    assert_eq!(probe.attempts[0].failure.as_ref(), Some(failed));
    assert_eq!(probe.attempts[0].local, None);
}

#[test]
fn closed_before_the_end_of_the_headers() {
    let (address, server) = answering(b"");
    not_http(&ask(&get(address), PLENTY), "closed without an answer");
    server.join().expect("served");

    let (address, server) = answering(b"HTTP/1.1 200 OK\r\nA: b\r\n");
    let text = "closed before the headers were complete";
    not_http(&ask(&get(address), PLENTY), text);
    server.join().expect("served");
}

#[test]
fn garbage_instead_of_http() {
    let (address, greeter) = answering(b"SSH-2.0-OpenSSH_9.6p1 \x1b[31mUbuntu-3ubuntu13.4 x\r\n");
    let text = "not HTTP: SSH-2.0-OpenSSH_9.6p1 [31mUbuntu-3ubuntu";
    not_http(&ask(&get(address), PLENTY), text);
    greeter.join().expect("served");

    // No line break, and the connection stays open: known before the time is up.
    let (address, greeter) = server("127.0.0.1:0", |mut stream| {
        request(&mut stream);
        stream.write_all(b"* OK IMAP4").expect("written");
        let _ = stream.read(&mut [0]);
    });
    not_http(&ask(&get(address), PLENTY), "not HTTP: * OK IMAP4");
    greeter.join().expect("served");
}

#[test]
fn huge_headers_are_not_read_for_ever() {
    let (address, server) = server("127.0.0.1:0", |mut stream| {
        request(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\n").expect("written");
        let line = format!("A: {}\r\n", "b".repeat(1000));
        // Bounded, and far more than sockets hold; it ends when the prober closes.
        (0..100_000).any(|_| stream.write_all(line.as_bytes()).is_err())
    });
    not_http(&ask(&get(address), PLENTY), "headers over 64 KiB");
    assert!(server.join().expect("served"), "read to the end");
}

#[test]
fn ipv6_only() {
    let (address, server) = server("[::1]:0", |mut stream| {
        let request = request(&mut stream);
        stream.write_all(OK).expect("written");
        request
    });
    let probe = ask(&get(address), PLENTY);
    assert_eq!(answer(&probe).status, Some(200));
    assert_eq!(probe.attempts[0].address, address);
    let request = server.join().expect("served");
    let host = format!("\r\nHost: [::1]:{}\r\n", address.port());
    assert!(request.contains(&host), "{request}");
}

#[test]
fn a_zone_is_the_interface() {
    let index = |name: &str| nix::net::if_::if_nametoindex(name).ok();
    let (name, index) = ["lo", "lo0"]
        .into_iter()
        .find_map(|name| Some((name, index(name)?)))
        .expect("a loopback interface");
    for zone in [name.to_owned(), index.to_string()] {
        let (address, server) = server("[::1]:0", |mut stream| {
            let request = request(&mut stream);
            stream.write_all(OK).expect("written");
            request
        });
        let mut endpoint = get(address);
        endpoint.host = Host::V6 {
            address: Ipv6Addr::LOCALHOST,
            zone: Some(zone),
        };
        let probe = ask(&endpoint, PLENTY);
        assert_eq!(answer(&probe).status, Some(200));
        match probe.attempts[0].address {
            SocketAddr::V6(v6) => assert_eq!(v6.scope_id(), index),
            v4 => panic!("{v4}"),
        }
        // The zone is our own business, not the server's.
        assert!(server.join().expect("served").contains("\r\nHost: [::1]:"));
    }
}

#[test]
fn an_unknown_zone_is_not_asked() {
    let mut endpoint = get((Ipv6Addr::LOCALHOST, 80).into());
    endpoint.host = Host::V6 {
        address: "fe80::1".parse().expect("an address"),
        zone: Some("en\u{1b}77".to_owned()),
    };
    let probe = ask(&endpoint, PLENTY);
    let why = "no interface called en77 on this computer";
    assert_eq!(probe.outcome, Outcome::NotAsked(why.to_owned()));
    assert!(probe.attempts.is_empty());
    assert_eq!(reached(&probe.phases), "");
}

#[test]
fn a_name_is_resolved() {
    let (address, server) = server("127.0.0.1:0", |mut stream| {
        let request = request(&mut stream);
        stream.write_all(OK).expect("written");
        request
    });
    let mut endpoint = get(address);
    endpoint.host = Host::Name("localhost".to_owned());
    let probe = ask(&endpoint, PLENTY);
    assert_eq!(answer(&probe).status, Some(200));
    assert_eq!(reached(&probe.phases), "dch");
    let host = format!("\r\nHost: localhost:{}\r\n", address.port());
    assert!(server.join().expect("served").contains(&host));
}

#[test]
fn a_name_that_does_not_resolve() {
    let mut endpoint = get((Ipv4Addr::LOCALHOST, 80).into());
    endpoint.host = Host::Name("nosuch.invalid".to_owned());
    let probe = ask(&endpoint, Duration::from_secs(3));
    let failed = failure(&probe);
    assert_eq!(failed.phase, Phase::Dns);
    // Without a network it depends on the resolver which comes first.
    match failed.error {
        ErrorKind::Dns => assert!(!failed.text.contains("failed to lookup"), "{failed:?}"),
        ErrorKind::Timeout => assert_eq!(failed.text, "no answer in 3 s"),
        other => panic!("{other:?}"),
    }
    assert!(!failed.text.is_empty() && probe.attempts.is_empty());
    assert_eq!(reached(&probe.phases), "d");
}

#[test]
fn who_only_connects_sends_nothing() {
    let (address, server) = server("127.0.0.1:0", |mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("an orderly end");
        all
    });
    let probe = ask(&endpoint(address, Question::Connect), PLENTY);
    assert_eq!(answer(&probe), &Answer::default());
    assert_eq!(reached(&probe.phases), "c");
    assert_eq!(server.join().expect("served"), b"");
}

#[test]
fn an_untrusted_certificate_is_a_note() {
    let (address, server) = tls_server();
    let probe = ask(&get_tls(address), PLENTY);
    assert_eq!(answer(&probe).status, Some(200));
    let [note] = &answer(&probe).notes[..] else {
        panic!("{probe:?}");
    };
    assert!(note.starts_with("certificate not trusted: "), "{note}");
    assert_eq!(reached(&probe.phases), "cth");
    assert_eq!(server.join().expect("served"), "", "no SNI for an address");

    let (address, server) = tls_server();
    let mut endpoint = get_tls(address);
    endpoint.host = Host::Name("localhost".to_owned());
    let probe = ask(&endpoint, PLENTY);
    assert_eq!(answer(&probe).status, Some(200));
    assert_eq!(reached(&probe.phases), "dcth");
    assert_eq!(server.join().expect("served"), "localhost");
}

#[test]
fn tls_with_a_server_that_speaks_none() {
    let (address, server) = server("127.0.0.1:0", |mut stream| {
        assert_ne!(stream.read(&mut [0; 4096]).expect("a greeting"), 0);
        let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
        stream.write_all(answer).expect("written");
        // Until the prober has gone; how it goes is its own affair.
        let _ = stream.read(&mut [0; 64]);
    });
    let probe = ask(&get_tls(address), PLENTY);
    let failed = failure(&probe);
    assert_eq!((failed.phase, failed.error), (Phase::Tls, ErrorKind::Tls));
    assert!(failed.errno.is_none() && !failed.text.is_empty());
    assert_eq!(reached(&probe.phases), "ct");
    server.join().expect("served");
}

#[test]
fn an_end_during_the_handshake() {
    let (address, server) = server("127.0.0.1:0", |mut stream| {
        assert_ne!(stream.read(&mut [0; 4096]).expect("a greeting"), 0);
    });
    let probe = ask(&get_tls(address), PLENTY);
    let failed = failure(&probe);
    assert_eq!((failed.phase, failed.error), (Phase::Tls, ErrorKind::Tls));
    assert_eq!(failed.text, "closed during the handshake");
    assert_eq!(reached(&probe.phases), "ct");
    server.join().expect("served");
}

#[test]
fn a_reset_during_the_handshake_keeps_its_number() {
    let (address, server) = server("127.0.0.1:0", |mut stream| {
        assert_ne!(stream.read(&mut [0; 4096]).expect("a greeting"), 0);
        reset(stream);
    });
    let probe = ask(&get_tls(address), PLENTY);
    let failed = failure(&probe);
    assert_eq!((failed.phase, failed.error), (Phase::Tls, ErrorKind::Reset));
    assert_eq!(failed.name(), "ECONNRESET");
    server.join().expect("served");
}
