//! The hosts behind a network, as coordinators reach them: the production interpreter talks to this.

mod host;

use std::collections::VecDeque;

use coordinator::HostError;

pub(crate) use host::SimHost;

use crate::bug::Bug;
use crate::chance::Chance;
use crate::check::Checker;
use crate::machine::{Answer, Call, Denial, Machine};

/// How many deeds are kept for a trace.
const DEEDS: usize = 60;

/// By then a call that was not answered has arrived, or never will: that is what the time limit of a call is
/// for, and why the next one about the same thing waits for it.
pub(crate) const LATE_MS: u64 = 400;
/// What moves traffic may come far later than that: agents tell by its order.
const ORDERED_LATE_MS: u64 = 9_000;

/// All hosts, and what the network does to calls.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) now: u64,
    pub(crate) machines: Vec<Machine>,
    pub(crate) checker: Checker,
    pub(crate) network: Network,
    pub(crate) chance: Chance,
    /// Calls that arrive later: when, and which.
    pub(crate) later: Vec<(u64, Sent)>,
    /// Hosts that something happened to since the last look.
    pub(crate) touched: Vec<u32>,
    /// The last calls, in words, where they are wanted.
    pub(crate) deeds: Option<VecDeque<String>>,
    pub(crate) bug: Option<Bug>,
}

/// A call on its way.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) host: u32,
    pub(crate) token: u64,
    /// Its number among those of its coordinator that keep their order.
    pub(crate) order: Option<u64>,
    pub(crate) call: Call,
    /// Which life of the agent it was sent to: what is on its way to an agent that dies is lost.
    life: u64,
}

/// How often a call goes wrong, in thousandths.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Network {
    pub(crate) calls_lost: u64,
    pub(crate) answers_lost: u64,
    pub(crate) late: u64,
    pub(crate) twice: u64,
    pub(crate) slow: u64,
}

impl Fleet {
    /// A coordinator calls a host.
    pub(crate) fn call(
        &mut self,
        host: u32,
        (token, order): (u64, Option<u64>),
        call: Call,
    ) -> Result<Answer, HostError> {
        self.reach(host)?;
        let sent = Sent {
            host,
            token,
            order: order.filter(|_| call.moves_traffic()),
            call,
            life: self.machines[host as usize].life,
        };
        let network = self.network;
        let lost = |message: &str| HostError::Unanswered {
            message: message.into(),
        };
        if self.chance.happens(network.calls_lost) {
            return Err(lost("the call was lost"));
        }
        if self.chance.happens(network.late) {
            self.arrives_later(sent);
            return Err(lost("no answer in time"));
        }
        if self.chance.happens(network.twice) {
            if sent.order.is_some() {
                self.arrives_later(sent.clone());
            } else {
                // The second time it is as if it were done already.
                self.obey(&sent).ok();
            }
        }
        let done = self.obey(&sent);
        if self.chance.happens(network.answers_lost) {
            return Err(lost("the answer was lost"));
        }
        done.map_err(|denial| match denial {
            Denial::Stale(message) => HostError::Stale { message },
            Denial::Late => lost("a later call went before it"),
            Denial::Refused(message) => HostError::Refused {
                kind: "refused".into(),
                message: message.into(),
            },
            Denial::Absent(message) => HostError::Absent {
                message: message.into(),
            },
            Denial::Failed(message) => HostError::Failed {
                message: message.into(),
            },
        })
    }

    fn arrives_later(&mut self, sent: Sent) {
        let longest = if sent.order.is_some() {
            ORDERED_LATE_MS
        } else {
            LATE_MS
        };
        let at = self.now + self.chance.range(1, longest);
        self.later.push((at, sent));
    }

    /// A call that was given up, or its double, arrives. Nobody waits for its answer.
    pub(crate) fn arrives(&mut self, sent: &Sent) {
        let machine = &self.machines[sent.host as usize];
        if machine.answers() && machine.life == sent.life {
            let _unheard = self.obey(sent);
        }
    }

    /// A coordinator asks a host something.
    pub(crate) fn ask(&mut self, host: u32) -> Result<&Machine, HostError> {
        self.reach(host)?;
        if self.chance.happens(self.network.calls_lost) {
            return Err(HostError::Unanswered {
                message: "the question was lost".into(),
            });
        }
        Ok(&self.machines[host as usize])
    }

    fn reach(&mut self, host: u32) -> Result<(), HostError> {
        let now = self.now;
        let machine = &mut self.machines[host as usize];
        machine.pass(now);
        if machine.answers() {
            return Ok(());
        }
        Err(HostError::Unanswered {
            message: "it does not answer".into(),
        })
    }

    /// A call reaches its host, in time or late.
    fn obey(&mut self, sent: &Sent) -> Result<Answer, Denial> {
        let now = self.now;
        let Sent {
            host, token, call, ..
        } = sent;
        let (host, token) = (*host, *token);
        let machine = &mut self.machines[host as usize];
        if !machine.up {
            return Err(Denial::Failed("its power is off"));
        }
        machine.pass(now);
        let fenced = machine.admit(token);
        if !Bug::is(self.bug, Bug::AgentIgnoresFence) {
            fenced?;
        } else if let Err(denial @ Denial::Failed(_)) = fenced {
            return Err(denial);
        }
        if Bug::is(self.bug, Bug::TokenNotOnDisk) {
            machine.token_on_disk = 0;
        }
        if !Bug::is(self.bug, Bug::AgentIgnoresOrder) {
            machine.admit_order(token, sent.order)?;
        }
        self.checker.at(now);
        self.checker.before(host, machine, token, call);
        let weight = machine.proxy.weight(&machine.candidate);
        let done = Bug::obey(self.bug, machine, call);
        if done.is_ok() {
            self.checker.after(host, machine, call, weight);
        }
        self.touched.push(host);
        if let Some(deeds) = &mut self.deeds {
            if deeds.len() == DEEDS {
                deeds.pop_front();
            }
            let name = &machine.name;
            deeds.push_back(format!(
                "{:>7} ms  {name} (token {token}): {call:?} -> {done:?}",
                now - crate::scenario::BEGIN
            ));
        }
        done
    }
}
