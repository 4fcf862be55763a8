//! A good script for a world, made by hand of nothing but its rules.

use beam::Term;
use relup::instruction::{CodeChange, Low, Purge, Purges};

use crate::releases::term;
use crate::world::{Age, Part, PartKind, Way, World};

const BRUTAL: Purges = Purges {
    pre: Purge::Brutal,
    post: Purge::Brutal,
};

/// The script from the release of that age to the other.
pub(crate) fn good(world: &World, from: Age) -> Vec<Low> {
    let to = from.other();
    let mut script = read(world, from);
    script.push(Low::PointOfNoReturn);
    // Children that go, before anything else.
    for part in world.parts.iter().filter(|p| p.is_in(from) && !p.is_in(to)) {
        end_child(world, part, to, &mut script);
    }
    if from == Age::Newer {
        // Only the older release has these, and its modules call them.
        for part in world.parts.iter().filter(|p| p.is_in(to) && !p.is_in(from)) {
            script.push(load(part));
        }
    }
    for group in groups(world, from) {
        update(&group, from, &mut script);
    }
    for supervisor in world
        .parts
        .iter()
        .filter(|p| p.kind == PartKind::Supervisor && p.changes())
    {
        children(world, supervisor, from, &mut script);
    }
    for (number, app) in world.apps.iter().enumerate() {
        if app.is_in(to) && !app.is_in(from) {
            script.push(apply("start", &[&app.name, "temporary"]));
        }
        let _ = number;
    }
    for (number, app) in world.apps.iter().enumerate().rev() {
        if app.is_in(from) && !app.is_in(to) {
            script.push(apply("stop", &[&app.name]));
            remove(world, number, from, &mut script);
            script.push(apply("unload", &[&app.name]));
        } else {
            remove(world, number, from, &mut script);
        }
    }
    script
}

fn read(world: &World, from: Age) -> Vec<Low> {
    let to = from.other();
    let mut script = Vec::new();
    for (number, app) in world.apps.iter().enumerate().filter(|(_, a)| a.is_in(to)) {
        let wanted = world
            .parts
            .iter()
            .filter(|p| p.application == number && p.is_in(to) && (p.changes() || !p.is_in(from)));
        let modules: Vec<String> = wanted.map(|p| p.name.clone()).collect();
        if !modules.is_empty() {
            script.push(Low::LoadObjectCode {
                application: app.name.clone(),
                vsn: world.vsn(number, to).to_owned(),
                modules,
            });
        }
    }
    script
}

/// Groups of modules that call each other and change, callers before callees; a group that others call
/// comes first on the way up, and last on the way down.
fn groups(world: &World, from: Age) -> Vec<Vec<&Part>> {
    let moves = |p: &&Part| {
        let added = from == Age::Older && p.in_newer && !p.in_older;
        p.changes() || added || goes_with_callers(world, p, from)
    };
    let mut groups: Vec<Vec<&Part>> = Vec::new();
    for part in world.parts.iter().filter(moves) {
        let (linked, rest): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| {
            group
                .iter()
                .any(|g| g.calls.contains(&part.name) || part.calls.contains(&g.name))
        });
        groups = rest;
        let mut group: Vec<&Part> = linked.into_iter().flatten().collect();
        group.push(part);
        groups.push(group);
    }
    for group in &mut groups {
        // Parts are listed callees first.
        let place = |part: &Part| world.parts.iter().position(|p| p.name == part.name);
        group.sort_by_key(|part| std::cmp::Reverse(place(part)));
    }
    // Supervisors last: their new children's code must be there.
    groups.sort_by_key(|group| group.iter().any(|p| p.kind == PartKind::Supervisor));
    groups
}

