//! What a launchd job is: written in its plist, told by `launchctl`, or refused.

/// Where launchd keeps a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobDomain {
    /// In a user's session: `gui/<uid>` or `user/<uid>`.
    Agent,
    /// In the system: `system`.
    Daemon,
    Unknown,
}

impl JobDomain {
    pub fn word(self) -> &'static str {
        match self {
            JobDomain::Agent => "agent",
            JobDomain::Daemon => "daemon",
            JobDomain::Unknown => "unknown",
        }
    }
}

/// What told the domain of a plist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainFrom {
    /// The folder that the file lies in.
    Path,
    /// Keys that have a meaning in one domain only.
    Content,
}

impl DomainFrom {
    pub fn word(self) -> &'static str {
        match self {
            DomainFrom::Path => "path",
            DomainFrom::Content => "content",
        }
    }
}

/// A launchd job as its plist has it; `None` where the plist does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFile {
    pub label: Option<String>,
    /// What would be run: `Program`, else `BundleProgram`, else the first of the arguments.
    pub program: Option<String>,
    /// `ProgramArguments` as they stand there.
    pub program_arguments: Option<Vec<String>>,
    pub user: Option<String>,
    pub group: Option<String>,
    pub working_directory: Option<String>,
    /// `LimitLoadToSessionType`.
    pub sessions: Vec<String>,
    /// The names of `EnvironmentVariables`: values may be secret and are not kept.
    pub environment: Vec<String>,
    /// The one value that is: PM2's home.
    pub pm2_home: Option<String>,
    pub run_at_load: Option<bool>,
    /// Also where `KeepAlive` is a dictionary of conditions.
    pub keep_alive: Option<bool>,
    pub launch_only_once: bool,
    /// Why this job is PM2's, where it is.
    pub pm2: Option<String>,
    /// What launchd would refuse or leave out, a sentence each.
    pub problems: Vec<String>,
}

/// A job as `launchctl print` tells it; `None` where the text does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    pub label: Option<String>,
    /// `system`, `gui/501`, `user/501`, …
    pub domain: Option<String>,
    pub state: Option<String>,
    pub pid: Option<i64>,
    /// `None` also where it never exited, or died by a signal.
    pub last_exit_code: Option<i64>,
    pub path: Option<String>,
    pub program: Option<String>,
    pub runs: Option<i64>,
    /// As it stands there: `(never exited)`, `78: EX_CONFIG`.
    pub last_exit_text: Option<String>,
    /// `Killed: 9`.
    pub last_signal: Option<String>,
    /// `OS_REASON_CODESIGNING`.
    pub last_exit_reason: Option<String>,
    pub job_state: Option<String>,
    /// `LaunchAgent`, `LaunchDaemon`, `Submitted`.
    pub kind: Option<String>,
    pub username: Option<String>,
    pub group: Option<String>,
    pub working_directory: Option<String>,
    pub program_arguments: Option<Vec<String>>,
    /// The number of its resource coalition, which its descendants keep.
    pub coalition: Option<u64>,
    /// The names of its environment.
    pub environment: Vec<String>,
    pub pm2_home: Option<String>,
    /// Why this job is PM2's, where it is.
    pub pm2: Option<String>,
}

/// One row of `launchctl list`, or all that `launchctl list LABEL` tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    pub label: Option<String>,
    /// Where it runs.
    pub pid: Option<i64>,
    pub last_exit_code: Option<i64>,
    /// The number of the signal that ended it.
    pub last_signal: Option<i64>,
    pub program: Option<String>,
}

/// What `launchctl` said when it refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchctlError {
    /// The number in the text, which is the exit status too; `None` where the text decides none.
    pub code: Option<i64>,
    pub meaning: String,
    /// What to do; `None` where that is not known.
    pub remedy: Option<String>,
    pub label: Option<String>,
    pub domain: Option<String>,
    /// The line that says it.
    pub text: String,
}

/// What a file about launchd is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inspected {
    Plist {
        job: JobFile,
        domain: JobDomain,
        from: Option<DomainFrom>,
    },
    Print(Service),
    List(Vec<Listed>),
    /// Labels, and whether each is disabled.
    Disabled(Vec<(String, bool)>),
    Error(LaunchctlError),
}
