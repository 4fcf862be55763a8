//! What no appup could be generated for.

use relup::generate::{Composed, Refused, Role, Why};

use crate::case::{Case, shown};
use crate::reason::{Kind, Place, Severity};

pub(crate) fn judge(case: &mut Case<'_>, composed: &Composed) {
    for refused in &composed.generated.refused {
        let Some((severity, kind, detail, remedy)) = told(refused) else {
            continue;
        };
        let place = Place {
            application: Some(refused.application.clone()),
            module: refused.module.clone(),
        };
        case.add(severity, kind, place, refused.direction, detail, remedy);
    }
}

fn told(refused: &Refused) -> Option<(Severity, Kind, String, &'static str)> {
    let module = refused.module.as_deref().map(shown).unwrap_or_default();
    Some(match &refused.why {
        Why::RoleChanged { from, to } => (
            Severity::Refusal,
            Kind::SupervisionChanged,
            format!(
                "processes run on {module} as {}, and it becomes {}",
                kind(*from),
                kind(*to)
            ),
            "give the other kind of process a module of its own, and keep this one for a release",
        ),
        Why::ProcessModuleDeleted => (
            Severity::Refusal,
            Kind::SupervisionChanged,
            format!("{module} goes, and no supervisor is seen that ends its processes before"),
            "end its processes in a release before the one that deletes the module",
        ),
        Why::CallWindow { callee, function } => (
            Severity::Doubt,
            Kind::CallWindow,
            format!(
                "for a moment {module} calls {}.{function} while it is not there: each of the two \
                 modules needs the other's version to be replaced first",
                shown(callee)
            ),
            "keep the old function beside the new one for a release",
        ),
        Why::Supervision { what } => (
            Severity::Refusal,
            Kind::SupervisionChanged,
            format!("{module}: {what}"),
            "change it in a release that is deployed by another strategy than hot, or keep an appup \
             in the project that brings the change to the running supervisor",
        ),
        Why::SupervisionUnseen { why } => (
            Severity::Doubt,
            Kind::SupervisionChanged,
            format!("whether the children of {module} differ is not seen: {why}"),
            "name children by literals, and keep the debug information beside the artifact",
        ),
        // Said of every application that differs, with or without an appup.
        Why::CallbackChanged { .. } => return None,
        Why::IncludedChanged => (
            Severity::Refusal,
            Kind::ApplicationAdded,
            format!(
                "the applications that {} includes differ",
                refused.application
            ),
            "deploy by another strategy than hot",
        ),
        _ => (
            Severity::Refusal,
            Kind::ScriptRefused,
            format!("{:?}", refused.why),
            "deploy by another strategy than hot",
        ),
    })
}

fn kind(role: Role) -> String {
    match role {
        Role::Supervisor => "a supervisor".to_owned(),
        Role::Process(behaviour) => format!("a {behaviour:?}"),
        Role::Plain => "no process".to_owned(),
    }
}
