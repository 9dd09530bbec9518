//! Lookups: shared, kept, few at once, and never waited for on the way out.

use super::*;
use crate::model::{Outcome, Phases};
use std::net::TcpListener;
use std::sync::{Mutex, mpsc};

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
        // Polled in this order: it waits already when the slots get free.
        let (begun, freed) = tokio::join!(biased; queued.begun(PLENTY), async {
            let freed = Instant::now();
            for _ in 0..=busy.len() {
                word.send(()).expect("somebody listens");
            }
            freed
        });
        let begun = begun.expect("a slot");
        assert!(begun >= freed);
        assert_eq!(queued.addresses().await.expect("an address").len(), 1);
        let again = Instant::now();
        let begun = names.look_up("queued").begun(LITTLE).await;
        assert!(begun.expect("known") >= again);
    });
}
