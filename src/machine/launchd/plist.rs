//! A launchd job's plist, XML or binary, as a [`JobFile`].

use super::recognise_pm2::{Job, OWN_LABELS, why_pm2};
use super::text::decode;
use super::value::{self, Item};
use super::xml::prepare;
use crate::model::{DomainFrom, JobDomain, JobFile};
use std::path::Path;

/// How many lines are named that are wrong in the same way.
const MOST_LINES: usize = 8;

/// Reads a job.
///
/// # Errors
/// A sentence that goes on after a file's name: what is wrong, and where.
pub fn read(bytes: &[u8]) -> Result<JobFile, String> {
    let mut problems = Vec::new();
    let root = if bytes.starts_with(b"bplist") {
        value::read_binary(bytes)?
    } else {
        let text = decode(bytes).map_err(|at| format!("is not UTF-8 at byte {at}"))?;
        let prepared = prepare(&text);
        let bare = prepared.bare_ampersands.iter().take(MOST_LINES);
        problems.extend(bare.map(|line| {
            format!(
                "line {line}: & must be written &amp; in XML: macOS refuses the whole file \
                 (plutil -lint says so too)"
            )
        }));
        value::read_xml(&prepared.text)?
    };
    let Item::Dict(keys) = root else {
        return Err(format!(
            "is a property list, but {} and not a launchd job, which is a dictionary",
            root.noun()
        ));
    };
    job(&keys, problems)
}

/// The domain of a job: by the folder its file lies in, else by keys that mean something in one
/// domain only.
pub fn domain(job: &JobFile, path: Option<&Path>) -> (JobDomain, Option<DomainFrom>) {
    let folders = path.iter().flat_map(|path| path.components().rev().skip(1));
    let by_path = folders.filter_map(|folder| match folder.as_os_str().to_str() {
        Some("LaunchAgents") => Some(JobDomain::Agent),
        Some("LaunchDaemons") => Some(JobDomain::Daemon),
        _ => None,
    });
    if let Some(domain) = by_path.into_iter().next() {
        return (domain, Some(DomainFrom::Path));
    }
    match by_content(job) {
        JobDomain::Unknown => (JobDomain::Unknown, None),
        domain => (domain, Some(DomainFrom::Content)),
    }
}

fn by_content(job: &JobFile) -> JobDomain {
    if !job.sessions.is_empty() {
        // Sessions are those of users; `System` is the one that is not.
        return match job.sessions.iter().any(|session| session != "System") {
            true => JobDomain::Agent,
            false => JobDomain::Daemon,
        };
    }
    if job.user.is_none() {
        return JobDomain::Unknown;
    }
    // UserName has an effect in the system domain only (facts/LAUNCHD.md §2.2), so whoever writes it
    // means a daemon. PM2 writes it too, though its own plist goes nowhere but to LaunchAgents
    // (facts/PM2.md §5).
    let own_label = job
        .label
        .as_deref()
        .is_some_and(|label| OWN_LABELS.contains(&label));
    match job.pm2.is_some() && (own_label || job.launch_only_once) {
        true => JobDomain::Agent,
        false => JobDomain::Daemon,
    }
}

fn job(keys: &[(String, Item)], mut problems: Vec<String>) -> Result<JobFile, String> {
    // A key that stands there twice: the last one counts.
    let get = |key: &str| {
        keys.iter()
            .rev()
            .find(|(name, _)| name == key)
            .map(|(_, item)| item)
    };
    let text = |key: &str| get(key).and_then(Item::text).map(str::to_owned);
    let label = text("Label");
    let program_arguments = get("ProgramArguments").and_then(Item::array).map(|items| {
        let texts = items.iter().filter_map(Item::text).map(str::to_owned);
        let texts: Vec<String> = texts.collect();
        if texts.len() < items.len() {
            problems.push("ProgramArguments holds something else than strings".to_owned());
        }
        texts
    });
    let program = text("Program").or_else(|| text("BundleProgram"));
    let first = program_arguments
        .as_ref()
        .and_then(|arguments| arguments.first().cloned());
    if label.is_none() && program.is_none() && program_arguments.is_none() {
        return Err(
            "is a property list, but not a launchd job: it has no Label and nothing to run"
                .to_owned(),
        );
    }
    if label.is_none() {
        problems.push("it has no Label, which launchd demands".to_owned());
    }
    if program.is_none() && first.is_none() {
        problems.push("it has nothing to run: no Program and no ProgramArguments".to_owned());
    }
    let variables = get("EnvironmentVariables")
        .and_then(Item::dict)
        .unwrap_or_default();
    let variable = |(name, item): &(String, Item)| {
        (name == "PM2_HOME").then(|| item.text().map(str::to_owned))
    };
    let pm2_home = variables.iter().find_map(variable).flatten();
    let pm2 = why_pm2(&Job {
        label: label.as_deref(),
        program: program.as_deref(),
        arguments: program_arguments.as_deref().unwrap_or_default(),
        pm2_home: pm2_home.is_some(),
    });
    let sessions = match get("LimitLoadToSessionType") {
        Some(Item::Text(session)) => vec![session.clone()],
        Some(Item::Array(items)) => items
            .iter()
            .filter_map(Item::text)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    };
    Ok(JobFile {
        label,
        program: program.or(first),
        program_arguments,
        user: text("UserName"),
        group: text("GroupName"),
        working_directory: text("WorkingDirectory"),
        sessions,
        environment: variables.iter().map(|(name, _)| name.clone()).collect(),
        pm2_home,
        run_at_load: get("RunAtLoad").and_then(Item::boolean),
        keep_alive: get("KeepAlive").and_then(Item::boolean_or_conditions),
        launch_only_once: get("LaunchOnlyOnce").and_then(Item::boolean) == Some(true),
        pm2,
        problems,
    })
}
