//! Probes of names whose addresses and resolver we choose.

use super::*;
use crate::model::{ErrorKind, Outcome, Phases};
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;

const PLENTY: Duration = Duration::from_secs(20);
const LITTLE: Duration = Duration::from_millis(200);

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn endpoint(name: &str, port: u16, question: Question) -> Endpoint {
    let host = Host::Name(name.to_owned());
    Endpoint {
        host,
        port,
        question,
    }
}

fn get() -> Question {
    let path = "/".to_owned();
    Question::Get { path, tls: false }
}

fn two_addresses() -> Vec<SocketAddr> {
    let v6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 1));
    vec![v6, SocketAddr::from(([127, 0, 0, 1], 1)), v6]
}

/// A resolver that knows one answer, and how often it was asked.
fn knowing(addresses: Vec<SocketAddr>) -> (Arc<resolve::Ask>, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let ask = move |_: &str| {
        count.fetch_add(1, SeqCst);
        match addresses.is_empty() {
            true => Err(io::Error::other("failed to lookup address information: no")),
            false => Ok(addresses.clone()),
        }
    };
    (Arc::new(ask), asked)
}

/// A resolver that answers `127.0.0.1` to each lookup once a word comes down the channel.
fn on_a_word() -> (Arc<resolve::Ask>, mpsc::Sender<()>) {
    let (word, words) = mpsc::channel();
    let words = Mutex::new(words);
    let ask = move |_: &str| {
        let words = words.lock().map_err(|_| io::Error::other("poisoned"))?;
        words.recv_timeout(PLENTY).map_err(io::Error::other)?;
        Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))])
    };
    (Arc::new(ask), word)
}

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

#[test]
fn an_address_that_hangs_does_not_hold_up_the_other() {
    let (v4, v6, port) = both();
    let server = serve_once(v4);
    // A short queue that is full: further calls are neither taken nor refused.
    let full = runtime();
    let _inside = full.enter();
    let _full = v6.listen(1).expect("a listener");
    let hanging = SocketAddr::from((Ipv6Addr::LOCALHOST, port));
    let fillers: Vec<TcpStream> = full.block_on(async {
        let mut taken = Vec::new();
        while let Ok(stream) = tokio::time::timeout(LITTLE, TcpStream::connect(hanging)).await {
            taken.push(stream.expect("a place in the queue"));
            assert!(taken.len() < 64, "the queue never fills");
        }
        taken
    });
    let (ask, _) = knowing(two_addresses());
    let prober = Prober::asking(PLENTY, ask);
    let asked = endpoint("mini", port, get());
    let probe = full.block_on(prober.probe(&asked, PLENTY));
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
    let probe = full.block_on(prober.probe(&asked, LITTLE));
    let Outcome::Failed(failure) = &probe.outcome else {
        panic!("{probe:?}");
    };
    assert_eq!(
        (failure.phase, failure.error),
        (Phase::Connect, ErrorKind::Timeout)
    );
    assert_eq!(failure.text, "no answer in 200 ms");
    assert_eq!(probe.attempts[0].failure.as_ref(), Some(failure));
    assert!(probe.attempts[0].took >= LITTLE / 2 && probe.took >= LITTLE);
    assert!(probe.phases.connect.is_some() && probe.phases.http.is_none());
    drop(fillers);
}

