//! A case file: what is taken can be judged, written and judged alike again; messages are fit to be shown.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unreach::case::read;
use unreach::diagnosis::diagnose;
use unreach_fuzz::assert_clean;

fuzz_target!(|text: &str| {
    match read(text) {
        Ok(case) => {
            let judged = diagnose(&case);
            let lnp = judged
                .findings
                .iter()
                .filter(|f| f.cause == "local-network-privacy");
            assert_eq!(lnp.count(), 1);
            let written = serde_json::to_string(&case).expect("a case has a form");
            let again = read(&written).expect("our own form");
            assert_eq!(diagnose(&again).findings, judged.findings);
        }
        Err(error) => assert_clean(&error.to_string()),
    }
});
