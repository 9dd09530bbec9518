//! Our own entry in God's process list: its name, its number, and what God is asked to start.

use super::prepare::Prepare;
use super::reply::App;
use std::fmt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Component, Path};

/// Entries of ours are numbered from here, far above the ids God gives out itself: ids are not
/// reserved, and a low one would be given to the user's next app too (facts/PM2.md §2.3).
pub const FIRST_ID: u32 = 900_000;

const PREFIX: &str = "unreach-";

/// The name of the entry of the unreach with process id `owner`.
pub fn name(owner: u32) -> String {
    format!("{PREFIX}{owner}")
}

/// The pid of the unreach that an entry of this name belongs to.
pub fn owner(name: &str) -> Option<u32> {
    let digits = name.strip_prefix(PREFIX)?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| plain)
}

/// Whether an entry belongs to an unreach, and to which: a module with our name.
pub fn owner_of(app: &App) -> Option<u32> {
    app.module.then(|| owner(app.name.as_deref()?))?
}

/// The user's apps: neither modules nor entries of any unreach.
pub fn user_apps(apps: &[App]) -> impl Iterator<Item = &App> {
    apps.iter().filter(|app| !app.module)
}

/// The number for a new entry: 900000 + our pid, or the next that no entry has.
pub fn free_id(owner: u32, apps: &[App]) -> u32 {
    let first = FIRST_ID.saturating_add(owner);
    (first..)
        .find(|id| apps.iter().all(|app| app.pm_id != Some(*id)))
        .unwrap_or(first)
}

/// What God is asked to start. It can only be made complete and harmless.
#[derive(Clone, Debug)]
pub struct AgentEntry {
    name: String,
    pm_id: u32,
    program: String,
    arguments: Vec<String>,
    pid_file: String,
}

/// Why an entry is not given to God.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryError {
    /// Below [`FIRST_ID`].
    LowId(u32),
    /// The program or the directory is not an absolute path without `.` and `..`, in UTF-8.
    Path(String),
    /// God unlinks the pid file when the child ends, so it lies in a directory that is ours alone.
    PidFile(String),
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryError::LowId(id) => write!(f, "the entry's number {id} is below {FIRST_ID}"),
            EntryError::Path(path) => write!(
                f,
                "{} is not a plain absolute path, so God is not asked to start it",
                crate::model::clean(path)
            ),
            EntryError::PidFile(why) => write!(f, "no pid file for God: {why}"),
        }
    }
}

impl std::error::Error for EntryError {}

