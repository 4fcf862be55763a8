//! Carrying a plan out in front of a person.

use agent::client::Client;
use coordinator::{Coordinator, Planned};

use super::{Follow, conclude, plan_text, unless_interrupted};
use crate::context::Context;
use crate::failure::Failure;

/// Shows the plan, carries it out with its progress, and prints the receipt or makes the failure.
pub(crate) async fn carry_out(
    context: &Context,
    coordinator: &Coordinator<Client>,
    planned: Planned,
) -> Result<(), Failure> {
    context.printer.note(&plan_text(planned.plan()));
    let service = planned.plan().service.to_string();
    let mut follow = Follow::new(&context.printer);
    let run = coordinator.run(planned, &mut follow);
    let outcome = unless_interrupted(&service, run).await;
    drop(follow);
    conclude(context, &outcome?)
}
