//! Jobs that start PM2, and jobs that only come near.

use super::*;

fn why(arguments: &[&str], pm2_home: bool) -> Option<String> {
    let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
    why_pm2(&Job {
        arguments: &arguments,
        pm2_home,
        ..Job::default()
    })
}

#[test]
fn whoever_starts_pm2_is_found() {
    let table: &[&[&str]] = &[
        &["/usr/local/bin/pm2", "resurrect"],
        &[
            "/usr/bin/env",
            "-i",
            "PATH=/bin",
            "pm2",
            "start",
            "eco.config.js",
        ],
        &[
            "/opt/homebrew/bin/node",
            "/x/lib/node_modules/pm2/bin/pm2",
            "resurrect",
        ],
        &[
            "/opt/homebrew/bin/node",
            "--require",
            "x",
            "/x/pm2/lib/Daemon.js",
        ],
        &["/bin/zsh", "-lic", "pm2 resurrect"],
        &[
            "/bin/bash",
            "-l",
            "-c",
            "sleep 5; exec pm2-runtime start x.js",
        ],
        &["/bin/sh", "-c", "$(which pm2) resurrect"],
        &["/bin/sh", "-c", "PM2=/x/pm2; \"$PM2\" resurrect"],
        &[
            "/bin/sh",
            "-c",
            "if [ -x /x/pm2 ]; then /x/pm2 reload all; fi",
        ],
        &["/usr/bin/sudo", "-n", "-u", "me", "pm2", "resurrect"],
        &["/usr/bin/su", "-", "me", "-c", "pm2 resurrect"],
        &["/usr/bin/caffeinate", "-t", "60", "/x/pm2", "ping"],
        &["/usr/bin/nice", "-n", "5", "/x/pm2", "ping"],
        &["/opt/homebrew/bin/npx", "-y", "pm2@latest", "start", "x.js"],
        &[
            "/usr/bin/osascript",
            "-e",
            "do shell script \"/x/pm2 resurrect\"",
        ],
        &["/bin/bash", "/Users/me/bin/start-pm2.sh"],
        &["/Users/me/bin/pm2_launchd_wrapper"],
        &["/bin/sh", "-c", "PM2_HOME=/x/.pm2 /x/boot"],
        &["PM2 v7.0.4: God Daemon (/Users/me/.pm2)"],
    ];
    for arguments in table {
        assert!(why(arguments, false).is_some(), "{arguments:?}");
    }
}

#[test]
fn whoever_only_comes_near_is_not() {
    let table: &[&[&str]] = &[
        &["/Users/pm2/bin/server", "--start"],
        &[
            "/usr/local/bin/node",
            "/Users/pm2/app/start.js",
            "resurrect",
        ],
        &["/usr/bin/tail", "-F", "/Users/me/.pm2/logs/api-error.log"],
        &[
            "/bin/sh",
            "-c",
            "tail -F ~/.pm2/logs/*.log | grep pm2 >> /tmp/pm2.log",
        ],
        &["/usr/bin/pgrep", "-f", "pm2"],
        &["/bin/cp", "/usr/local/bin/pm2", "/backup/pm2"],
        &["/usr/bin/log", "stream", "--process", "pm2"],
        &["/bin/bash", "/Users/me/bin/rotate-pm2-logs.sh"],
        &["/x/tmux-resurrect/restore.sh", "resurrect"],
        &["/usr/local/bin/node", "/x/node_modules/express/bin/www"],
        &["/usr/local/bin/monitor", "--process", "pm2"],
        &["/bin/sh", "-c", "my-pm2 resurrected"],
        &["/usr/bin/python3", "-m", "pm25"],
        &[],
    ];
    for arguments in table {
        assert_eq!(why(arguments, false), None, "{arguments:?}");
    }
}

#[test]
fn a_home_counts_unless_its_files_are_only_read() {
    assert!(why(&["/opt/bin/supervisor"], true).is_some());
    assert!(why(&[], true).is_some());
    let tail = ["/bin/sh", "-c", "cd \"$PM2_HOME\" && tail -F logs/api.log"];
    assert_eq!(why(&tail, true), None);
}

#[test]
fn the_program_runs_and_the_first_argument_is_a_name() {
    let arguments = ["node".to_owned(), "resurrect".to_owned()];
    let job = Job {
        program: Some("/usr/local/bin/pm2"),
        arguments: &arguments,
        ..Job::default()
    };
    assert!(why_pm2(&job).is_some());
    let named = Job {
        label: Some("com.PM2"),
        program: Some("/opt/x"),
        ..Job::default()
    };
    assert!(why_pm2(&named).is_some());
    let user = Job {
        label: Some("com.pm2user.backup"),
        ..named
    };
    assert_eq!(why_pm2(&user), None);
}
