//! The shipped program, run as a user runs it, and workers for it to ask.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// The longest that anything in a test is waited for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The program with nothing of the developer's own around it: home, temporary files and PM2's
/// home all lie in `room`.
pub fn unreach(room: &Path) -> Command {
    let temporary = room.join("t");
    std::fs::create_dir_all(&temporary).expect("a directory for temporary files");
    let mut command = Command::new(env!("CARGO_BIN_EXE_unreach"));
    // Whoever started the tests may ignore signals, as nohup does; a test sends them on purpose.
    let default = || {
        for kind in [Signal::SIGHUP, Signal::SIGINT] {
            // SAFETY: `signal` is async-signal-safe, and nothing of the test's is touched.
            unsafe { nix::sys::signal::signal(kind, nix::sys::signal::SigHandler::SigDfl) }?;
        }
        Ok(())
    };
    // SAFETY: as above; it runs between fork and exec.
    unsafe { command.pre_exec(default) };
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", room)
        .env("PM2_HOME", room.join("h"))
        .env("TMPDIR", temporary)
        .env("LANG", "C.UTF-8")
        .current_dir(room)
        .stdin(Stdio::null());
    command
}

/// Runs it to its end, with a bound.
pub fn output(command: &mut Command) -> Output {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("unreach runs");
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let read = |stream: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stream.map(|mut stream| stream.read_to_end(&mut bytes));
            bytes
        })
    };
    let out = read(stdout.take().map(|s| Box::new(s) as _));
    let err = read(stderr.take().map(|s| Box::new(s) as _));
    let status = wait(&mut child);
    Output {
        status,
        stdout: out.join().expect("its output"),
        stderr: err.join().expect("its errors"),
    }
}

/// Runs it with `--json` among its arguments, and gives its exit status and what it said.
pub fn json(command: &mut Command) -> (i32, Value) {
    let output = output(command);
    let said = String::from_utf8(output.stdout).expect("UTF-8");
    let errors = String::from_utf8_lossy(&output.stderr);
    let value = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e} in {said:?}, {errors}"));
    (output.status.code().expect("an exit status"), value)
}

fn wait(child: &mut Child) -> ExitStatus {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("its state") {
            return status;
        }
        if begun.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("unreach did not end within {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// `unreach watch --json`, read along. Dropping it kills it.
pub struct Watch {
    child: Child,
    lines: Receiver<Value>,
    /// Everything it said so far.
    pub said: Vec<Value>,
}

impl Watch {
    /// `command` has the arguments besides `watch --json` already.
    pub fn start(command: &mut Command) -> Watch {
        let child = command.stdout(Stdio::piped()).spawn();
        let mut child = child.expect("unreach runs");
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let value =
                    serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e} in {line:?}"));
                if tell.send(value).is_err() {
                    break;
                }
            }
        });
        Watch {
            child,
            lines,
            said: Vec::new(),
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads on until a line fits, and gives it.
    pub fn until(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(begun.elapsed());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if fits(&line) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    panic!("no {what} within {PATIENCE:?}: {:#?}", self.said)
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("it ended before {what}: {:#?}", self.said)
                }
            }
        }
    }

    /// Reads on until this side of any target has this word.
    pub fn until_outcome(&mut self, vantage: &str, word: &str) -> Value {
        self.until(&format!("{word} from {vantage}"), |line| {
            line["kind"] == "outcome" && line["vantage"] == vantage && line["to"] == word
        })
    }

    /// Reads on until PM2's side is in this state.
    pub fn until_state(&mut self, state: &str) -> Value {
        self.until(state, |line| {
            line["kind"] == "vantage" && line["state"] == state
        })
    }

    pub fn until_verdict(&mut self, verdict: &str) -> Value {
        self.until(verdict, |line| {
            line["kind"] == "verdict" && line["to"] == verdict
        })
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).expect("it lives");
    }

    /// Sends a signal, and gives its exit status and how long it took to leave.
    pub fn leave(mut self, signal: Signal) -> (ExitStatus, Duration) {
        let begun = Instant::now();
        self.signal(signal);
        (wait(&mut self.child), begun.elapsed())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A worker that answers every request with 200 and an AI Maestro without sessions, until the
/// test ends. Port 0 takes a free one.
pub fn worker(address: &str) -> SocketAddr {
    let listener = TcpListener::bind(address).expect("a free port");
    let address = listener.local_addr().expect("its address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
            let mut request = [0; 2048];
            if stream.read(&mut request).is_ok_and(|read| read > 0) {
                let body = "{\"sessions\":[],\"fromCache\":false}";
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all((head + body).as_bytes());
            }
        }
    });
    address
}

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(
            begun.elapsed() < PATIENCE,
            "not within {PATIENCE:?}: {what}"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process lives; a zombie does not.
pub fn lives(pid: u32) -> bool {
    let ps = Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .expect("ps runs");
    let state = String::from_utf8_lossy(&ps.stdout);
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

/// What unreach left among the temporary files of `room`.
pub fn left_behind(room: &Path) -> Vec<PathBuf> {
    let found = std::fs::read_dir(room.join("t")).expect("temporary files");
    found.flatten().map(|entry| entry.path()).collect()
}
