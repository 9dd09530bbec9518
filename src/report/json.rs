//! The report and the changes as JSON. Keys are only ever added, never renamed.

use super::headline::headline;
use crate::diagnosis::Diagnosis;
use crate::model::{
    Attempt, Case, Change, Evidence, Finding, Outcome, Pm2, Probe, Process, Row, Side, Snapshot,
    VantageState, Verdict, What, clean,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::time::Duration;

/// The version of every form.
pub(super) const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    unreach: &'static str,
    /// When it was written, RFC 3339.
    at: String,
    summary: String,
    machine: Value,
    pm2: Value,
    targets: Vec<Value>,
    findings: Vec<Value>,
    notices: Vec<String>,
    /// What the findings stand on, in the form that `unreach diagnose` reads.
    case: &'a Case,
}

/// The whole report on several lines. `at` is the time of the snapshot, RFC 3339.
pub fn to_json(snapshot: &Snapshot, at: String) -> String {
    let top = headline(snapshot);
    let report = Report {
        schema: SCHEMA,
        unreach: env!("CARGO_PKG_VERSION"),
        at,
        summary: clean(&format!("{}: {}", top.word, top.sentence)),
        machine: json!({
            "os": snapshot.computer.os.word(),
            "version": snapshot.computer.version,
            "root": snapshot.computer.uid == 0,
            "ancestors": processes(&snapshot.computer.ancestors),
        }),
        pm2: pm2(&snapshot.pm2),
        targets: snapshot
            .rows
            .iter()
            .map(|row| target(row, &snapshot.pm2.state))
            .collect(),
        findings: snapshot.findings.iter().map(finding).collect(),
        case: &snapshot.case,
        notices: snapshot
            .notices
            .iter()
            .map(|notice| clean(notice))
            .collect(),
    };
    // Values made of strings and numbers always have a JSON form.
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}

/// One change as one line, without its end. `at` is its time, RFC 3339.
pub fn change_to_json(change: &Change, at: String) -> String {
    let (kind, mut value) = match &change.what {
        What::Outcome {
            id,
            name,
            vantage,
            from,
            to,
            detail,
            took,
        } => (
            "outcome",
            json!({
                "id": clean(id), "name": clean(name), "vantage": vantage.word(),
                "from": from, "to": to, "detail": clean(detail), "ms": ms(*took),
            }),
        ),
        What::Verdict { id, name, from, to } => (
            "verdict",
            json!({ "id": clean(id), "name": clean(name), "from": from.word(), "to": to.word() }),
        ),
        What::Vantage { vantage, state } => (
            "vantage",
            json!({ "vantage": vantage.word(), "state": state.word(), "why": state.why().map(clean) }),
        ),
        What::TargetAdded {
            id,
            name,
            url,
            source,
        } => (
            "target-added",
            json!({ "id": clean(id), "name": clean(name), "url": clean(url), "source": clean(source) }),
        ),
        What::TargetRemoved { id, name } => (
            "target-removed",
            json!({ "id": clean(id), "name": clean(name) }),
        ),
        What::Slept(long) => ("slept", json!({ "seconds": long.as_secs() })),
        What::Notice(text) => ("notice", json!({ "text": clean(text) })),
    };
    let mut line = json!({ "schema": SCHEMA, "at": at, "kind": kind });
    if let (Some(line), Some(more)) = (line.as_object_mut(), value.as_object_mut()) {
        line.append(more);
    }
    line.to_string()
}

/// What a case comes down to, on several lines.
pub fn diagnosis_to_json(diagnosis: &Diagnosis) -> String {
    let verdict =
        |(id, verdict): &(String, Verdict)| json!({ "id": clean(id), "verdict": verdict.word() });
    let report = json!({
        "schema": SCHEMA,
        "targets": diagnosis.verdicts.iter().map(verdict).collect::<Vec<_>>(),
        "findings": diagnosis.findings.iter().map(finding).collect::<Vec<_>>(),
    });
    format!("{report:#}\n")
}

