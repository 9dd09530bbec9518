//! What launchctl says, as it was captured.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unreach::machine::launchd::inspect::inspect;
use unreach::report::{Style, inspected_to_json, inspected_to_text};
use unreach_fuzz::assert_clean;

fuzz_target!(|data: &[u8]| {
    let style = Style {
        ascii: true,
        color: false,
        width: 60,
    };
    match inspect(data, None) {
        Ok(inspected) => {
            inspected_to_json(&inspected);
            for line in inspected_to_text(&inspected, &style).lines() {
                assert_clean(line);
            }
        }
        Err(why) => assert!(!why.is_empty()),
    }
});
