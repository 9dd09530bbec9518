//! What God answers, reduced to what we need.
//!
//! Replies hold every app's environment twice. It is skipped while reading and never stored.

use super::loose;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::fmt;
use std::path::{Path, PathBuf};

/// One entry of God's process list. Everything may be missing: versions differ, and God stores
/// whatever it was given. All texts are foreign.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "AppReply")]
pub struct App {
    /// `None` while it does not run.
    pub pid: Option<u32>,
    pub name: Option<String>,
    pub pm_id: Option<u32>,
    /// `online`, `stopped`, `errored`, `launching`, `stopping`, `waiting restart`, …
    pub status: Option<String>,
    /// A PM2 module: not one of the user's apps.
    pub module: bool,
    pub program: Option<PathBuf>,
    /// May hold secrets: never shown, never written down.
    pub arguments: Vec<String>,
    pub out_log: Option<PathBuf>,
    pub err_log: Option<PathBuf>,
    /// `fork_mode` or `cluster_mode`.
    pub exec_mode: Option<String>,
    pub namespace: Option<String>,
    pub restarts: Option<u64>,
    /// When it was started, milliseconds since 1970.
    pub started_at: Option<u64>,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("name", &self.name)
            .field("pm_id", &self.pm_id)
            .field("pid", &self.pid)
            .field("status", &self.status)
            .field("module", &self.module)
            .finish_non_exhaustive()
    }
}

/// What God says of itself (`getReport`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "ReportReply")]
pub struct Report {
    /// `7.0.4`. Foreign text, like all texts here.
    pub pm2_version: Option<String>,
    pub node_version: Option<String>,
    /// The node that runs God: argv\[0\].
    pub node: Option<PathBuf>,
    /// The directory of PM2's package: argv\[1\] without `lib/Daemon.js` or `bin/pm2`.
    pub pm2_dir: Option<PathBuf>,
    /// As God sees it; inside a user namespace it believes to be 0.
    pub uid: Option<u32>,
    /// Milliseconds since 1970.
    pub started_at: Option<u64>,
    /// God's own PM2_HOME.
    pub home: Option<PathBuf>,
}

fn pm2_dir(script: &Path) -> Option<PathBuf> {
    let dir = script.parent()?;
    let inside = dir.ends_with("lib") || dir.ends_with("bin");
    dir.parent().filter(|_| inside).map(Path::to_owned)
}

/// What `prepare` answers: whether a process came to be.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Started {
    process: Process,
    pm2_env: Env,
}

impl Started {
    pub(super) fn pid(&self) -> Option<u32> {
        self.process.pid.filter(|pid| *pid != 0)
    }

    pub(super) fn status(&self) -> Option<&str> {
        self.pm2_env.status.as_deref()
    }
}

/// `{"args":[result]}` or `{"error":"text","stack":"…"}`.
#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>")]
pub(super) struct Reply<R> {
    args: Option<(R,)>,
    #[serde(default, deserialize_with = "loose::text")]
    error: Option<String>,
}

impl<R> Reply<R> {
    /// The result, or God's own words why there is none; `None` where it said neither.
    pub(super) fn result(self) -> Option<Result<R, String>> {
        match (self.error, self.args) {
            (Some(error), _) => Some(Err(error)),
            (None, Some((result,))) => Some(Ok(result)),
            (None, None) => None,
        }
    }
}

