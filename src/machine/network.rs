//! How an address is reached from here: interfaces and the routing table's own answer.

use crate::model::{Host, Reach, Route};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};

/// The interfaces of this computer, as they were when read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    pub interfaces: Vec<Interface>,
}

/// One interface: what the kernel says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    pub name: String,
    /// The kernel's index, which is the scope of a link-local address.
    pub index: u32,
    /// Own addresses with the length of their prefix.
    pub addresses: Vec<(IpAddr, u8)>,
    pub gateways: Vec<IpAddr>,
    pub loopback: bool,
    pub point_to_point: bool,
    pub broadcast: bool,
}

impl Network {
    /// Reads the interfaces. An empty list where the system gives none.
    pub fn read() -> Network {
        let interfaces = netdev::get_interfaces()
            .into_iter()
            .map(Interface::from)
            .collect();
        Network { interfaces }
    }

    /// Every address of this computer.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.interfaces
            .iter()
            .flat_map(|i| i.addresses.iter().map(|(address, _)| *address))
    }

    /// How `address` of `host` is reached, given the source address that the routing table
    /// chose for it (see [`source_for`]).
    ///
    /// Local network means what Apple's TN3179 means: an address of the same subnet on a
    /// broadcast-capable interface, not a VPN and not behind a router (facts/LNP.md §1).
    pub fn route(&self, host: &Host, address: IpAddr, source: Option<IpAddr>) -> Route {
        let own = self.addresses().any(|mine| mine == address);
        let through = self.interface_for(host, address, source);
        let reach = match through {
            _ if address.is_loopback() || own => Reach::Loopback,
            _ if is_multicast_name(host) => Reach::Mdns,
            None => Reach::Unknown,
            Some(interface) => interface.reach(address),
        };
        Route {
            reach,
            interface: through.map(|interface| interface.name.clone()),
        }
    }

    fn interface_for(
        &self,
        host: &Host,
        address: IpAddr,
        source: Option<IpAddr>,
    ) -> Option<&Interface> {
        if let Host::V6 {
            zone: Some(zone), ..
        } = host
        {
            return self
                .interfaces
                .iter()
                .find(|i| i.name == *zone || i.index.to_string() == *zone);
        }
        let of_source = source.and_then(|source| {
            self.interfaces
                .iter()
                .find(|i| i.addresses.iter().any(|(mine, _)| *mine == source))
        });
        of_source.or_else(|| self.interfaces.iter().find(|i| i.holds(address)))
    }
}

impl Interface {
    fn reach(&self, address: IpAddr) -> Reach {
        if self.loopback {
            Reach::Loopback
        } else if self.point_to_point {
            Reach::Vpn
        } else if self.holds(address) && self.is_virtual_bridge() {
            Reach::VmBridge
        } else if self.gateways.contains(&address) {
            Reach::Gateway
        } else if self.broadcast && (self.holds(address) || is_link_local(address)) {
            Reach::OnLink
        } else if is_private(address) {
            Reach::Routed
        } else {
            Reach::Internet
        }
    }

    /// Whether `address` lies in one of this interface's subnets.
    fn holds(&self, address: IpAddr) -> bool {
        self.addresses
            .iter()
            .any(|&(mine, prefix)| same_subnet(mine, address, prefix))
    }

    /// macOS names the bridges of its virtual machines bridge100 and up (bridge0 is the
    /// Thunderbolt bridge, a real network); the others are those of common Linux tools.
    fn is_virtual_bridge(&self) -> bool {
        let number = self
            .name
            .strip_prefix("bridge")
            .and_then(|n| n.parse::<u32>().ok());
        let names = [
            "vmenet", "vmnet", "vboxnet", "docker", "br-", "virbr", "lxcbr", "lxdbr", "podman",
        ];
        number.is_some_and(|n| n >= 100) || names.iter().any(|name| self.name.starts_with(name))
    }
}

impl From<netdev::Interface> for Interface {
    fn from(from: netdev::Interface) -> Interface {
        let v4 = from
            .ipv4
            .iter()
            .map(|net| (IpAddr::V4(net.addr()), net.prefix_len()));
        let v6 = from
            .ipv6
            .iter()
            .map(|net| (IpAddr::V6(net.addr()), net.prefix_len()));
        let gateways = from.gateway.iter().flat_map(|gateway| {
            let v4 = gateway.ipv4.iter().map(|a| IpAddr::V4(*a));
            v4.chain(gateway.ipv6.iter().map(|a| IpAddr::V6(*a)))
        });
        Interface {
            index: from.index,
            addresses: v4.chain(v6).collect(),
            gateways: gateways.collect(),
            loopback: from.is_loopback(),
            point_to_point: from.is_point_to_point() || from.is_tun(),
            broadcast: from.is_broadcast(),
            name: from.name,
        }
    }
}

