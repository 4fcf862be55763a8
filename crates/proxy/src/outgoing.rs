//! What is sent to an instance: the head and, at first, the beginning of the body.

/// Bytes on their way to an instance, kept while they might have to be sent again.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    /// Head and body, as framed for the instance.
    pub(crate) bytes: Vec<u8>,
    /// How many of them are sent.
    pub(crate) sent: usize,
    /// Whether the client's body was taken to its end.
    pub(crate) body_done: bool,
    /// Whether what of the body came with the head was taken.
    pub(crate) primed: bool,
    spilled: bool,
}

impl Outgoing {
    /// Begins anew for a request with or without a body; `bytes` is then to hold its head.
    pub(crate) fn restart(&mut self, has_body: bool) {
        self.bytes.clear();
        self.sent = 0;
        self.body_done = !has_body;
        self.primed = !has_body;
        self.spilled = false;
    }

    /// Goes back to the start, to be sent to another instance; says whether all of it is still here.
    pub(crate) fn rewind(&mut self) -> bool {
        self.sent = 0;
        !self.spilled
    }

    /// Makes room for more of the body; from here it cannot be sent again.
    pub(crate) fn spill(&mut self) {
        if !self.bytes.is_empty() {
            self.bytes.clear();
            self.sent = 0;
            self.spilled = true;
        }
    }

    /// Says whether all that is here is sent.
    pub(crate) fn is_sent(&self) -> bool {
        self.sent == self.bytes.len()
    }
}
