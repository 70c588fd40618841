//! Answers that go on for as long as Docker likes, read part by part: lines of JSON, and what a process wrote.
//! Whatever the daemon sends, no more than one part is in memory, and a part has a bound. Absent on purpose: time limits,
//! which are the caller's.

use std::io;

use bollard::errors::Error;
use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use thiserror::Error as ThisError;

/// The longest line that is read. Those of a pull have some hundred bytes, and an error in it some thousand.
const LINE_MAX_BYTES: usize = 1024 * 1024;

/// The bytes before each frame: which stream it is of, three zeros, and its length
/// (moby `pkg/stdcopy/stdcopy.go`).
const FRAME_HEAD_BYTES: usize = 8;

/// What Docker sent is in none of its forms. It breaks the answer off, and says nothing of what was asked.
#[derive(Debug, ThisError)]
#[error("{0}")]
pub(super) struct NotInForm(pub(super) &'static str);

impl From<NotInForm> for Error {
    fn from(error: NotInForm) -> Self {
        Self::IOError { err: io::Error::other(error) }
    }
}

/// An answer's body as it comes.
struct Coming {
    body: Incoming,
    /// What came and is not read yet.
    buffer: BytesMut,
}

impl Coming {
    fn of(answer: Response<Incoming>) -> Self {
        Self { body: answer.into_body(), buffer: BytesMut::new() }
    }

    /// Waits for more; `false` at the end.
    async fn more(&mut self) -> Result<bool, Error> {
        loop {
            let Some(frame) = self.body.frame().await else { return Ok(false) };
            // What is no data is a trailer, which means nothing here.
            if let Ok(bytes) = frame?.into_data() {
                self.buffer.extend_from_slice(&bytes);
                return Ok(true);
            }
        }
    }
}

/// An answer of one JSON value a line.
pub(super) struct Lines(Coming);

impl Lines {
    /// The lines of an answer.
    pub(super) fn of(answer: Response<Incoming>) -> Self {
        Self(Coming::of(answer))
    }

    /// The next value; none at the end.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Error> {
        loop {
            let Some(line) = self.line().await? else { return Ok(None) };
            if !line.trim_ascii().is_empty() {
                return Ok(Some(serde_json::from_slice(&line)?));
            }
        }
    }

    async fn line(&mut self) -> Result<Option<Bytes>, Error> {
        let mut searched = 0;
        loop {
            let coming = &mut self.0;
            if let Some(at) = coming.buffer[searched..].iter().position(|byte| *byte == b'\n') {
                return Ok(Some(coming.buffer.split_to(searched + at + 1).freeze()));
            }
            searched = coming.buffer.len();
            if searched > LINE_MAX_BYTES {
                return Err(NotInForm("a line is longer than any of Docker's").into());
            }
            if !coming.more().await? {
                return Ok(Some(coming.buffer.split().freeze()).filter(|rest| !rest.is_empty()));
            }
        }
    }
}

/// Which of its streams a process wrote to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Output,
    Errors,
}

/// What a process wrote: frame by frame, or as it is where the process has a terminal.
pub(super) struct Written {
    coming: Coming,
    reading: Reading,
}

#[derive(Clone, Copy)]
enum Reading {
    /// Nothing yet, so that its form is not known.
    Start,
    /// Between two frames.
    Head,
    /// A frame, of which so many bytes are to come.
    Frame { stream: Stream, left: usize },
    /// No frames.
    Terminal,
}

impl Written {
    /// What the process of an answer wrote.
    pub(super) fn of(answer: Response<Incoming>) -> Self {
        Self { coming: Coming::of(answer), reading: Reading::Start }
    }

    /// The next piece, which may be a part of a frame; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<(Stream, Bytes)>, Error> {
        loop {
            let there = self.coming.buffer.len();
            match self.reading {
                Reading::Start if there >= FRAME_HEAD_BYTES => {
                    let framed = stream_of(&self.coming.buffer).is_some();
                    self.reading = if framed { Reading::Head } else { Reading::Terminal };
                    continue;
                }
                Reading::Head if there >= FRAME_HEAD_BYTES => {
                    let stream = stream_of(&self.coming.buffer).ok_or(NotInForm("a frame has no head"))?;
                    self.coming.buffer.advance(FRAME_HEAD_BYTES / 2);
                    self.reading = Reading::Frame { stream, left: self.coming.buffer.get_u32() as usize };
                    continue;
                }
                Reading::Frame { left: 0, .. } => {
                    self.reading = Reading::Head;
                    continue;
                }
                Reading::Frame { stream, left } if there > 0 => {
                    let piece = self.coming.buffer.split_to(there.min(left)).freeze();
                    self.reading = Reading::Frame { stream, left: left - piece.len() };
                    return Ok(Some((stream, piece)));
                }
                Reading::Terminal if there > 0 => {
                    return Ok(Some((Stream::Output, self.coming.buffer.split().freeze())));
                }
                Reading::Start | Reading::Head | Reading::Frame { .. } | Reading::Terminal => {}
            }
            if self.coming.more().await? {
                continue;
            }
            return match self.reading {
                // A terminal's few bytes.
                Reading::Start if there > 0 => Ok(Some((Stream::Output, self.coming.buffer.split().freeze()))),
                Reading::Start | Reading::Terminal => Ok(None),
                Reading::Head if there == 0 => Ok(None),
                Reading::Head | Reading::Frame { .. } => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            };
        }
    }
}

/// The stream that a frame's head names; none where it is no head.
fn stream_of(head: &[u8]) -> Option<Stream> {
    match head {
        // Docker sends the first for a process's input, which it echoes with its output.
        [0 | 1, 0, 0, 0, ..] => Some(Stream::Output),
        [2, 0, 0, 0, ..] => Some(Stream::Errors),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
