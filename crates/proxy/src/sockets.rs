//! The long-lived connections of a version, each of which can be asked to go.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

/// What a long-lived connection is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Go on.
    Stay,
    /// End gently at the next boundary, with this close code.
    Move {
        /// The WebSocket close code.
        code: u16,
    },
    /// End now.
    Cut,
}

const STAY: u32 = 0;
const CUT: u32 = 1;
const MOVE: u32 = 1 << 16;

/// The ear of one long-lived connection.
#[derive(Debug)]
pub(crate) struct Ear {
    order: AtomicU32,
    waker: Mutex<Option<Waker>>,
}

impl Ear {
    /// Returns the order in force, and wakes the task when it changes.
    pub(crate) fn listen(&self, cx: &mut Context<'_>) -> Order {
        {
            let mut waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *waker {
                Some(waker) => waker.clone_from(cx.waker()),
                empty => *empty = Some(cx.waker().clone()),
            }
        }
        match self.order.load(Ordering::Acquire) {
            STAY => Order::Stay,
            CUT => Order::Cut,
            order => Order::Move {
                code: (order & 0xffff) as u16,
            },
        }
    }

    fn order(&self, order: u32) {
        self.order.store(order, Ordering::Release);
        let waker = self
            .waker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// All long-lived connections of a version.
#[derive(Debug, Default)]
pub(crate) struct Sockets {
    next: AtomicU64,
    cut: AtomicBool,
    open: Mutex<BTreeMap<u64, Arc<Ear>>>,
}

impl Sockets {
    /// Enters a connection; it leaves when the [`Entry`] is dropped. One that was still being opened
    /// when all were cut is cut, too.
    pub(crate) fn enter(self: &Arc<Self>) -> Entry {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut open = self.lock();
        let order = if self.is_cut() { CUT } else { STAY };
        let ear = Arc::new(Ear {
            order: AtomicU32::new(order),
            waker: Mutex::new(None),
        });
        open.insert(id, Arc::clone(&ear));
        drop(open);
        Entry {
            sockets: Arc::clone(self),
            id,
            ear,
        }
    }

    /// Asks up to `count` connections from number `from` on to go; returns where to continue.
    pub(crate) fn ask_to_move(&self, from: u64, count: usize, code: u16) -> u64 {
        let mut next = from;
        let ears: Vec<_> = self
            .lock()
            .range(from..)
            .take(count)
            .map(|(id, ear)| {
                next = id + 1;
                Arc::clone(ear)
            })
            .collect();
        for ear in ears {
            ear.order(MOVE | u32::from(code));
        }
        next
    }

    /// Cuts everything that is open, and what is still entered.
    pub(crate) fn cut_all(&self) {
        let open = self.lock();
        self.cut.store(true, Ordering::Release);
        let ears: Vec<_> = open.values().map(Arc::clone).collect();
        drop(open);
        for ear in ears {
            ear.order(CUT);
        }
    }

    /// Says whether everything is to end.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Takes back a cut.
    pub(crate) fn spare(&self) {
        self.cut.store(false, Ordering::Release);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<Ear>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One entered connection.
#[derive(Debug)]
pub(crate) struct Entry {
    sockets: Arc<Sockets>,
    id: u64,
    /// Where it hears its orders.
    pub(crate) ear: Arc<Ear>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.sockets.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_asked_in_order_and_each_once() {
        let sockets = Arc::new(Sockets::default());
        let entries: Vec<_> = (0..5).map(|_| sockets.enter()).collect();
        let cx = &mut Context::from_waker(Waker::noop());
        let asked = |cx: &mut Context<'_>| {
            let moved = Order::Move { code: 1012 };
            entries.iter().filter(|e| e.ear.listen(cx) == moved).count()
        };
        let next = sockets.ask_to_move(0, 2, 1012);
        assert_eq!(asked(cx), 2);
        let next = sockets.ask_to_move(next, 2, 1012);
        assert_eq!(asked(cx), 4);
        sockets.ask_to_move(next, 2, 1012);
        assert_eq!(asked(cx), 5);
        sockets.cut_all();
        assert_eq!(entries[0].ear.listen(cx), Order::Cut);
        let late = sockets.enter();
        assert_eq!(late.ear.listen(cx), Order::Cut);
        sockets.spare();
        assert_eq!(sockets.enter().ear.listen(cx), Order::Stay);
        drop((entries, late));
        assert!(sockets.lock().is_empty());
    }
}
