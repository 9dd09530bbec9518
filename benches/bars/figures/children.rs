//! Children of the bench: started with nothing of the user's own, bounded in time, never left behind.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// The longest that any one child may take.
pub const LONGEST: Duration = Duration::from_secs(60);

/// The program that is measured.
pub const UNREACH: &str = env!("CARGO_BIN_EXE_unreach");

/// `unreach` with a home and a config directory of its own.
pub fn unreach(home: &Path) -> Command {
    alone(UNREACH, home)
}

/// Any program with a home of its own, and no setting that is the user's.
pub fn alone(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("PM2_DISABLE_VERSION_CHECK", "1")
        .env("LANG", "C.UTF-8")
        .current_dir(home)
        .stdin(Stdio::null());
    command
}

/// This file in another part.
pub fn part(part: &str, words: &[String]) -> Command {
    let mut command = Command::new(this_file());
    command.arg(part).args(words).stdin(Stdio::null());
    command
}

pub fn this_file() -> String {
    let file = std::env::current_exe().expect("our own file");
    file.to_str().expect("a UTF-8 path").to_owned()
}

/// Runs a command to its end.
///
/// # Panics
/// When it does not start or does not end in time.
pub fn output(command: &mut Command) -> Output {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let pid = Pid::from_raw(child.id() as i32);
    let (over, ended) = channel::<()>();
    let guard = thread::spawn(move || {
        let late = ended.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout);
        if late {
            let _ = kill(pid, Signal::SIGKILL);
        }
        late
    });
    let output = child.wait_with_output().expect("its end");
    drop(over);
    let late = guard.join().expect("the guard of a child");
    assert!(!late, "{command:?} did not end within {LONGEST:?}");
    output
}

/// What a part said: numbers in one line.
///
/// # Panics
/// When it failed.
pub fn numbers(command: &mut Command) -> Vec<f64> {
    let output = output(command);
    let said = String::from_utf8_lossy(&output.stdout);
    let numbers: Option<Vec<f64>> = said.split_whitespace().map(|n| n.parse().ok()).collect();
    match (output.status.success(), numbers) {
        (true, Some(numbers)) => numbers,
        _ => panic!(
            "{command:?}: {}, said {said:?}:\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// A child that is killed when it is dropped.
pub struct Kept(pub Child);

impl Kept {
    pub fn start(command: &mut Command) -> Kept {
        let child = command.spawn();
        Kept(child.unwrap_or_else(|error| panic!("{command:?} does not start: {error}")))
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id() as i32)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The processor time, user and system, of this process or of its children that have ended.
pub fn cpu(who: UsageWho) -> Duration {
    let usage = getrusage(who).expect("our own usage");
    let of = |time: nix::sys::time::TimeVal| {
        Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1000)
    };
    of(usage.user_time()) + of(usage.system_time())
}

/// Whether a tool is there; otherwise how to get it.
pub fn tool(name: &str, version: &str) -> Result<(), String> {
    let ran = Command::new(name)
        .arg(version)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match ran {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("{name} is missing: apt-get install {name}")),
    }
}
