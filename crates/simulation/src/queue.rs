//! What will happen, in order of time; at the same time, in the order it was put there.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A queue of happenings.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    heap: BinaryHeap<Item<T>>,
    seq: u64,
}

#[derive(Debug)]
struct Item<T> {
    at: u64,
    seq: u64,
    what: T,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self {
            heap: BinaryHeap::new(),
            seq: 0,
        }
    }

    /// Puts a happening at a time, in milliseconds.
    pub(crate) fn put(&mut self, at: u64, what: T) {
        self.seq += 1;
        let seq = self.seq;
        self.heap.push(Item { at, seq, what });
    }

    /// Takes the next one with its time.
    pub(crate) fn take(&mut self) -> Option<(u64, T)> {
        self.heap.pop().map(|item| (item.at, item.what))
    }
}

impl<T> Ord for Item<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.seq).cmp(&(self.at, self.seq))
    }
}

impl<T> PartialOrd for Item<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Item<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.seq) == (other.at, other.seq)
    }
}

impl<T> Eq for Item<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_first_comes_first_and_equals_keep_their_order() {
        let mut queue = Queue::new();
        for (at, what) in [(5, 'd'), (1, 'a'), (3, 'b'), (3, 'c')] {
            queue.put(at, what);
        }
        let taken: String = std::iter::from_fn(|| queue.take())
            .map(|(_, what)| what)
            .collect();
        assert_eq!(taken, "abcd");
    }
}
