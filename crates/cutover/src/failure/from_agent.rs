//! What a failed call to the agent is to a person.

use agent::client;
use agent::launch;

use super::{Failure, Kind};

impl From<client::Error> for Failure {
    fn from(error: client::Error) -> Self {
        match &error {
            client::Error::Unreachable { socket, source }
                if source.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                let message = format!("not allowed to use {}", socket.display());
                Self::new(Kind::Unreachable, message)
                    .because(source)
                    .hint("be the user that owns it, or choose another home with CUTOVER_HOME")
            }
            client::Error::Unreachable { socket, source } => {
                let message = format!("the agent does not answer at {}", socket.display());
                Self::new(Kind::Unreachable, message)
                    .because(source)
                    .hint("`cutover deploy` starts the agent; so does `cutover agent run`")
            }
            client::Error::Broken { .. } | client::Error::TimedOut { .. } => {
                Self::of(Kind::Unreachable, &error)
                    .hint("run `cutover agent status` to see whether the agent still runs")
            }
            client::Error::Refused { .. }
            | client::Error::Malformed { .. }
            | client::Error::Request { .. } => Self::of(Kind::Other, &error),
        }
    }
}

impl From<launch::Error> for Failure {
    fn from(error: launch::Error) -> Self {
        Self::of(Kind::Unreachable, &error)
    }
}
