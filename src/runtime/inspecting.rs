//! `unreach inspect`: a file in, what it is out.

use super::settings;
use crate::cli::{Everywhere, Inspect};
use crate::machine::launchd::inspect::{self, LARGEST};
use crate::report::{inspected_to_json, inspected_to_text};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Says what a file is, and gives the exit status.
///
/// # Errors
/// A sentence for the user: why it can't be read, or what it was taken for.
pub fn inspect(orders: &Inspect, everywhere: &Everywhere) -> Result<u8, String> {
    let shown = orders.file.display();
    let stream = orders.file == Path::new("-");
    let bytes =
        read(&orders.file, stream).map_err(|error| format!("{shown} can't be read: {error}"))?;
    let path: Option<PathBuf> = match stream {
        true => None,
        // The folder tells the domain, also where somebody stands in it.
        false => std::path::absolute(&orders.file).ok(),
    };
    let inspected =
        inspect::inspect(&bytes, path.as_deref()).map_err(|why| format!("{shown} {why}"))?;
    let told = match orders.json {
        true => inspected_to_json(&inspected),
        false => inspected_to_text(&inspected, &settings::plain_style(everywhere)),
    };
    // Whoever closed the pipe has read enough.
    let _ = io::stdout().lock().write_all(told.as_bytes());
    Ok(0)
}

/// At most one byte more than is looked at, so that a larger file is seen to be one.
fn read(path: &Path, stream: bool) -> io::Result<Vec<u8>> {
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    if stream {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