fn finding(finding: &Finding) -> Value {
    let evidence = |evidence: &Evidence| json!({ "sign": evidence.sign.word(), "text": clean(&evidence.text) });
    json!({
        "code": finding.code,
        "cause": finding.cause,
        "confidence": finding.confidence.word(),
        "sentence": clean(&finding.sentence),
        "targets": finding.targets.iter().map(|id| clean(id)).collect::<Vec<_>>(),
        "evidence": finding.evidence.iter().map(evidence).collect::<Vec<_>>(),
        "refuted_by": finding.refuted_by,
    })
}

fn pm2(pm2: &Pm2) -> Value {
    // A report knows four states; one that was still coming or already going did not work.
    let state = match &pm2.state {
        state @ (VantageState::Live | VantageState::Absent(_) | VantageState::Refused(_)) => {
            state.word()
        }
        _ => "failed",
    };
    let others = pm2.others.iter().map(|other| {
        json!({
            "pid": other.pid,
            "home": other.home.as_deref().map(clean),
            "version": other.version.as_deref().map(clean),
            "serves": other.serves,
        })
    });
    json!({
        "state": state,
        "why": pm2.state.why().map(clean),
        "home": clean(&pm2.home),
        "version": pm2.version.as_deref().map(clean),
        "pid": pm2.pid,
        "node": pm2.node.as_deref().map(clean),
        "apps": pm2.apps,
        "agent": pm2.agent,
        "ancestors": processes(&pm2.ancestors),
        "others": others.collect::<Vec<_>>(),
    })
}

fn target(row: &Row, pm2: &VantageState) -> Value {
    json!({
        "id": clean(&row.target.id),
        "name": clean(&row.target.name),
        "url": clean(&row.target.url),
        "reach": row.route.reach.word(),
        "interface": row.route.interface.as_deref().map(clean),
        "source": clean(&row.target.source.to_string()),
        "verdict": row.verdict.word(),
        "terminal": side(&row.terminal, None),
        "pm2": side(&row.pm2, pm2.why()),
    })
}

fn side(side: &Side, missing: Option<&str>) -> Value {
    let Some((_, probe)) = &side.last else {
        return match missing {
            Some(why) => json!({ "outcome": "not-asked", "why": clean(why) }),
            None => json!({ "outcome": "waiting" }),
        };
    };
    let mut value = match &probe.outcome {
        Outcome::NotAsked(why) => json!({ "outcome": "not-asked", "why": clean(why) }),
        Outcome::Answered(answer) => {
            let notes: Vec<_> = answer.notes.iter().map(|note| clean(note)).collect();
            json!({ "outcome": "answered", "status": answer.status, "notes": notes })
        }
        Outcome::Failed(failure) => json!({
            "outcome": "failed",
            "phase": failure.phase.word(),
            "error": failure.name(),
            "errno": failure.errno.as_ref().map(|errno| errno.number),
            "text": clean(&failure.text),
        }),
    };
    value["tries"] = json!(side.tries);
    value["answered"] = json!(side.answered);
    if !probe.outcome.not_asked() {
        times(&mut value, probe);
    }
    value
}

fn times(value: &mut Value, probe: &Probe) {
    let phases = &probe.phases;
    value["ms"] = json!(ms(probe.took));
    value["dns_ms"] = json!(phases.dns.map(ms));
    value["connect_ms"] = json!(phases.connect.map(ms));
    value["tls_ms"] = json!(phases.tls.map(ms));
    value["http_ms"] = json!(phases.http.map(ms));
    value["addresses"] = probe.attempts.iter().map(attempt).collect();
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "address": attempt.address.to_string(),
        "local": attempt.local.map(|local| local.to_string()),
        "ms": ms(attempt.took),
        "error": attempt.failure.as_ref().map(|failure| failure.name()),
        "errno": attempt.failure.as_ref().and_then(|failure| failure.errno.as_ref()).map(|e| e.number),
    })
}

fn processes(processes: &[Process]) -> Vec<Value> {
    processes
        .iter()
        .map(|process| json!({ "pid": process.pid, "name": clean(&process.name) }))
        .collect()
}

/// Milliseconds, to the microsecond.
fn ms(took: Duration) -> f64 {
    (took.as_secs_f64() * 1_000_000.0).round() / 1000.0
}
