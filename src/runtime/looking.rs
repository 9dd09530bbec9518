//! Looking for targets: which files to read, and whether they changed.

use crate::app::{AppLogs, Found};
use crate::config::file;
use crate::config::targets::{Complaint, List, Named, choose};
use crate::machine::{Network, hostnames};
use crate::maestro::hosts::{Hosts, ThisHost, parse_file, parse_variable, peers};
use crate::model::{Source, masked_home};
use crate::pm2::complaints;
use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How much of the end of a log is read, in bytes.
const TAIL: u64 = 256 * 1024;
/// A config or hosts file larger than this is none.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

/// Where targets may be named.
#[derive(Clone, Debug, Default)]
pub struct Places {
    pub command_line: Vec<String>,
    pub config: Option<PathBuf>,
    /// `$AIMAESTRO_HOSTS`.
    pub hosts_variable: Option<String>,
    pub hosts_file: Option<PathBuf>,
    /// The user's home, which is shown as `~`.
    pub home: Option<PathBuf>,
}

/// Looks again and again, and tells only what is new.
#[derive(Debug)]
pub struct Looker {
    places: Places,
    seen: Option<Vec<Print>>,
    looked_at: Vec<String>,
    /// What each log complained about when it was as it is: most do not change from look to look.
    logs: HashMap<PathBuf, (Print, Vec<complaints::Complaint>)>,
}

/// What tells one state of a file from another without reading it.
type Print = Option<(SystemTime, u64, u64)>;

impl Looker {
    pub fn new(places: Places) -> Looker {
        Looker {
            places,
            seen: None,
            looked_at: Vec::new(),
            logs: HashMap::new(),
        }
    }

    /// The targets, or `None` when no file changed since the last look.
    ///
    /// # Errors
    /// A sentence for the user: which file, where in it, and why. The same broken file is told once.
    pub fn look(&mut self) -> Result<Option<Found>, String> {
        let files = [&self.places.config, &self.places.hosts_file];
        let now = files.map(|file| file.as_deref().and_then(print)).to_vec();
        if self.seen.as_ref() == Some(&now) {
            return Ok(None);
        }
        self.seen = Some(now);
        let mut lists: Vec<(String, List)> = Vec::new();
        for source in [
            Self::command_line,
            Self::config,
            Self::hosts_variable,
            Self::hosts_file,
        ] {
            if let Some((label, list)) = source(self)? {
                let enough = !list.targets.is_empty();
                lists.push((label, list));
                if enough {
                    break;
                }
            }
        }
        let chosen = choose(lists);
        self.looked_at.clone_from(&chosen.looked_at);
        Ok(Some(Found {
            targets: chosen.targets,
            notices: chosen.warnings,
            looked_at: chosen.looked_at,
            from_logs: false,
        }))
    }

    fn command_line(&self) -> Result<Option<(String, List)>, String> {
        let mut list = List::default();
        for url in &self.places.command_line {
            let named = Named {
                url,
                ..Named::default()
            };
            list.add(&named, Source::CommandLine)
                .map_err(|error| error.to_string())?;
        }
        let named = !self.places.command_line.is_empty();
        Ok(named.then(|| ("the command line".to_owned(), list)))
    }

    fn config(&self) -> Result<Option<(String, List)>, String> {
        let Some(path) = &self.places.config else {
            return Ok(None);
        };
        let shown = self.shown(path);
        let Some(text) = read(path, &shown)? else {
            return Ok(Some((shown, List::default())));
        };
        let config = file::parse(&text).map_err(|error| format!("{shown}, {error}"))?;
        let mut list = List::default();
        for entry in &config.targets {
            let named = Named {
                id: None,
                name: entry.name.as_deref(),
                url: &entry.url,
            };
            let added = list.add(&named, Source::Config(shown.clone()));
            added.map_err(|error| format!("{shown}: {error}"))?;
        }
        Ok(Some((shown, list)))
    }

    fn hosts_variable(&self) -> Result<Option<(String, List)>, String> {
        let Some(text) = self
            .places
            .hosts_variable
            .as_deref()
            .filter(|text| !text.trim().is_empty())
        else {
            return Ok(None);
        };
        let label = "$AIMAESTRO_HOSTS".to_owned();
        let hosts = parse_variable(text, &label).map_err(|error| error.to_string())?;
        Ok(Some((label, workers(&hosts, &Source::MaestroVariable))))
    }

