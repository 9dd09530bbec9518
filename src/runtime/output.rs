//! The screens without a terminal of their own: a report at the end, or a line for each change.

use super::clock::Clock;
use crate::app::{Goal, Model};
use crate::report::{
    Detail, Style, change_to_json, change_to_line, name_columns, to_json, to_markdown, to_text,
};
use std::io::{self, IsTerminal, Write};

/// In which form a run tells what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Markdown,
    Json,
    Lines,
    JsonLines,
}

/// Prints what the model holds.
#[derive(Debug)]
pub struct Output {
    form: Form,
    style: Style,
    detail: Detail,
    clock: Clock,
    /// The number of the first change that was not printed.
    next: u64,
    /// The progress line that stands on the terminal now.
    progress: String,
    progress_wanted: bool,
}

impl Output {
    pub fn new(form: Form, style: Style, detail: Detail, clock: Clock) -> Output {
        let progress_wanted =
            io::stderr().is_terminal() && !matches!(form, Form::Lines | Form::JsonLines);
        Output {
            form,
            style,
            detail,
            clock,
            next: 0,
            progress: String::new(),
            progress_wanted,
        }
    }

    /// Shows what is new.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub fn show(&mut self, model: &Model) -> io::Result<()> {
        match self.form {
            Form::Lines | Form::JsonLines => self.print_changes(model),
            _ => {
                self.show_progress(model);
                Ok(())
            }
        }
    }

    /// Says the last word.
    ///
    /// # Errors
    /// As [`Output::show`].
    pub fn finish(&mut self, model: &Model) -> io::Result<()> {
        self.clear_progress();
        if model.interrupted {
            eprintln!("unreach: left before every try was done");
        }
        let at = || self.clock.rfc3339(model.now);
        let report = match self.form {
            Form::Lines | Form::JsonLines => return self.print_changes(model),
            Form::Text => to_text(&model.snapshot(), &self.style, self.detail),
            Form::Markdown => to_markdown(&model.snapshot(), &at()),
            Form::Json => to_json(&model.snapshot(), at()),
        };
        let mut out = io::stdout().lock();
        out.write_all(report.as_bytes())?;
        out.flush()
    }

    fn print_changes(&mut self, model: &Model) -> io::Result<()> {
        if self.next == model.changes_end() {
            return Ok(());
        }
        let names = match self.form {
            Form::Lines => name_columns(
                model.shown().map(|row| row.target.name.as_str()),
                self.style.width,
            ),
            _ => 0,
        };
        let mut text = String::new();
        for change in model.changes_from(self.next) {
            text += &match self.form {
                Form::JsonLines => change_to_json(change, self.clock.rfc3339(change.at)),
                _ => change_to_line(
                    change,
                    &self.clock.time_of_day(change.at),
                    names,
                    &self.style,
                ),
            };
            text.push('\n');
        }
        self.next = model.changes_end();
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// A check takes some seconds: says on the terminal's own line how far it is.
    fn show_progress(&mut self, model: &Model) {
        let Goal::Check { tries } = model.settings.goal else {
            return;
        };
        if !self.progress_wanted || model.leaving.is_some() {
            return;
        }
        let (done, all) = model.progress(tries);
        let workers = match model.shown().count() {
            1 => "1 worker".to_owned(),
            count => format!("{count} workers"),
        };
        let progress = format!("asking {workers}, from here and from PM2: {done} of {all} answers");
        if progress != self.progress {
            eprint!("\r\x1b[K{progress}");
            self.progress = progress;
        }
    }

    fn clear_progress(&mut self) {
        if !std::mem::take(&mut self.progress).is_empty() {
            eprint!("\r\x1b[K");
        }
    }
}
