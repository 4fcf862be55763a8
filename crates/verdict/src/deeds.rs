//! What modules do that outlives a change of code: closures handed out, processes started on their own,
//! the environment written.

use relup::Direction;
use relup::generate::Side;
use relup::model::Module;
use shape::calls::{self, Deed};

use crate::case::{Case, applications, shown, some};
use crate::judge::DIRECTIONS;
use crate::reason::{Kind, Place, Severity};

pub(crate) fn judge(case: &mut Case<'_>) {
    for direction in DIRECTIONS {
        let (from, to) = case.sides(direction);
        for app in applications(from.release) {
            for (name, module) in &app.modules {
                if writes_environment(module) {
                    environment(case, (&app.name, name), from, direction);
                }
                let target = to.release.module(name).map(|(_, module)| module);
                if target.is_some_and(|target| target.md5 == module.md5) {
                    continue;
                }
                if starts_tasks(module) {
                    let detail = format!(
                        "{} starts tasks that nobody waits for: one that runs for long goes on with \
                         the old code",
                        shown(name)
                    );
                    let remedy =
                        "let a GenServer do what goes on for ever, or keep the module as it is";
                    let place = Place::module(&app.name, name);
                    let (kind, way) = (Kind::Unreachable, Some(direction));
                    case.add(Severity::Doubt, kind, place, way, detail, remedy);
                }
                let Some(code) = from.code.code(name) else {
                    continue;
                };
                for deed in calls::of(code) {
                    let (severity, kind, what, remedy) = match deed.kind {
                        calls::Kind::ClosureKept => (
                            Severity::Doubt,
                            Kind::ClosureHeld,
                            "hands out a closure that may be held after its code is replaced: it \
                             goes on with the old code, and the upgrade after this one is refused \
                             while it is held",
                            "hand out `&Module.function/arity`, which is always the current code",
                        ),
                        calls::Kind::ProcessStarted => (
                            Severity::Doubt,
                            Kind::Unreachable,
                            "starts a process outside of every supervisor: nothing suspends it, and \
                             it may go on with the old code",
                            "start it under a supervisor, as a process that knows system messages",
                        ),
                        calls::Kind::NativeLoaded => (
                            Severity::Refusal,
                            Kind::NativeChanged,
                            "loads native code, and differs",
                            "deploy this version by another strategy than hot",
                        ),
                        calls::Kind::EnvironmentWritten
                        | calls::Kind::EnvironmentCached
                        | calls::Kind::PortOpened => continue,
                    };
                    let detail = format!("{} {what}: {}", shown(name), at(&deed));
                    let place = Place::module(&app.name, name);
                    case.add(severity, kind, place, Some(direction), detail, remedy);
                }
            }
        }
    }
}

/// Says that a module writes application environment, and where, as far as that is seen.
fn environment(
    case: &mut Case<'_>,
    (application, module): (&str, &str),
    from: Side<'_>,
    direction: Direction,
) {
    let deeds = from.code.code(module).map(calls::of).unwrap_or_default();
    let wheres = |kind| {
        let deeds = deeds.iter().filter(|deed: &&Deed| deed.kind == kind);
        deeds.map(at).collect::<Vec<String>>()
    };
    let written = wheres(calls::Kind::EnvironmentWritten);
    let cached = wheres(calls::Kind::EnvironmentCached);
    let name = shown(module);
    let listed = |wheres: &[String]| match wheres {
        [] => String::new(),
        _ => format!(": {}", some(wheres.iter().map(String::as_str))),
    };
    let (severity, detail, remedy) = if written.is_empty() && !cached.is_empty() {
        (
            Severity::Note,
            format!(
                "{name} keeps what it computes in the application environment{}; it is computed anew",
                listed(&cached)
            ),
            "nothing to do: it looks there first",
        )
    } else {
        (
            Severity::Doubt,
            format!(
                "{name} writes application environment{}; release_handler computes it anew, and what \
                 was written is lost",
                listed(&written)
            ),
            "keep such values in a process, an ets table or a persistent term",
        )
    };
    let place = Place::module(application, module);
    let kind = Kind::EnvironmentWritten;
    case.add(severity, kind, place, Some(direction), detail, remedy);
}

fn at(deed: &Deed) -> String {
    let place = format!("{} in {}/{}", deed.call, deed.function, deed.arity);
    match deed.line {
        Some(line) => format!("{place}, line {line}"),
        None => place,
    }
}

/// Whether a module can write application environment. Mix tasks do not run in a release.
fn writes_environment(module: &Module) -> bool {
    let writes = |(m, f, _): &(String, String, u32)| match m.as_str() {
        "application" => ["set_env", "unset_env"].contains(&f.as_str()),
        "Elixir.Application" => ["put_env", "put_all_env", "delete_env"].contains(&f.as_str()),
        _ => false,
    };
    !module.name.starts_with("Elixir.Mix.Tasks.") && module.imports.iter().any(writes)
}

/// Whether a module starts tasks without waiting for what they return.
fn starts_tasks(module: &Module) -> bool {
    let starts = |(m, f, _): &(String, String, u32)| match m.as_str() {
        "Elixir.Task.Supervisor" => f == "start_child",
        "Elixir.Task" => f == "start" || f == "start_link",
        _ => false,
    };
    module.imports.iter().any(starts)
}
