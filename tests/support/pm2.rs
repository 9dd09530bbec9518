//! Real PM2 for tests: installed once for each major, a God for each test in its own home.

use nix::fcntl::{Flock, FlockArg};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(15);

/// The directory of PM2's package of this major, in `target/pm2/<major>`; installed with npm where
/// it is not there yet. Safe to call from many threads and processes at once.
pub fn installed(major: u32) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    let place = target.join("pm2").join(major.to_string());
    let package = place.join("node_modules/pm2");
    let complete = place.join("complete");
    if complete.exists() {
        return package;
    }
    fs::create_dir_all(&place).expect("a directory for PM2 in target");
    let lock = File::create(place.join("lock")).expect("a lock file in target/pm2");
    let _lock = Flock::lock(lock, FlockArg::LockExclusive).expect("the lock of target/pm2");
    if complete.exists() {
        return package;
    }
    tool("node");
    tool("npm");
    fs::write(place.join("package.json"), "{\"private\":true}").expect("a package.json");
    let npm = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts"])
        .arg(format!("pm2@{major}"))
        .current_dir(&place)
        .stdin(Stdio::null())
        .output()
        .expect("npm runs");
    assert!(
        npm.status.success() && package.join("lib/Daemon.js").exists(),
        "these tests need PM2 {major}, and npm did not install it:\n{}",
        String::from_utf8_lossy(&npm.stderr)
    );
    fs::write(&complete, "").expect("a marker in target/pm2");
    package
}

fn tool(name: &str) {
    if let Err(error) = Command::new(name).arg("--version").output() {
        panic!("these tests need Node.js and npm: {name} does not run: {error}");
    }
}

/// A God with a home of its own in a temporary directory. Dropping it kills it and all its apps.
pub struct God {
    package: PathBuf,
    /// The God itself: a wrapper must end in `exec`.
    child: Child,
    room: tempfile::TempDir,
    /// Its children as last seen, for the case that it dies without them.
    seen: RefCell<Vec<i32>>,
}

impl God {
    pub fn start(major: u32) -> God {
        God::start_with(major, &[])
    }

    /// Starts God through a wrapper that gets God's command line as further arguments and executes
    /// it in its own place, such as `["unshare", "-Urn", "sh", "-c", "ip link set lo up; exec \"$@\"", "sh"]`.
    pub fn start_with(major: u32, wrapper: &[&str]) -> God {
        let package = installed(major);
        // A short one: socket paths hold 104 bytes on macOS.
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        let room = tempfile::Builder::new()
            .prefix("u")
            .permissions(private)
            .tempdir()
            .expect("a temporary directory");
        let home = room.path().join("h");
        for part in ["logs", "pids", "modules"] {
            fs::create_dir_all(home.join(part)).expect("a PM2 home");
        }
        fs::write(room.path().join("app.js"), "setInterval(() => {}, 1000)\n").expect("an app");
        let child = spawn(&package, room.path(), wrapper);
        let mut god = God {
            package,
            child,
            room,
            seen: RefCell::default(),
        };
        god.wait();
        god
    }

    /// Starts another God on the same home, after this one died.
    pub fn again(&mut self, wrapper: &[&str]) {
        assert!(!self.lives(), "the God before still lives");
        self.child = spawn(&self.package, self.room.path(), wrapper);
        self.wait();
    }

