//! Carrying a plan out in front of a person.

use agent::client::Client;
use coordinator::{Attendance, Coordinator, Planned, WhenPaused};

use super::{conclude, plan_text, tended};
use crate::context::Context;
use crate::failure::Failure;

/// Shows the plan, carries it out with its progress, and prints the receipt or makes the failure.
pub(crate) async fn carry_out(
    context: &Context,
    coordinator: &Coordinator<Client>,
    planned: Planned,
    when_paused: WhenPaused,
) -> Result<(), Failure> {
    context.printer.note(&plan_text(&planned));
    let service = planned.plan().service.to_string();
    let run = async |attendance: Attendance<'_>| coordinator.run(planned, attendance).await;
    let outcome = tended(context, &service, when_paused, run).await?;
    conclude(context, &outcome)
}
