//! A probe without file descriptors. A file of its own, because limits belong to a whole process.

mod support;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use support::servers::{PLENTY, get, reached, run};
use unreach::model::Outcome;
use unreach::probe::Prober;

#[test]
fn no_descriptors_is_our_own_trouble() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("its address");
    let prober = Prober::new(PLENTY);
    let probe = run(async {
        let free = listener.try_clone().expect("a descriptor").as_raw_fd();
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
        let soft = u64::try_from(free).expect("a descriptor");
        setrlimit(Resource::RLIMIT_NOFILE, soft, hard).expect("a lower limit");
        prober.probe(&get(address), PLENTY).await
    });
    let why = "this computer: too many open files";
    assert_eq!(probe.outcome, Outcome::NotAsked(why.to_owned()));
    assert!(probe.attempts.is_empty());
    assert_eq!(reached(&probe.phases), "");
}
