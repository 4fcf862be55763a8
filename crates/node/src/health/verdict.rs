//! What a look at a node came to.

/// What a look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether nothing speaks against the node.
    pub healthy: bool,
    /// What speaks against it; empty where it is healthy.
    pub reasons: Vec<String>,
    /// What was seen, in one line.
    pub summary: String,
}

impl Verdict {
    /// The reasons in one line, or what was seen if there are none.
    pub fn detail(&self) -> String {
        if self.reasons.is_empty() {
            self.summary.clone()
        } else {
            self.reasons.join("; ")
        }
    }
}
