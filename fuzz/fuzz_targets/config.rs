//! The config file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unreach::config::{address, file};
use unreach_fuzz::assert_clean;

fuzz_target!(|text: &str| match file::parse(text) {
    Ok(config) => {
        assert!((0.2..=3600.0).contains(&config.interval.as_secs_f64()));
        assert!((0.05..=60.0).contains(&config.timeout.as_secs_f64()));
        for target in config.targets {
            address::parse(&target.url).expect("checked when the file was read");
        }
    }
    Err(error) => assert_clean(&error.to_string()),
});
