//! The wire twin of an event.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::analysis::Number;
use super::twin::{ArtifactName, HostName, InstanceName, Twin, record, words};
use crate::effect::EffectId;
use crate::event as domain;
use crate::journal::ReadError;
use crate::tick::Tick;

/// See [`crate::Event`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's Event")]
pub enum Event {
    Begin,
    Resumed {
        command: Option<CommandDecision>,
    },
    Reply {
        id: u64,
        reply: Reply,
    },
    Observed {
        host: HostName,
        seen: Observation,
    },
    Lost {
        host: HostName,
        detail: String,
    },
    Wake,
    Abort {
        by: String,
        why: Option<String>,
    },
    Promote {
        by: String,
        why: Option<String>,
        extent: Extent,
    },
    Pause {
        by: String,
        why: Option<String>,
    },
    Continue {
        by: String,
        why: Option<String>,
    },
    Retry {
        by: String,
        why: Option<String>,
    },
}

words!(
    /// See [`crate::CommandDecision`].
    CommandDecision = domain::CommandDecision { Done, Again }
);
words!(
    /// See [`crate::Extent`].
    Extent = domain::Extent { Next, Full }
);

/// See [`crate::Reply`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's Reply")]
pub enum Reply {
    Done { notes: Vec<String> },
    Finished { exit: i32, output: String },
    OutcomeUnknown,
    Measured { measurement: Measurement },
    Refused { detail: String },
    Unknown { detail: String },
}

/// See [`analysis::Measurement`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's")]
pub enum Measurement {
    Value(Number),
    NoData,
    Error(String),
}

/// See [`crate::Observation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as the domain's Observation")]
pub struct Observation {
    pub began_ms: u64,
    pub instances: BTreeMap<InstanceName, Health>,
    pub route: Option<RouteSeen>,
    pub traffic: TrafficSeen,
}

record!(
    /// See [`crate::Health`].
    Health = domain::Health { verdict: Verdict, restarts: u32, detail: String }
);
words!(
    /// See [`crate::Verdict`].
    Verdict = domain::Verdict { Healthy, Unhealthy, Down }
);
record!(
    /// See [`crate::RouteSeen`].
    RouteSeen = domain::RouteSeen { weights: BTreeMap<ArtifactName, u8>, reverted: bool }
);
record!(
    /// See [`crate::TrafficSeen`].
    TrafficSeen = domain::TrafficSeen { epoch: u64, stable: Tally, candidate: Tally }
);
record!(
    /// See [`crate::Tally`].
    Tally = domain::Tally { requests: u64, bad: u64, slow: u64, open: u64 }
);

impl Twin for Event {
    type Domain = domain::Event;

    fn write(event: &domain::Event) -> Self {
        match event.clone() {
            domain::Event::Begin => Self::Begin,
            domain::Event::Resumed { command } => Self::Resumed {
                command: Twin::write(&command),
            },
            domain::Event::Reply { id, reply } => Self::Reply {
                id: id.0,
                reply: Twin::write(&reply),
            },
            domain::Event::Observed { host, seen } => Self::Observed {
                host: Twin::write(&host),
                seen: Twin::write(&seen),
            },
            domain::Event::Lost { host, detail } => Self::Lost {
                host: Twin::write(&host),
                detail,
            },
            domain::Event::Wake => Self::Wake,
            domain::Event::Abort { by, why } => Self::Abort { by, why },
            domain::Event::Promote { by, why, extent } => Self::Promote {
                by,
                why,
                extent: Twin::write(&extent),
            },
            domain::Event::Pause { by, why } => Self::Pause { by, why },
            domain::Event::Continue { by, why } => Self::Continue { by, why },
            domain::Event::Retry { by, why } => Self::Retry { by, why },
        }
    }

    fn read(self) -> Result<domain::Event, ReadError> {
        Ok(match self {
            Self::Begin => domain::Event::Begin,
            Self::Resumed { command } => domain::Event::Resumed {
                command: command.read()?,
            },
            Self::Reply { id, reply } => domain::Event::Reply {
                id: EffectId(id),
                reply: reply.read()?,
            },
            Self::Observed { host, seen } => domain::Event::Observed {
                host: host.read()?,
                seen: seen.read()?,
            },
            Self::Lost { host, detail } => domain::Event::Lost {
                host: host.read()?,
                detail,
            },
            Self::Wake => domain::Event::Wake,
            Self::Abort { by, why } => domain::Event::Abort { by, why },
            Self::Promote { by, why, extent } => domain::Event::Promote {
                by,
                why,
                extent: extent.read()?,
            },
            Self::Pause { by, why } => domain::Event::Pause { by, why },
            Self::Continue { by, why } => domain::Event::Continue { by, why },
            Self::Retry { by, why } => domain::Event::Retry { by, why },
        })
    }
}

impl Twin for Reply {
    type Domain = domain::Reply;

    fn write(reply: &domain::Reply) -> Self {
        match reply.clone() {
            domain::Reply::Done { notes } => Self::Done { notes },
            domain::Reply::Ran(domain::RunOutcome::Finished { exit, output }) => {
                Self::Finished { exit, output }
            }
            domain::Reply::Ran(domain::RunOutcome::Unknown) => Self::OutcomeUnknown,
            domain::Reply::Measured(measurement) => Self::Measured {
                measurement: match measurement {
                    analysis::Measurement::Value(value) => Measurement::Value(Twin::write(&value)),
                    analysis::Measurement::NoData => Measurement::NoData,
                    analysis::Measurement::Error(error) => Measurement::Error(error),
                },
            },
            domain::Reply::Refused { detail } => Self::Refused { detail },
            domain::Reply::Unknown { detail } => Self::Unknown { detail },
        }
    }

    fn read(self) -> Result<domain::Reply, ReadError> {
        Ok(match self {
            Self::Done { notes } => domain::Reply::Done { notes },
            Self::Finished { exit, output } => {
                domain::Reply::Ran(domain::RunOutcome::Finished { exit, output })
            }
            Self::OutcomeUnknown => domain::Reply::Ran(domain::RunOutcome::Unknown),
            Self::Measured { measurement } => domain::Reply::Measured(match measurement {
                Measurement::Value(value) => analysis::Measurement::Value(value.read()?),
                Measurement::NoData => analysis::Measurement::NoData,
                Measurement::Error(error) => analysis::Measurement::Error(error),
            }),
            Self::Refused { detail } => domain::Reply::Refused { detail },
            Self::Unknown { detail } => domain::Reply::Unknown { detail },
        })
    }
}

impl Twin for Observation {
    type Domain = domain::Observation;

    fn write(seen: &domain::Observation) -> Self {
        Self {
            began_ms: seen.began.ms(),
            instances: Twin::write(&seen.instances),
            route: Twin::write(&seen.route),
            traffic: Twin::write(&seen.traffic),
        }
    }

    fn read(self) -> Result<domain::Observation, ReadError> {
        Ok(domain::Observation {
            began: Tick::from_ms(self.began_ms),
            instances: self.instances.read()?,
            route: self.route.read()?,
            traffic: self.traffic.read()?,
        })
    }
}
