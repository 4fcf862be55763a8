//! The progress of a step: drawn over itself on a terminal, plain lines elsewhere.

use std::cell::Cell;
use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{BAD, DIM, GOOD, Mode, swallow};

/// How often a step under way is heard of where it is not drawn.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// A step under way.
#[derive(Debug)]
pub(crate) struct Progress {
    label: String,
    started: Instant,
    /// When a log last heard of it.
    spoke: Cell<Instant>,
    show: Show,
}

#[derive(Debug)]
enum Show {
    /// A spinner that shows the newest line of detail.
    Animated(ProgressBar),
    /// A line at the begin and at the end of the step.
    Plain,
    /// Nothing.
    Quiet,
}

impl Progress {
    pub(super) fn begin(label: String, mode: Mode, animated: bool) -> Self {
        let show = if mode.quiet {
            Show::Quiet
        } else if animated {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) =
                ProgressStyle::with_template("{spinner} {prefix} {elapsed:.dim} {wide_msg:.dim}")
            {
                bar.set_style(style);
            }
            bar.set_prefix(label.clone());
            bar.enable_steady_tick(Duration::from_millis(100));
            Show::Animated(bar)
        } else {
            line(&format!("{label} …"));
            Show::Plain
        };
        Self {
            label,
            started: sys::clock::monotonic(),
            spoke: Cell::new(sys::clock::monotonic()),
            show,
        }
    }

    /// Shows what the step is doing now.
    pub(crate) fn detail(&self, text: &str) {
        match &self.show {
            Show::Animated(bar) => bar.set_message(text.to_owned()),
            // A log has no use for what is over in a moment, but wants a sign of life.
            Show::Plain if sys::clock::since(self.spoke.get()) >= SIGN_OF_LIFE => {
                self.spoke.set(sys::clock::monotonic());
                line(&format!("  {}: {text}", self.label));
            }
            Show::Plain | Show::Quiet => {}
        }
    }

    /// Prints a line that stays, such as a warning of a compiler.
    pub(crate) fn keep(&self, text: &str) {
        match &self.show {
            Show::Animated(bar) => bar.suspend(|| line(text)),
            Show::Plain => line(text),
            Show::Quiet => {}
        }
    }

    /// Ends the step well; `outcome` may say more, such as a size, or be empty. Returns how long it took.
    pub(crate) fn done(self, outcome: &str) -> Duration {
        let took = sys::clock::since(self.started);
        if let Show::Animated(bar) = &self.show {
            bar.finish_and_clear();
        }
        if !matches!(self.show, Show::Quiet) {
            let colon = if outcome.is_empty() { "" } else { ": " };
            line(&format!(
                "{GOOD}✓{GOOD:#} {}{colon}{outcome} {DIM}({}){DIM:#}",
                self.label,
                seconds(took)
            ));
        }
        took
    }
}

impl Progress {
    /// Ends the step badly; what follows says why.
    pub(crate) fn failed(self) {
        if !matches!(self.show, Show::Quiet) {
            let took = seconds(sys::clock::since(self.started));
            self.keep(&format!(
                "{BAD}✗{BAD:#} {} {DIM}({took}){DIM:#}",
                self.label
            ));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Show::Animated(bar) = &self.show {
            bar.finish_and_clear();
        }
    }
}

/// Writes a duration for people: `0.3 s`, `2 min 5 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    if whole < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {} s", whole / 60, whole % 60)
    }
}

fn line(text: &str) {
    swallow(writeln!(anstream::stderr().lock(), "{text}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(seconds(Duration::from_millis(340)), "0.3 s");
        assert_eq!(seconds(Duration::from_secs(125)), "2 min 5 s");
    }
}
