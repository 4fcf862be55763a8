//! The progress of a rollout: a line for each step that ends, details of the one under way.

use coordinator::{Observer, Progress};

use crate::printer::{self, Printer};

/// Follows a rollout on stderr; with `--json` every event is a line of JSON there.
pub(crate) struct Follow<'a> {
    printer: &'a Printer,
    step: Option<printer::Progress>,
}

impl<'a> Follow<'a> {
    pub(crate) fn new(printer: &'a Printer) -> Self {
        Self {
            printer,
            step: None,
        }
    }

    fn say(&self, text: &str) {
        match &self.step {
            Some(step) => step.keep(text),
            None => self.printer.note(text),
        }
    }

    fn detail(&self, text: &str) {
        if let Some(step) = &self.step {
            step.detail(text);
        }
    }
}

impl Observer for Follow<'_> {
    fn on(&mut self, progress: &Progress) {
        if self.printer.is_json() {
            if let Ok(line) = serde_json::to_string(progress) {
                self.printer.note(&line);
            }
            return;
        }
        match progress {
            Progress::Leased {
                taken_over_from: Some(holder),
                ..
            } => self.say(&format!("took the lock over from {holder}")),
            Progress::Began { rollout, resumed } => {
                let verb = if *resumed { "resuming" } else { "began" };
                self.say(&format!("{verb} rollout {rollout}"));
            }
            Progress::Warning { text } => self.printer.warn(text),
            Progress::StepStarted { step, .. } => {
                self.step = Some(self.printer.progress(step.clone()));
            }
            Progress::StepFinished { .. } => {
                if let Some(step) = self.step.take() {
                    step.done("");
                }
            }
            Progress::Asked { host, what } => self.detail(&format!("{host}: {what}")),
            Progress::Errand { what } => self.detail(what),
            Progress::Told { verb, by, why } => {
                let why = why
                    .as_ref()
                    .map_or_else(String::new, |why| format!(": {why}"));
                self.say(&format!("{by} asked to {verb}{why}"));
            }
            Progress::SetAside { host, why } => {
                self.say(&format!("goes on without {host}: {why}"));
            }
            Progress::Health {
                instance,
                healthy,
                detail,
                ..
            } => {
                let state = if *healthy { "healthy" } else { "not healthy" };
                self.detail(&format!("{detail}: {instance} is {state}"));
            }
            Progress::Traffic {
                requests_per_s,
                failed,
                stable_open,
                ..
            } => self.detail(&format!(
                "{requests_per_s:.0} requests/s, {failed} failed, {stable_open} open on stable"
            )),
            Progress::HostLost { host, detail } => {
                self.say(&format!("{host} does not answer: {detail}"));
            }
            Progress::HostBack { host } => self.say(&format!("{host} answers again")),
            Progress::LedgerLost { detail } => {
                self.say(&format!(
                    "the ledger does not answer, nothing new begins: {detail}"
                ));
            }
            Progress::LedgerBack => self.say("the ledger answers again"),
            Progress::Waiting { what } => self.say(&format!("waiting for {what}")),
            Progress::Paused { why } => self.say(&format!("paused: {why}")),
            // The error at the end says why; a cause that changes meanwhile would be said twice.
            Progress::Reverting { .. } => {
                if let Some(step) = self.step.take() {
                    step.failed();
                }
            }
            Progress::Decided { .. } | Progress::Leased { .. } => {}
            Progress::Ended { .. } => self.step = None,
        }
    }
}
