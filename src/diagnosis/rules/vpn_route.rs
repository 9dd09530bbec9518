//! VPN-1: a tunnel took the route: the target is asked for on the far side of a VPN.

use super::{Signs, found, named};
use crate::diagnosis::matrix::Matrix;
use crate::model::{Confidence, Finding, Reach};

pub fn look(matrix: &Matrix) -> Option<Finding> {
    let (mut signs, mut targets, mut confidence) =
        (Signs::default(), Vec::new(), Confidence::Possible);
    for target in matrix.targets() {
        let cells: Vec<_> = matrix.of_target(&target.id).collect();
        if cells.iter().all(|cell| cell.always_answered()) {
            continue;
        }
        let tunnel = matrix.route(&target.id).filter(|name| {
            ["utun", "tun", "wg", "ppp", "ipsec", "tailscale"]
                .iter()
                .any(|start| name.starts_with(start))
        });
        let through = match (tunnel, target.reach) {
            (Some(name), _) => format!("the route to {} goes through the tunnel {name}", target.id),
            (None, Reach::Vpn) => format!("{} is reached through a VPN", target.id),
            _ => continue,
        };
        targets.push(target.id.clone());
        signs.speaks_for(through);
        match cells.iter().all(|cell| cell.always_failed()) {
            true if cells.len() > 1 => {
                signs.speaks_for(format!("{} answers nobody here", target.id));
                confidence = Confidence::Likely;
            }
            true => signs.unknown(format!("what the others get from {}", target.id)),
            false => {
                signs.speaks_against(format!("{} answers some, over the same route", target.id))
            }
        }
    }
    let sentence = format!(
        "{} is asked for through a VPN that does not lead there",
        named(&targets)
    );
    let refuted = "it fails in the same way with the VPN off";
    found(
        "VPN-1",
        "vpn-route",
        sentence,
        refuted,
        confidence,
        targets,
        signs,
    )
}
