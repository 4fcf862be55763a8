//! Who attends to a rollout while it is driven: sees it, and may give orders.

use std::fmt;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::order::Order;
use crate::progress::{Observer, Progress};
use crate::view::Snapshot;

/// Where a driver publishes how its rollout stands: at once when anything changes, and a few times a
/// second while traffic does. Nothing before its first step.
pub type View = watch::Sender<Option<Arc<Snapshot>>>;

/// What a driver does when a person is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenPaused {
    /// It goes on watching until somebody acts, or `pause_max` is over.
    Stay,
    /// It ends with a paused outcome once every proxy keeps its weights for `pause_max`; whoever acts
    /// drives it from there.
    Leave,
}

/// Who attends to a rollout while it is driven.
pub struct Attendance<'a> {
    pub(crate) observer: &'a mut dyn Observer,
    pub(crate) orders: Option<mpsc::UnboundedReceiver<Order>>,
    pub(crate) view: Option<View>,
    pub(crate) when_paused: WhenPaused,
}

impl<'a> Attendance<'a> {
    /// Somebody who sees each thing as it happens.
    pub fn new(observer: &'a mut dyn Observer) -> Self {
        Self {
            observer,
            orders: None,
            view: None,
            when_paused: WhenPaused::Stay,
        }
    }

    /// Takes orders from here, such as from the keys of a live view. They are given in the name of
    /// whoever drives.
    #[must_use]
    pub fn with_orders(self, orders: mpsc::UnboundedReceiver<Order>) -> Self {
        Self {
            orders: Some(orders),
            ..self
        }
    }

    /// Publishes how the rollout stands.
    #[must_use]
    pub fn with_view(self, view: View) -> Self {
        Self {
            view: Some(view),
            ..self
        }
    }

    /// Says what to do when a person is waited for; [`WhenPaused::Stay`] unless this is said.
    #[must_use]
    pub fn when_paused(self, when_paused: WhenPaused) -> Self {
        Self {
            when_paused,
            ..self
        }
    }

    pub(crate) fn on(&mut self, progress: &Progress) {
        self.observer.on(progress);
    }
}

impl fmt::Debug for Attendance<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attendance")
            .field("orders", &self.orders.is_some())
            .field("view", &self.view.is_some())
            .field("when_paused", &self.when_paused)
            .finish_non_exhaustive()
    }
}
