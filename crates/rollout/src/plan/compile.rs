//! Compiles a strategy with its settings to steps.
//!
//! The machine that walks the steps knows no strategy: all that tells them apart is here.

mod batched;
mod hot;
mod script;
mod whole;

use super::{Analysis, Plan, Purpose, Step, Strategy};
use script::Script;

/// Compiles the steps of a plan whose strategy was chosen, and the analyses that they make.
///
/// `preview`: whether testers are let at the candidate before it has traffic.
pub(crate) fn compile(plan: &Plan, preview: bool) -> (Vec<Step>, Vec<Analysis>) {
    let mut script = Script::new(plan, preview);
    match (&plan.strategy, plan.purpose) {
        (Strategy::Hot(settings), _) => hot::compile(&mut script, settings),
        (Strategy::Rolling(settings), _) => batched::compile(&mut script, settings),
        // A version that is brought back is known: nothing is tried out.
        (Strategy::Canary(settings), Purpose::Deploy) => whole::canary(&mut script, settings),
        (Strategy::BlueGreen(settings), Purpose::Deploy) => {
            whole::blue_green(&mut script, settings)
        }
        (Strategy::Canary(_) | Strategy::BlueGreen(_) | Strategy::Auto { .. }, _) => {
            whole::straight(&mut script)
        }
    }
    script.finish()
}