    /// Kills God alone with SIGKILL: what becomes of its children is the test's question.
    pub fn kill_alone(&mut self) {
        self.seen.borrow_mut().extend(children_of(self.pid()));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn wait(&mut self) {
        let begun = Instant::now();
        while UnixStream::connect(self.socket()).is_err() {
            let over = self.child.try_wait().expect("God's state");
            assert!(
                over.is_none() && begun.elapsed() < START,
                "God did not come ({over:?}):\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its PM2_HOME.
    pub fn home(&self) -> PathBuf {
        self.room.path().join("h")
    }

    pub fn socket(&self) -> PathBuf {
        self.home().join("rpc.sock")
    }

    /// A second daemon on the same home: it serves nobody. To be killed by who asked for it.
    pub fn ghost(&self) -> Child {
        spawn(&self.package, self.room.path(), &[])
    }

    /// `7.0.4`.
    pub fn version(&self) -> String {
        let package = fs::read_to_string(self.package.join("package.json")).expect("package.json");
        let package: serde_json::Value = serde_json::from_str(&package).expect("JSON");
        package["version"].as_str().expect("a version").to_owned()
    }

    /// PM2's package.
    pub fn package(&self) -> &Path {
        &self.package
    }

    /// A directory of this test alone, mode 0700, gone with the God.
    pub fn room(&self) -> &Path {
        self.room.path()
    }

    /// What God wrote about itself so far.
    pub fn log(&self) -> String {
        fs::read(self.home().join("pm2.log"))
            .map(|log| String::from_utf8_lossy(&log).into_owned())
            .unwrap_or_default()
    }

    /// A trivial Node app that lives until it is stopped.
    pub fn app_script(&self) -> PathBuf {
        self.room.path().join("app.js")
    }

    /// Runs the `pm2` command on this home. Not for a dead God: PM2 would start another.
    pub fn cli(&self, words: &[&str]) -> Output {
        let output = environment(
            Command::new("node").arg(self.package.join("bin/pm2")),
            self.room.path(),
        )
        .args(words)
        .stdin(Stdio::null())
        .output()
        .expect("pm2 runs");
        self.seen.borrow_mut().extend(children_of(self.pid()));
        output
    }

    /// As [`God::cli`], and the command must succeed.
    pub fn done(&self, words: &[&str]) -> String {
        let output = self.cli(words);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "pm2 {words:?}: {said}");
        said
    }

    /// Starts a trivial app for each name, with as much environment as apps have in real life and
    /// `TOKEN=s3cret` in it.
    pub fn start_apps(&self, names: &[&str]) {
        let script = self.app_script();
        let env = serde_json::json!({"TOKEN": "s3cret", "PADDING": "x".repeat(3700)});
        let apps: Vec<_> = names
            .iter()
            .map(|name| serde_json::json!({"name": name, "script": script, "vizion": false, "env": env}))
            .collect();
        let file = self.room.path().join("apps.json");
        fs::write(&file, serde_json::json!({ "apps": apps }).to_string()).expect("apps.json");
        self.done(&["start", file.to_str().expect("a UTF-8 path")]);
    }

    /// `pm2 jlist`: God's whole process list.
    pub fn list(&self) -> Vec<serde_json::Value> {
        let said = self.done(&["jlist"]);
        let start = said.find("[{").or_else(|| said.find("[]"));
        let json = &said[start.unwrap_or_else(|| panic!("jlist said {said:?}"))..];
        serde_json::from_str(json.trim_end()).expect("jlist gives JSON")
    }

    /// Kills God with SIGKILL, and then the apps it leaves behind.
    pub fn kill_hard(&mut self) {
        let children = children_of(self.pid());
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Its own children, listed a moment ago while it lived.
        for pid in children {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        self.kill_orphans();
    }

    /// Ends God as a user would, with all its apps.
    pub fn stop(mut self) {
        self.end();
    }

    fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn end(&mut self) {
        if self.lives() && UnixStream::connect(self.socket()).is_ok() {
            self.cli(&["kill"]);
        }
        let begun = Instant::now();
        while self.lives() {
            if begun.elapsed() > STOP {
                self.kill_hard();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.kill_orphans();
    }

    /// Kills those children seen before that have lost their God.
    fn kill_orphans(&self) {
        let mut seen = self.seen.take();
        if seen.is_empty() {
            return;
        }
        let alive = processes();
        seen.retain(|pid| alive.contains(&(*pid, 1)));
        for pid in seen {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

impl Drop for God {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(package: &Path, room: &Path, wrapper: &[&str]) -> Child {
    let mut log = File::options();
    let log = log.create(true).append(true).open(room.join("h/pm2.log"));
    let log = log.expect("pm2.log");
    let mut words: Vec<OsString> = wrapper.iter().map(OsString::from).collect();
    words.extend(["node".into(), package.join("lib/Daemon.js").into()]);
    environment(Command::new(&words[0]).args(&words[1..]), room)
        .env("SILENT", "true")
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("pm2.log"))
        .stderr(log)
        .process_group(0)
        .spawn()
        .expect("God starts")
}

/// Nothing of the developer's own PM2 may reach a test, nor the other way round.
fn environment<'a>(command: &'a mut Command, room: &Path) -> &'a mut Command {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", room)
        .env("PM2_HOME", room.join("h"))
        .env("PM2_DISABLE_VERSION_CHECK", "1")
        .current_dir(room)
}

fn children_of(parent: u32) -> Vec<i32> {
    processes()
        .into_iter()
        .filter(|(_, of)| *of == parent as i32)
        .map(|(pid, _)| pid)
        .collect()
}

/// Every process and its parent.
fn processes() -> Vec<(i32, i32)> {
    let ps = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
    let text = ps.map(|ps| ps.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
        })
        .collect()
}
