//! The plist of a launchd job, XML or binary.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unreach::machine::launchd::plist::{domain, read};

fuzz_target!(|data: &[u8]| {
    match read(data) {
        Ok(job) => {
            let named = job.label.is_some() || job.program.is_some();
            assert!(named || job.program_arguments.is_some());
            assert_eq!(
                domain(&job, None).1.is_none(),
                domain(&job, None).0.word() == "unknown"
            );
        }
        Err(why) => assert!(!why.is_empty()),
    }
});
