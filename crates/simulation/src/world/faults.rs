//! Faults begin and end.

use super::{Happening, World};
use crate::coverage::count;
use crate::scenario::{BEGIN, Fault};

impl World {
    /// Queues the begin and the end of every fault that has them.
    pub(super) fn queue_faults(&mut self) {
        for (fault, what) in self.scenario.faults.clone().iter().enumerate() {
            let (at, for_ms) = match what {
                Fault::HostLost { at, for_ms, .. } => (*at, *for_ms),
                Fault::Partition { at, for_ms, .. }
                | Fault::DiskFull { at, for_ms, .. }
                | Fault::LedgerAway { at, for_ms }
                | Fault::Frozen { at, for_ms }
                | Fault::CutFromLedger { at, for_ms } => (*at, Some(*for_ms)),
                Fault::AgentRestart { at, .. }
                | Fault::ProxyRestart { at, .. }
                | Fault::ClockStep { at, .. } => (*at, None),
                Fault::CoordinatorDies { .. } => continue,
                _ => {
                    count(&mut self.coverage.faults, what.word());
                    continue;
                }
            };
            self.queue.put(
                BEGIN + at,
                Happening::Fault {
                    fault,
                    begins: true,
                },
            );
            if let Some(for_ms) = for_ms {
                self.queue.put(
                    BEGIN + at + for_ms,
                    Happening::Fault {
                        fault,
                        begins: false,
                    },
                );
            }
        }
    }

    pub(super) fn fault(&mut self, fault: usize, begins: bool) {
        let what = self.scenario.faults[fault];
        if begins {
            count(&mut self.coverage.faults, what.word());
        }
        if let Some(host) = what.host() {
            self.host_fault(host, what, begins);
            self.fleet().touched.push(host);
            return;
        }
        let by = |counter: &mut u32| {
            *counter = if begins {
                *counter + 1
            } else {
                counter.saturating_sub(1)
            };
        };
        match what {
            Fault::LedgerAway { .. } => by(&mut self.ledger.away),
            Fault::Frozen { for_ms, .. } if begins => {
                let until = self.now + for_ms;
                if let Some(driver) = self.drivers.iter_mut().rev().flatten().next() {
                    driver.frozen_until = until;
                    self.somebody_comes();
                }
            }
            Fault::CutFromLedger { .. } if begins => {
                if let Some(driver) = self.drivers.iter_mut().rev().flatten().next() {
                    driver.cut_off = true;
                    self.somebody_comes();
                }
            }
            Fault::CutFromLedger { .. } => {
                for driver in self.drivers.iter_mut().flatten() {
                    driver.cut_off = false;
                }
            }
            Fault::ClockStep { by_ms, .. } => {
                self.clock_by += by_ms;
                self.fleet().checker.clock_was_set = true;
                for who in 0..self.drivers.len() {
                    self.queue.put(self.now, Happening::Wake { who });
                }
            }
            _ => {}
        }
    }

    /// Somebody finds the lease run out, and takes over from one who may still believe.
    fn somebody_comes(&mut self) {
        let at = self.now + crate::ledger::TTL_MS + self.chance.range(50, 2_000);
        self.queue.put(at, Happening::Arrive { verb: None });
    }

    fn host_fault(&mut self, host: u32, fault: Fault, begins: bool) {
        let now = self.now;
        let fleet = &mut *self.fleet();
        let machine = &mut fleet.machines[host as usize];
        if machine.up {
            machine.pass(now);
        }
        let by = |counter: &mut u32| {
            *counter = if begins {
                *counter + 1
            } else {
                counter.saturating_sub(1)
            };
        };
        if let Fault::HostLost { .. } | Fault::Partition { .. } | Fault::DiskFull { .. } = fault {
            fleet.checker.silent(host, now);
        }
        match fault {
            Fault::HostLost { .. } => {
                fleet.checker.unseen(host);
                if begins {
                    machine.lose_power();
                } else {
                    machine.boot(now);
                }
            }
            Fault::Partition { .. } => by(&mut machine.cut_off),
            Fault::DiskFull { .. } => by(&mut machine.disk_full),
            Fault::AgentRestart { .. } => {
                fleet.checker.unseen(host);
                machine.restart_agent();
            }
            Fault::ProxyRestart { .. } => machine.proxy.restart(),
            _ => {}
        }
    }
}
