//! Further Gods of this user, and daemons that serve nobody.

use super::god::{Home, find};
use super::title::Title;
use crate::model::OtherGod;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Looks for Gods besides the one that is asked, `asked` being its pid where there is one.
///
/// Who answers on a home's socket is that home's God, by the kernel's word (facts/PM2.md §0.6). A
/// process that only wears the title serves nobody: a second daemon on a home gets no sockets and
/// runs for ever (facts/PM2.md §3.3). `homes` are asked besides those that titles name; each takes
/// `timeout` at most.
pub async fn others(
    ours: &Home,
    asked: Option<u32>,
    homes: &[PathBuf],
    titled: Vec<(u32, Title)>,
    timeout: Duration,
) -> Vec<OtherGod> {
    let from_titles = titled
        .iter()
        .filter_map(|(_, title)| title.home.as_deref().map(PathBuf::from));
    let mut homes: Vec<PathBuf> = homes.iter().cloned().chain(from_titles).collect();
    homes.sort();
    homes.dedup();
    let mut found: BTreeMap<u32, OtherGod> = BTreeMap::new();
    for dir in homes
        .iter()
        .filter(|dir| dir.is_absolute() && dir.as_path() != ours.dir())
    {
        if let Ok(god) = find(&ours.beside(dir), timeout).await {
            let other = OtherGod {
                pid: god.pid,
                home: Some(ours.shown(dir)),
                version: Some(god.version),
                serves: true,
            };
            found.insert(god.pid, other);
        }
    }
    for (pid, title) in titled.into_iter().filter(|(pid, _)| Some(*pid) != asked) {
        found.entry(pid).or_insert_with(|| OtherGod {
            pid,
            home: title
                .home
                .as_deref()
                .map(|home| ours.shown(Path::new(home))),
            version: Some(title.version),
            // Where its home is not known, neither is whether somebody reaches it.
            serves: title.home.is_none(),
        });
    }
    found
        .into_values()
        .filter(|other| Some(other.pid) != asked)
        .collect()
}
