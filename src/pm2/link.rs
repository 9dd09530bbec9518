//! One connection to God's socket: whole frames out, whole frames in.

use super::amp::{AmpError, Decoder, Frame};
use std::io;
use tokio::net::UnixStream;

/// How much is read at once. A reply of ten apps is 85 KB.
const CHUNK: usize = 64 * 1024;

/// Why a connection cannot be used any more.
#[derive(Debug)]
pub(super) enum LinkError {
    Closed,
    Io(io::Error),
    Frame(AmpError),
}

pub(super) struct Link {
    stream: UnixStream,
    decoder: Decoder,
    chunk: Box<[u8]>,
    /// The part of `chunk` that was read and not decoded yet.
    from: usize,
    to: usize,
}

impl Link {
    /// `cap`: the longest frame that is taken, in bytes.
    pub(super) fn new(stream: UnixStream, cap: usize) -> Link {
        Link {
            stream,
            decoder: Decoder::new(cap),
            chunk: vec![0; CHUNK].into_boxed_slice(),
            from: 0,
            to: 0,
        }
    }

    pub(super) fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// Writes all of `frame`. Not safe to abandon: half a frame spoils what follows on this
    /// connection, so whoever drops this future must drop the link too.
    pub(super) async fn send(&mut self, mut frame: &[u8]) -> Result<(), LinkError> {
        while !frame.is_empty() {
            self.stream.writable().await.map_err(LinkError::Io)?;
            match self.stream.try_write(frame) {
                Ok(0) => return Err(LinkError::Closed),
                Ok(written) => frame = &frame[written..],
                Err(error) if again(&error) => {}
                Err(error) if gone(&error) => return Err(LinkError::Closed),
                Err(error) => return Err(LinkError::Io(error)),
            }
        }
        Ok(())
    }

    /// The next frame. Safe to abandon: what was read stays here.
    pub(super) async fn next(&mut self) -> Result<Frame, LinkError> {
        loop {
            let mut input = &self.chunk[self.from..self.to];
            let frame = self.decoder.decode(&mut input).map_err(LinkError::Frame)?;
            self.from = self.to - input.len();
            if let Some(frame) = frame {
                return Ok(frame);
            }
            self.stream.readable().await.map_err(LinkError::Io)?;
            match self.stream.try_read(&mut self.chunk) {
                Ok(0) => return Err(LinkError::Closed),
                Ok(read) => (self.from, self.to) = (0, read),
                Err(error) if again(&error) => {}
                Err(error) if gone(&error) => return Err(LinkError::Closed),
                Err(error) => return Err(LinkError::Io(error)),
            }
        }
    }
}

fn again(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

/// A God that died with our request unread shows as a reset, not as an end.
fn gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected
    )
}