fn update(group: &[&Part], from: Age, script: &mut Vec<Low>) {
    let stays = |p: &&&Part| p.changes();
    let linked = group.len() > 1;
    let way = |p: &Part| match (p.kind, p.way) {
        (PartKind::Supervisor, _) => Way::Advanced,
        (_, Way::Plain) if linked => Way::Soft,
        (_, way) => way,
    };
    let processes: Vec<&Part> = group
        .iter()
        .filter(stays)
        .filter(|p| p.kind.is_process())
        .copied()
        .collect();
    let with = |wanted: &[Way]| -> Vec<&Part> {
        processes
            .iter()
            .filter(|p| wanted.contains(&way(p)))
            .copied()
            .collect()
    };
    let names = |parts: &[&Part]| -> Vec<String> { parts.iter().map(|p| p.name.clone()).collect() };
    let suspended = with(&[Way::Advanced, Way::Soft]);
    let stopped = with(&[Way::Restart]);
    if !stopped.is_empty() {
        script.push(Low::Stop(names(&stopped)));
    }
    if !suspended.is_empty() {
        let modules = names(&suspended).into_iter().map(|m| (m, None)).collect();
        script.push(Low::Suspend(modules));
    }
    let bring = |part: &&Part| {
        if part.is_in(from.other()) {
            load(part)
        } else {
            removal(part)
        }
    };
    let mut loads: Vec<Low> = group.iter().map(bring).collect();
    let advanced = with(&[Way::Advanced]);
    let (after, before): (Vec<&Part>, Vec<&Part>) = advanced
        .into_iter()
        .partition(|p| from == Age::Older || p.kind == PartKind::Supervisor);
    let change = |parts: &[&Part], script: &mut Vec<Low>| {
        if !parts.is_empty() {
            script.push(Low::CodeChange {
                mode: if from == Age::Older {
                    CodeChange::Up
                } else {
                    CodeChange::Down
                },
                modules: parts
                    .iter()
                    .map(|p| (p.name.clone(), term(&p.extra)))
                    .collect(),
            });
        }
    };
    change(&before, script);
    if from == Age::Older {
        loads.reverse();
    }
    script.extend(loads);
    change(&after, script);
    if !suspended.is_empty() {
        let mut modules = names(&suspended);
        modules.reverse();
        script.push(Low::Resume(modules));
    }
    if !stopped.is_empty() {
        script.push(Low::Start(names(&stopped)));
    }
}

/// Ends a child whose supervisor stays.
pub(crate) fn end_child(world: &World, part: &Part, to: Age, script: &mut Vec<Low>) {
    if let Some(parent) = part.parent.as_deref().filter(|p| world.part(p).is_in(to)) {
        script.push(child_call("terminate_child", parent, part));
        script.push(child_call("delete_child", parent, part));
    }
}

/// Starts the children that are new, and anew those whose start differs.
pub(crate) fn children(world: &World, supervisor: &Part, from: Age, script: &mut Vec<Low>) {
    for child in world.children(&supervisor.name, from.other()) {
        let stays = child.is_in(from);
        if stays && child.arguments[0] != child.arguments[1] {
            script.push(child_call("terminate_child", &supervisor.name, child));
        }
        if !stays || child.arguments[0] != child.arguments[1] {
            script.push(child_call("restart_child", &supervisor.name, child));
        }
    }
}

fn remove(world: &World, app: usize, from: Age, script: &mut Vec<Low>) {
    let gone = |p: &&Part| p.application == app && p.is_in(from) && !p.is_in(from.other());
    let mut gone: Vec<&Part> = world.parts.iter().filter(gone).collect();
    gone.reverse();
    for part in gone.iter().filter(|p| !goes_with_callers(world, p, from)) {
        script.push(removal(part));
    }
    if !gone.is_empty() {
        script.push(Low::Purge(gone.iter().map(|p| p.name.clone()).collect()));
    }
}

/// On the way down a library that only the newer release has goes after its callers are replaced, and
/// before its callees are.
fn goes_with_callers(world: &World, part: &Part, from: Age) -> bool {
    let stays = world.apps[part.application].is_in(from.other());
    let goes = part.is_in(from) && !part.is_in(from.other());
    from == Age::Newer && goes && stays && part.kind == PartKind::Library
}

fn removal(part: &Part) -> Low {
    Low::Remove {
        module: part.name.clone(),
        purges: BRUTAL,
    }
}

fn load(part: &Part) -> Low {
    Low::Load {
        module: part.name.clone(),
        purges: BRUTAL,
    }
}

fn child_call(function: &str, supervisor: &str, child: &Part) -> Low {
    Low::Apply {
        module: "supervisor".to_owned(),
        function: function.to_owned(),
        args: vec![Term::atom(supervisor), Term::atom(&child.name)],
    }
}

fn apply(function: &str, arguments: &[&str]) -> Low {
    Low::Apply {
        module: "application".to_owned(),
        function: function.to_owned(),
        args: arguments.iter().map(|a| Term::atom(*a)).collect(),
    }
}
