//! The one place where the operating system's error numbers become kinds of our own.

use crate::model::{Errno, ErrorKind, Failure, Phase};
use nix::errno::Errno as Os;
use std::io;

/// A failure of the network as data, or `Err` with a sentence where the trouble is this computer's
/// own (no descriptors, no memory) and says nothing about the target. EINVAL is not among them:
/// Linux gives it for a blackhole route (facts/PM2.md §7.1).
///
/// Numbers are compared as this computer counts them (`nix` knows both macOS and Linux). An error
/// without a number keeps its text and is of kind `Other`.
pub(super) fn fold(phase: Phase, error: &io::Error) -> Result<Failure, String> {
    let failure = failure(phase, error);
    match own_trouble(&failure) {
        Some(why) => Err(why),
        None => Ok(failure),
    }
}

/// Every error as a failure, our own trouble too: each address has to say what came of it.
pub(super) fn failure(phase: Phase, error: &io::Error) -> Failure {
    let Some(number) = error.raw_os_error() else {
        return Failure {
            phase,
            error: ErrorKind::Other,
            errno: None,
            text: error.to_string(),
        };
    };
    let os = Os::from_raw(number);
    let name = match os {
        Os::UnknownErrno => format!("errno {number}"),
        known => format!("{known:?}"),
    };
    Failure {
        phase,
        error: kind(os),
        errno: Some(Errno { number, name }),
        text: text(error, number),
    }
}

/// What is wrong with this computer, where a failure is our own: `this computer: too many open files`.
pub(super) fn own_trouble(failure: &Failure) -> Option<String> {
    let number = failure.errno.as_ref()?.number;
    let own = [Os::EMFILE, Os::ENFILE, Os::ENOBUFS, Os::ENOMEM];
    if !own.contains(&Os::from_raw(number)) {
        return None;
    }
    let mut letters = failure.text.chars();
    let first = letters.next()?.to_lowercase();
    Some(format!("this computer: {first}{}", letters.as_str()))
}

fn kind(os: Os) -> ErrorKind {
    match os {
        Os::EHOSTUNREACH => ErrorKind::HostUnreachable,
        Os::EHOSTDOWN => ErrorKind::HostDown,
        Os::ENETUNREACH => ErrorKind::NetUnreachable,
        Os::ENETDOWN => ErrorKind::NetDown,
        Os::ECONNREFUSED => ErrorKind::Refused,
        // The first write after a reset reports the reset, the next one EPIPE; which of the two
        // we see depends on when the packet came.
        Os::ECONNRESET | Os::EPIPE | Os::ECONNABORTED => ErrorKind::Reset,
        Os::ETIMEDOUT => ErrorKind::TimedOut,
        Os::EACCES | Os::EPERM => ErrorKind::Denied,
        // A computer without IPv6 has no local address of that family either.
        Os::EADDRNOTAVAIL | Os::EAFNOSUPPORT => ErrorKind::NoLocalAddress,
        _ => ErrorKind::Other,
    }
}

/// strerror's text; std appends the number, which has a field of its own.
fn text(error: &io::Error, number: i32) -> String {
    let mut text = error.to_string();
    let suffix = format!(" (os error {number})");
    if text.ends_with(&suffix) {
        text.truncate(text.len() - suffix.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_its_kind_name_and_text() {
        let table = [
            (Os::EHOSTUNREACH, ErrorKind::HostUnreachable, "EHOSTUNREACH"),
            (Os::EHOSTDOWN, ErrorKind::HostDown, "EHOSTDOWN"),
            (Os::ENETUNREACH, ErrorKind::NetUnreachable, "ENETUNREACH"),
            (Os::ENETDOWN, ErrorKind::NetDown, "ENETDOWN"),
            (Os::ECONNREFUSED, ErrorKind::Refused, "ECONNREFUSED"),
            (Os::ECONNRESET, ErrorKind::Reset, "ECONNRESET"),
            (Os::EPIPE, ErrorKind::Reset, "EPIPE"),
            (Os::ECONNABORTED, ErrorKind::Reset, "ECONNABORTED"),
            (Os::ETIMEDOUT, ErrorKind::TimedOut, "ETIMEDOUT"),
            (Os::EACCES, ErrorKind::Denied, "EACCES"),
            (Os::EPERM, ErrorKind::Denied, "EPERM"),
            (
                Os::EADDRNOTAVAIL,
                ErrorKind::NoLocalAddress,
                "EADDRNOTAVAIL",
            ),
            (Os::EAFNOSUPPORT, ErrorKind::NoLocalAddress, "EAFNOSUPPORT"),
            (Os::EPROTOTYPE, ErrorKind::Other, "EPROTOTYPE"),
            (Os::EINVAL, ErrorKind::Other, "EINVAL"),
        ];
        for (os, kind, name) in table {
            let error = io::Error::from_raw_os_error(os as i32);
            let failure = fold(Phase::Connect, &error).expect("not our own trouble");
            assert_eq!(failure.error, kind, "{name}");
            assert_eq!(failure.phase, Phase::Connect);
            let errno = failure.errno.expect("it has a number");
            assert_eq!((errno.number, errno.name.as_str()), (os as i32, name));
            assert!(!failure.text.is_empty() && !failure.text.contains("os error"));
        }
    }

    #[test]
    fn our_own_trouble_is_told_apart() {
        for os in [Os::EMFILE, Os::ENFILE, Os::ENOBUFS, Os::ENOMEM] {
            let why = fold(Phase::Connect, &io::Error::from_raw_os_error(os as i32))
                .expect_err("our own");
            assert!(why.starts_with("this computer: "), "{why}");
        }
        let full = io::Error::from_raw_os_error(Os::EMFILE as i32);
        assert_eq!(
            fold(Phase::Http, &full),
            Err("this computer: too many open files".to_owned())
        );
    }

    #[test]
    fn an_unknown_number_and_no_number_keep_what_they_have() {
        let failure = failure(Phase::Http, &io::Error::from_raw_os_error(4242));
        assert_eq!(failure.name(), "errno 4242");
        assert_eq!(failure.error, ErrorKind::Other);
        let plain = fold(Phase::Tls, &io::Error::other("odd")).expect("not our own");
        assert_eq!((plain.errno, plain.text.as_str()), (None, "odd"));
    }
}
