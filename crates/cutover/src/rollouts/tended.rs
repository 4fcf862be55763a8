//! Having a rollout driven in front of a person: by a live view where there is a terminal for it, else by
//! lines.

use coordinator::{Attendance, Order, WhenPaused};
use tokio::sync::{mpsc, watch};

use super::interrupt::interrupted;
use super::progress::news;
use super::{Follow, unless_interrupted};
use crate::context::Context;
use crate::failure::Failure;
use crate::view::{Attended, Live, attend, last_look};

/// Drives by `run`, which is given who attends to it. With a live view a person is there to act, so it
/// stays where a person is waited for; else as `when_paused` says.
pub(crate) async fn tended<T, E: Into<Failure>>(
    context: &Context,
    service: &str,
    when_paused: WhenPaused,
    run: impl AsyncFnOnce(Attendance<'_>) -> Result<T, E>,
) -> Result<T, Failure> {
    let (view, seen) = watch::channel(None);
    let (say, said) = mpsc::unbounded_channel();
    let Some(live) = Live::open(context, seen.clone(), said, true) else {
        let mut follow = Follow::new(&context.printer);
        let attendance = Attendance::new(&mut follow).when_paused(when_paused);
        return unless_interrupted(service, run(attendance)).await;
    };
    let (give, orders) = mpsc::unbounded_channel();
    let mut observer = move |progress: &coordinator::Progress| {
        if let Some(news) = news(progress) {
            // Nobody listens only once the view is gone.
            drop(say.send(news));
        }
    };
    let attendance = Attendance::new(&mut observer)
        .with_orders(orders)
        .with_view(view)
        .when_paused(WhenPaused::Stay);
    let order = |verb| drop(give.send(Order { verb, why: None }));
    let attended = attend(live, run(attendance), order).await;
    if let Some(snapshot) = seen.borrow().as_deref() {
        for line in last_look(context, snapshot) {
            context.printer.note(&line);
        }
    }
    match attended {
        Attended::Ended(done) => done.map_err(Into::into),
        Attended::Left => Err(interrupted(service)),
    }
}
