//! What we and our agent under PM2 say to each other: one JSON value a line.

use crate::model::{Endpoint, Probe};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// The version of this language. The agent is the same file as we are, but the file can be
/// replaced by an upgrade while we run.
pub const VERSION: u32 = 1;

/// The longest line either side reads, in bytes. The longest honest one is an answer about a
/// name with hundreds of addresses.
pub const LONGEST_LINE: usize = 256 * 1024;

/// From us to the agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToAgent {
    /// Ask `endpoint` once, and tell the outcome under the same number.
    Ask {
        ask: u64,
        endpoint: Endpoint,
        timeout: Duration,
    },
}

/// From the agent to us.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromAgent {
    /// The first line. Its form never changes, so that every version can read every other's.
    Hello {
        wire: u32,
        program: String,
    },
    Told {
        ask: u64,
        probe: Probe,
    },
}

/// Why a line was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireError {
    /// A line longer than [`LONGEST_LINE`].
    TooLong,
    /// Not a line of this language.
    NotOurs(String),
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::TooLong => write!(f, "a line is longer than {LONGEST_LINE} bytes"),
            WireError::NotOurs(why) => write!(f, "a line was not understood: {why}"),
        }
    }
}

impl std::error::Error for WireError {}

/// One line with its end, ready to be written.
///
/// # Errors
/// When the line would be longer than the other side reads.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, WireError> {
    let mut line =
        serde_json::to_vec(message).map_err(|error| WireError::NotOurs(error.to_string()))?;
    if line.len() > LONGEST_LINE {
        return Err(WireError::TooLong);
    }
    line.push(b'\n');
    Ok(line)
}

/// One line without its end, read.
///
/// # Errors
/// When it is not a message of the expected kind.
pub fn decode<T: DeserializeOwned>(line: &[u8]) -> Result<T, WireError> {
    serde_json::from_slice(line).map_err(|error| WireError::NotOurs(error.to_string()))
}

/// Cuts a stream of bytes into lines, however they arrive.
#[derive(Debug, Default)]
pub struct Lines {
    buffer: Vec<u8>,
    /// Start of the first line that was not handed out.
    start: usize,
    /// Up to here there is no end of line.
    searched: usize,
}

impl Lines {
    /// Takes what arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.searched -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole line without its end, or `None` until more has arrived.
    ///
    /// # Errors
    /// When a line is longer than [`LONGEST_LINE`]; the stream is of no use after that.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, WireError> {
        let found = self.buffer[self.searched..]
            .iter()
            .position(|byte| *byte == b'\n');
        let end = found.map_or(self.buffer.len(), |at| self.searched + at);
        if end - self.start > LONGEST_LINE {
            return Err(WireError::TooLong);
        }
        if found.is_none() {
            self.searched = end;
            return Ok(None);
        }
        let line = &self.buffer[self.start..end];
        self.start = end + 1;
        self.searched = self.start;
        Ok(Some(line))
    }
}
