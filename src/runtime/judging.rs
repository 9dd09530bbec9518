//! `unreach diagnose`: a file in, its judgement out.

use super::settings;
use crate::case;
use crate::cli::{Diagnose, Everywhere};
use crate::diagnosis::diagnose;
use crate::report::{diagnosis_to_json, diagnosis_to_text};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// The largest case that is read, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Judges a case file and gives the exit status.
///
/// # Errors
/// A sentence for the user: what is wrong with the file, and where.
pub fn judge(orders: &Diagnose, everywhere: &Everywhere) -> Result<u8, String> {
    let shown = orders.file.display();
    let text = read(&orders.file).map_err(|error| format!("{shown} can't be read: {error}"))?;
    let case = case::read(&text).map_err(|error| format!("{shown}, {error}"))?;
    let diagnosis = diagnose(&case);
    let told = match orders.json {
        true => diagnosis_to_json(&diagnosis),
        false => diagnosis_to_text(&diagnosis, &settings::plain_style(everywhere)),
    };
    // Whoever closed the pipe has read enough.
    let _ = io::stdout().lock().write_all(told.as_bytes());
    Ok(diagnosis.exit_status())
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    if path == Path::new("-") {
        io::stdin().lock().take(LARGEST).read_to_string(&mut text)?;
    } else {
        File::open(path)?.take(LARGEST).read_to_string(&mut text)?;
    }
    Ok(text)
}
