//! Looking at the same node again and again.

use std::time::Duration;

use crate::connection::Connection;
use crate::error::{CallError, Error};
use crate::probe::Probe;
use crate::target::Target;

/// Connects, looks once, and closes. For looks in a row a [`Prober`] is cheaper, for both sides.
///
/// # Errors
/// Where there is no connection, or no answer in time.
pub async fn probe(target: &Target, within: Duration) -> Result<Probe, Error> {
    Prober::new(target.clone()).look(within).await
}

/// Looks at one node, over a connection that it keeps and makes anew when it is lost. Dropping it closes
/// the connection.
#[derive(Debug)]
pub struct Prober {
    target: Target,
    connection: Option<Connection>,
}

impl Prober {
    /// Prepares to look at the node; nothing is sent yet.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            connection: None,
        }
    }

    /// The node that is looked at.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Looks, connecting first where there is no connection; all within the given time.
    ///
    /// # Errors
    /// Where there is no connection, or no answer in time. The next look connects anew.
    pub async fn look(&mut self, within: Duration) -> Result<Probe, Error> {
        let began = sys::clock::monotonic();
        if let Some(connection) = self.connection.take_if(|c| !c.is_closed()) {
            match connection.probe(within).await {
                // Lost since the last look: that says nothing of the node as it is now.
                Err(Error::Call(CallError::NotConnected { .. } | CallError::NodeDown { .. })) => {}
                seen => return self.keep(connection, seen),
            }
        }
        let left = || within.saturating_sub(sys::clock::since(began));
        let connection = Connection::open(&self.target, left()).await?;
        let seen = connection.probe(left()).await;
        self.keep(connection, seen)
    }

    /// Keeps a connection over which the node answered.
    fn keep(&mut self, connection: Connection, seen: Result<Probe, Error>) -> Result<Probe, Error> {
        if seen.is_ok() {
            self.connection = Some(connection);
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever watches a node does so on any thread.
    #[test]
    fn a_look_can_move_between_threads() {
        fn sent<T: Send>(_: &T) {}
        let name = crate::NodeName::new("a@b").unwrap();
        let mut prober = Prober::new(Target::local(name, crate::Cookie::new("c"), 1));
        sent(&prober.look(Duration::ZERO));
    }
}
