//! What the judge names, as people read it.

use crate::probe::{ChildState, Mailbox, Probe};

use super::restarts::place;

/// Names of places or processes that one reason tells.
const NAMED_MAX: usize = 3;

/// Whose mailbox it is, as far as one can say.
pub(super) fn owner(probe: &Probe, mailbox: &Mailbox) -> String {
    if let Some(name) = &mailbox.name {
        return name.trim_start_matches("Elixir.").to_owned();
    }
    let child = probe
        .children
        .iter()
        .find(|child| child.state == ChildState::Running(mailbox.pid.clone()));
    match (child, &mailbox.current) {
        (Some(child), _) => place(&child.application, &child.path),
        (None, Some(current)) => {
            format!("<0.{}.{}> in {current}", mailbox.pid.id, mailbox.pid.serial)
        }
        (None, None) => format!("<0.{}.{}>", mailbox.pid.id, mailbox.pid.serial),
    }
}

pub(super) fn named<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<&str> = names.iter().take(NAMED_MAX).map(AsRef::as_ref).collect();
    let shown = shown.join(", ");
    match names.len().saturating_sub(NAMED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

pub(super) fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}
