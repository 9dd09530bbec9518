//! Causes in words: what it is, how sure, what speaks for and against it.

use super::columns::wrap;
use super::headline::word;
use super::style::{Role, Style};
use crate::diagnosis::Diagnosis;
use crate::model::{Confidence, Finding, Sign, clean};

/// Where the text of a sign begins.
const INDENT: usize = 14;

/// A case judged, as text.
pub fn diagnosis_to_text(diagnosis: &Diagnosis, style: &Style) -> String {
    let mut out = String::new();
    for (id, verdict) in &diagnosis.verdicts {
        let verdict = style.paint(style.verdict(*verdict), word(*verdict));
        out.push_str(&format!("{}  {verdict}\n", clean(id)));
    }
    out.push_str(&causes(&diagnosis.findings, style));
    out
}

/// Every cause that stands, with its signs; of the others one line each.
pub fn causes(findings: &[Finding], style: &Style) -> String {
    let mut out = format!("\n{}\n", style.paint(Role::Strong, "WHY"));
    for finding in findings {
        let (word, role) = match finding.confidence {
            Confidence::Proven => ("PROVEN", Role::Differ),
            Confidence::Likely => ("LIKELY", Role::Differ),
            Confidence::Possible => ("POSSIBLE", Role::Warn),
            Confidence::RuledOut => ("ruled out", Role::Plain),
            Confidence::Unknown => ("unknown", Role::Plain),
        };
        let sentence = clean(&finding.sentence);
        let head = format!(
            "  {}  {sentence}   {}",
            style.paint(role, word),
            finding.code
        );
        line(&mut out, &head, style);
        if finding.confidence.stands() {
            signs(&mut out, finding, style);
        } else if let Some(first) = finding.evidence.first() {
            line(
                &mut out,
                &format!("     because  {}", clean(&first.text)),
                style,
            );
        }
    }
    out
}

fn signs(out: &mut String, finding: &Finding, style: &Style) {
    for (sign, mark, label) in [
        (Sign::For, style.pick("✓", "+"), "for    "),
        (Sign::Against, style.pick("✗", "-"), "against"),
        (Sign::Unknown, "?", "unknown"),
    ] {
        let of_it = finding
            .evidence
            .iter()
            .filter(|evidence| evidence.sign == sign);
        let mut texts: Vec<String> = of_it.map(|evidence| clean(&evidence.text)).collect();
        if texts.is_empty() && sign == Sign::Against {
            // Said also when there is none: it was looked for.
            texts.push("nothing".to_owned());
        }
        for text in texts {
            line(out, &format!("   {mark} {label}  {text}"), style);
        }
    }
    line(
        out,
        &format!("     wrong if {}", clean(&finding.refuted_by)),
        style,
    );
}

fn line(out: &mut String, text: &str, style: &Style) {
    out.push_str(&wrap(text, style.width, INDENT));
    out.push('\n');
}
