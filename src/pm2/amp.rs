//! The AMP frame: how PM2 puts messages on a socket.
//!
//! One byte `version << 4 | argc`, then `argc` times a big-endian u32 length and that many bytes
//! (facts/PM2.md §1.1). The same bytes in PM2 3 to 7.

use std::fmt;
use std::ops::Range;

/// The longest reply that is taken, in bytes of the whole frame. 500 apps need 4 MB.
pub const REPLY_CAP: usize = 256 * 1024 * 1024;

/// The most arguments a frame can hold: its count has four bits.
pub const MOST_ARGUMENTS: usize = 15;

const VERSION: u8 = 1;

/// Why bytes are no frame, or no frame that we take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AmpError {
    /// The first byte names another version; it is kept here.
    NotAmp(u8),
    /// A frame without arguments: God never sends one.
    NoArguments,
    /// The frame would be at least `length` bytes long, and `cap` is the most.
    TooLong { length: u64, cap: usize },
    /// More arguments than a frame can hold (encoder only).
    TooManyArguments(usize),
}

impl fmt::Display for AmpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AmpError::NotAmp(byte) => {
                write!(
                    f,
                    "the first byte 0x{byte:02x} does not begin a PM2 message"
                )
            }
            AmpError::NoArguments => f.write_str("the message is empty"),
            AmpError::TooLong { length, cap } => {
                write!(
                    f,
                    "the message has at least {length} bytes, the most is {cap}"
                )
            }
            AmpError::TooManyArguments(count) => {
                write!(
                    f,
                    "a message holds at most {MOST_ARGUMENTS} parts, not {count}"
                )
            }
        }
    }
}

impl std::error::Error for AmpError {}

/// Writes one frame. Fails where there are no arguments, more than 15, or one of 4 GiB or more.
pub fn encode(arguments: &[&[u8]]) -> Result<Vec<u8>, AmpError> {
    let count = match arguments.len() {
        0 => return Err(AmpError::NoArguments),
        count @ 1..=MOST_ARGUMENTS => count as u8,
        count => return Err(AmpError::TooManyArguments(count)),
    };
    let mut frame = vec![VERSION << 4 | count];
    for argument in arguments {
        let length = u32::try_from(argument.len()).map_err(|_| AmpError::TooLong {
            length: argument.len() as u64,
            cap: u32::MAX as usize,
        })?;
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(argument);
    }
    Ok(frame)
}

/// One whole frame. Its bytes may hold every app's secrets, so it never prints them.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    bytes: Vec<u8>,
    arguments: Vec<Range<usize>>,
}

impl Frame {
    /// The arguments in order; at least one, at most 15.
    pub fn arguments(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.arguments
            .iter()
            .map(|range| &self.bytes[range.clone()])
    }

    pub fn first(&self) -> &[u8] {
        self.arguments().next().unwrap_or_default()
    }

    pub fn last(&self) -> &[u8] {
        let last = self.arguments.last().cloned().unwrap_or_default();
        &self.bytes[last]
    }

    pub(super) fn first_mut(&mut self) -> &mut [u8] {
        let first = self.arguments.first().cloned().unwrap_or_default();
        &mut self.bytes[first]
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<usize> = self.arguments.iter().map(Range::len).collect();
        write!(f, "Frame of {lengths:?} bytes")
    }
}

/// Takes frames out of a stream that comes in any pieces. It holds one frame at most, never more
/// than `cap` bytes, and grows only by bytes that came: a length that is only claimed costs nothing.
pub struct Decoder {
    cap: usize,
    /// The frame so far; every byte of it was taken from the stream.
    bytes: Vec<u8>,
    arguments: Vec<Range<usize>>,
    /// Where the step at hand ends in `bytes`.
    until: usize,
    step: Step,
}

enum Step {
    Head,
    Length,
    Body,
    /// The stream cannot be read any more: nobody knows where the next frame begins.
    Broken(AmpError),
}

