//! What computer this is and who we are on it.

use super::ancestors;
use crate::model::{Os, ThisComputer};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
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

/// Whether we were started to survive a closed terminal, as nohup(1) does it: SIGHUP ignored. Must
/// be asked before anybody listens to SIGHUP. A shell tells what we can't ask ourselves without
/// unsafe code: a signal that was ignored when it began can't be trapped (POSIX, `trap`).
pub fn hangup_is_ignored() -> bool {
    let script = "trap 'exit 1' HUP; kill -s HUP $$; exit 0";
    let told = Command::new("/bin/sh")
        .args(["-c", script])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .status();
    told.is_ok_and(|status| status.success())
}
