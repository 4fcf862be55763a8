//! Carrying a plan out in front of a person.

use agent::client::Client;
use coordinator::{Attendance, Coordinator, Planned, WhenPaused};

use super::{Follow, conclude, plan_text, unless_interrupted};
use crate::context::Context;
use crate::failure::Failure;

/// Shows the plan, carries it out with its progress, and prints the receipt or makes the failure.
pub(crate) async fn carry_out(
    context: &Context,
    coordinator: &Coordinator<Client>,
    planned: Planned,
    when_paused: WhenPaused,
) -> Result<(), Failure> {
    context.printer.note(&plan_text(planned.plan()));
    let service = planned.plan().service.to_string();
    let mut follow = Follow::new(&context.printer);
    let attendance = Attendance::new(&mut follow).when_paused(when_paused);
    let run = coordinator.run(planned, attendance);
    let outcome = unless_interrupted(&service, run).await;
    drop(follow);
    conclude(context, &outcome?)
}
