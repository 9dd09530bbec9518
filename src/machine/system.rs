//! What computer this is and who we are on it.

use super::ancestors;
use crate::model::{Os, ThisComputer};
use std::path::Path;
use sysinfo::System;

/// Two programs of Apple's that every Mac has: asked at run time, so that one program can be
/// tested where they are stand-ins.
const MACS_OWN: [&str; 2] = ["/usr/bin/sw_vers", "/bin/launchctl"];

/// The system, its version, our user and our ancestors.
pub fn this_computer() -> ThisComputer {
    let os = if MACS_OWN.iter().all(|path| Path::new(path).exists()) {
        Os::Macos
    } else if std::env::consts::OS == "linux" {
        Os::Linux
    } else {
        Os::Other
    };
    let version = match os {
        Os::Macos => System::os_version(),
        Os::Linux | Os::Windows | Os::Other => System::kernel_version(),
    };
    ThisComputer {
        os,
        version: version.ok(),
        uid: nix::unistd::geteuid().as_raw(),
        ancestors: ancestors(std::process::id()),
    }
}

/// The names of this computer, lower-case, with and without a trailing `.local`.
pub fn hostnames() -> Vec<String> {
    let Ok(name) = nix::unistd::gethostname() else {
        return Vec::new();
    };
    let name = name.to_string_lossy().to_lowercase();
    match name.strip_suffix(".local") {
        Some(short) => vec![short.to_owned(), name],
        None => vec![name],
    }
}