impl Decoder {
    /// `cap`: the longest frame in bytes, head and lengths included.
    pub fn new(cap: usize) -> Decoder {
        Decoder {
            cap,
            bytes: Vec::new(),
            arguments: Vec::new(),
            until: 1,
            step: Step::Head,
        }
    }

    /// Takes bytes from the front of `input` up to the end of one frame. `None`: all of `input`
    /// was taken and the frame is not whole yet. After an error every call gives that error.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, AmpError> {
        loop {
            if let Step::Broken(error) = self.step {
                return Err(error);
            }
            if !self.take(input) {
                return Ok(None);
            }
            match self.advance() {
                Ok(true) => {
                    let fresh = Decoder::new(self.cap);
                    let done = std::mem::replace(self, fresh);
                    return Ok(Some(Frame {
                        bytes: done.bytes,
                        arguments: done.arguments,
                    }));
                }
                Ok(false) => {}
                Err(error) => {
                    *self = Decoder::new(self.cap);
                    self.step = Step::Broken(error);
                }
            }
        }
    }

    /// Moves bytes over until the step at hand has all of its own; false when there were too few.
    fn take(&mut self, input: &mut &[u8]) -> bool {
        let missing = self.until - self.bytes.len();
        let (taken, rest) = input.split_at(missing.min(input.len()));
        let needed = self.bytes.len() + taken.len();
        if needed > self.bytes.capacity() {
            // Doubling keeps it linear; the limit keeps the buffer inside the frame and the cap.
            let wanted = needed
                .max(self.bytes.capacity() * 2)
                .min(self.until.max(needed));
            self.bytes.reserve_exact(wanted - self.bytes.len());
        }
        self.bytes.extend_from_slice(taken);
        *input = rest;
        self.bytes.len() == self.until
    }

    /// The step at hand is complete: what comes next. True when the frame is whole.
    fn advance(&mut self) -> Result<bool, AmpError> {
        match self.step {
            Step::Head => {
                let head = self.bytes[0];
                if head >> 4 != VERSION {
                    return Err(AmpError::NotAmp(head));
                }
                if head & 0x0f == 0 {
                    return Err(AmpError::NoArguments);
                }
                self.next_length(0)
            }
            Step::Length => {
                let from = self.until;
                let mut length = [0; 4];
                length.copy_from_slice(&self.bytes[from - 4..]);
                let length = u64::from(u32::from_be_bytes(length));
                let after = self.argument_count() - self.arguments.len() - 1;
                let whole = from as u64 + length + 4 * after as u64;
                if whole > self.cap as u64 {
                    return Err(self.too_long(whole));
                }
                self.until = from + length as usize;
                self.arguments.push(from..self.until);
                self.step = Step::Body;
                Ok(false)
            }
            Step::Body if self.arguments.len() == self.argument_count() => Ok(true),
            Step::Body => self.next_length(self.arguments.len()),
            Step::Broken(error) => Err(error),
        }
    }

    fn next_length(&mut self, done: usize) -> Result<bool, AmpError> {
        let least = self.until + 4 * (self.argument_count() - done);
        if least > self.cap {
            return Err(self.too_long(least as u64));
        }
        self.until += 4;
        self.step = Step::Length;
        Ok(false)
    }

    fn argument_count(&self) -> usize {
        usize::from(self.bytes[0] & 0x0f)
    }

    fn too_long(&self, length: u64) -> AmpError {
        AmpError::TooLong {
            length,
            cap: self.cap,
        }
    }

    /// Bytes set aside now; for tests of the bound.
    pub fn held(&self) -> usize {
        self.bytes.capacity()
    }
}

/// All whole frames at the front of `bytes`, and how many bytes they took. For tests and fuzzing.
pub fn decode(bytes: &[u8], cap: usize) -> Result<(Vec<Frame>, usize), AmpError> {
    let mut decoder = Decoder::new(cap);
    let (mut frames, mut rest, mut taken) = (Vec::new(), bytes, 0);
    while let Some(frame) = decoder.decode(&mut rest)? {
        frames.push(frame);
        taken = bytes.len() - rest.len();
    }
    Ok((frames, taken))
}
