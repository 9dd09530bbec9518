//! Addresses as people write them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use unreach::config::address::parse;
use unreach::model::{Endpoint, Question};
use unreach_fuzz::assert_clean;

const SECRET: &str = "s3cretPassw0rd";

fuzz_target!(|text: &str| {
    match parse(text) {
        Ok(endpoint) => {
            // As it is shown, it can be written again.
            let plain = Endpoint {
                question: Question::Connect,
                ..endpoint
            };
            assert_eq!(parse(&plain.to_string()), Ok(plain));
        }
        Err(error) => assert_clean(&error.to_string()),
    }
    // Whatever stands around a password, no message repeats it.
    let middle = text.len() / 2;
    let cut = (middle..=text.len()).find(|at| text.is_char_boundary(*at));
    let (before, after) = text.split_at(cut.unwrap_or(0));
    for text in [
        format!("{before}{SECRET}@{after}"),
        format!("http://{before}:{SECRET}@{after}"),
    ] {
        if let Err(error) = parse(&text) {
            assert!(!error.to_string().contains(SECRET), "{error}");
        }
    }
});