/// A result that nobody needs.
#[derive(Deserialize)]
pub(super) struct Anything(#[allow(dead_code)] IgnoredAny);

#[derive(Default, Deserialize)]
#[serde(default)]
struct Process {
    #[serde(deserialize_with = "loose::number")]
    pid: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AppReply {
    #[serde(deserialize_with = "loose::number")]
    pid: Option<u32>,
    #[serde(deserialize_with = "loose::text")]
    name: Option<String>,
    #[serde(deserialize_with = "loose::number")]
    pm_id: Option<u32>,
    pm2_env: Env,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Env {
    #[serde(deserialize_with = "loose::text")]
    status: Option<String>,
    #[serde(deserialize_with = "loose::truth")]
    pmx_module: bool,
    #[serde(deserialize_with = "loose::text")]
    pm_exec_path: Option<String>,
    #[serde(deserialize_with = "loose::list")]
    args: Vec<String>,
    #[serde(deserialize_with = "loose::text")]
    pm_out_log_path: Option<String>,
    #[serde(deserialize_with = "loose::text")]
    pm_err_log_path: Option<String>,
    #[serde(deserialize_with = "loose::text")]
    exec_mode: Option<String>,
    #[serde(deserialize_with = "loose::text")]
    namespace: Option<String>,
    #[serde(deserialize_with = "loose::number")]
    restart_time: Option<u64>,
    #[serde(deserialize_with = "loose::number")]
    pm_uptime: Option<u64>,
}

impl From<AppReply> for App {
    fn from(reply: AppReply) -> App {
        let env = reply.pm2_env;
        App {
            // 0 for an app that was stopped, absent for one restored as stopped.
            pid: reply.pid.filter(|pid| *pid != 0),
            name: reply.name,
            pm_id: reply.pm_id,
            status: env.status,
            module: env.pmx_module,
            program: env.pm_exec_path.map(PathBuf::from),
            arguments: env.args,
            out_log: env.pm_out_log_path.map(PathBuf::from),
            err_log: env.pm_err_log_path.map(PathBuf::from),
            exec_mode: env.exec_mode,
            namespace: env.namespace,
            restarts: env.restart_time,
            started_at: env.pm_uptime,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReportReply {
    #[serde(deserialize_with = "loose::text")]
    pm2_version: Option<String>,
    #[serde(deserialize_with = "loose::text")]
    node_version: Option<String>,
    #[serde(deserialize_with = "loose::list")]
    argv: Vec<String>,
    #[serde(deserialize_with = "loose::number")]
    uid: Option<u32>,
    #[serde(deserialize_with = "loose::number")]
    started_at: Option<u64>,
    env: GodEnv,
}

/// God's environment, of which one variable is kept.
#[derive(Default, Deserialize)]
#[serde(default)]
struct GodEnv {
    #[serde(rename = "PM2_HOME", deserialize_with = "loose::text")]
    pm2_home: Option<String>,
}

impl From<ReportReply> for Report {
    fn from(reply: ReportReply) -> Report {
        let mut argv = reply.argv.into_iter().map(PathBuf::from);
        Report {
            pm2_version: reply.pm2_version,
            node_version: reply.node_version,
            node: argv.next().filter(|node| node.is_absolute()),
            pm2_dir: argv.next().and_then(|script| pm2_dir(&script)),
            uid: reply.uid,
            started_at: reply.started_at,
            home: reply.env.pm2_home.map(PathBuf::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a, R: Deserialize<'a>>(json: &'a str) -> Result<R, String> {
        let reply: Reply<R> = serde_json::from_str(json).map_err(|e| e.to_string())?;
        reply.result().unwrap_or(Err("neither".to_owned()))
    }

    #[test]
    fn an_app_is_read_and_its_environment_is_not() {
        let apps: Vec<App> = read(
            r#"{"args":[[{"pid":2011,"name":"x","pm2_env":{"env":{"TOKEN":"s3cret"},"TOKEN":"s3cret",
            "status":"online","pmx_module":true,"args":["--key","s3cret"],"pm_exec_path":"/bin/x",
            "restart_time":3,"pm_uptime":1700000000000},"pm_id":0,"monit":{"memory":1,"cpu":0}}]]}"#,
        )
        .unwrap();
        let [app] = &apps[..] else { panic!("{apps:?}") };
        assert_eq!(
            (app.pid, app.pm_id, app.module),
            (Some(2011), Some(0), true)
        );
        assert_eq!(app.arguments.len(), 2);
        assert_eq!(app.started_at, Some(1_700_000_000_000));
        assert!(!format!("{app:?}").contains("s3cret"));
    }

    #[test]
    fn odd_entries_spoil_nothing() {
        let apps: Vec<App> = read(
            r#"{"args":[[{},{"pid":0,"name":7,"pm_id":"_probe","pm2_env":{"status":null,"pmx_module":"true",
            "args":"a b","restart_time":-1,"pm_uptime":1.5,"namespace":{"a":[1]}}},{"pid":"12","pm2_env":{"args":[1,null,"x"]}}]]}"#,
        )
        .unwrap();
        assert_eq!(apps[0], App::default());
        assert_eq!(
            (apps[1].pid, apps[1].pm_id, apps[1].module),
            (None, None, true)
        );
        assert_eq!(apps[1].name.as_deref(), Some("7"));
        assert_eq!(apps[1].arguments, ["a b"]);
        assert_eq!((apps[1].restarts, apps[1].namespace.clone()), (None, None));
        assert_eq!(
            (apps[2].pid, apps[2].arguments.join(",")),
            (Some(12), "1,x".to_owned())
        );
    }

    #[test]
    fn errors_and_nonsense() {
        assert_eq!(
            read::<String>(r#"{"error":"no","stack":"s"}"#),
            Err("no".to_owned())
        );
        assert_eq!(
            read::<String>(r#"{"args":["7.0.4"]}"#),
            Ok("7.0.4".to_owned())
        );
        for wrong in [
            "{}",
            "null",
            "[]",
            r#"{"args":[]}"#,
            r#"{"args":[7]}"#,
            "{",
            "",
        ] {
            assert!(read::<String>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_package_is_found_in_argv() {
        for (script, dir) in [
            (
                "/usr/lib/node_modules/pm2/lib/Daemon.js",
                Some("/usr/lib/node_modules/pm2"),
            ),
            (
                "/usr/lib/node_modules/pm2/bin/pm2",
                Some("/usr/lib/node_modules/pm2"),
            ),
            ("/opt/boot.js", None),
            ("Daemon.js", None),
        ] {
            let json =
                format!(r#"{{"args":[{{"argv":["/usr/bin/node","{script}"],"env":{{"A":1}}}}]}}"#);
            let report: Report = read(&json).unwrap();
            assert_eq!(report.pm2_dir.as_deref(), dir.map(Path::new), "{script}");
            assert_eq!(report.node.as_deref(), Some(Path::new("/usr/bin/node")));
        }
    }
}
