//! Bytes between tasks that wait and a thread that reads and writes. A few pieces at a time: who is faster waits.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::Stream;
use futures_util::stream::poll_fn;
use tokio::sync::mpsc::{Receiver, Sender};

/// How many pieces may wait on each side.
pub const PIECES: usize = 4;

/// How large a piece is that is written.
const PIECE_BYTES: usize = 64 * 1024;

/// What comes, to be read by a thread.
pub struct Source {
    pieces: Receiver<Bytes>,
    piece: Bytes,
}

impl Source {
    /// Reads these pieces.
    pub fn of(pieces: Receiver<Bytes>) -> Self {
        Self { pieces, piece: Bytes::new() }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let bytes = self.piece.len().min(buffer.len());
        self.piece.copy_to_slice(&mut buffer[..bytes]);
        Ok(bytes)
    }
}

/// What goes, written by a thread. A broken pipe where nobody takes it any more.
pub struct Sink {
    pieces: Sender<io::Result<Bytes>>,
    piece: BytesMut,
}

impl Sink {
    /// Writes to these pieces.
    pub fn to(pieces: Sender<io::Result<Bytes>>) -> Self {
        Self { pieces, piece: BytesMut::with_capacity(PIECE_BYTES) }
    }

    /// Ends it. What is not whole breaks off, so that nobody takes it for whole.
    pub fn close(self, whole: bool) {
        if !whole {
            // Who has gone needs no telling.
            let _ = self.pieces.blocking_send(Err(ErrorKind::UnexpectedEof.into()));
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let piece = self.piece.split().freeze();
        if piece.is_empty() {
            return Ok(());
        }
        self.pieces.blocking_send(Ok(piece)).map_err(|_| ErrorKind::BrokenPipe.into())
    }
}

/// Pieces as a body, whose bytes are counted as they leave.
pub fn stream(mut pieces: Receiver<io::Result<Bytes>>, moved: Arc<AtomicU64>) -> impl Stream<Item = io::Result<Bytes>> {
    poll_fn(move |context| {
        let polled = pieces.poll_recv(context);
        if let Poll::Ready(Some(Ok(piece))) = &polled {
            moved.fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
        polled
    })
}
