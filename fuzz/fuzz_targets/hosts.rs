//! AI Maestro's list of hosts, as a file and as a variable.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unreach::maestro::hosts::{ThisHost, parse_file, parse_variable, peers};
use unreach_fuzz::assert_clean;

fuzz_target!(|text: &str| {
    let this = ThisHost {
        names: vec!["Mini.local".to_owned(), String::new()],
        addresses: vec![[10, 0, 0, 18].into(), [0, 0, 0, 0, 0, 0, 0, 1].into()],
    };
    let listed = format!("{{\"hosts\":{text}}}");
    let variable = parse_variable(text, "here");
    if let Ok(hosts) = &variable {
        let file = parse_file(&listed, "here");
        // A byte order mark is one at the beginning alone.
        assert!(file.is_err() == text.starts_with('\u{feff}') || file.as_ref() == Ok(hosts));
    }
    for hosts in [variable, parse_file(text, "here")] {
        match hosts {
            Ok(hosts) => {
                for entry in &hosts.entries {
                    for text in [&entry.id, &entry.name, &entry.url] {
                        assert!(!text.trim().is_empty());
                    }
                }
                hosts.warnings.iter().for_each(|text| assert_clean(text));
                let enabled = hosts.entries.iter().filter(|entry| entry.enabled);
                assert!(peers(&hosts, &this).len() <= enabled.count());
            }
            Err(error) => assert_clean(&error.to_string()),
        }
    }
});
