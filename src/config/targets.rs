//! Targets out of what was found: unique ids, names, no endpoint twice.

use super::address::{self, AddressError, default_port, quotable};
use crate::model::{Endpoint, Question, Role, Source, Target, clean};
use std::net::IpAddr;

/// One address as it was found, with what it is called there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'a> {
    pub id: Option<&'a str>,
    pub name: Option<&'a str>,
    pub url: &'a str,
}

/// An address that a PM2 app could not reach, by its own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub address: IpAddr,
    /// The interface of a link-local address.
    pub zone: Option<String>,
    /// Nobody listens on 0: such a complaint is passed over.
    pub port: u16,
    /// The app in whose log it stands.
    pub app: String,
    /// Seconds since that log was last written.
    pub age: Option<u64>,
}

/// The targets of one source, in the order they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    pub targets: Vec<Target>,
    /// What was passed over and why: one clean sentence each.
    pub warnings: Vec<String>,
}

/// What came of looking for targets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chosen {
    pub targets: Vec<Target>,
    /// Of every source that was looked at, so also why an earlier one gave nothing.
    pub warnings: Vec<String>,
    /// The names of the sources that were looked at, in order.
    pub looked_at: Vec<String>,
}

/// Takes the first source that has any targets; each comes with its name. Later ones are not
/// drawn from the iterator, so a lazy one reads no more files than it must.
pub fn choose(sources: impl IntoIterator<Item = (String, List)>) -> Chosen {
    let mut chosen = Chosen::default();
    for (name, list) in sources {
        chosen.looked_at.push(name);
        chosen.warnings.extend(list.warnings);
        if !list.targets.is_empty() {
            chosen.targets = list.targets;
            break;
        }
    }
    chosen
}

impl List {
    /// Adds a worker. One that is here already is dropped, with a warning.
    ///
    /// # Errors
    /// Where [`address::parse`] refuses the URL; the list stays as it was.
    pub fn add(&mut self, named: &Named<'_>, source: Source) -> Result<(), AddressError> {
        let endpoint = address::parse(named.url)?;
        self.push(named, named.url.to_owned(), endpoint, source);
        Ok(())
    }

    /// Adds a host of AI Maestro by its base URL: the question is
    /// `GET <base>/api/sessions?local=true`, which lists that host's own sessions only
    /// (`facts/AIMAESTRO.md`). A base that is no http or https URL gives a warning instead.
    pub fn add_peer(&mut self, named: &Named<'_>, source: Source) {
        match sessions(named.url) {
            Ok(endpoint) => {
                let url = written(&endpoint);
                self.push(named, url, endpoint, source);
            }
            Err(why) => {
                let host = named.name.or(named.id).map(clean).unwrap_or_default();
                let place = clean(&source.to_string());
                self.warnings
                    .push(format!("{place}: host {host} is not asked: {why}"));
            }
        }
    }

    /// Adds what logs complain about: one target for each address and port, with every app that
    /// names it and the newest age. It is connected to and never spoken to, as nobody said what
    /// listens there. Of those beyond [`Source::MOST_LOGGED`] one is added, to tell that there are
    /// more.
    pub fn add_complaints(&mut self, complaints: &[Complaint]) {
        // Complaints about one address are one target here, and no duplicate to warn of.
        let mut merged: Vec<(Endpoint, Vec<String>, Option<u64>)> = Vec::new();
        for complaint in complaints {
            let endpoint = match endpoint(complaint) {
                Ok(endpoint) => endpoint,
                Err(error) => {
                    let app = clean(&complaint.app);
                    self.warnings
                        .push(format!("the log of {app} complains about {error}"));
                    continue;
                }
            };
            let full = merged.len() > Source::MOST_LOGGED;
            match merged.iter_mut().find(|(known, ..)| *known == endpoint) {
                Some((_, apps, age)) => {
                    if !apps.contains(&complaint.app) {
                        apps.push(complaint.app.clone());
                    }
                    *age = [*age, complaint.age].into_iter().flatten().min();
                }
                None if full => {}
                None => merged.push((endpoint, vec![complaint.app.clone()], complaint.age)),
            }
        }
        for (endpoint, apps, age) in merged {
            let url = endpoint.to_string();
            self.push(&Named::default(), url, endpoint, Source::Log { apps, age });
        }
    }

