//! Reading a case strictly: what is not understood is told, with its place; extra fields are not.

use crate::model::{CASE_SCHEMA, Case, CaseOutcome, clean};
use serde_json::Value;
use std::collections::HashSet;
use std::fmt;

/// Why a case was not taken: what and where, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseError(String);

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CaseError {}

/// The names that `error` may have besides those of errnos.
const WORDS: &[&str] = &["DNS", "TLS", "HTTP", "TIMEOUT", "OTHER"];

/// Reads a case, or a report that holds one under `case`.
///
/// # Errors
/// Text that is not JSON, an unknown `schema`, an id that is not declared or declared twice, and a
/// value that the form does not know.
pub fn read(text: &str) -> Result<Case, CaseError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        CaseError(clean(&format!(
            "line {line}, column {column}: not JSON: {error}"
        )))
    })?;
    let value = match value.get("case") {
        Some(case) if case.is_object() => case.clone(),
        _ => value,
    };
    match value.get("schema").map(|schema| (schema, schema.as_u64())) {
        Some((_, Some(schema))) if schema == u64::from(CASE_SCHEMA) => {}
        Some((other, _)) => {
            let other = clean(&other.to_string());
            return Err(CaseError(format!(
                "schema: {other} is not known here; this unreach reads {CASE_SCHEMA}"
            )));
        }
        None => {
            return Err(CaseError(
                "schema: missing; a case says \"schema\": 1".to_owned(),
            ));
        }
    }
    let case: Case = serde_path_to_error::deserialize(value).map_err(|error| {
        let place = error.path().to_string();
        CaseError(clean(&format!("{place}: {}", error.into_inner())))
    })?;
    check(&case)?;
    Ok(case)
}

fn check(case: &Case) -> Result<(), CaseError> {
    let wrong = |place: String, why: String| Err(CaseError(clean(&format!("{place}: {why}"))));
    let vantages = ids("vantages", case.vantages.iter().map(|vantage| &vantage.id))?;
    let targets = ids("targets", case.targets.iter().map(|target| &target.id))?;
    for (at, observation) in case.observations.iter().enumerate() {
        let place = format!("observations[{at}]");
        if !vantages.contains(observation.vantage.as_str()) {
            return wrong(
                format!("{place}.vantage"),
                format!("\"{}\" is not declared under vantages", observation.vantage),
            );
        }
        if !targets.contains(observation.target.as_str()) {
            return wrong(
                format!("{place}.target"),
                format!("\"{}\" is not declared under targets", observation.target),
            );
        }
        match (&observation.error, observation.outcome) {
            (None, CaseOutcome::Failed) => {
                return wrong(
                    format!("{place}.error"),
                    "missing, though the outcome is \"failed\"".to_owned(),
                );
            }
            (Some(error), _) if !WORDS.contains(&error.as_str()) && !is_errno(error) => {
                let known = WORDS.join(", ");
                return wrong(
                    format!("{place}.error"),
                    format!("\"{error}\" is neither an errno's name nor one of {known}"),
                );
            }
            _ => {}
        }
    }
    let facts = &case.facts;
    let by_target = facts.arp.keys().chain(facts.route.keys());
    for (place, key, known) in by_target.map(|key| ("targets", key, &targets)).chain(
        facts
            .responsible_alive
            .keys()
            .map(|key| ("vantages", key, &vantages)),
    ) {
        if !known.contains(key.as_str()) {
            return wrong(
                "facts".to_owned(),
                format!("\"{key}\" is not declared under {place}"),
            );
        }
    }
    Ok(())
}

fn ids<'a>(of: &str, ids: impl Iterator<Item = &'a String>) -> Result<HashSet<&'a str>, CaseError> {
    let mut known = HashSet::new();
    for (at, id) in ids.enumerate() {
        if !known.insert(id.as_str()) {
            return Err(CaseError(clean(&format!(
                "{of}[{at}].id: \"{id}\" is declared twice"
            ))));
        }
    }
    Ok(known)
}

fn is_errno(text: &str) -> bool {
    let known = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit();
    text.len() > 2 && text.starts_with('E') && text.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"{"schema":1,"machine":{"os":"macos","version":null},
        "vantages":[{"id":"a","kind":"pm2","program":"node"}],
        "targets":[{"id":"w","address":"10.0.0.18:23000","reach":"on-link"}],
        "observations":[{"vantage":"a","target":"w","outcome":"failed","error":"EHOSTUNREACH"}],
        "facts":null,"log":null,"later":{"more":1}}"#;

    #[test]
    fn what_is_missing_is_not_known_and_what_is_more_is_left_alone() {
        let case = read(SMALL).expect("a fine case");
        assert_eq!(case.vantages[0].root, None);
        assert_eq!(case.facts.filters, None);
        let report = format!("{{\"schema\":1,\"targets\":[],\"case\":{SMALL}}}");
        assert_eq!(read(&report).expect("a report"), case);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let case = read(SMALL).expect("a fine case");
        let text = serde_json::to_string(&case).expect("JSON");
        assert_eq!(read(&text).expect("our own form"), case);
    }

    #[test]
    fn what_is_not_understood_is_told_with_its_place() {
        for (from, to, expected) in [
            ("\"schema\":1", "\"schema\":2", "schema: 2 is not known"),
            ("\"schema\":1,", "", "schema: missing"),
            (
                "\"os\":\"macos\"",
                "\"os\":\"beos\"",
                "machine.os: unknown variant `beos`",
            ),
            (
                "\"kind\":\"pm2\"",
                "\"kind\":\"mp2\"",
                "vantages[0].kind: unknown variant `mp2`",
            ),
            (
                "\"reach\":\"on-link\"",
                "\"reach\":\"near\"",
                "targets[0].reach",
            ),
            (
                "\"outcome\":\"failed\"",
                "\"outcome\":\"lost\"",
                "observations[0].outcome",
            ),
            (
                "EHOSTUNREACH",
                "unreachable",
                "observations[0].error: \"unreachable\"",
            ),
            (
                ",\"error\":\"EHOSTUNREACH\"",
                "",
                "observations[0].error: missing",
            ),
            (
                "\"vantage\":\"a\"",
                "\"vantage\":\"b\"",
                "observations[0].vantage: \"b\" is not declared",
            ),
            (
                "\"target\":\"w\"",
                "\"target\":\"x\"",
                "observations[0].target: \"x\" is not declared",
            ),
            (
                "\"facts\":null",
                "\"facts\":{\"arp\":{\"x\":\"resolved\"}}",
                "facts: \"x\" is not declared under targets",
            ),
            ("\"observations\":[", "\"observations\":[,", "column"),
        ] {
            let text = SMALL.replace(from, to);
            assert_ne!(text, SMALL, "{from}");
            let error = read(&text).expect_err(to).to_string();
            assert!(error.contains(expected), "{expected} in {error}");
        }
    }
}
