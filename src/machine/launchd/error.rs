//! What `launchctl` says when it refuses, and what to do then (facts/LAUNCHD.md §1.2).

use crate::model::LaunchctlError;

/// One number, explained. The exit status equals the number in the text.
struct Known {
    code: i64,
    /// The words that launchd has for it; empty where they are too common to tell anything.
    text: &'static str,
    meaning: &'static str,
    remedy: &'static str,
}

const fn known(
    code: i64,
    text: &'static str,
    meaning: &'static str,
    remedy: &'static str,
) -> Known {
    Known {
        code,
        text,
        meaning,
        remedy,
    }
}

const KNOWN: &[Known] = &[
    known(
        1,
        "Operation not permitted",
        "The caller may not do this: it is not root, or the job is protected by System Integrity Protection.",
        "Do it as root (sudo); it does not mean that the job is not loaded.",
    ),
    known(
        3,
        "No such process",
        "The job is not loaded in this domain, or names a user that does not exist.",
        "Load it with launchctl bootstrap, or check the domain and UserName.",
    ),
    known(
        5,
        "Input/output error",
        "launchd refused for one of many reasons: the job is still being stopped or is loaded already, the caller \
         is not root, the label is disabled, the file has the wrong owner or mode, is quarantined or broken, or the \
         domain has no session.",
        "Look in this order: launchctl print (loaded? which path?), wait and try again, launchctl print-disabled, \
         ls -l (root:wheel, 0644), xattr (com.apple.quarantine), plutil -lint, log show for launchd.",
    ),
    known(
        17,
        "",
        "The label is loaded already, or is still being removed.",
        "Look at its path with launchctl print; boot it out and wait until print says 113, then try again.",
    ),
    known(
        36,
        "Operation now in progress",
        "The job is being stopped and is not gone yet (macOS 11 and earlier).",
        "Ask launchctl print until it says 113, then go on.",
    ),
    known(
        37,
        "Operation already in progress",
        "The label is loaded already, or is still being removed.",
        "Look at its path with launchctl print; boot it out and wait until print says 113, then try again.",
    ),
    known(
        64,
        "",
        "launchctl was called the wrong way.",
        "Check the command with launchctl help.",
    ),
    known(
        109,
        "Invalid property list",
        "The plist is broken or no launchd job.",
        "Check it with plutil -lint and correct it.",
    ),
    known(
        112,
        "Could not find specified domain",
        "There is no such domain now: that user is not logged in.",
        "Let the user log in at the screen; until then the job starts at the next login.",
    ),
    known(
        113,
        "Could not find specified service",
        "No such job is loaded in this domain; its file may exist all the same, or Login Items may have denied it.",
        "Look for its plist, at launchctl print-disabled, and in System Settings > General > Login Items & Extensions.",
    ),
    known(
        114,
        "The specified username does not exist",
        "The plist's UserName is no user of this Mac.",
        "Correct UserName.",
    ),
    known(
        119,
        "Service is disabled",
        "The label is disabled by an override that outlives reboots and new plists.",
        "Run launchctl enable DOMAIN/LABEL, then bootstrap again.",
    ),
    known(
        122,
        "Path had bad ownership/permissions",
        "launchd does not trust the plist: it has the wrong owner, or others may write to it.",
        "Make it owned by root:wheel with mode 0644 (an agent's: owned by its user).",
    ),
    known(
        125,
        "Domain does not support specified action",
        "The domain exists only while that user is logged in at the screen, and nobody is: as over ssh.",
        "Let the user log in at the screen; trying again does not help.",
    ),
    known(
        134,
        "Service cannot load in requested session",
        "The plist's LimitLoadToSessionType does not allow this kind of session.",
        "Load it in a session it allows, or change LimitLoadToSessionType.",
    ),
    known(
        140,
        "Service name is reserved or invalid",
        "The label is reserved or not valid.",
        "Choose another Label.",
    ),
    known(
        150,
        "Operation not permitted while System Integrity Protection is engaged",
        "The job is Apple's and protected by System Integrity Protection.",
        "Leave it alone; restart the Mac to restart it.",
    ),
    known(
        155,
        "Refusing to execute/trust quarantined program/file",
        "The plist or its program is quarantined, as downloads are.",
        "If you trust it, take the mark off: xattr -d com.apple.quarantine FILE.",
    ),
];

/// Texts that mean a number without saying it.
const UNNUMBERED: &[(&str, i64)] = &[
    ("could not find service", 113),
    ("could not find domain", 112),
    ("service already bootstrapped", 37),
    ("service already loaded", 37),
    ("not privileged to", 1),
    ("usage: launchctl", 64),
    ("unrecognized subcommand", 64),
    ("unknown subcommand", 64),
];

