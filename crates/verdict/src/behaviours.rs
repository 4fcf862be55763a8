//! Behaviours whose processes are another's: the state they keep is made by the module, and not seen.

use relup::generate::{Role, role};
use relup::model::{Application, Module};

use crate::case::{Case, Changed, shown};
use crate::reason::{Kind, Place, Severity};

/// Behaviours whose callbacks leave nothing in a process that lives on.
const STATELESS: [&str; 17] = [
    "application",
    "Elixir.Access",
    "Elixir.Application",
    "Elixir.Calendar",
    "Elixir.Calendar.TimeZoneDatabase",
    "Elixir.Config.Provider",
    "Elixir.Config.Reader",
    "Elixir.Ecto.ParameterizedType",
    "Elixir.Ecto.Type",
    "Elixir.Exception",
    "Elixir.Gettext.Backend",
    "Elixir.Mix.Task",
    "Elixir.Oban.Worker",
    "Elixir.Plug",
    "Elixir.Plug.Exception",
    "Elixir.Phoenix.Template.Engine",
    "Elixir.EEx.Engine",
];

pub(crate) fn judge(case: &mut Case<'_>) {
    let changed: Vec<Changed<'_>> = case.changed.values().copied().collect();
    for module in changed {
        // Of behaviours that make a process of the module the state is looked at.
        if role(module.old) != Role::Plain {
            continue;
        }
        let app = case.old.release.application(module.application);
        let behaviours = module.old.behaviours.iter();
        let unknown = behaviours.filter(|name| !is_stateless(name, module.old, app));
        let unknown: Vec<&str> = unknown.map(|name| shown(name)).collect();
        if unknown.is_empty() {
            continue;
        }
        let detail = format!(
            "{} is a {}: processes of that behaviour may keep a state that this module made, and \
             whether the new code fits it is not seen",
            shown(&module.old.name),
            unknown.join(" and ")
        );
        let remedy = "deploy by another strategy than hot, or keep the module as it is";
        let place = Place::module(module.application, &module.old.name);
        case.both(
            Severity::Doubt,
            Kind::StateShapeChanged,
            place,
            detail,
            remedy,
        );
    }
}

fn is_stateless(behaviour: &str, module: &Module, app: Option<&Application>) -> bool {
    // An implementation of a protocol names the protocol as its behaviour.
    let is_protocol = module.exports("__impl__", 1);
    // An interface of the same application, without code of its own that could keep a process.
    let is_own = app
        .and_then(|app| app.modules.get(behaviour))
        .is_some_and(|m| {
            let own = |(name, _): &&(String, u32)| {
                !["behaviour_info", "module_info", "__info__"].contains(&name.as_str())
            };
            m.exports.iter().filter(own).count() == 0
        });
    is_protocol || is_own || STATELESS.contains(&behaviour)
}
