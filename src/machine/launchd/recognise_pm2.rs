//! Whether a launchd job is PM2's, by what it runs and with which environment.
//!
//! PM2's own plists changed their names three times and `--service-name` gives them any
//! (facts/PM2.md §5), and people write their own, so a name decides nothing. What counts is that the
//! job starts PM2: any call of `pm2` starts God where there is none. A job that only reads PM2's files
//! or runs from a folder called pm2 is not PM2's.

use super::shell;

/// What of a job is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Job<'a> {
    pub label: Option<&'a str>,
    pub program: Option<&'a str>,
    pub arguments: &'a [String],
    /// PM2_HOME is in the job's environment.
    pub pm2_home: bool,
}

/// The labels that PM2 writes into every plist of its own, whatever the file is called
/// (facts/LAUNCHD.md §0).
pub const OWN_LABELS: [&str; 2] = ["com.PM2", "io.keymetrics.PM2"];

/// What a command does, as far as PM2 goes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Does {
    /// Starts PM2; the sentence says how.
    RunsPm2(String),
    /// Only reads, moves or prints.
    Harmless,
    Unknown,
}

/// Why the job is PM2's; `None` where nothing says so.
pub fn why_pm2(job: &Job) -> Option<String> {
    let mut words: Vec<&str> = job.arguments.iter().map(String::as_str).collect();
    match (job.program, words.first_mut()) {
        // The first argument is only what the program is told its name is.
        (Some(program), Some(first)) => *first = program,
        (Some(program), None) => words.push(program),
        _ => {}
    }
    let does = command(&words, DEEPEST);
    if let Does::RunsPm2(how) = does {
        return Some(how);
    }
    if does == Does::Harmless {
        return None;
    }
    if job
        .arguments
        .iter()
        .any(|argument| mentions_resurrect(argument))
    {
        return Some("its arguments say pm2 resurrect".to_owned());
    }
    if job
        .arguments
        .iter()
        .any(|argument| argument.contains(": God Daemon"))
    {
        return Some("its arguments name PM2's God".to_owned());
    }
    let inline =
        |argument: &String| argument.starts_with("PM2_HOME=") || argument.contains(" PM2_HOME=");
    if job.pm2_home || job.arguments.iter().any(inline) {
        return Some("it sets PM2_HOME".to_owned());
    }
    let own = |label: &&str| OWN_LABELS.contains(label);
    job.label
        .filter(own)
        .map(|label| format!("PM2 calls its own job {label}"))
}

/// How deep scripts within scripts are followed.
const DEEPEST: usize = 4;

/// How many commands of a script are looked at. What people write into a plist has a few.
const MOST_COMMANDS: usize = 1000;

/// Programs, keywords and subcommands that run what follows them.
const RUN_ANOTHER: &str = "\
    arch asuser bun bunx caffeinate chronic command corepack deno dlx do else env eval exec \
    if ionice launchctl nice node nodejs nohup npm npx pnpm pnpx python python3 run setsid \
    stdbuf sudo taskpolicy then time timeout tsx until while xargs yarn ! { x";

/// Options of those that take a value of their own.
const WITH_VALUE: &str = "-u -g -P -r -C -U --require --import --user --group --prefix --env-file";

const SHELLS: &str = "sh bash zsh dash ksh fish tcsh csh su login";

/// Programs and builtins that start nothing.
const HARMLESS: &str = "\
    . : [ awk basename cat cd chmod chown cp curl cut date defaults df dirname du echo egrep \
    exit export false fgrep find grep gzip head kill killall less ln log logger logrotate ls \
    mkdir mv newsyslog pgrep pkill printf ps pwd read rm rmdir rsync sed set shift sleep \
    sort source stat tail tar tee test touch tr trap true ulimit umask uniq unset wait wc \
    which zip done fi esac } for case fswatch";

fn command(words: &[&str], deeper: usize) -> Does {
    let mut rest = words;
    let mut wrapped = false;
    while let [word, after @ ..] = rest {
        let name = base(word);
        let follows = after.first().copied().unwrap_or_default();
        if is_assignment(word) {
            rest = after;
        } else if wrapped && word.starts_with('-') {
            let skipped = usize::from(listed(WITH_VALUE, word)).min(after.len());
            rest = &after[skipped..];
        } else if wrapped && is_number(word) {
            // A time, a priority, a user's number.
            rest = after;
        } else if is_pm2(word) || (!wrapped && *word == "resurrect") {
            return Does::RunsPm2(format!("it runs {}", shown(rest)));
        } else if let Some(inside) = placeholder(word) {
            let said = inside.to_ascii_lowercase().contains("pm2") || follows == "resurrect";
            return match said {
                true => Does::RunsPm2(format!("it runs {}", shown(rest))),
                false => Does::Unknown,
            };
        } else if listed(SHELLS, name) {
            return shell_command(name, after, deeper);
        } else if listed(RUN_ANOTHER, name) {
            wrapped = true;
            rest = after;
        } else if listed(HARMLESS, name) {
            return Does::Harmless;
        } else {
            return by_script_name(word);
        }
    }
    Does::Unknown
}

