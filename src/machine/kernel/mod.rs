//! The few calls that differ from system to system; the only place with `cfg(target_os)`.

use nix::libc;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// The clock that counts on while the computer sleeps. On macOS that is CLOCK_MONOTONIC
/// (clock_gettime(3): "will continue to increment while the system is asleep"); on Linux
/// CLOCK_MONOTONIC stops in sleep and CLOCK_BOOTTIME does not.
#[cfg(not(target_os = "linux"))]
const AWAKE_OR_ASLEEP: ClockId = ClockId::CLOCK_MONOTONIC;
#[cfg(target_os = "linux")]
const AWAKE_OR_ASLEEP: ClockId = ClockId::CLOCK_BOOTTIME;

/// The most files that macOS lets a process open whatever its hard limit says
/// (`OPEN_MAX` in `<sys/syslimits.h>`); setrlimit fails above it.
#[cfg(target_os = "macos")]
const MOST_FILES: u64 = 10_240;
#[cfg(not(target_os = "macos"))]
const MOST_FILES: u64 = 65_536;

/// Time since some moment in the past, sleep included.
pub fn clock() -> Duration {
    clock_gettime(AWAKE_OR_ASLEEP)
        .map(Duration::from)
        .unwrap_or_default()
}

/// Raises the soft limit of open files: macOS starts programs with 256, and as many probes
/// may be in flight. A refusal leaves the limit as it was; probes then say so themselves.
pub fn raise_file_limit() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(MOST_FILES);
        if wanted > soft {
            let _ = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard);
        }
    }
}

/// Whether SIGHUP has been ignored since we were started, as nohup(1) has it. Must be asked before
/// anybody listens to SIGHUP.
pub fn hangup_is_ignored() -> bool {
    let mut now = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: without a new action sigaction only reads, and fills in the struct it is given.
    unsafe {
        libc::sigaction(libc::SIGHUP, std::ptr::null(), now.as_mut_ptr()) == 0
            && now.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Gives large buffers back to the system as soon as they are freed. Left to itself glibc keeps
/// those that come again, in each thread: reading the interfaces takes a megabyte for a moment,
/// every ten seconds. Must be called before there are threads.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn keep_no_large_buffers() {
    const LARGE: i32 = 128 * 1024;
    // SAFETY: sets a number of the allocator's own.
    unsafe { libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE) };
}
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn keep_no_large_buffers() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_goes_forward() {
        let before = clock();
        assert!(before > Duration::ZERO);
        assert!(clock() >= before);
    }
}
