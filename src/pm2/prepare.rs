//! The argument of `prepare`: what God is told of a process to start.

use serde::Serialize;

#[derive(Serialize)]
struct Empty {}

/// The fields of facts/PM2.md §2.2, all of them.
#[derive(Serialize)]
pub(super) struct Prepare<'a> {
    name: &'a str,
    namespace: &'a str,
    pm_exec_path: &'a str,
    exec_interpreter: &'a str,
    exec_mode: &'a str,
    pm_cwd: &'a str,
    args: &'a [String],
    node_args: [&'a str; 0],
    env: Empty,
    autorestart: bool,
    autostart: bool,
    vizion: bool,
    pmx: bool,
    automation: bool,
    treekill: bool,
    watch: bool,
    merge_logs: bool,
    kill_timeout: u32,
    kill_retry_time: u32,
    pm_out_log_path: &'a str,
    pm_err_log_path: &'a str,
    pm_pid_path: &'a str,
    username: &'a str,
    #[serde(rename = "windowsHide")]
    windows_hide: bool,
    pmx_module: bool,
    pm_id: u32,
    restart_time: u32,
    unstable_restarts: u32,
}

impl<'a> Prepare<'a> {
    /// The full set, as God misses `env` and `pm_pid_path` fatally (facts/PM2.md §1.4).
    pub(super) fn new(
        name: &'a str,
        pm_id: u32,
        program: &'a str,
        args: &'a [String],
        pid_file: &'a str,
    ) -> Prepare<'a> {
        Prepare {
            name,
            namespace: "default",
            pm_exec_path: program,
            exec_interpreter: "none",
            exec_mode: "fork_mode",
            pm_cwd: "/",
            args,
            node_args: [],
            env: Empty {},
            autorestart: false,
            autostart: true,
            vizion: false,
            pmx: false,
            automation: false,
            treekill: false,
            watch: false,
            merge_logs: true,
            kill_timeout: 800,
            kill_retry_time: 5,
            pm_out_log_path: "/dev/null",
            pm_err_log_path: "/dev/null",
            pm_pid_path: pid_file,
            username: "",
            windows_hide: true,
            pmx_module: true,
            pm_id,
            restart_time: 0,
            unstable_restarts: 0,
        }
    }
}
