//! How targets are reached, by this kernel's own interfaces and routing table.

#![cfg(target_os = "linux")]

mod support;

use serde_json::Value;
use std::process::Command;
use support::unreach::{PATIENCE, unreach};

/// A computer as a user's: a network with a gateway, a bridge
/// of virtual machines. All of it lies in a network namespace of its own and leads nowhere.
const COMPUTER: &str = "set -e
ip link set lo up
ip link add en0 type veth peer name nobody
ip link set nobody up
ip link set en0 up
ip addr add 192.168.77.20/24 dev en0
ip addr add fd77::20/64 dev en0 nodad
ip route add default via 192.168.77.1
ip link add virbr0 type veth peer name guest
ip link set guest up
ip link set virbr0 up
ip addr add 192.168.122.1/24 dev virbr0
if test -n \"$TUNNEL\"; then
  ip tuntap add utun4 mode tun
  ip addr add 100.101.7.3 peer 100.101.7.4 dev utun4
  ip link set utun4 up
  ip route add 100.64.0.0/10 dev utun4
fi
exec \"$@\"";

#[test]
fn every_reach_there_is() {
    let mut expected = vec![
        ("127.0.0.9:1", "loopback", Some("lo")),
        ("192.168.77.20:1", "loopback", Some("en0")),
        ("192.168.77.41:1", "on-link", Some("en0")),
        ("[fd77::41]:1", "on-link", Some("en0")),
        ("[fe80::41%en0]:1", "on-link", Some("en0")),
        ("192.168.77.1:1", "gateway", Some("en0")),
        ("10.9.9.9:1", "routed", Some("en0")),
        ("203.0.113.9:1", "internet", Some("en0")),
        ("192.168.122.7:1", "vm-bridge", Some("virbr0")),
        ("[2001:db8::1]:1", "unknown", None),
    ];
    // Only some computers let a user make a tunnel.
    let tunnel = std::fs::File::options()
        .read(true)
        .write(true)
        .open("/dev/net/tun")
        .is_ok();
    if tunnel {
        expected.push(("100.101.7.12:1", "vpn", Some("utun4")));
    }
    let room = tempfile::Builder::new()
        .prefix("u")
        .tempdir()
        .expect("a temporary directory");
    let inner = unreach(room.path());
    let mut command = Command::new("unshare");
    command
        .args(["-Urn", "sh", "-c", COMPUTER, "sh"])
        .arg(inner.get_program());
    command.args([
        "check",
        "--json",
        "--no-pm2",
        "--tries",
        "1",
        "--timeout",
        "0.2",
    ]);
    command.args(expected.iter().map(|(target, ..)| target));
    let variables = inner
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    command
        .env_clear()
        .envs(variables)
        .env("TUNNEL", if tunnel { "yes" } else { "" })
        .current_dir(room.path());
    let told = support::unreach::output(&mut command);
    let errors = String::from_utf8_lossy(&told.stderr);
    if told.stdout.is_empty() {
        assert!(
            std::env::var_os("CI").is_none(),
            "no network namespace here: {errors}"
        );
        println!("skipped: no network namespace here within {PATIENCE:?}: {errors}");
        return;
    }
    let report: Value = serde_json::from_slice(&told.stdout).expect("a report");
    for (target, reach, interface) in expected {
        let targets = report["targets"].as_array().expect("targets");
        let row = targets
            .iter()
            .find(|row| row["url"] == target)
            .expect(target);
        assert_eq!(row["reach"], reach, "{target}: {row:#}");
        assert_eq!(row["interface"].as_str(), interface, "{target}");
    }
}