impl AgentEntry {
    /// An entry for the unreach with process id `owner`.
    ///
    /// `program` is started with `arguments`, in `/`, with no environment but PM2's own words.
    /// `pid_file` is written and later **unlinked** by God (facts/PM2.md §0.2), perhaps as root: it
    /// must be a new or plain file directly in `private`, a directory of this user with mode 0700.
    pub fn new(
        owner: u32,
        pm_id: u32,
        program: &Path,
        arguments: &[String],
        private: &Path,
        pid_file: &Path,
    ) -> Result<AgentEntry, EntryError> {
        if pm_id < FIRST_ID {
            return Err(EntryError::LowId(pm_id));
        }
        let program = plain(program)?;
        plain(private)?;
        let pid_file_text = plain(pid_file)?;
        check_pid_file(private, pid_file).map_err(EntryError::PidFile)?;
        Ok(AgentEntry {
            name: name(owner),
            pm_id,
            program,
            arguments: arguments.to_vec(),
            pid_file: pid_file_text,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn program(&self) -> &str {
        &self.program
    }

    pub fn pm_id(&self) -> u32 {
        self.pm_id
    }

    /// The argument of `prepare`.
    pub(super) fn prepare(&self) -> Prepare<'_> {
        Prepare::new(
            &self.name,
            self.pm_id,
            &self.program,
            &self.arguments,
            &self.pid_file,
        )
    }
}

fn plain(path: &Path) -> Result<String, EntryError> {
    let wrong = || EntryError::Path(path.display().to_string());
    let text = path.to_str().ok_or_else(wrong)?;
    let mut parts = path.components();
    let rooted = parts.next() == Some(Component::RootDir);
    // `components` swallows inner `.`, which the kernel does not.
    let dotted = text.split('/').any(|part| part == "." || part == "..");
    if !rooted || dotted || text.contains('\0') || parts.next().is_none() {
        return Err(wrong());
    }
    Ok(text.to_owned())
}

fn check_pid_file(private: &Path, pid_file: &Path) -> Result<(), String> {
    let shown = |path: &Path| crate::model::clean(&path.display().to_string());
    if pid_file.parent() != Some(private) || pid_file.file_name().is_none() {
        return Err(format!(
            "{} is not directly in {}",
            shown(pid_file),
            shown(private)
        ));
    }
    let found = private
        .symlink_metadata()
        .map_err(|error| format!("{}: {error}", shown(private)))?;
    let ours = found.is_dir()
        && found.uid() == nix::unistd::geteuid().as_raw()
        && found.permissions().mode() & 0o077 == 0;
    if !ours {
        return Err(format!(
            "{} is not a directory that only this user may enter",
            shown(private)
        ));
    }
    match pid_file.symlink_metadata() {
        Ok(found) if !found.is_file() => Err(format!("{} is not a file", shown(pid_file))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private() -> tempfile::TempDir {
        let private = std::fs::Permissions::from_mode(0o700);
        tempfile::Builder::new()
            .permissions(private)
            .tempdir()
            .unwrap()
    }

    fn made(dir: &Path, pid_file: &Path) -> Result<AgentEntry, EntryError> {
        AgentEntry::new(7, 900_007, Path::new("/bin/sleep"), &[], dir, pid_file)
    }

    #[test]
    fn names_and_owners() {
        assert_eq!(owner(&name(41)), Some(41));
        for other in [
            "unreach",
            "unreach-",
            "unreach-0",
            "unreach-07",
            "unreach-+7",
            "unreach-x",
            "unreach-99999999999",
            "my-unreach-7",
            "unreach-7-x",
        ] {
            assert_eq!(owner(other), None, "{other}");
        }
    }

    #[test]
    fn a_taken_number_is_passed_over() {
        let taken = |id| App {
            pm_id: Some(id),
            ..App::default()
        };
        assert_eq!(free_id(5, &[]), 900_005);
        let apps = [taken(0), taken(900_005), taken(900_006), taken(900_008)];
        assert_eq!(free_id(5, &apps), 900_007);
    }

    #[test]
    fn only_modules_with_our_name_are_ours() {
        let app = |name: &str, module| App {
            name: Some(name.to_owned()),
            module,
            ..App::default()
        };
        let apps = [
            app("api", false),
            app("pm2-logrotate", true),
            app("unreach-7", true),
            app("unreach-7", false),
        ];
        assert_eq!(
            apps.iter().map(owner_of).collect::<Vec<_>>(),
            [None, None, Some(7), None]
        );
        assert_eq!(user_apps(&apps).count(), 2);
    }

    #[test]
    fn the_pid_file_lies_in_our_own_directory() {
        let dir = private();
        let dir = dir.path();
        assert!(made(dir, &dir.join("agent.pid")).is_ok());
        std::os::unix::fs::symlink("/dev/null", dir.join("link")).unwrap();
        for wrong in [
            Path::new("/dev/null").to_owned(),
            dir.join("../agent.pid"),
            dir.join("./agent.pid"),
            dir.join("a/agent.pid"),
            dir.join("link"),
            dir.to_owned(),
            "agent.pid".into(),
        ] {
            assert!(made(dir, &wrong).is_err(), "{wrong:?}");
        }
        assert!(made(Path::new("/dev"), Path::new("/dev/null")).is_err());
        assert!(made(Path::new("/"), Path::new("/x")).is_err());
        std::fs::set_permissions(dir, PermissionsExt::from_mode(0o750)).unwrap();
        assert!(made(dir, &dir.join("agent.pid")).is_err());
    }

    #[test]
    fn low_numbers_and_relative_programs_are_refused() {
        let dir = private();
        let pid = dir.path().join("p");
        let new =
            |id, program: &str| AgentEntry::new(7, id, Path::new(program), &[], dir.path(), &pid);
        assert_eq!(new(5, "/bin/sleep").unwrap_err(), EntryError::LowId(5));
        assert!(new(900_007, "sleep").is_err());
        assert!(new(900_007, "/bin/../bin/sleep").is_err());
    }

    #[test]
    fn what_god_gets_has_every_field() {
        let dir = private();
        let entry = made(dir.path(), &dir.path().join("p")).unwrap();
        let json = serde_json::to_value(entry.prepare()).unwrap();
        assert_eq!(json.as_object().unwrap().len(), 28);
        assert_eq!(json["env"], serde_json::json!({}));
        assert_eq!(json["pmx_module"], true);
        assert_eq!(json["windowsHide"], true);
        assert!(json.get("instances").is_none());
    }
}
