//! What a coordinator could not do, and what a person does next.

use coordinator::Error;
use rollout::PlanError;

use super::{Failure, Kind};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Held { .. } => Kind::Locked,
            Error::Unfinished { .. } | Error::Fenced { .. } | Error::PastDecision { .. } => {
                Kind::Unfinished
            }
            Error::Unreachable { .. } => Kind::Unreachable,
            Error::Plan(PlanError::MarkedBad { .. }) => Kind::Other,
            Error::Plan(_) | Error::Name(_) | Error::NoHosts => Kind::Configuration,
            Error::NothingUnfinished { .. }
            | Error::NoRollout { .. }
            | Error::NoEarlier { .. }
            | Error::MissingArtifact { .. }
            | Error::PlanIsStale { .. }
            | Error::Refused { .. }
            | Error::Ledger { .. }
            | Error::Replay(_)
            | Error::Stored { .. } => Kind::Other,
        };
        let failure = Self::of(kind, &error);
        match &error {
            Error::Held { .. } => {
                failure.hint("`cutover lock` shows the lock; `cutover lock release` breaks it if its holder is gone for good")
            }
            Error::Unfinished { rollout, .. } => {
                failure.hint(format!("`cutover show {rollout}` says how far it got"))
            }
            Error::Unreachable { .. } => {
                failure.hint("run `cutover agent status` to see whether the agent still runs")
            }
            Error::Plan(PlanError::MarkedBad { artifact, .. }) => failure.hint(format!(
                "if what was wrong lies outside the artifact (settings, environment, a database) and is \
                 mended, name it: `cutover deploy --artifact {}`",
                artifact.short()
            )),
            _ => failure,
        }
    }
}
