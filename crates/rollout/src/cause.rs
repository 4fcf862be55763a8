//! Why a rollout was given up.

use std::fmt;

use crate::name::{HostId, InstanceId};
use crate::plan::HookPoint;

/// Why a candidate was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// It was not continuously healthy in time.
    NotHealthy {
        /// Where.
        host: HostId,
        /// Which instance.
        instance: InstanceId,
        /// What its health check said last.
        detail: String,
        /// The deadline that passed, in milliseconds.
        deadline_ms: u64,
    },
    /// It crashed again and again while starting.
    CrashLoop {
        /// Where.
        host: HostId,
        /// Which instance.
        instance: InstanceId,
        /// How often it was restarted.
        restarts: u32,
        /// How it ended.
        detail: String,
    },
    /// It crashed, or failed its health check, while it was watched.
    FailedWatched {
        /// Where.
        host: HostId,
        /// Which instance.
        instance: InstanceId,
        /// What was seen.
        detail: String,
    },
    /// It answered worse than stable.
    AnsweredWorse {
        /// Where.
        host: HostId,
        /// The numbers, in words.
        detail: String,
    },
    /// The release command failed.
    CommandFailed {
        /// Its exit code.
        exit: i32,
        /// The end of what it printed.
        output: String,
    },
    /// A person asked for it.
    Aborted {
        /// Who.
        by: String,
        /// Why, if it was said.
        why: Option<String>,
    },
    /// An analysis judged the candidate worse.
    AnalysisFailed {
        /// Which step.
        step: String,
        /// What was judged.
        name: String,
        /// The numbers, in words.
        detail: String,
    },
    /// A hook failed that was not to.
    HookFailed {
        /// Its point.
        point: HookPoint,
        /// Its name.
        name: String,
        /// What was seen.
        detail: String,
    },
    /// Background work could not be begun or ended.
    JobFailed {
        /// Where.
        host: HostId,
        /// What it was asked.
        asked: String,
        /// What was seen.
        detail: String,
    },
    /// Nobody promoted it in time.
    PauseExpired {
        /// What was waited for.
        waited_for: String,
        /// How long, in milliseconds.
        waited_ms: u64,
    },
    /// Hosts were set aside, or could not be brought to the end.
    HostsAside {
        /// Which, with what was seen.
        hosts: Vec<(HostId, String)>,
    },
    /// A host refused what it was asked.
    Refused {
        /// Which host.
        host: HostId,
        /// What it was asked.
        asked: String,
        /// What it answered.
        detail: String,
    },
    /// A host did not answer in time.
    Unreachable {
        /// Which host.
        host: HostId,
        /// What it was asked.
        asked: String,
        /// What was seen.
        detail: String,
    },
    /// The lease of a proxy ran out, and it returned to stable by itself.
    LeaseExpired {
        /// Which host.
        host: HostId,
    },
}

/// What became of a release command that was under way when its rollout was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandEnd {
    /// It had not begun, and will not.
    NotBegun,
    /// It ended by itself, or was killed when its time was over.
    Exited {
        /// The exit code; 128 + n for signal n.
        exit: i32,
    },
    /// It began, and nobody saw its end.
    Unknown,
}

impl fmt::Display for CommandEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBegun => f.write_str("the release command had not begun"),
            Self::Exited { exit } => write!(
                f,
                "the release command was under way and ended with exit code {exit}"
            ),
            Self::Unknown => {
                f.write_str("nobody saw the end of the release command: look what it did")
            }
        }
    }
}

