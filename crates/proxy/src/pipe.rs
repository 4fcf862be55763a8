//! A bounded pipe of body frames from the task that answers to the protocol that sends.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame};

/// How many bytes may wait in the pipe, what they are kept in counted too.
const ROOM_BYTES: usize = 64 * 1024;
/// What keeping a frame costs beside its data: an instance that sends byte by byte must not fill memory.
const FRAME_BYTES: usize = 256;

/// The answer broke off.
#[derive(Debug, thiserror::Error)]
#[error("the answer could not be completed")]
pub(crate) struct BrokenOff;

#[derive(Debug, Default)]
struct Shared {
    frames: VecDeque<Frame<Bytes>>,
    bytes: usize,
    ended: bool,
    finished: bool,
    reader_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// The end that is written to. Dropping it without [`Writer::end`] breaks the body off.
#[derive(Debug)]
pub(crate) struct Writer(Arc<Mutex<Shared>>);

/// The end that is read: a body.
#[derive(Debug)]
pub(crate) struct Reader(Arc<Mutex<Shared>>);

/// Makes a pipe.
pub(crate) fn pipe() -> (Writer, Reader) {
    let shared = Arc::new(Mutex::new(Shared::default()));
    (Writer(Arc::clone(&shared)), Reader(shared))
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

impl Writer {
    /// Puts data in when there is room; `None` when nobody reads any more.
    pub(crate) fn poll_put(&self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Option<usize>> {
        let mut shared = lock(&self.0);
        if shared.reader_gone {
            return Poll::Ready(None);
        }
        if shared.bytes >= ROOM_BYTES {
            shared.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = data.len().min(ROOM_BYTES);
        let frame = Frame::data(Bytes::copy_from_slice(&data[..count]));
        shared.bytes += count + FRAME_BYTES;
        shared.frames.push_back(frame);
        wake(&mut shared.reader);
        Poll::Ready(Some(count))
    }

    /// Ends the body properly.
    pub(crate) fn end(&self, trailers: Option<HeaderMap>) {
        let mut shared = lock(&self.0);
        shared.frames.extend(trailers.map(Frame::trailers));
        shared.ended = true;
        wake(&mut shared.reader);
    }

    /// Ready when everything was taken; `false` when nobody reads any more.
    pub(crate) fn poll_taken(&self, cx: &mut Context<'_>) -> Poll<bool> {
        let mut shared = lock(&self.0);
        if shared.finished || (!shared.ended && shared.frames.is_empty()) {
            return Poll::Ready(true);
        }
        if shared.reader_gone {
            return Poll::Ready(false);
        }
        shared.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Ready when nobody reads any more.
    pub(crate) fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut shared = lock(&self.0);
        if shared.reader_gone {
            return Poll::Ready(());
        }
        shared.writer = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        wake(&mut lock(&self.0).reader);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut shared = lock(&self.0);
        shared.reader_gone = true;
        wake(&mut shared.writer);
    }
}

impl Body for Reader {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let mut shared = lock(&self.0);
        if let Some(frame) = shared.frames.pop_front() {
            shared.bytes -= frame.data_ref().map_or(0, |data| data.len() + FRAME_BYTES);
            shared.finished = shared.ended && shared.frames.is_empty();
            wake(&mut shared.writer);
            return Poll::Ready(Some(Ok(frame)));
        }
        if shared.ended {
            shared.finished = true;
            wake(&mut shared.writer);
            return Poll::Ready(None);
        }
        if Arc::strong_count(&self.0) == 1 {
            return Poll::Ready(Some(Err(BrokenOff)));
        }
        shared.reader = Some(cx.waker().clone());
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        let shared = lock(&self.0);
        shared.ended && shared.frames.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_full_pipe_waits_for_its_reader_and_a_dropped_writer_breaks_off() {
        let (writer, mut reader) = pipe();
        let cx = &mut Context::from_waker(Waker::noop());
        let data = vec![7; ROOM_BYTES];
        assert_eq!(writer.poll_put(cx, &data), Poll::Ready(Some(ROOM_BYTES)));
        assert_eq!(writer.poll_put(cx, &data), Poll::Pending);
        let frame = reader.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap().len(), ROOM_BYTES);
        assert_eq!(writer.poll_put(cx, b"x"), Poll::Ready(Some(1)));
        drop(writer);
        assert!(reader.frame().await.unwrap().is_ok());
        assert!(reader.frame().await.unwrap().is_err());
    }

    #[test]
    fn a_pipe_is_also_full_of_small_frames() {
        let (writer, _reader) = pipe();
        let cx = &mut Context::from_waker(Waker::noop());
        let taken = (0..ROOM_BYTES).take_while(|_| writer.poll_put(cx, b"x").is_ready());
        assert!(taken.count() <= ROOM_BYTES / FRAME_BYTES);
    }

    #[tokio::test]
    async fn a_gone_reader_is_noticed() {
        let (writer, reader) = pipe();
        drop(reader);
        let cx = &mut Context::from_waker(Waker::noop());
        assert_eq!(writer.poll_put(cx, b"x"), Poll::Ready(None));
        assert!(writer.poll_gone(cx).is_ready());
    }
}
