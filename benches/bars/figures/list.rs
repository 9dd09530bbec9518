//! PM2's process list: our own call next to `pm2 jlist`.

use super::children::{alone, cpu, numbers, output, part};
use super::pm2::God;
use super::table::{Bar, Kind, Measured, Table, median};
use nix::sys::resource::UsageWho;
use std::path::Path;
use std::time::{Duration, Instant};
use unreach::pm2::Client;

pub const PART: &str = "list";

const APPS: usize = 10;
const PAIRS: usize = 7;
const WARM_UP: usize = 3;
const CALLS: usize = 40;

const WALL: Bar = Bar {
    figure: "PM2's list of 10 apps / pm2 jlist, time",
    most: 1.0 / 15.0,
    unit: "x",
    kind: Kind::Time,
};
const CPU: Bar = Bar {
    figure: "PM2's list of 10 apps / pm2 jlist, CPU",
    most: 1.0 / 50.0,
    unit: "x",
    kind: Kind::Time,
};

pub fn measure(table: &mut Table) {
    let god = God::start(7);
    let names: Vec<String> = (0..APPS).map(|app| format!("app-{app}")).collect();
    god.start_apps(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let pairs: Vec<([f64; 2], [f64; 2])> = (0..PAIRS).map(|_| (ours(&god), jlist(&god))).collect();
    for (at, bar) in [WALL, CPU].iter().enumerate() {
        let (ours, theirs) = (pairs.iter().map(|p| p.0[at]), pairs.iter().map(|p| p.1[at]));
        let (ours, theirs) = (median(ours), median(theirs));
        let value = median(pairs.iter().map(|(ours, theirs)| ours[at] / theirs[at]));
        let detail = format!("{ours:.2} / {theirs:.0} ms, PM2 7, {PAIRS} pairs");
        table.row(bar, Ok(Measured { value, detail }));
    }
}

/// Wall and processor time of one call, in milliseconds.
fn ours(god: &God) -> [f64; 2] {
    let socket = god.socket().to_str().expect("a UTF-8 path").to_owned();
    let said = numbers(&mut part(PART, &[socket]));
    said[..].try_into().expect("two numbers")
}

/// The same of `pm2 jlist`.
fn jlist(god: &God) -> [f64; 2] {
    let mut command = alone("node", god.room());
    command
        .env("PM2_HOME", god.home())
        .arg(god.package().join("bin/pm2"))
        .arg("jlist");
    let (before, begun) = (cpu(UsageWho::RUSAGE_CHILDREN), Instant::now());
    let output = output(&mut command);
    let (took, used) = (begun.elapsed(), cpu(UsageWho::RUSAGE_CHILDREN) - before);
    let apps = String::from_utf8_lossy(&output.stdout);
    assert!(
        apps.matches("\"name\":\"app-").count() >= APPS,
        "jlist said {apps}"
    );
    [took, used].map(millis)
}

/// Asks for the list again and again on one open connection.
pub fn play(words: &[String]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let client = Client::connect(Path::new(&words[0]), Duration::from_secs(5)).await;
        let mut client = client.expect("a connection");
        let mut times = Vec::new();
        let mut before = Duration::ZERO;
        for call in 0..WARM_UP + CALLS {
            if call == WARM_UP {
                before = cpu(UsageWho::RUSAGE_SELF);
            }
            let begun = Instant::now();
            let apps = client.apps().await.expect("a list");
            assert_eq!(apps.len(), APPS);
            times.push(millis(begun.elapsed()));
        }
        let used = millis(cpu(UsageWho::RUSAGE_SELF) - before) / CALLS as f64;
        println!("{} {used}", median(times.split_off(WARM_UP)));
    });
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
