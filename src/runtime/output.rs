//! The screens without a terminal of their own: a report at the end, or a line for each change.

use super::clock::Clock;
use crate::app::{Goal, Model};
use crate::model::{Change, Snapshot, What};
use crate::report::{
    Detail, Names, Style, change_to_json, change_to_line, masked, name_columns, to_json,
    to_markdown, to_text,
};
use std::io::{self, IsTerminal, Write};
use tokio::task::{JoinHandle, spawn_blocking};

/// In which form a run tells what it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Markdown,
    Json,
    Lines,
    JsonLines,
}

/// How a run looks to the user.
#[derive(Debug)]
pub struct Look {
    pub form: Form,
    pub style: Style,
    pub detail: Detail,
    /// The names to take out of the report; `None` where it stays on this computer.
    pub masked: Option<Names>,
}

/// Prints what the model holds.
#[derive(Debug)]
pub struct Output {
    look: Look,
    clock: Clock,
    /// The number of the first change that was not printed.
    next: u64,
    /// What is being written: whoever reads may be slow, or stop reading, and a pipe holds little.
    writing: Option<JoinHandle<io::Result<()>>>,
    /// The progress line that stands on the terminal now.
    progress: String,
    progress_wanted: bool,
}

impl Output {
    pub fn new(look: Look, clock: Clock) -> Output {
        let progress_wanted =
            io::stderr().is_terminal() && !matches!(look.form, Form::Lines | Form::JsonLines);
        Output {
            look,
            clock,
            next: 0,
            writing: None,
            progress: String::new(),
            progress_wanted,
        }
    }

    /// Shows what is new; while the last of it is still being written, that waits.
    pub fn show(&mut self, model: &Model) {
        match self.look.form {
            Form::Lines | Form::JsonLines => self.print_changes(model),
            _ => self.show_progress(model),
        }
    }

    /// Waits until what was shown is written; for ever where nothing is.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub async fn written(&mut self) -> io::Result<()> {
        let Some(writing) = &mut self.writing else {
            return std::future::pending().await;
        };
        let written = writing.await;
        self.writing = None;
        written.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// Says the last word.
    ///
    /// # Errors
    /// As [`Output::written`].
    pub async fn finish(&mut self, model: &Model) -> io::Result<()> {
        self.clear_progress();
        if model.interrupted {
            say(format_args!("unreach: left before every try was done\n"));
        }
        if self.writing.is_some() {
            self.written().await?;
        }
        let at = || self.clock.rfc3339(model.now);
        match self.look.form {
            Form::Lines | Form::JsonLines => self.print_changes(model),
            Form::Text => self.write(to_text(
                &self.snapshot(model),
                &self.look.style,
                self.look.detail,
            )),
            Form::Markdown => self.write(to_markdown(&self.snapshot(model), &at())),
            Form::Json => self.write(to_json(&self.snapshot(model), at())),
        }
        match self.writing {
            Some(_) => self.written().await,
            None => Ok(()),
        }
    }

    fn snapshot(&self, model: &Model) -> Snapshot {
        match &self.look.masked {
            Some(names) => masked(model.snapshot(), names),
            None => model.snapshot(),
        }
    }

    fn print_changes(&mut self, model: &Model) {
        if self.writing.is_some() || self.next == model.changes_end() {
            return;
        }
        let names = match self.look.form {
            Form::Lines => name_columns(
                model.shown().map(|row| row.target.name.as_str()),
                self.look.style.width,
            ),
            _ => 0,
        };
        let mut text = String::new();
        for change in self
            .missed(model)
            .iter()
            .chain(model.changes_from(self.next))
        {
            text += &match self.look.form {
                Form::JsonLines => change_to_json(change, self.clock.rfc3339(change.at)),
                _ => change_to_line(
                    change,
                    &self.clock.time_of_day(change.at),
                    names,
                    &self.look.style,
                ),
            };
            text.push('\n');
        }
        self.next = model.changes_end();
        self.write(text);
    }

    /// A word about the changes that were forgotten while nobody read.
    fn missed(&self, model: &Model) -> Option<Change> {
        let kept = model.changes_from(self.next).count() as u64;
        let missed = model.changes_end() - self.next - kept;
        (missed > 0).then(|| Change {
            at: model.now,
            what: What::Notice(format!(
                "{missed} changes before this are not told: nobody read this output meanwhile"
            )),
        })
    }

    fn write(&mut self, text: String) {
        self.writing = Some(spawn_blocking(move || {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes())?;
            out.flush()
        }));
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
        let whence = match model.pm2.state.may_answer() {
            true => "from here and from PM2",
            false => "from here",
        };
        let progress = format!("asking {workers}, {whence}: {done} of {all} answers");
        if progress != self.progress {
            say(format_args!("\r\x1b[K{progress}"));
            self.progress = progress;
        }
    }

    fn clear_progress(&mut self) {
        if !std::mem::take(&mut self.progress).is_empty() {
            say(format_args!("\r\x1b[K"));
        }
    }
}

/// Something for the user beside the output. Where it can't be told, it can't be told.
pub fn say(text: std::fmt::Arguments<'_>) {
    let _ = io::stderr().write_fmt(text);
}