    fn push(&mut self, named: &Named<'_>, url: String, endpoint: Endpoint, source: Source) {
        let spoken = spoken(&endpoint);
        let given = |text: Option<&str>| {
            text.map(|text| clean(text).trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let name = given(named.name);
        if let Some(first) = self.targets.iter().find(|known| known.endpoint == endpoint) {
            let also = name.filter(|name| *name != first.name);
            self.warnings.push(match also {
                Some(name) => format!(
                    "{spoken} is listed twice, as {} and as {name}: it is asked once, as {}",
                    first.name, first.name
                ),
                None => format!("{spoken} is listed twice: it is asked once"),
            });
            return;
        }
        let id = given(named.id)
            .or_else(|| name.as_deref().map(id_from))
            .unwrap_or_else(|| id_from(&spoken));
        self.targets.push(Target {
            id: self.unused(id),
            name: name.unwrap_or(spoken),
            url,
            endpoint,
            role: Role::Worker,
            source,
        });
    }

    /// `id`, or `id` with the first number from 2 on that makes it unique.
    fn unused(&self, id: String) -> String {
        let taken = |id: &str| self.targets.iter().any(|target| target.id == id);
        if !taken(&id) {
            return id;
        }
        // As many numbers as there are targets cannot all be taken.
        (2..)
            .map(|number| format!("{id}-{number}"))
            .find(|id| !taken(id))
            .unwrap_or(id)
    }
}

/// `GET <base>/api/sessions?local=true`, or why not.
fn sessions(base: &str) -> Result<Endpoint, String> {
    let mut endpoint = address::parse(base).map_err(|error| error.to_string())?;
    let Question::Get { path, .. } = &mut endpoint.question else {
        let base = quotable(base);
        return Err(format!(
            "\"{base}\" is no http:// or https:// URL: write http:// before it"
        ));
    };
    let end = path.find('?').unwrap_or(path.len());
    let folder = path[..end].trim_end_matches('/');
    *path = format!("{folder}/api/sessions?local=true");
    Ok(endpoint)
}

/// Host and port as people write them: without a port that the scheme implies.
fn spoken(endpoint: &Endpoint) -> String {
    match endpoint.question {
        Question::Get { tls, .. } if endpoint.port == default_port(tls) => {
            endpoint.host.to_string()
        }
        _ => endpoint.to_string(),
    }
}

/// The address as we would write it.
fn written(endpoint: &Endpoint) -> String {
    match &endpoint.question {
        Question::Connect => endpoint.to_string(),
        Question::Get { path, tls } => {
            let scheme = if *tls { "https" } else { "http" };
            format!("{scheme}://{}{path}", spoken(endpoint))
        }
    }
}

/// An id out of a name: in small letters, with `-` for spaces.
fn id_from(name: &str) -> String {
    name.to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join("-")
}

/// What is asked for a complaint. It comes out of a log: it counts where an address of ours would.
fn endpoint(complaint: &Complaint) -> Result<Endpoint, AddressError> {
    let (address, port) = (complaint.address, complaint.port);
    match (address, complaint.zone.as_deref()) {
        (IpAddr::V4(_), _) => address::parse(&format!("{address}:{port}")),
        (IpAddr::V6(_), None) => address::parse(&format!("[{address}]:{port}")),
        (IpAddr::V6(_), Some(zone)) => address::parse(&format!("[{address}%{zone}]:{port}")),
    }
}

#[cfg(test)]
#[path = "targets_tests.rs"]
mod tests;
