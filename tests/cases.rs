//! Real reported cases: the diagnosis says of each what a careful engineer would accept.

use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use unreach::case;
use unreach::diagnosis::diagnose;
use unreach::model::Confidence;

fn cases() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let files = fs::read_dir(folder)
        .expect("tests/cases")
        .flatten()
        .map(|entry| entry.path());
    let mut cases: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (name, fs::read_to_string(path).expect("a case"))
        })
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_reported_case_is_judged_within_what_it_expects() {
    let cases = cases();
    assert!(cases.len() >= 38, "the cases were found");
    let mut wrong = Vec::new();
    for (name, text) in &cases {
        let case = case::read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let expected: Value = serde_json::from_str(text).expect("JSON");
        let accepted: Vec<&str> = expected["expect"]["lnp"]
            .as_array()
            .expect("expect.lnp")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let findings = diagnose(&case).findings;
        let of_it: Vec<_> = findings
            .iter()
            .filter(|f| f.cause == "local-network-privacy")
            .collect();
        let [finding] = of_it[..] else {
            panic!("{name}: {findings:#?}")
        };
        if !accepted.contains(&finding.confidence.word()) {
            wrong.push(format!(
                "{name}: {}, accepted {accepted:?}: {:#?}",
                finding.confidence.word(),
                finding.evidence
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Taking a fact away must never make us surer: unknown is not false, and not true.
#[test]
fn knowing_less_never_proves_more() {
    for (name, text) in cases() {
        let full = case::read(&text).expect("a case");
        let sure = |case: &unreach::model::Case| {
            let findings = diagnose(case).findings;
            let of_it = findings.iter().find(|f| f.cause == "local-network-privacy");
            of_it.map_or(Confidence::Unknown, |finding| finding.confidence)
        };
        let before = sure(&full);
        let mut without_log = full.clone();
        without_log.log.clear();
        assert!(
            sure(&without_log) <= before || before < Confidence::Possible,
            "{name}: the log"
        );
        let mut without_os = full.clone();
        without_os.machine.os = None;
        without_os.machine.version = None;
        let less = sure(&without_os);
        assert!(
            less <= Confidence::Possible,
            "{name}: an unknown system is {less:?}"
        );
        for at in 0..full.vantages.len() {
            let mut alone = full.clone();
            let id = alone.vantages[at].id.clone();
            alone.observations.retain(|o| o.vantage == id);
            if full.log.is_empty() {
                assert!(
                    sure(&alone) <= Confidence::Possible,
                    "{name}: {id} alone and no log"
                );
            }
        }
    }
}

#[test]
fn a_finding_says_why_and_what_would_refute_it() {
    for (name, text) in cases() {
        for finding in diagnose(&case::read(&text).expect("a case")).findings {
            assert!(!finding.evidence.is_empty(), "{name}: {finding:#?}");
            assert!(
                !finding.refuted_by.is_empty() && !finding.sentence.is_empty(),
                "{name}"
            );
            let stands_on = finding
                .evidence
                .iter()
                .any(|e| e.sign == unreach::model::Sign::For);
            assert!(
                stands_on || finding.confidence < Confidence::Possible,
                "{name}: {finding:#?}"
            );
            assert!(
                finding.targets.is_empty() != finding.confidence.stands(),
                "{name}: {finding:#?}"
            );
        }
    }
}