    fn hosts_file(&self) -> Result<Option<(String, List)>, String> {
        let Some(path) = &self.places.hosts_file else {
            return Ok(None);
        };
        let shown = self.shown(path);
        let Some(text) = read(path, &shown)? else {
            return Ok(Some((shown, List::default())));
        };
        let hosts = parse_file(&text, &shown).map_err(|error| error.to_string())?;
        let list = workers(&hosts, &Source::MaestroFile(shown.clone()));
        Ok(Some((shown, list)))
    }

    /// What the apps complain about in these logs. A log that can't be read says nothing.
    pub fn complaints(&mut self, apps: &[AppLogs]) -> Found {
        let mut before = std::mem::take(&mut self.logs);
        let mut found = Vec::new();
        for app in apps {
            for file in &app.files {
                let now = print(file);
                let read = match self.logs.remove(file).or_else(|| before.remove(file)) {
                    Some(read) if read.0 == now => read,
                    _ => (now, newest_complaints(file)),
                };
                let age = now.and_then(|(written, ..)| written.elapsed().ok());
                found.extend(read.1.iter().map(|complaint| Complaint {
                    address: complaint.address,
                    zone: complaint.zone.clone(),
                    port: complaint.port,
                    app: app.name.clone(),
                    age: age.map(|age| age.as_secs()),
                }));
                self.logs.insert(file.clone(), read);
            }
        }
        let mut list = List::default();
        list.add_complaints(&found);
        let mut looked_at = self.looked_at.clone();
        looked_at.push(match apps.len() {
            1 => "the log of 1 app under PM2".to_owned(),
            apps => format!("the logs of {apps} apps under PM2"),
        });
        Found {
            targets: list.targets,
            notices: list.warnings,
            looked_at,
            from_logs: true,
        }
    }

    fn shown(&self, path: &Path) -> String {
        let home = self
            .places
            .home
            .as_deref()
            .map(|home| home.to_string_lossy())
            .unwrap_or_default();
        masked_home(&path.to_string_lossy(), &home)
    }
}

fn workers(hosts: &Hosts, source: &Source) -> List {
    // Loopback addresses are every computer's own and tell no host from another.
    let addresses = Network::read()
        .addresses()
        .filter(|address| !address.is_loopback())
        .collect();
    let this = ThisHost {
        names: hostnames(),
        addresses,
    };
    let mut list = List::default();
    list.warnings.extend(hosts.warnings.iter().cloned());
    for peer in peers(hosts, &this) {
        let named = Named {
            id: Some(&peer.id),
            name: Some(&peer.name),
            url: &peer.url,
        };
        list.add_peer(&named, source.clone());
    }
    list
}

fn print(path: &Path) -> Print {
    use std::os::unix::fs::MetadataExt;
    let of = |found: Metadata| Some((found.modified().ok()?, found.len(), found.ino()));
    fs::metadata(path).ok().and_then(of)
}

/// Opens a plain file. Opening a pipe would wait for its other end.
fn open(path: &Path) -> io::Result<File> {
    match fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(io::Error::other("it is not a plain file")),
    }
}

/// The whole text of a small file; `None` when there is no such file.
fn read(path: &Path, shown: &str) -> Result<Option<String>, String> {
    let unread = |error: &dyn std::fmt::Display| format!("{shown} can't be read: {error}");
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unread(&error)),
    };
    let mut text = String::new();
    file.take(LARGEST_FILE)
        .read_to_string(&mut text)
        .map_err(|error| unread(&error))?;
    Ok(Some(text))
}

/// What the newest part of a log complains about, the newest first; nothing where it can't be read.
fn newest_complaints(path: &Path) -> Vec<complaints::Complaint> {
    let Ok(text) = tail(path) else {
        return Vec::new();
    };
    let mut found = complaints::find(&text);
    // One more than is asked tells that there are more.
    found.truncate(Source::MOST_LOGGED + 1);
    found
}

/// The newest part of a log.
fn tail(path: &Path) -> io::Result<String> {
    let mut file = open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_again_when_it_changed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("api-error.log");
        let mut looker = Looker::new(Places::default());
        let apps = [AppLogs {
            name: "api".to_owned(),
            files: vec![file.clone()],
        }];
        let mut log = String::new();
        for (line, expected) in [
            ("", 0),
            ("connect EHOSTUNREACH 10.0.0.1:80\n", 1),
            ("", 1),
            ("connect EHOSTUNREACH 10.0.0.2:80\n", 2),
        ] {
            log += line;
            fs::write(&file, &log).unwrap();
            assert_eq!(looker.complaints(&apps).targets.len(), expected, "{log}");
            assert_eq!(looker.complaints(&apps).targets.len(), expected, "{log}");
        }
        assert_eq!(looker.complaints(&[]).targets, []);
        assert!(looker.logs.is_empty(), "the logs of an app that is gone");
    }
}