/// A shell with its script: text after `-c`, else a file.
fn shell_command(name: &str, mut words: &[&str], deeper: usize) -> Does {
    while let [word, after @ ..] = words {
        let takes_script = word.starts_with('-') && !word.starts_with("--") && word.contains('c');
        if takes_script {
            // Options may still come between: `bash -c -l 'script'`.
            let script = after.iter().find(|word| !word.starts_with('-'));
            return script.map_or(Does::Unknown, |script| inside(script, deeper));
        }
        if word.starts_with('-') || ["su", "login"].contains(&name) {
            // `su - me -c …`: a user's name is no script.
            words = after;
        } else {
            return by_script_name(word);
        }
    }
    Does::Unknown
}

fn inside(script: &str, deeper: usize) -> Does {
    if deeper == 0 {
        return Does::Unknown;
    }
    let commands = shell::commands(script);
    let mut harmless = !commands.is_empty() && commands.len() <= MOST_COMMANDS;
    for words in commands.iter().take(MOST_COMMANDS) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match command(&words, deeper - 1) {
            runs @ Does::RunsPm2(_) => return runs,
            Does::Harmless => {}
            // Settings alone do nothing: `A=b`.
            Does::Unknown => harmless &= words.iter().all(|word| is_assignment(word)),
        }
    }
    if harmless {
        Does::Harmless
    } else {
        Does::Unknown
    }
}

/// Whether the word names a program of PM2, or one of its files that node runs.
fn is_pm2(word: &str) -> bool {
    let name = base(word).to_ascii_lowercase();
    // `npx pm2@latest`
    let name = name.split_once('@').map_or(name.as_str(), |(name, _)| name);
    matches!(name, "pm2" | "pm2-runtime" | "pm2-docker" | "pm2-dev")
        || word.contains("/node_modules/pm2/bin/")
        || word.contains("/node_modules/pm2/lib/")
        || word.ends_with("pm2/lib/Daemon.js")
}

/// A script of somebody's own says by its name that it starts PM2: `start-pm2.sh`.
fn by_script_name(word: &str) -> Does {
    let name = base(word).to_ascii_lowercase();
    let parts: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let starts = [
        "boot",
        "daemon",
        "god",
        "launch",
        "launchd",
        "launcher",
        "restart",
        "restore",
        "resume",
        "resurrect",
        "run",
        "runtime",
        "service",
        "start",
        "startup",
        "supervisor",
        "up",
        "wrapper",
    ];
    let logs = parts.iter().any(|part| part.starts_with("log"));
    if parts.contains(&"pm2") && !logs && parts.iter().any(|part| starts.contains(part)) {
        return Does::RunsPm2(format!("it runs {word}"));
    }
    Does::Unknown
}

/// `pm2`, quoted or not, then `resurrect`.
fn mentions_resurrect(text: &str) -> bool {
    text.match_indices("resurrect").any(|(at, _)| {
        let before =
            text[..at].trim_end_matches(|c: char| c.is_whitespace() || "\"'\\".contains(c));
        let told_apart = before.len() < at;
        let before = before.strip_suffix("pm2");
        let whole =
            |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || "-_.".contains(c));
        told_apart && before.is_some_and(whole)
    })
}

/// The name inside a word that a template or a shell would replace: `${PM2_BIN}`, `%PM2_PATH%`,
/// `__PM2__`, `{{pm2}}`, `@PM2@`, `$PM2`. Templates are found in repositories, and are judged as what
/// they become.
fn placeholder(word: &str) -> Option<&str> {
    let between = |start: &str, end: &str| {
        word.strip_prefix(start)?
            .strip_suffix(end)
            .filter(|name| !name.is_empty())
    };
    between("${", "}")
        .or_else(|| between("{{", "}}"))
        .or_else(|| between("{", "}"))
        .or_else(|| between("%", "%"))
        .or_else(|| between("__", "__"))
        .or_else(|| between("@", "@"))
        .or_else(|| between("<", ">"))
        .or_else(|| between("$", "").filter(|name| !name.contains(['/', '('])))
}

/// Whether `word` is one of the words of `list`.
fn listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|one| one == word)
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let mut chars = name.chars();
        chars
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// `5`, `0.5`, `10m`
fn is_number(word: &str) -> bool {
    let digits = word.trim_end_matches(['s', 'm', 'h', 'd']);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// The first words of a command.
fn shown(words: &[&str]) -> String {
    words[..words.len().min(3)].join(" ")
}

#[cfg(test)]
#[path = "recognise_pm2_tests.rs"]
mod tests;
