//! The terminal while a view is on it: raw, on its other screen, and as it was on every way out, a panic
//! included.
//!
//! The terminal is opened anew and never waited for: a terminal that stands still must not hold up a
//! rollout, so a frame that does not fit is left out.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::{Mutex, Once};

use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::io::unix::AsyncFd;

use super::key::{self, Key};

const TERMINAL: &str = "/dev/tty";
/// The other screen, no cursor.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE: &[u8] = b"\x1b[0m\x1b[?25h\x1b[?1049l";

/// How the terminal was, for whoever has to bring that back.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
static PANICS: Once = Once::new();

/// The terminal with a view on it.
#[derive(Debug)]
pub(crate) struct Screen {
    terminal: AsyncFd<File>,
    /// What the terminal has not taken yet.
    unwritten: Vec<u8>,
}

impl Screen {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// Where there is none, or it is not ours; it is as it was then.
    pub(crate) fn open() -> io::Result<Self> {
        let terminal = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
            .open(TERMINAL)?;
        let before = tcgetattr(&terminal)?;
        let mut raw = before.clone();
        raw.make_raw();
        #[expect(
            deprecated,
            reason = "the other way is unsafe; this file is never closed or handed out"
        )]
        let terminal = AsyncFd::new(terminal)?;
        PANICS.call_once(|| {
            let report = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                restore();
                report(panic);
            }));
        });
        if let Ok(mut kept) = BEFORE.lock() {
            *kept = Some(before);
        }
        let mut screen = Self {
            terminal,
            unwritten: ENTER.to_vec(),
        };
        // Dropped from here on, it restores.
        tcsetattr(screen.terminal.get_ref(), OptionalActions::Flush, &raw)?;
        screen.write();
        Ok(screen)
    }

    /// Returns columns and rows.
    pub(crate) fn size(&self) -> (usize, usize) {
        match tcgetwinsize(self.terminal.get_ref()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
                (usize::from(size.ws_col), usize::from(size.ws_row))
            }
            _ => (80, 24),
        }
    }

    /// Draws lines over what was there.
    pub(crate) fn draw(&mut self, lines: &[String]) {
        self.write();
        if !self.unwritten.is_empty() {
            return;
        }
        // Terminals that know it show the frame at once; others pass it over.
        let mut frame = String::from("\x1b[?2026h");
        for (row, line) in (1..).zip(lines) {
            frame.push_str(&format!("\x1b[{row};1H{line}\x1b[0m\x1b[K"));
        }
        frame.push_str("\x1b[J\x1b[?2026l");
        self.unwritten = frame.into_bytes();
        self.write();
    }

    /// Waits for keys.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub(crate) async fn keys(&self) -> io::Result<Vec<Key>> {
        loop {
            let mut ready = self.terminal.readable().await?;
            let mut bytes = [0; 256];
            let read =
                ready.try_io(|terminal| Ok(rustix::io::read(terminal.get_ref(), &mut bytes)?));
            match read {
                Ok(Ok(0)) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(Ok(count)) => return Ok(key::keys(&bytes[..count])),
                Ok(Err(error)) => return Err(error),
                Err(_not_ready) => {}
            }
        }
    }

    fn write(&mut self) {
        while !self.unwritten.is_empty() {
            match rustix::io::write(self.terminal.get_ref(), &self.unwritten) {
                Ok(written) => drop(self.unwritten.drain(..written)),
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return,
                // A terminal that is gone says so when keys are waited for.
                Err(_) => return self.unwritten.clear(),
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// Brings the terminal back to how it was, once.
fn restore() {
    let Some(before) = BEFORE.lock().ok().and_then(|mut kept| kept.take()) else {
        return;
    };
    let Ok(terminal) = OpenOptions::new().write(true).read(true).open(TERMINAL) else {
        return;
    };
    let left = rustix::io::write(&terminal, LEAVE);
    let restored = tcsetattr(&terminal, OptionalActions::Drain, &before);
    if left.is_err() || restored.is_err() {
        // Only a terminal that is gone cannot be restored.
        tracing::debug!("the terminal is gone");
    }
}
