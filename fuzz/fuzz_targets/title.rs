//! The title of a process, which may be a God's.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unreach::pm2::title::parse;

fuzz_target!(|text: &str| {
    let Some(title) = parse(text) else { return };
    let home = title.home.as_ref().map(|home| format!(" ({home})"));
    let written = format!(
        "PM2 v{}: God Daemon{}",
        title.version,
        home.unwrap_or_default()
    );
    assert_eq!(parse(&written), Some(title));
});