/// Reads the first refusal in `text` that says a number, else the first that means one;
/// `None` where there is none.
pub fn read(text: &str) -> Option<LaunchctlError> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (code, words, line) = lines()
        .find_map(|line| numbered(line).map(|(code, words)| (Some(code), words, line)))
        .or_else(|| lines().find_map(|line| unnumbered(line).map(|code| (Some(code), "", line))))
        .or_else(|| lines().find_map(|line| undecided(line).map(|_| (None, "", line))))?;
    let (meaning, remedy) = match code {
        Some(code) => explain(code, words, line),
        None => {
            let (meaning, remedy) = undecided(line)?;
            (meaning.to_owned(), Some(remedy.to_owned()))
        }
    };
    // The names may stand in another line than the number.
    let service = lines().find_map(service_named);
    let (label, domain) = service
        .map_or((None, lines().find_map(domain_named)), |(label, domain)| {
            (Some(label.to_owned()), domain)
        });
    Some(LaunchctlError {
        code,
        meaning,
        remedy,
        label,
        domain,
        text: line.to_owned(),
    })
}

fn explain(code: i64, words: &str, line: &str) -> (String, Option<String>) {
    let told = |meaning: &str, remedy: &str| (meaning.to_owned(), Some(remedy.to_owned()));
    let stopping = line
        .to_ascii_lowercase()
        .replace('-', "")
        .contains("bootout");
    match (code, KNOWN.iter().find(|known| known.code == code)) {
        // Two numbers mean something else where a job is taken out.
        (3, _) if stopping => told(
            "The job is not loaded, so there is nothing to stop.",
            "Nothing is needed: to somebody who wants it stopped this is success.",
        ),
        (5, _) if stopping => told(
            "A job that is not loaded can't be named by its file.",
            "Name it DOMAIN/LABEL instead, and look with launchctl print whether it is loaded.",
        ),
        (_, Some(known)) => told(known.meaning, known.remedy),
        _ => (
            format!("launchctl failed with error {code}: {words}."),
            None,
        ),
    }
}

/// `Boot-out failed: 3: No such process`; also a bare `113: Could not find specified service`.
fn numbered(line: &str) -> Option<(i64, &str)> {
    let refused = ["failed: ", "could not ", "not privileged ", "error: "];
    let lower = line.to_ascii_lowercase();
    let says_so = refused.iter().any(|word| lower.contains(word));
    let mut parts = line.split(": ").peekable();
    while let Some(part) = parts.next() {
        let digits =
            !part.is_empty() && part.len() <= 5 && part.bytes().all(|byte| byte.is_ascii_digit());
        if let (true, Some(words)) = (digits, parts.peek()) {
            let code = part.parse().ok()?;
            let named = KNOWN
                .iter()
                .any(|known| known.code == code && known.text == *words);
            if says_so || named {
                return Some((code, words));
            }
        }
    }
    None
}

fn unnumbered(line: &str) -> Option<i64> {
    let lower = line.to_ascii_lowercase();
    let means = UNNUMBERED.iter().find(|(text, _)| lower.contains(text));
    // `/Library/LaunchDaemons/x.plist: Service is disabled`
    let after_a_plist = || {
        let (_, words) = line.split_once(".plist: ")?;
        KNOWN
            .iter()
            .find(|known| !known.text.is_empty() && words.starts_with(known.text))
    };
    means
        .map(|(_, code)| *code)
        .or_else(|| Some(after_a_plist()?.code))
}

/// Meaning and remedy of a line that stands for no one number.
fn undecided(line: &str) -> Option<(&'static str, &'static str)> {
    if line == "Bad request." {
        return Some((
            "launchctl found nothing of that name; the line that says whether domain or job is missing.",
            "Look at the whole output: 112 is a missing domain, 113 a missing job.",
        ));
    }
    // facts/LAUNCHD.md §0, 6
    line.contains("Expecting a LaunchDaemons path").then_some((
        "An agent's plist was loaded as root: it runs in the system domain until the next reboot, and as an agent \
         after the next login.",
        "Look for the job in system, gui/<uid> and user/<uid>.",
    ))
}

/// `Could not find service "X" in domain for user gui: 501`
fn service_named(line: &str) -> Option<(&str, Option<String>)> {
    let (_, rest) = line.split_once("service \"")?;
    let (label, rest) = rest.split_once('"')?;
    Some((label, domain_named(rest)))
}

/// `… domain for system`, `… domain for user gui: 501`, `… domain for user: 501`
fn domain_named(text: &str) -> Option<String> {
    let (_, domain) = text.split_once("domain for ")?;
    if domain == "system" {
        return Some("system".to_owned());
    }
    let (kind, id) = domain.split_once(": ")?;
    let kind = kind.split(' ').next_back()?;
    let known = ["gui", "user", "login", "pid"].contains(&kind);
    let numbered = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    (known && numbered).then(|| format!("{kind}/{id}"))
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
