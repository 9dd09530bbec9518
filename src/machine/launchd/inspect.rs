//! What a file about launchd is, by its content.

use super::print::Printed;
use super::{error, list, plist, print, text};
use crate::model::Inspected;
use std::path::Path;

/// The largest file that is looked at, in bytes: `launchctl print` of everything is a tenth of it.
pub const LARGEST: usize = 8 * 1024 * 1024;

const KNOWS: &str = "inspect knows launchd job plists (XML and binary), and what launchctl says to print of \
     one job, list, print-disabled, and when it fails";

/// Recognises a file. `path` is where it lies, which tells an agent from a daemon; `None` for a stream.
///
/// # Errors
/// A sentence that goes on after the file's name.
pub fn inspect(bytes: &[u8], path: Option<&Path>) -> Result<Inspected, String> {
    if bytes.len() > LARGEST {
        let most = LARGEST / 1024 / 1024;
        return Err(format!("is larger than {most} MiB; {KNOWS}"));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(format!("is empty; {KNOWS}"));
    }
    let decoded = text::decode(bytes);
    let is_xml = decoded.as_ref().is_ok_and(|text| looks_like_plist(text));
    let broken_xml = decoded.is_err() && bytes.trim_ascii_start().starts_with(b"<?xml");
    if bytes.starts_with(b"bplist") || is_xml || broken_xml {
        let job = plist::read(bytes)?;
        let (domain, from) = plist::domain(&job, path);
        return Ok(Inspected::Plist { job, domain, from });
    }
    // A capture may hold a stray byte, as where a terminal cut a character.
    let text = match decoded {
        Ok(text) => text,
        Err(_) if bytes.contains(&0) => return Err(format!("holds binary data; {KNOWS}")),
        Err(_) => String::from_utf8_lossy(bytes).replace("\r\n", "\n"),
    };
    match print::read(&text) {
        Some(Printed::Service(service)) => return Ok(Inspected::Print(*service)),
        Some(Printed::Domain(domain)) => {
            return Err(format!(
                "is what launchctl print says of the whole domain {domain}; print one job: launchctl print {domain}/LABEL"
            ));
        }
        None => {}
    }
    if let Some(labels) = list::disabled(&text) {
        return Ok(Inspected::Disabled(labels));
    }
    if let Some(job) = list::dictionary(&text) {
        return Ok(Inspected::List(vec![job]));
    }
    if let Some(rows) = list::table(&text) {
        return Ok(Inspected::List(rows));
    }
    if let Some(error) = error::read(&text) {
        return Ok(Inspected::Error(error));
    }
    Err(format!("was taken for {}; {KNOWS}", taken_for(&text)))
}

/// XML with an element of a property list in it.
fn looks_like_plist(text: &str) -> bool {
    let text = text.trim_start();
    let marked = ["<plist", "<dict", "<!DOCTYPE plist"]
        .iter()
        .any(|mark| text.contains(mark));
    text.starts_with('<') && marked
}

fn taken_for(text: &str) -> &'static str {
    let lower: String = text
        .trim_start()
        .chars()
        .take(64)
        .collect::<String>()
        .to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        "a web page"
    } else if lower.starts_with("<?xml") {
        "XML that is no property list"
    } else if lower.starts_with('{') {
        "JSON"
    } else if lower.starts_with("#!") {
        "a script"
    } else if text.contains('\0') {
        "binary data"
    } else {
        "plain text"
    }
}
