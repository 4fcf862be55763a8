//! Server-sent events, read as bytes come: enough of the format to know ids and boundaries.

const LINE_MAX: usize = 64 * 1024;

/// Reads a stream of server-sent events.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    line: Vec<u8>,
    event: Event,
    after_cr: bool,
    in_event: bool,
}

/// One whole event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its `id`, where it has a numeric one.
    pub(crate) id: Option<u64>,
    /// Whether it has any `data`.
    pub(crate) has_data: bool,
}

impl Reader {
    /// Takes the next bytes and returns the events that they completed.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &byte in bytes {
            let lf_of_crlf = byte == b'\n' && std::mem::take(&mut self.after_cr);
            match byte {
                _ if lf_of_crlf => {}
                b'\r' | b'\n' => {
                    self.after_cr = byte == b'\r';
                    events.extend(self.end_line());
                }
                _ => {
                    self.after_cr = false;
                    // A longer line is kept by its start only: ids and field names are short.
                    if self.line.len() < LINE_MAX {
                        self.line.push(byte);
                    }
                }
            }
        }
        events
    }

    /// Says whether the bytes so far end between two events.
    pub(crate) fn at_boundary(&self) -> bool {
        self.line.is_empty() && !self.in_event
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            self.in_event = false;
            let event = std::mem::take(&mut self.event);
            return event.has_data.then_some(event);
        }
        let (field, value) = match line.iter().position(|&b| b == b':') {
            // A comment is no part of an event.
            Some(0) => return None,
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (&line[..], &[][..]),
        };
        self.in_event = true;
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"id" => {
                self.event.id = std::str::from_utf8(value)
                    .ok()
                    .and_then(|text| text.parse().ok());
            }
            b"data" => self.event.has_data = true,
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, ids: &[Option<u64>], at_boundary: bool) {
        // However the bytes are cut, the events are the same.
        for size in [1, 3, text.len().max(1)] {
            let mut reader = Reader::default();
            let events: Vec<_> = text
                .as_bytes()
                .chunks(size)
                .flat_map(|bytes| reader.feed(bytes))
                .map(|event| event.id)
                .collect();
            assert_eq!(events, ids, "{text:?} by {size}");
            assert_eq!(reader.at_boundary(), at_boundary, "{text:?} by {size}");
        }
    }

    #[test]
    fn events_and_boundaries_are_found() {
        check("", &[], true);
        check("id: 7\ndata: a\n\n", &[Some(7)], true);
        check(
            "id:7\r\ndata:a\r\n\r\nid:8\r\ndata\r\n\r\n",
            &[Some(7), Some(8)],
            true,
        );
        check("data: a\r\rdata: b\r\r", &[None, None], true);
        check("data: a\n\nid: 2\n", &[None], false);
        check("data: a\n\nid: 2\ndata: b\n", &[None], false);
        check("data: a\n\nda", &[None], false);
        check(": a comment\n", &[], true);
        check("event: x\n\n", &[], true);
        check("id: text\ndata: a\n\n", &[None], true);
    }
}
