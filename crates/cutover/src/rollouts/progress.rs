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
        if let Progress::Warning { text } = progress {
            return self.printer.warn(text);
        }
        if let Some(news) = news(progress) {
            return self.say(&news);
        }
        match progress {
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
            // The error at the end says why; a cause that changes meanwhile would be said twice.
            Progress::Reverting { .. } => {
                if let Some(step) = self.step.take() {
                    step.failed();
                }
            }
            Progress::Ended { .. } => self.step = None,
            _ => {}
        }
    }
}

/// What is worth a line of its own wherever a rollout is followed.
pub(crate) fn news(progress: &Progress) -> Option<String> {
    Some(match progress {
        Progress::Leased {
            taken_over_from: Some(holder),
            ..
        } => format!("took the lock over from {holder}"),
        Progress::Began { rollout, resumed } => {
            let verb = if *resumed { "resuming" } else { "began" };
            format!("{verb} rollout {rollout}")
        }
        Progress::Warning { text } => text.clone(),
        Progress::Told { verb, by, why } => {
            let why = why
                .as_ref()
                .map_or_else(String::new, |why| format!(": {why}"));
            format!("{by} asked to {verb}{why}")
        }
        Progress::SetAside { host, why } => format!("goes on without {host}: {why}"),
        Progress::HostLost { host, detail } => format!("{host} does not answer: {detail}"),
        Progress::HostBack { host } => format!("{host} answers again"),
        Progress::LedgerLost { detail } => {
            format!("the ledger does not answer, nothing new begins: {detail}")
        }
        Progress::LedgerBack => "the ledger answers again".to_owned(),
        Progress::Waiting { what } => format!("waiting for {what}"),
        Progress::Paused { why } => format!("paused: {why}"),
        _ => return None,
    })
}
