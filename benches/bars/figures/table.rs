//! The table: each figure next to its bar.

use std::process::ExitCode;

/// What a figure is made of, which decides when `--bars` fails.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Clocks are noisy: beyond at twice the bar.
    Time,
    /// Beyond at the bar.
    Count,
}

/// The most that a figure may be.
pub struct Bar {
    pub figure: &'static str,
    pub most: f64,
    pub unit: &'static str,
    pub kind: Kind,
}

/// What was measured, with a word on how it came to be.
pub struct Measured {
    pub value: f64,
    pub detail: String,
}

/// Prints each figure as it comes.
pub struct Table {
    beyond: usize,
}

const FIGURE: usize = 52;
const VALUE: usize = 13;

impl Table {
    pub fn begin() -> Table {
        println!(
            "{:FIGURE$} {:>VALUE$} {:>VALUE$}  ok",
            "figure", "measured", "bar"
        );
        Table { beyond: 0 }
    }

    /// One row; `Err` says why there is nothing to show, which is no success.
    pub fn row(&mut self, bar: &Bar, measured: Result<Measured, String>) {
        let most = in_unit(bar.most, bar.unit);
        let (value, verdict, detail) = match measured {
            Ok(Measured { value, detail }) => {
                let last = match bar.kind {
                    Kind::Time => 2.0 * bar.most,
                    Kind::Count => bar.most,
                };
                let verdict = match value {
                    fine if fine <= bar.most => "yes",
                    some if some <= last => "no",
                    _ => "BEYOND",
                };
                (in_unit(value, bar.unit), verdict, detail)
            }
            Err(why) => ("-".to_owned(), "NOT MEASURED", why),
        };
        self.beyond += usize::from(matches!(verdict, "BEYOND" | "NOT MEASURED"));
        println!(
            "{:FIGURE$} {value:>VALUE$} {most:>VALUE$}  {verdict:12}  {detail}",
            bar.figure
        );
    }

    pub fn end(self, bars: bool) -> ExitCode {
        ExitCode::from(u8::from(bars && self.beyond > 0))
    }
}

fn in_unit(value: f64, unit: &str) -> String {
    let number = match value {
        v if v >= 1000.0 => format!("{v:.0}"),
        v if v >= 100.0 => format!("{v:.1}"),
        v if v >= 0.1 => format!("{v:.2}"),
        v => format!("{v:.4}"),
    };
    format!("{number} {unit}").trim_end().to_owned()
}

/// The middle one, or the mean of the two in the middle.
///
/// # Panics
/// When there is none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() % 2 {
        1 => values[half],
        _ => (values[half - 1] + values[half]) / 2.0,
    }
}