/// The source address that the routing table picks for `address`: connecting a UDP socket
/// asks the table and sends no packet. `None` where there is no route.
pub fn source_for(address: SocketAddr) -> Option<IpAddr> {
    let any: SocketAddr = match address {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => SocketAddrV6::new(Ipv6Addr::UNSPECIFIED, 0, 0, 0).into(),
    };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(address).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn is_multicast_name(host: &Host) -> bool {
    matches!(host, Host::Name(name) if name.trim_end_matches('.').to_ascii_lowercase().ends_with(".local"))
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// Private, shared (100.64.0.0/10, RFC 6598) and unique local addresses.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || v4.is_link_local() || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

fn same_subnet(mine: IpAddr, other: IpAddr, prefix: u8) -> bool {
    match (mine, other) {
        // A prefix of the whole length holds nobody but the interface itself.
        (IpAddr::V4(a), IpAddr::V4(b)) if prefix < 32 => {
            (a.to_bits() ^ b.to_bits())
                .checked_shr(32 - u32::from(prefix))
                .unwrap_or(0)
                == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) if prefix < 128 => {
            (a.to_bits() ^ b.to_bits())
                .checked_shr(128 - u32::from(prefix))
                .unwrap_or(0)
                == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, addresses: &[(&str, u8)], gateways: &[&str]) -> Interface {
        Interface {
            name: name.to_owned(),
            index: 4,
            addresses: addresses
                .iter()
                .map(|(a, p)| (a.parse().unwrap(), *p))
                .collect(),
            gateways: gateways.iter().map(|g| g.parse().unwrap()).collect(),
            loopback: name.starts_with("lo"),
            point_to_point: name.starts_with("utun"),
            broadcast: !name.starts_with("lo") && !name.starts_with("utun") && name != "pdp_ip0",
        }
    }

    fn a_mac() -> Network {
        Network {
            interfaces: vec![
                interface("lo0", &[("127.0.0.1", 8), ("::1", 128)], &[]),
                interface(
                    "en0",
                    &[("192.168.1.20", 24), ("fe80::1c", 64), ("fd12::20", 64)],
                    &["192.168.1.1"],
                ),
                interface("utun4", &[("100.101.7.3", 32)], &[]),
                interface("bridge100", &[("192.168.64.1", 24)], &[]),
                interface("bridge0", &[("10.9.0.1", 24)], &[]),
                interface("pdp_ip0", &[("10.200.0.5", 24)], &[]),
            ],
        }
    }

    #[test]
    fn every_reach_by_flags_netmask_and_the_routing_tables_answer() {
        let table = [
            ("127.0.0.5", Some("127.0.0.1"), Reach::Loopback),
            ("::1", Some("::1"), Reach::Loopback),
            // Delivered locally although it looks like the network.
            ("192.168.1.20", Some("192.168.1.20"), Reach::Loopback),
            ("192.168.1.41", Some("192.168.1.20"), Reach::OnLink),
            ("fd12::41", Some("fd12::20"), Reach::OnLink),
            ("192.168.1.1", Some("192.168.1.20"), Reach::Gateway),
            ("192.168.2.41", Some("192.168.1.20"), Reach::Routed),
            ("203.0.113.9", Some("192.168.1.20"), Reach::Internet),
            ("100.101.7.12", Some("100.101.7.3"), Reach::Vpn),
            // A VPN that takes an address of the local subnet: the table's answer decides.
            ("192.168.1.77", Some("100.101.7.3"), Reach::Vpn),
            ("192.168.64.2", Some("192.168.64.1"), Reach::VmBridge),
            ("10.9.0.2", Some("10.9.0.1"), Reach::OnLink),
            // Not broadcast-capable: cellular is not a local network.
            ("10.200.0.9", Some("10.200.0.5"), Reach::Routed),
            // No route, but the subnet says which interface it would be.
            ("192.168.1.41", None, Reach::OnLink),
            ("203.0.113.9", None, Reach::Unknown),
        ];
        for (address, source, expected) in table {
            let address: IpAddr = address.parse().unwrap();
            let host = match address {
                IpAddr::V4(v4) => Host::V4(v4),
                IpAddr::V6(v6) => Host::V6 {
                    address: v6,
                    zone: None,
                },
            };
            let route = a_mac().route(&host, address, source.map(|s| s.parse().unwrap()));
            assert_eq!(route.reach, expected, "{address} from {source:?}");
        }
    }

    #[test]
    fn a_zone_names_the_interface() {
        let address: Ipv6Addr = "fe80::9".parse().unwrap();
        for zone in ["en0", "4"] {
            let host = Host::V6 {
                address,
                zone: Some(zone.to_owned()),
            };
            let network = Network {
                interfaces: vec![a_mac().interfaces[1].clone()],
            };
            let route = network.route(&host, address.into(), None);
            assert_eq!(
                route,
                Route {
                    reach: Reach::OnLink,
                    interface: Some("en0".to_owned())
                }
            );
        }
    }

    #[test]
    fn a_local_name_is_multicast_whatever_it_resolves_to() {
        let host = Host::Name("mini-1.Local.".to_owned());
        let route = a_mac().route(&host, "192.168.1.41".parse().unwrap(), None);
        assert_eq!(route.reach, Reach::Mdns);
        assert_eq!(route.interface.as_deref(), Some("en0"));
    }

    #[test]
    fn loopback_of_this_very_computer() {
        let network = Network::read();
        assert!(network.addresses().any(|a| a.is_loopback()), "{network:?}");
        let address: SocketAddr = "127.0.0.1:9".parse().unwrap();
        assert_eq!(source_for(address), Some(address.ip()));
    }
}
