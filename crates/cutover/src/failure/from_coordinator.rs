//! What a coordinator could not do, and what a person does next.

use coordinator::Error;
use rollout::PlanError;

use super::{Failure, Kind};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Held { .. } | Error::Frozen { .. } | Error::EnvironmentBusy { .. } => {
                Kind::Locked
            }
            Error::Unfinished { .. } | Error::Fenced { .. } | Error::PastDecision { .. } => {
                Kind::Unfinished
            }
            Error::Unreachable { .. } => Kind::Unreachable,
            Error::Plan(PlanError::MarkedBad { .. }) => Kind::Other,
            Error::Plan(_) | Error::Name(_) | Error::NoHosts | Error::NoHotUpgrade { .. } => {
                Kind::Configuration
            }
            Error::NothingUnfinished { .. }
            | Error::NoRollout { .. }
            | Error::NoEarlier { .. }
            | Error::MissingArtifact { .. }
            | Error::PlanIsStale { .. }
            | Error::PlanDiffers { .. }
            | Error::NotNow { .. }
            | Error::Refused { .. }
            | Error::Ledger { .. }
            | Error::Replay(_)
            | Error::Read(_)
            | Error::Stored { .. } => Kind::Other,
        };
        let failure = Self::of(kind, &error);
        match &error {
            Error::Held { .. } => {
                failure.hint("`cutover lock` shows the lock; `cutover lock release` breaks it if its holder is gone for good")
            }
            Error::Frozen { .. } => failure
                .hint("`cutover freeze` shows what holds, `cutover freeze --lift` ends it")
                .hint("`cutover deploy --despite-freeze WHY` goes ahead; `cutover rollback` always may"),
            Error::EnvironmentBusy { .. } => {
                failure.hint("one rollout at a time changes an environment; try again when that one is at its end")
            }
            Error::PlanDiffers { .. } => {
                failure.hint("`cutover plan` shows what a deploy would do now, with its digest")
            }
            Error::PlanIsStale { .. } => failure.hint("run the command again: it plans anew"),
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
