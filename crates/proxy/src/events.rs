//! Where the events of an event stream end (`text/event-stream`), so that it is ended between two. Pure.
//!
//! An event ends with an empty line; lines end with LF, CRLF or CR.

/// Follows the bytes of one event stream.
#[derive(Debug, Clone)]
pub(crate) struct EventTracker {
    line_is_empty: bool,
    after_cr: bool,
    uses_crlf: bool,
    boundary: bool,
}

impl EventTracker {
    /// At the beginning of a stream.
    pub(crate) fn new() -> Self {
        Self {
            line_is_empty: true,
            after_cr: false,
            uses_crlf: false,
            boundary: true,
        }
    }

    /// Says whether no event has begun that is not ended.
    pub(crate) fn at_boundary(&self) -> bool {
        self.boundary && !(self.after_cr && self.uses_crlf)
    }

    /// Follows `bytes` and returns how many it took: all, or with `stop_at_boundary` only those up to the
    /// next boundary (none if it stands at one).
    pub(crate) fn advance(&mut self, bytes: &[u8], stop_at_boundary: bool) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            if stop_at_boundary && self.at_boundary() {
                return at;
            }
            match byte {
                b'\n' if self.after_cr => {
                    self.after_cr = false;
                    self.uses_crlf = true;
                }
                b'\n' | b'\r' => {
                    self.boundary = self.line_is_empty;
                    self.line_is_empty = true;
                    self.after_cr = *byte == b'\r';
                }
                _ => {
                    self.boundary = false;
                    self.line_is_empty = false;
                    self.after_cr = false;
                }
            }
        }
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn boundaries_lie_after_empty_lines() {
        let check = |stream: &str, expected: &[usize]| {
            let mut tracker = EventTracker::new();
            let mut found = vec![];
            for (at, byte) in stream.bytes().enumerate() {
                if tracker.at_boundary() {
                    found.push(at);
                }
                tracker.advance(&[byte], false);
            }
            if tracker.at_boundary() {
                found.push(stream.len());
            }
            assert_eq!(found, expected, "{stream:?}");
        };
        check("", &[0]);
        check("data: a\n\ndata: b\n\n", &[0, 9, 18]);
        check("data: a\n", &[0]);
        check("a\r\n\r\nb", &[0, 5]);
        check("a\r\rb", &[0, 3]);
        check(": ping\n\n", &[0, 8]);
        check("id: 1\ndata: x\n\n", &[0, 15]);
    }

    proptest! {
        #[test]
        fn stopping_takes_just_the_bytes_to_the_boundary(text in "[a\n\r]{0,40}", start in 0usize..40) {
            let start = start.min(text.len());
            let mut tracker = EventTracker::new();
            tracker.advance(&text.as_bytes()[..start], false);
            let mut byte_by_byte = tracker.clone();
            let took = tracker.advance(&text.as_bytes()[start..], true);
            for at in start..start + took {
                prop_assert!(!byte_by_byte.at_boundary(), "{at}");
                byte_by_byte.advance(&text.as_bytes()[at..=at], false);
            }
            prop_assert!(start + took == text.len() || tracker.at_boundary());
        }
    }
}