#[test]
fn probes_of_one_name_share_a_lookup_and_keep_it_for_a_while() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let port = listener.local_addr().expect("its address").port();
    let asked = endpoint("mini", port, Question::Connect);
    let local = || vec![SocketAddr::from(([127, 0, 0, 1], 9))];

    let (ask, count) = knowing(local());
    let prober = Prober::asking(PLENTY, ask);
    runtime().block_on(async {
        let ask = || prober.probe(&asked, PLENTY);
        let (a, b, c) = tokio::join!(ask(), ask(), ask());
        assert!([a, b, c].iter().all(|probe| probe.outcome.answered()));
        assert!(ask().await.outcome.answered());
    });
    assert_eq!(count.load(SeqCst), 1);

    let (ask, count) = knowing(local());
    let prober = Prober::asking(Duration::ZERO, ask);
    runtime().block_on(async {
        prober.probe(&asked, PLENTY).await;
        prober.probe(&asked, PLENTY).await;
    });
    assert_eq!(count.load(SeqCst), 2);

    let (ask, count) = knowing(Vec::new());
    let prober = Prober::asking(PLENTY, ask);
    for _ in 0..2 {
        let probe = runtime().block_on(prober.probe(&asked, PLENTY));
        let Outcome::Failed(failure) = probe.outcome else {
            panic!("{probe:?}");
        };
        assert_eq!(
            (failure.name(), failure.text.as_str()),
            ("DNS", "no"),
            "the resolver's own words"
        );
        let only_dns = matches!(
            probe.phases,
            Phases {
                dns: Some(_),
                connect: None,
                tls: None,
                http: None
            }
        );
        assert!(only_dns && probe.attempts.is_empty(), "{:?}", probe.phases);
    }
    assert_eq!(count.load(SeqCst), 2, "a failure is not kept");
}

#[test]
fn a_ninth_lookup_is_not_asked_and_leaving_waits_for_none() {
    let (ask, word) = on_a_word();
    let prober = Prober::asking(PLENTY, ask);
    let all = runtime();
    let probes = all.block_on(async {
        let tasks: Vec<Endpoint> = (0..=resolve::SLOTS)
            .map(|n| endpoint(&format!("mini-{n}"), 1, Question::Connect))
            .collect();
        let mut probes: Vec<_> = tasks
            .iter()
            .map(|asked| Box::pin(prober.probe(asked, LITTLE)))
            .collect();
        let mut done: Vec<Option<Probe>> = probes.iter().map(|_| None).collect();
        std::future::poll_fn(|cx| {
            for (probe, done) in probes.iter_mut().zip(&mut done) {
                if done.is_none()
                    && let std::task::Poll::Ready(probe) = probe.as_mut().poll(cx)
                {
                    *done = Some(probe);
                }
            }
            match done.iter().all(Option::is_some) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        })
        .await;
        done.into_iter().flatten().collect::<Vec<Probe>>()
    });
    let (ninth, eight) = probes.split_last().expect("nine probes");
    for probe in eight {
        let Outcome::Failed(failure) = &probe.outcome else {
            panic!("{probe:?}");
        };
        assert_eq!(
            (failure.phase, failure.name()),
            (Phase::Dns, "TIMEOUT"),
            "{probe:?}"
        );
    }
    let why = "8 name lookups are still waiting for an answer";
    assert_eq!(ninth.outcome, Outcome::NotAsked(why.to_owned()));
    assert_eq!(ninth.phases, Phases::default());

    // All eight still wait in their threads: a runtime that waited for them would be late.
    let leaving = Instant::now();
    drop(all);
    assert!(leaving.elapsed() < PLENTY / 2);
    drop(word);
}

#[test]
fn the_clock_starts_when_there_is_a_slot() {
    let (ask, word) = on_a_word();
    let names = Names::new(PLENTY, ask);
    runtime().block_on(async {
        let busy: Vec<Lookup> = (0..resolve::SLOTS)
            .map(|n| names.look_up(&format!("busy-{n}")))
            .collect();
        let mut queued = names.look_up("queued");
        assert_eq!(queued.begun(LITTLE).await, None);
        let freed = Instant::now();
        for _ in 0..=busy.len() {
            word.send(()).expect("somebody listens");
        }
        let begun = queued.begun(PLENTY).await.expect("a slot");
        assert!(begun >= freed);
        assert_eq!(queued.addresses().await.expect("an address").len(), 1);
        let again = Instant::now();
        let begun = names.look_up("queued").begun(LITTLE).await;
        assert!(begun.expect("known") >= again);
    });
}
