//! Read buffers that idle connections do not hold on to.
//!
//! A buffer takes its memory from a free list of its thread when bytes arrive and gives it back when it
//! is empty, so that ten thousand silent sockets cost next to nothing.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// The size of a buffer.
pub(crate) const BUFFER_BYTES: usize = 32 * 1024;
/// The most buffers a thread keeps for reuse.
const FREE_MAX: usize = 256;

thread_local! {
    static FREE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Bytes read and not yet used.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    store: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// The bytes not yet used.
    pub(crate) fn data(&self) -> &[u8] {
        &self.store[self.start..self.end]
    }

    /// Says whether there is nothing to use.
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Says whether nothing more can be read until some is used, or it grows.
    pub(crate) fn is_full(&self) -> bool {
        !self.store.is_empty() && self.end - self.start == self.store.len()
    }

    /// Notes that the first `count` bytes are used.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start += count;
        debug_assert!(self.start <= self.end);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Makes room for one more buffer's worth.
    pub(crate) fn grow(&mut self) {
        self.store.resize(self.store.len() + BUFFER_BYTES, 0);
    }

    /// Gives the memory back, if nothing is in it.
    pub(crate) fn release(&mut self) {
        if self.is_empty() && !self.store.is_empty() {
            let store = std::mem::take(&mut self.store);
            if store.len() == BUFFER_BYTES {
                FREE.with_borrow_mut(|free| {
                    if free.len() < FREE_MAX {
                        free.push(store);
                    }
                });
            }
        }
    }

    /// Reads what is there into the free room; 0 is the end. The buffer must not be full.
    pub(crate) fn poll_fill(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if self.store.is_empty() {
            self.store = FREE
                .with_borrow_mut(Vec::pop)
                .unwrap_or_else(|| vec![0; BUFFER_BYTES]);
        }
        if self.end == self.store.len() {
            self.store.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let mut room = ReadBuf::new(&mut self.store[self.end..]);
        ready!(Pin::new(stream).poll_read(cx, &mut room))?;
        let count = room.filled().len();
        self.end += count;
        Poll::Ready(Ok(count))
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.start = 0;
        self.end = 0;
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in_across_compaction_and_growth() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let source: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
            let mut stream = &source[..];
            let mut buffer = Buffer::default();
            let mut got = vec![];
            loop {
                if buffer.is_full() {
                    buffer.grow();
                }
                let count = std::future::poll_fn(|cx| buffer.poll_fill(&mut stream, cx))
                    .await
                    .unwrap();
                let use_now = if count == 0 {
                    buffer.data().len()
                } else {
                    buffer.data().len() / 3
                };
                got.extend_from_slice(&buffer.data()[..use_now]);
                buffer.consume(use_now);
                if count == 0 {
                    break;
                }
            }
            assert!(got == source);
        });
    }
}
