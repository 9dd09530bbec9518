//! The processor time of a probe in a burst, next to the least that it can be.

use super::children::{LONGEST, cpu, numbers, part};
use super::endpoints::{Endpoints, addresses};
use super::raw;
use super::table::{Bar, Kind, Measured, Table, median};
use nix::sys::resource::UsageWho;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::unbounded_channel;
use tokio::task::LocalSet;
use tokio::time::timeout;
use unreach::model::{Endpoint, Host, Question};
use unreach::vantage::Asker;

pub const PART: &str = "ask";
/// Probes before the clock runs.
pub const WARM_UP: usize = 256;

/// The most under way at once, in both programs.
const IN_FLIGHT: usize = 256;
const ASKS: usize = 5000;
const PAIRS: usize = 9;

const BARS: [(usize, Bar); 2] = [
    (
        1000,
        bar("a probe's CPU, burst over 1,000 endpoints / raw epoll"),
    ),
    (
        5000,
        bar("a probe's CPU, burst over 5,000 endpoints / raw epoll"),
    ),
];

const fn bar(figure: &'static str) -> Bar {
    Bar {
        figure,
        most: 1.5,
        unit: "x",
        kind: Kind::Time,
    }
}

/// Whom to ask and how often.
pub struct Order {
    pub endpoints: usize,
    pub asks: usize,
    pub in_flight: usize,
    pub ports: Vec<u16>,
}

impl Order {
    pub fn words(endpoints: &Endpoints, some: usize, asks: usize) -> Vec<String> {
        let mut words = [some, asks, IN_FLIGHT].map(|n| n.to_string()).to_vec();
        words.extend(endpoints.words());
        words
    }

    pub fn read(words: &[String]) -> Order {
        let number = |word: &String| word.parse().expect("a number");
        let [endpoints, asks, in_flight] = [0, 1, 2].map(|at| number(&words[at]));
        let ports = words[3..].iter().map(|word| number(word) as u16).collect();
        Order {
            endpoints,
            asks,
            in_flight,
            ports,
        }
    }
}

pub fn measure(table: &mut Table) {
    let endpoints = Endpoints::start();
    for (some, bar) in &BARS {
        let words = Order::words(&endpoints, *some, ASKS);
        // One after the other, so that whatever else the computer does hits both.
        let pairs: Vec<(f64, f64)> = (0..PAIRS)
            .map(|_| (each(PART, &words), each(raw::PART, &words)))
            .collect();
        let (ours, raw) = (pairs.iter().map(|p| p.0), pairs.iter().map(|p| p.1));
        let detail = format!("{:.1} / {:.1} µs, {PAIRS} pairs", median(ours), median(raw));
        let value = median(pairs.iter().map(|(ours, raw)| ours / raw));
        table.row(bar, Ok(Measured { value, detail }));
    }
}

/// Microseconds of processor time for one probe.
fn each(name: &str, words: &[String]) -> f64 {
    let said = numbers(&mut part(name, words));
    let [took, answered] = said[..] else {
        panic!("{name} said {said:?}");
    };
    assert_eq!(answered as usize, ASKS, "answers to {name}");
    took / answered
}

/// Asks as it is ordered, and says how much processor time that took and how many answered.
pub fn play(words: &[String]) {
    unreach::machine::kernel::raise_file_limit();
    let order = Order::read(words);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let local = LocalSet::new();
    let asked = async { timeout(LONGEST, local.run_until(ask_all(order))).await };
    let (took, answered) = runtime.block_on(asked).expect("answers in time");
    println!("{} {answered}", took.as_micros());
}

async fn ask_all(order: Order) -> (Duration, usize) {
    let endpoints: Vec<Arc<Endpoint>> = addresses(&order.ports, order.endpoints)
        .map(|address| {
            let path = "/api/sessions".to_owned();
            Arc::new(Endpoint {
                host: Host::V4(*address.ip()),
                port: address.port(),
                question: Question::Get { path, tls: false },
            })
        })
        .collect();
    let (outcomes, mut told) = unbounded_channel();
    let asker = Asker::new(Duration::from_secs(5), outcomes);
    let mut burst = async |asks: usize| {
        let mut next = endpoints.iter().cycle().take(asks).enumerate();
        let mut ask = |some: usize| {
            for (number, endpoint) in next.by_ref().take(some) {
                asker.ask(number as u64, endpoint.clone(), Duration::from_secs(3));
            }
        };
        ask(order.in_flight);
        let mut answered = 0;
        for _ in 0..asks {
            let (_, probe) = told.recv().await.expect("an outcome");
            answered += usize::from(probe.outcome.answered());
            ask(1);
        }
        answered
    };
    burst(WARM_UP).await;
    let before = cpu(UsageWho::RUSAGE_SELF);
    let answered = burst(order.asks).await;
    (cpu(UsageWho::RUSAGE_SELF) - before, answered)
}
