//! What apps complain about in their logs.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unreach::pm2::complaints::find;

fuzz_target!(|data: &[u8]| {
    let found = find(&String::from_utf8_lossy(data));
    for (index, complaint) in found.iter().enumerate() {
        assert_ne!(complaint.port, 0);
        assert!(!found[..index].contains(complaint), "twice");
        let zone = complaint.zone.as_ref().map(|zone| format!("%{zone}"));
        let line = format!(
            "connect EHOSTUNREACH {}{}:{}",
            complaint.address,
            zone.unwrap_or_default(),
            complaint.port
        );
        assert_eq!(find(&line), std::slice::from_ref(complaint));
    }
});
