//! The script of the compiler, from appups written for a world.

use std::fmt::Write as _;

use relup::{Appup, Appups, Direction, Low, Source};

use crate::releases::{Releases, term};
use crate::script;
use crate::world::{Age, App, Part, PartKind, Way, World};

/// The compiler removes applications in OTP's order, that of the release, and the checker refuses to stop
/// one before another that needs it: no such world has a compiled script here.
fn removes_needed(world: &World, from: Age) -> bool {
    let goes = |app: &App| app.is_in(from) && !app.is_in(from.other());
    let needs = |app: &App| app.needs.iter().any(|needed| goes(&world.apps[*needed]));
    world.apps.iter().any(|app| goes(app) && needs(app))
}

pub(crate) fn compiled(world: &World, releases: &Releases, from: Age) -> Vec<Low> {
    if removes_needed(world, from) {
        return Vec::new();
    }
    let mut appups = Appups::default();
    for (number, app) in world.apps.iter().enumerate() {
        let [older, newer] = [Age::Older, Age::Newer].map(|age| world.vsn(number, age));
        if app.in_older && app.in_newer && older != newer {
            let [up, down] = [Age::Older, Age::Newer].map(|from| instructions(world, number, from));
            let text =
                format!("{{\"{newer}\", [{{\"{older}\", [{up}]}}], [{{\"{older}\", [{down}]}}]}}");
            let appup = Appup::read(&term(&text)).expect("an appup");
            appups.insert(&app.name, Source::Project, appup);
        }
    }
    let direction = match from {
        Age::Older => Direction::Up,
        Age::Newer => Direction::Down,
    };
    let relup = relup::compile(&releases.newer, &[&releases.older], &appups).expect("a relup");
    let edge = relup.edge(direction, &releases.older.vsn).expect("an edge");
    edge.instructions.clone()
}

/// The high-level instructions of an application, as text.
fn instructions(world: &World, app: usize, from: Age) -> String {
    let to = from.other();
    let mut found: Vec<String> = Vec::new();
    let mut lows: Vec<Low> = Vec::new();
    let parts: Vec<&Part> = world
        .parts
        .iter()
        .filter(|p| p.application == app)
        .collect();
    let goes = |p: &&&Part| p.is_in(from) && !p.is_in(to);
    for part in parts.iter().filter(goes) {
        script::end_child(world, part, to, &mut lows);
    }
    found.extend(lows.drain(..).map(|low| low.to_term().to_string()));
    let moves = |p: &Part| p.changes() || (p.is_in(to) && !p.is_in(from));
    let sorted = |supervisors: bool| {
        let parts = parts.iter();
        parts.filter(move |p| (p.kind == PartKind::Supervisor) == supervisors)
    };
    for part in sorted(false).chain(sorted(true)) {
        let name = &part.name;
        let callees = part.calls.iter().filter(|callee| moves(world.part(callee)));
        let callees: Vec<&str> = callees.map(String::as_str).collect();
        let depends = format!("[{}]", callees.join(", "));
        if !part.changes() {
            if part.is_in(to) && !part.is_in(from) {
                found.push(format!("{{add_module, {name}, {depends}}}"));
            } else if from == Age::Newer && goes(&part) && part.kind == PartKind::Library {
                found.push(format!("{{delete_module, {name}, {depends}}}"));
            }
            continue;
        }
        found.push(match (part.kind, part.way) {
            (PartKind::Supervisor, _) => format!("{{update, {name}, supervisor}}"),
            (kind, _) if !kind.is_process() => format!("{{load_module, {name}, {depends}}}"),
            (_, Way::Plain) if callees.is_empty() => format!("{{load_module, {name}}}"),
            (_, Way::Soft | Way::Plain) => format!("{{update, {name}, soft, {depends}}}"),
            (_, Way::Advanced | Way::Restart) => {
                format!(
                    "{{update, {name}, {{advanced, {}}}, {depends}}}",
                    part.extra
                )
            }
        });
        if part.kind == PartKind::Supervisor {
            script::children(world, part, from, &mut lows);
            found.extend(lows.drain(..).map(|low| low.to_term().to_string()));
        }
    }
    for part in parts.iter().filter(goes) {
        if from == Age::Older || part.kind != PartKind::Library {
            found.push(format!("{{delete_module, {}}}", part.name));
        }
    }
    let mut text = String::new();
    for (number, instruction) in found.iter().enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        write!(text, "{comma}{instruction}").expect("text");
    }
    text
}