impl Cause {
    /// Says whether the artifact is to be marked bad (invariant I9): it did badly with traffic. One that
    /// never got that far meets the same gate again, and its fault may lie in settings that are mended by
    /// then; an unreachable host, a refused route or a person's abort says nothing about the artifact.
    pub fn blames_candidate(&self) -> bool {
        match self {
            Self::FailedWatched { .. }
            | Self::AnsweredWorse { .. }
            | Self::AnalysisFailed { .. } => true,
            Self::NotHealthy { .. }
            | Self::CrashLoop { .. }
            | Self::CommandFailed { .. }
            | Self::Aborted { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::LeaseExpired { .. }
            | Self::HookFailed { .. }
            | Self::JobFailed { .. }
            | Self::PauseExpired { .. }
            | Self::HostsAside { .. } => false,
        }
    }

    /// Says whether it is of one host, which a failure budget may put up with.
    pub(crate) fn is_of_one_host(&self) -> bool {
        match self {
            Self::NotHealthy { .. }
            | Self::CrashLoop { .. }
            | Self::FailedWatched { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::LeaseExpired { .. }
            | Self::JobFailed { .. } => true,
            Self::AnsweredWorse { .. }
            | Self::CommandFailed { .. }
            | Self::Aborted { .. }
            | Self::AnalysisFailed { .. }
            | Self::HookFailed { .. }
            | Self::PauseExpired { .. }
            | Self::HostsAside { .. } => false,
        }
    }

    /// Returns the instance whose log tells more, if there is one.
    pub fn instance(&self) -> Option<(&HostId, &InstanceId)> {
        match self {
            Self::NotHealthy { host, instance, .. }
            | Self::CrashLoop { host, instance, .. }
            | Self::FailedWatched { host, instance, .. } => Some((host, instance)),
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHealthy {
                host,
                instance,
                detail,
                deadline_ms,
            } => write!(
                f,
                "{instance} on {host} was not healthy within {} s (healthy_deadline): {detail}",
                seconds(*deadline_ms)
            ),
            Self::CrashLoop {
                host,
                instance,
                restarts,
                detail,
            } => {
                write!(
                    f,
                    "{instance} on {host} crashed {restarts} times while starting; last: {detail}"
                )
            }
            Self::FailedWatched {
                host,
                instance,
                detail,
            } => {
                write!(
                    f,
                    "{instance} on {host} failed while it was watched: {detail}"
                )
            }
            Self::AnsweredWorse { host, detail } => write!(
                f,
                "the candidate answered worse than stable on {host}: {detail}"
            ),
            Self::CommandFailed { exit, output } => {
                write!(
                    f,
                    "the release command ended with exit code {exit}: {}",
                    output.trim_end()
                )
            }
            Self::Aborted { by, why: None } => write!(f, "aborted by {by}"),
            Self::Aborted { by, why: Some(why) } => write!(f, "aborted by {by}: {why}"),
            Self::AnalysisFailed { step, name, detail } => {
                write!(f, "{step} judged the candidate worse by {name}: {detail}")
            }
            Self::HookFailed {
                point,
                name,
                detail,
            } => write!(f, "the {point} hook {name} failed: {detail}"),
            Self::JobFailed {
                host,
                asked,
                detail,
            } => write!(f, "{host} could not {asked}: {detail}"),
            Self::PauseExpired {
                waited_for,
                waited_ms,
            } => write!(
                f,
                "it waited {} s (pause_max) for {waited_for}",
                seconds(*waited_ms)
            ),
            Self::HostsAside { hosts } => {
                let hosts: Vec<_> = hosts
                    .iter()
                    .map(|(host, why)| format!("{host} ({why})"))
                    .collect();
                write!(f, "not brought to the end: {}", hosts.join(", "))
            }
            Self::Refused {
                host,
                asked,
                detail,
            } => write!(f, "{host} refused to {asked}: {detail}"),
            Self::Unreachable {
                host,
                asked,
                detail,
            } => {
                write!(
                    f,
                    "{host} did not answer in time when asked to {asked}: {detail}"
                )
            }
            Self::LeaseExpired { host } => write!(
                f,
                "the proxy on {host} heard nothing for longer than orphan_timeout and returned to stable by itself"
            ),
        }
    }
}

/// Renders milliseconds as seconds with at most one decimal.
fn seconds(ms: u64) -> String {
    if ms.is_multiple_of(1000) {
        (ms / 1000).to_string()
    } else {
        format!("{:.1}", ms as f64 / 1000.0)
    }
}
