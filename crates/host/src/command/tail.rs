//! The end of an output.

use std::collections::VecDeque;

use tokio::net::unix::pipe;

const CHUNK_BYTES: usize = 16 * 1024;

/// Keeps the last bytes of what is read.
#[derive(Debug)]
pub(super) struct Tail {
    bytes: VecDeque<u8>,
    max: usize,
}

impl Tail {
    pub(super) fn new(max: usize) -> Self {
        Self {
            bytes: VecDeque::new(),
            max,
        }
    }

    /// Waits for more; says whether more may come.
    pub(super) async fn read(&mut self, output: &pipe::Receiver) -> bool {
        output.readable().await.is_ok() && self.take(output)
    }

    /// Reads what waits, and no more.
    pub(super) fn drain(&mut self, output: &pipe::Receiver) {
        self.take(output);
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.bytes.into()
    }

    /// Reads what waits; says whether more may come.
    fn take(&mut self, output: &pipe::Receiver) -> bool {
        let mut chunk = [0; CHUNK_BYTES];
        // Bounded, for one that prints without end.
        for _ in 0..64 {
            match output.try_read(&mut chunk) {
                Ok(0) => return false,
                Ok(read) => self.push(&chunk[..read]),
                Err(e) => return e.kind() == std::io::ErrorKind::WouldBlock,
            }
        }
        true
    }

    fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        let over = self.bytes.len().saturating_sub(self.max);
        self.bytes.drain(..over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_is_kept() {
        let mut tail = Tail::new(4);
        tail.push(b"abc");
        tail.push(b"de");
        assert_eq!(tail.bytes(), b"bcde");
    }
}
