//! What apps complain about in their own logs: `connect EHOSTUNREACH 10.0.0.18:23000`.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const SIGN: &str = "connect EHOSTUNREACH ";

/// An address that an app could not reach.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Complaint {
    /// An IPv4 address in IPv6 clothes (`::ffff:10.0.0.18`) is given as IPv4.
    pub address: IpAddr,
    /// The interface of a link-local address: `en0` in `fe80::1%en0`. ASCII letters, digits, `.-_`.
    pub zone: Option<String>,
    /// 1 to 65535.
    pub port: u16,
}

/// The addresses that a log text complains about, each once, the one complained about last first.
/// Names are left out: node connects to addresses, so a name is somebody else's sentence.
pub fn find(log: &str) -> Vec<Complaint> {
    let mut seen = HashSet::new();
    log.rmatch_indices(SIGN)
        .filter_map(|(at, _)| complaint(&log[at + SIGN.len()..]))
        .filter(|complaint| seen.insert(complaint.clone()))
        .collect()
}

/// Reads `address:port` as node writes it: IPv6 without brackets, the port after the last colon,
/// and then perhaps ` - Local (192.168.1.3:0)`, a quote or a colour.
fn complaint(text: &str) -> Option<Complaint> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '%' | '-' | '_');
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    // The end of a sentence is not part of the port.
    let (host, port) = text[..end]
        .trim_end_matches(['.', ':', '-'])
        .rsplit_once(':')?;
    if !port.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let port: u16 = port.parse().ok().filter(|port| *port != 0)?;
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Some(Complaint {
            address: address.into(),
            zone: None,
            port,
        });
    }
    let (host, zone) = match host.split_once('%') {
        Some((host, zone)) => (host, Some(zone)),
        None => (host, None),
    };
    // An interface name has at most 15 characters.
    if zone.is_some_and(|zone| zone.is_empty() || zone.len() > 15 || zone.contains(['%', ':'])) {
        return None;
    }
    let address = IpAddr::from(host.parse::<Ipv6Addr>().ok()?).to_canonical();
    // IPv4 has no zones, in IPv6 clothes neither.
    if zone.is_some() && address.is_ipv4() {
        return None;
    }
    Some(Complaint {
        address,
        zone: zone.map(str::to_owned),
        port,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(log: &str) -> Vec<String> {
        find(log)
            .into_iter()
            .map(|c| match c.zone {
                Some(zone) => format!("{} {zone} {}", c.address, c.port),
                None => format!("{} {}", c.address, c.port),
            })
            .collect()
    }

    #[test]
    fn lines() {
        for (log, expected) in [
            (
                "Error: connect EHOSTUNREACH 10.0.0.18:23000",
                "10.0.0.18 23000",
            ),
            (
                "Error: connect EHOSTUNREACH 10.0.0.18:23000 - Local (192.168.1.3:0)\n    at x",
                "10.0.0.18 23000",
            ),
            (
                "connect EHOSTUNREACH fe80::1%en0:8080 - Local (:::0)",
                "fe80::1 en0 8080",
            ),
            ("connect EHOSTUNREACH fd00::2:8080", "fd00::2 8080"),
            ("connect EHOSTUNREACH ::1:80", "::1 80"),
            ("connect EHOSTUNREACH ::ffff:10.0.0.1:80", "10.0.0.1 80"),
            (
                "connect EHOSTUNREACH fe80::1%vlan-0.7:80",
                "fe80::1 vlan-0.7 80",
            ),
            (
                "\"message\":\"connect EHOSTUNREACH 10.1.2.3:80\",",
                "10.1.2.3 80",
            ),
            ("connect EHOSTUNREACH 10.1.2.3:80\u{1b}[39m", "10.1.2.3 80"),
            ("It said connect EHOSTUNREACH 10.1.2.3:80.", "10.1.2.3 80"),
            ("connect EHOSTUNREACH 10.1.2.3:65535", "10.1.2.3 65535"),
            ("connect EHOSTUNREACH 10.1.2.3:65536", ""),
            ("connect EHOSTUNREACH 10.1.2.3:0", ""),
            ("connect EHOSTUNREACH 10.1.2.3:+80", ""),
            ("connect EHOSTUNREACH 10.1.2.3:", ""),
            ("connect EHOSTUNREACH 10.1.2.3", ""),
            ("connect EHOSTUNREACH 10.1.2:80", ""),
            ("connect EHOSTUNREACH 10.1.2.3%en0:80", ""),
            ("connect EHOSTUNREACH ::ffff:10.1.2.3%en0:80", ""),
            ("connect EHOSTUNREACH mac-mini.local:80", ""),
            ("connect EHOSTUNREACH fe80::1%:80", ""),
            ("connect EHOSTUNREACH fe80::1%averyveryverylongname:80", ""),
            ("connect EHOSTUNREACH fe80::1%a:b:80", ""),
            ("connect EHOSTUNREACH /var/run/x.sock", ""),
            ("connect ECONNREFUSED 10.1.2.3:80", ""),
            ("connect EHOSTUNREACH ", ""),
            ("connect EHOSTUNREACH \u{fffd}10.1.2.3:80", ""),
        ] {
            assert_eq!(shown(log).join(","), expected, "{log:?}");
        }
    }

    #[test]
    fn each_once_and_the_last_complaint_first() {
        let log = "connect EHOSTUNREACH 10.0.0.1:80\n\
                   connect EHOSTUNREACH 10.0.0.2:80\n\
                   connect EHOSTUNREACH 10.0.0.1:81\n\
                   connect EHOSTUNREACH 10.0.0.1:80\n";
        assert_eq!(shown(log), ["10.0.0.1 80", "10.0.0.1 81", "10.0.0.2 80"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC*", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            find(&text);
            find(&format!("{SIGN}{text}"));
            find(&format!("{SIGN}{}", String::from_utf8_lossy(&bytes)));
        }

        #[test]
        fn any_address_is_found(v6: u128, v4: u32, port in 1u16.., zone in "[a-z]{1,8}[0-9]{0,3}") {
            let (v6, v4) = (Ipv6Addr::from(v6), Ipv4Addr::from(v4));
            let found = find(&format!("{SIGN}{v6}%{zone}:{port} - Local\n{SIGN}{v4}:{port}\n"));
            prop_assert_eq!(&found[0], &Complaint { address: v4.into(), zone: None, port });
            let address = IpAddr::from(v6).to_canonical();
            prop_assert_eq!(&found[1], &Complaint { address, zone: Some(zone), port });
        }
    }
}
