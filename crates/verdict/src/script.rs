//! The scripts themselves: compiled, and walked by the checker.

use checker::{Finding, NodeModel, check};
use relup::generate::Composed;
use relup::{Direction, Relup, compile};

use crate::case::{Case, shown};
use crate::facts::facts;
use crate::judge::DIRECTIONS;
use crate::processes::States;
use crate::reach::Reach;
use crate::reason::{Kind, Place, Severity};

pub(crate) fn judge(
    case: &mut Case<'_>,
    composed: &Composed,
    reach: &Reach,
    states: &States,
) -> Option<Relup> {
    let (old, new) = (case.old.release, case.new.release);
    if old.vsn == new.vsn {
        return None;
    }
    let relup = match compile(new, &[old], &composed.appups) {
        Ok(relup) => relup,
        Err(error) => {
            case.both(
                Severity::Refusal,
                Kind::ScriptRefused,
                Place::release(),
                error.to_string(),
                "mend what it names, or deploy by another strategy than hot",
            );
            return None;
        }
    };
    for direction in DIRECTIONS {
        let Some(edge) = relup.edge(direction, &old.vsn) else {
            continue;
        };
        let (from, to) = case.sides(direction);
        let facts = facts(case, reach, states, direction);
        let model = NodeModel::between(from.release, to.release, direction, &facts);
        for finding in check(&model, &edge.instructions).findings {
            add(case, &finding, direction);
        }
    }
    Some(relup)
}

fn add(case: &mut Case<'_>, finding: &Finding, direction: Direction) {
    let kind = kind(finding.kind);
    let is_known = match (&finding.module, &finding.application) {
        (Some(module), _) => case.is_against(kind, module, direction),
        (None, Some(application)) => case.reasons.iter().any(|reason| {
            reason.kind == kind
                && reason.severity != Severity::Note
                && reason.place.application.as_ref() == Some(application)
        }),
        (None, None) => false,
    };
    if is_known {
        return;
    }
    let severity = match finding.kind {
        checker::Kind::Unseen => Severity::Doubt,
        _ => Severity::Refusal,
    };
    let module = finding.module.clone();
    let place = Place {
        application: finding
            .application
            .clone()
            .or_else(|| owner(case, module.as_deref()?)),
        module,
    };
    let subject = place
        .module
        .as_deref()
        .map(shown)
        .or(place.application.as_deref());
    let subject = subject.map_or_else(String::new, |name| format!("{name}: "));
    let at = finding.index.map_or_else(
        || "at the end of the script".to_owned(),
        |index| format!("instruction {}", index + 1),
    );
    let detail = format!("{subject}{} ({at})", finding.detail);
    case.add(
        severity,
        kind,
        place,
        Some(direction),
        detail,
        finding.remedy(),
    );
}

fn owner(case: &Case<'_>, module: &str) -> Option<String> {
    let sides = [case.new, case.old];
    let mut owners = sides.iter().filter_map(|side| side.release.module(module));
    owners.next().map(|(app, _)| app.name.clone())
}

fn kind(kind: checker::Kind) -> Kind {
    use checker::Kind as Found;
    match kind {
        Found::StateUnfit | Found::CodeChangeMissing => Kind::StateShapeChanged,
        Found::Unreachable | Found::DynamicUnanswered => Kind::Unreachable,
        Found::StaleModule | Found::ModuleMissing | Found::ModuleLeft | Found::UnknownModule => {
            Kind::ModuleUncovered
        }
        Found::VersionUnchanged => Kind::VersionUnchanged,
        Found::ChildMissing
        | Found::ChildLeft
        | Found::ChildOutdated
        | Found::FlagsOutdated
        | Found::ChildrenReordered => Kind::SupervisionChanged,
        Found::NativeReplaced => Kind::NativeChanged,
        Found::ProtocolNotConsolidated => Kind::ProtocolChanged,
        Found::Unseen => Kind::Unseen,
        _ => Kind::ScriptRefused,
    }
}
