//! The wire twin of an event.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::effect::EffectId;
use crate::event as domain;
use crate::name::{ArtifactId, HostId, InstanceId, NameError};
use crate::tick::Tick;

/// See [`domain::Event`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's Event")]
pub enum Event {
    Begin,
    Resumed { command: Option<CommandDecision> },
    Reply { id: u64, reply: Reply },
    Observed { host: String, seen: Observation },
    Lost { host: String, detail: String },
    Wake,
    Abort { by: String },
}

/// See [`domain::CommandDecision`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's")]
pub enum CommandDecision {
    Done,
    Again,
}

/// See [`domain::Reply`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's Reply")]
pub enum Reply {
    Done,
    Finished { exit: i32, output: String },
    OutcomeUnknown,
    Refused { detail: String },
    Unknown { detail: String },
}

/// See [`domain::Observation`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as the domain's Observation")]
pub struct Observation {
    pub began_ms: u64,
    pub instances: BTreeMap<String, Health>,
    pub route: Option<RouteSeen>,
    pub traffic: TrafficSeen,
}

/// See [`domain::Health`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as the domain's Health")]
pub struct Health {
    pub verdict: Verdict,
    pub restarts: u32,
    pub detail: String,
}

/// See [`domain::Verdict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "as the domain's Verdict")]
pub enum Verdict {
    Healthy,
    Unhealthy,
    Down,
}

/// See [`domain::RouteSeen`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as the domain's RouteSeen")]
pub struct RouteSeen {
    pub weights: BTreeMap<String, u8>,
    pub reverted: bool,
}

/// See [`domain::TrafficSeen`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as the domain's TrafficSeen")]
pub struct TrafficSeen {
    pub epoch: u64,
    pub stable: Tally,
    pub candidate: Tally,
}

/// See [`domain::Tally`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "as the domain's Tally")]
pub struct Tally {
    pub requests: u64,
    pub bad: u64,
    pub open: u64,
}

impl TryFrom<Event> for domain::Event {
    type Error = NameError;

    fn try_from(event: Event) -> Result<Self, NameError> {
        Ok(match event {
            Event::Begin => Self::Begin,
            Event::Resumed { command } => Self::Resumed {
                command: command.map(|decision| match decision {
                    CommandDecision::Done => domain::CommandDecision::Done,
                    CommandDecision::Again => domain::CommandDecision::Again,
                }),
            },
            Event::Reply { id, reply } => Self::Reply {
                id: EffectId(id),
                reply: reply.into(),
            },
            Event::Observed { host, seen } => Self::Observed {
                host: HostId::parse(&host)?,
                seen: seen.try_into()?,
            },
            Event::Lost { host, detail } => Self::Lost {
                host: HostId::parse(&host)?,
                detail,
            },
            Event::Wake => Self::Wake,
            Event::Abort { by } => Self::Abort { by, why: None },
        })
    }
}

impl From<Reply> for domain::Reply {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Done => Self::Done { notes: Vec::new() },
            Reply::Finished { exit, output } => {
                Self::Ran(domain::RunOutcome::Finished { exit, output })
            }
            Reply::OutcomeUnknown => Self::Ran(domain::RunOutcome::Unknown),
            Reply::Refused { detail } => Self::Refused { detail },
            Reply::Unknown { detail } => Self::Unknown { detail },
        }
    }
}

impl TryFrom<Observation> for domain::Observation {
    type Error = NameError;

    fn try_from(seen: Observation) -> Result<Self, NameError> {
        let health = |health: Health| domain::Health {
            verdict: match health.verdict {
                Verdict::Healthy => domain::Verdict::Healthy,
                Verdict::Unhealthy => domain::Verdict::Unhealthy,
                Verdict::Down => domain::Verdict::Down,
            },
            restarts: health.restarts,
            detail: health.detail,
        };
        let weights = |weights: BTreeMap<String, u8>| {
            weights
                .into_iter()
                .map(|(id, weight)| Ok((ArtifactId::parse(&id)?, weight)))
                .collect::<Result<BTreeMap<_, _>, NameError>>()
        };
        Ok(Self {
            began: Tick::from_ms(seen.began_ms),
            instances: seen
                .instances
                .into_iter()
                .map(|(id, seen)| Ok((InstanceId::parse(&id)?, health(seen))))
                .collect::<Result<_, NameError>>()?,
            route: seen
                .route
                .map(|route| {
                    Ok(domain::RouteSeen {
                        weights: weights(route.weights)?,
                        reverted: route.reverted,
                    })
                })
                .transpose()?,
            traffic: domain::TrafficSeen {
                epoch: seen.traffic.epoch,
                stable: seen.traffic.stable.into(),
                candidate: seen.traffic.candidate.into(),
            },
        })
    }
}

impl From<Tally> for domain::Tally {
    fn from(tally: Tally) -> Self {
        Self {
            requests: tally.requests,
            bad: tally.bad,
            slow: 0,
            open: tally.open,
        }
    }
}
