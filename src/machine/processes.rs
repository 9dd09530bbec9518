//! Processes and their ancestors.

use crate::model::Process;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

/// More generations than any real process has; a loop in a racing process table ends here.
const MOST_GENERATIONS: usize = 64;

/// The process `pid`, its parent, and so on up to the first process that can be seen.
/// Empty when there is no such process.
pub fn ancestors(pid: u32) -> Vec<Process> {
    let Ok(mut system) = System::new() else {
        return Vec::new();
    };
    let mut line = Vec::new();
    let mut next = Some(Pid::from_u32(pid));
    while let Some(pid) = next.filter(|_| line.len() < MOST_GENERATIONS) {
        let kind = ProcessRefreshKind::nothing().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, kind);
        let Some(process) = system.process(pid) else {
            break;
        };
        let name = process.name().to_string_lossy().into_owned();
        line.push(Process {
            pid: pid.as_u32(),
            name,
        });
        next = process.parent().filter(|parent| *parent != pid);
    }
    line
}

/// Whether process `pid` runs this program: a pid alone says little, it may be another
/// program's by now. A renamed program is recognised by its own kind.
pub fn is_one_of_us(pid: u32) -> bool {
    let name = |pid| {
        ancestors(pid)
            .into_iter()
            .next()
            .map(|process| process.name)
    };
    name(pid).is_some_and(|theirs| theirs == "unreach" || Some(theirs) == name(std::process::id()))
}

/// A process and what it calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Titled {
    pub pid: u32,
    pub parent: Option<u32>,
    /// The argument vector joined by spaces, which is where programs like PM2 write their title.
    pub title: String,
}

/// All processes of user `uid`.
pub fn titles_of(uid: u32) -> Vec<Titled> {
    let Ok(mut system) = System::new() else {
        return Vec::new();
    };
    let kind = ProcessRefreshKind::nothing()
        .without_tasks()
        .with_user(UpdateKind::Always)
        .with_cmd(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::All, false, kind);
    let of_the_user = system
        .processes()
        .values()
        .filter(|process| process.user_id().is_some_and(|user| **user == uid));
    let titled = of_the_user.map(|process| {
        let words: Vec<_> = process
            .cmd()
            .iter()
            .map(|word| word.to_string_lossy())
            .collect();
        let parent = process.parent().map(|parent| parent.as_u32());
        Titled {
            pid: process.pid().as_u32(),
            parent,
            title: words.join(" "),
        }
    });
    titled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_descend_from_our_parent() {
        let line = ancestors(std::process::id());
        assert_eq!(line[0].pid, std::process::id());
        assert_eq!(line[1].pid, std::os::unix::process::parent_id());
        assert!(is_one_of_us(line[0].pid));
    }

    #[test]
    fn nobody_has_no_ancestors() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        assert_eq!(ancestors(child.id()), []);
        assert!(!is_one_of_us(child.id()));
    }

    #[test]
    fn our_own_title_is_among_those_of_our_user() {
        let titles = titles_of(nix::unistd::geteuid().as_raw());
        let mine = titles
            .iter()
            .find(|titled| titled.pid == std::process::id())
            .expect("us");
        assert_eq!(mine.parent, Some(std::os::unix::process::parent_id()));
        let program = std::env::args().next().unwrap();
        assert!(mine.title.starts_with(&program), "{mine:?}");
    }
}
