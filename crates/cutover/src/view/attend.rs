//! Attending to a rollout at a terminal: frames out, keys in, while the work goes on.

use std::future::Future;
use std::io::IsTerminal as _;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use coordinator::{Snapshot, Verb};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use super::hands::{Hands, Wish};
use super::screen::Screen;
use super::{Look, Shown, frame, last};
use crate::context::Context;

/// Frames at most ten times a second.
const FRAME_EVERY: Duration = Duration::from_millis(100);
/// Clocks and deadlines on the screen go on also while nothing happens.
const FRAMES_UNTIL_ANYWAY: u32 = 5;

/// What a view is fed with.
#[derive(Debug)]
pub(crate) struct Live {
    screen: Screen,
    look: Look,
    /// How the rollout stands.
    pub(crate) view: watch::Receiver<Option<Arc<Snapshot>>>,
    /// What is worth a line.
    pub(crate) news: mpsc::UnboundedReceiver<String>,
    /// Whether this process drives the rollout.
    pub(crate) drives: bool,
}

/// How attending ended.
#[derive(Debug)]
pub(crate) enum Attended<T> {
    /// The work is done.
    Ended(T),
    /// A person left, or was made to.
    Left,
}

impl Live {
    /// Takes the terminal over, where there is one that can show a view and a person wants one.
    pub(crate) fn open(
        context: &Context,
        view: watch::Receiver<Option<Arc<Snapshot>>>,
        news: mpsc::UnboundedReceiver<String>,
        drives: bool,
    ) -> Option<Self> {
        let dumb = context
            .environment
            .term
            .as_ref()
            .is_none_or(|term| term == "dumb");
        if dumb
            || context.printer.is_json()
            || context.globals.quiet
            || !std::io::stderr().is_terminal()
        {
            return None;
        }
        let screen = Screen::open().ok()?;
        Some(Self::on(screen, look(context), view, news, drives))
    }

    fn on(
        screen: Screen,
        look: Look,
        view: watch::Receiver<Option<Arc<Snapshot>>>,
        news: mpsc::UnboundedReceiver<String>,
        drives: bool,
    ) -> Self {
        Self {
            screen,
            look,
            view,
            news,
            drives,
        }
    }
}

/// The rollout as it stood last, as lines that stay in the terminal after a view.
pub(crate) fn last_look(context: &Context, snapshot: &Snapshot) -> Vec<String> {
    let size = rustix::termios::tcgetwinsize(std::io::stderr());
    let width = size.map_or(80, |size| usize::from(size.ws_col).max(20));
    last(snapshot, width, look(context))
}

/// What the terminal of a person shows.
fn look(context: &Context) -> Look {
    Look {
        unicode: context.environment.utf8,
        colour: context.printer.has_colour(),
    }
}

/// Shows the rollout while `work` goes on, and gives what a person asks for to `order`.
pub(crate) async fn attend<T>(
    mut live: Live,
    work: impl Future<Output = T>,
    mut order: impl FnMut(Verb),
) -> Attended<T> {
    let mut work = pin!(work);
    let mut ticks = tokio::time::interval(FRAME_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut signals = Signals::new();
    let mut hands = Hands::default();
    let (mut scroll, mut news, mut dirty, mut idle) = (0_isize, None, true, 0);
    let mut size = live.screen.size();
    loop {
        tokio::select! {
            done = &mut work => return Attended::Ended(done),
            () = signals.any() => return Attended::Left,
            keys = live.screen.keys() => {
                let Ok(keys) = keys else {
                    return Attended::Left;
                };
                for key in keys {
                    let snapshot = live.view.borrow().clone();
                    let possible = snapshot.as_ref().map_or(&[][..], |snapshot| &snapshot.possible);
                    match hands.press(key, possible, live.drives) {
                        Wish::Order(verb) => {
                            news = Some(format!("asked to {}", verb.word()));
                            order(verb);
                        }
                        Wish::Leave => return Attended::Left,
                        Wish::Scroll(lines) => scroll = scroll.saturating_add(lines),
                        Wish::Follow => scroll = 0,
                        Wish::Nothing => {}
                    }
                }
                dirty = true;
            }
            said = live.news.recv(), if !live.news.is_closed() => {
                news = said.or(news);
                dirty = true;
            }
            _ = ticks.tick() => {
                let now = live.screen.size();
                dirty |= now != size || live.view.has_changed().unwrap_or(false);
                size = now;
                idle += 1;
                if dirty || idle >= FRAMES_UNTIL_ANYWAY {
                    let snapshot = live.view.borrow_and_update().clone();
                    let question = hands.question(snapshot.as_deref());
                    let shown = Shown {
                        snapshot: snapshot.as_deref(),
                        now_ms: sys::clock::now_ms(),
                        news: news.as_deref(),
                        question: question.as_deref(),
                        scroll,
                    };
                    live.screen.draw(&frame(&shown, size.0, size.1, live.look));
                    (dirty, idle) = (false, 0);
                }
            }
        }
    }
}

/// Signals that end a view; the terminal is given back first.
struct Signals(Vec<tokio::signal::unix::Signal>);

impl Signals {
    fn new() -> Self {
        let kinds = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        // Without a handler the default is left: the process ends.
        Self(
            kinds
                .into_iter()
                .filter_map(|kind| signal(kind).ok())
                .collect(),
        )
    }

    async fn any(&mut self) {
        std::future::poll_fn(|context| {
            let came = self
                .0
                .iter_mut()
                .any(|signal| signal.poll_recv(context).is_ready());
            if came {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }
}

#[cfg(test)]
mod tests;
