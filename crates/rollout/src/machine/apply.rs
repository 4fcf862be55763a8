//! Applies an event to what is known.

use crate::cause::Cause;
use crate::event::Event;
use crate::machine::Outcome;
use crate::phase::Phase;
use crate::state::{Rollout, Stage};

impl Rollout {
    pub(crate) fn apply(&mut self, event: Event, out: &mut Outcome) {
        match event {
            Event::Begin => {
                if self.stage == Stage::Planned {
                    self.go_to(0, out);
                }
            }
            Event::Resumed { command } => self.resume(command, out),
            Event::Reply { id, reply } => self.reply(id, reply, out),
            Event::Observed { host, seen } => {
                if let Some(place) = self.places.get(&host).copied() {
                    self.observed(place, &seen, out);
                }
            }
            Event::Lost { host, detail } => {
                if let Some(place) = self.places.get(&host).copied() {
                    self.lost(place, detail, out);
                }
            }
            Event::Wake => self.wake_up(out),
            Event::Abort { by, why } => {
                let cause = Cause::Aborted { by, why };
                match self.stage {
                    Stage::Planned => {
                        self.cause = Some(cause);
                        self.stage = Stage::Ended(Phase::Aborted);
                        out.changed = true;
                    }
                    Stage::Reversible(_) => self.give_up(cause, out),
                    Stage::Committed(_) | Stage::Reverting(_) | Stage::Ended(_) => {}
                }
            }
            Event::Promote { extent, .. } => self.promote(extent, out),
            Event::Pause { by, why } => self.pause(by, why, out),
            Event::Continue { .. } => self.carry_on(out),
            Event::Retry { .. } => self.retry(out),
        }
    }
}
